//! [`Code::DuplicatePort`]

use std::collections::BTreeMap;

use crate::declare::{Declared, place};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Merged;

pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    for (name, service) in &declared.services {
        let mut seen = BTreeMap::new();
        for (port, number) in &service.value().ports {
            let Some(at) = place(&merged.inputs, number.inputs()) else { continue };
            let Some((first, first_at)) = seen.insert(number.value(), (port, at)) else { continue };
            let title = format!(
                "ports `{}` and `{}` of service `{}` have the same number",
                first.as_str(),
                port.as_str(),
                name.as_str()
            );
            sink.push(
                Diagnostic::error(Code::DuplicatePort, title)
                    .at(at, "used a second time")
                    .context(first_at, "first used here")
                    .help("give one of them another number, or name it once"),
            );
        }
    }
}
