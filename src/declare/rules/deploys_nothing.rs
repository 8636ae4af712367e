//! [`Code::DeploysNothing`]

use crate::declare::{Declared, place};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Merged;

pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    if !declared.services.is_empty() {
        return;
    }
    let found = Diagnostic::error(Code::DeploysNothing, "the environment has no services")
        .help("declare one, as `[services.<name>]`, here or in a layer");
    sink.push(match place(&merged.inputs, declared.environment.namespace.inputs()) {
        Some(at) => found.at(at, "nothing would run in this namespace"),
        None => found,
    });
}
