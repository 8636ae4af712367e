//! [`Code::DeploysNothing`]

use super::Facts;
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    if facts.declared.workloads().next().is_some() {
        return;
    }
    let found = Diagnostic::error(Code::DeploysNothing, "the environment has no workloads")
        .help("declare one, such as `[services.<name>]`, here or in a layer");
    sink.push(match facts.place(&facts.declared.environment.namespace) {
        Some(at) => found.at(at, "nothing would run in this namespace"),
        None => found,
    });
}
