//! [`Code::DuplicateName`] and [`Code::DuplicateUse`]

use std::collections::BTreeMap;

use crate::declare::{Declared, PortName, place};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Merged;

pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    let header = |inputs| place(&merged.inputs, inputs);
    for (name, store) in &declared.stores {
        let service = declared.services.get(name).and_then(|service| header(service.inputs()));
        if let (Some(service), Some(store)) = (service, header(store.inputs())) {
            let title = format!("a service and a store are both called `{}`", name.as_str());
            sink.push(
                Diagnostic::error(Code::DuplicateName, title)
                    .at(store, "the store")
                    .context(service, "the service")
                    .help("rename one of them: `uses` could mean both"),
            );
        }
    }
    for service in declared.services.values() {
        let mut seen = BTreeMap::new();
        for used in &service.value().uses {
            let Some(at) = place(&merged.inputs, used.inputs()) else { continue };
            let (target, port) = used.value().parts();
            // A port that is left out is the only one there is.
            let only = declared.ports_of(target).and_then(|ports| ports.keys().next());
            if let Some(first) = seen.insert((target, port.or(only.map(PortName::as_str))), at) {
                sink.push(
                    Diagnostic::error(Code::DuplicateUse, format!("`{target}` is used twice"))
                        .at(at, "the second")
                        .context(first, "the first"),
                );
            }
        }
    }
}
