//! [`Code::DeploysNothing`]

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    if !facts.declared.services.is_empty() {
        return;
    }
    let found = Diagnostic::error(Code::DeploysNothing, "the environment has no services")
        .help("declare one, as `[services.<name>]`, here or in a layer");
    sink.push(match facts.place(&facts.declared.environment.namespace) {
        Some(at) => found.at(at, "nothing would run in this namespace"),
        None => found,
    });
}
