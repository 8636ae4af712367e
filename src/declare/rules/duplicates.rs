//! [`Code::DuplicateName`], [`Code::DuplicateUse`] and [`Code::DuplicatePort`]

use std::collections::BTreeMap;

use super::Facts;
use crate::declare::{Name, PortName, Service};
use crate::diag::{Code, Diagnostic, Sink};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    names(facts, sink);
    for (name, service) in &facts.declared.services {
        uses(facts, service.value(), sink);
        ports(facts, name, service.value(), sink);
    }
}

fn names(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, store) in &facts.declared.stores {
        let service = facts.declared.services.get(name).and_then(|service| facts.place(service));
        if let (Some(service), Some(store)) = (service, facts.place(store)) {
            let title = format!("a service and a store are both called `{name}`");
            sink.push(
                Diagnostic::error(Code::DuplicateName, title)
                    .at(store, "the store")
                    .context(service, "the service")
                    .help("rename one of them: `uses` could mean both"),
            );
        }
    }
}

fn uses(facts: &Facts<'_>, service: &Service, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    for used in &service.uses {
        let Some(at) = facts.place(used) else { continue };
        let (target, port) = used.value().parts();
        // A port that is left out is the only one there is.
        let only = facts.declared.ports_of(target).and_then(|ports| ports.keys().next());
        if let Some(first) = seen.insert((target, port.or(only.map(PortName::as_str))), at) {
            let found = Diagnostic::error(Code::DuplicateUse, format!("`{target}` is used twice"));
            sink.push(found.at(at, "the second").context(first, "the first"));
        }
    }
}

fn ports(facts: &Facts<'_>, name: &Name, service: &Service, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    for (port, number) in &service.ports {
        let Some(at) = facts.place(number) else { continue };
        if let Some((first, first_at)) = seen.insert(number.value(), (port, at)) {
            let title = format!("ports `{first}` and `{port}` of service `{name}` have the same number");
            sink.push(
                Diagnostic::error(Code::DuplicatePort, title)
                    .at(at, "used a second time")
                    .context(first_at, "first used here")
                    .help("give one of them another number, or name it once"),
            );
        }
    }
}
