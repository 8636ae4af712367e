//! [`Code::UnknownReference`] and [`Code::AmbiguousPort`]

use std::collections::BTreeMap;

use crate::declare::{Declared, PortName, Ports, Service, place};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::{InputSet, Merged, Sourced, Tree, Value};

pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    let rule = Rule { declared, merged };
    for (name, service) in &declared.services {
        rule.uses(name.as_str(), service.value(), sink);
        rule.ports(name.as_str(), service, sink);
    }
}

struct Rule<'a> {
    declared: &'a Declared,
    merged: &'a Merged,
}

impl Rule<'_> {
    fn uses(&self, service: &str, declared: &Service, sink: &mut Sink) {
        for used in &declared.uses {
            let Some(at) = place(&self.merged.inputs, used.inputs()) else { continue };
            let (target, port) = used.value().parts();
            if target == service {
                sink.push(
                    Diagnostic::error(Code::UnknownReference, format!("service `{service}` uses itself"))
                        .at(at, "a service need not name itself"),
                );
                continue;
            }
            match self.declared.ports_of(target) {
                Some(ports) => port_of(ports, port, &format!("`{target}`"), at, sink),
                // Declared, yet refused above: one finding is enough.
                None if self.written(target) => {}
                None => sink.push(
                    Diagnostic::error(
                        Code::UnknownReference,
                        format!("no service or store is called `{target}`"),
                    )
                    .at(at, "not declared")
                    .suggest(target, self.names()),
                ),
            }
        }
    }

    /// The ports that the service itself refers to.
    fn ports(&self, name: &str, service: &Sourced<Service>, sink: &mut Sink) {
        let probes = &service.value().probes;
        let exposed =
            service.value().expose.as_ref().map(|expose| (expose.value().port.as_ref(), expose.inputs()));
        let probed =
            [&probes.readiness, &probes.liveness].map(|probe| (probe.port.as_ref(), probe.path.inputs()));
        for (port, beside) in exposed.into_iter().chain(probed) {
            let inputs: &InputSet = port.map_or(beside, Sourced::inputs);
            let Some(at) = place(&self.merged.inputs, inputs) else { continue };
            let port = port.map(|port| port.value().as_str());
            port_of(&service.value().ports, port, &format!("service `{name}`"), at, sink);
        }
        if let (Some(expose), None) = (&service.value().expose, &self.declared.cluster.gateway)
            && let Some(at) = place(&self.merged.inputs, expose.inputs())
        {
            sink.push(
                Diagnostic::error(
                    Code::UnknownReference,
                    format!("service `{name}` is exposed, but the cluster has no gateway"),
                )
                .at(at, "through which gateway?")
                .help("declare `[cluster.gateway]` with the `namespace` of its pods"),
            );
        }
    }

    fn written(&self, name: &str) -> bool {
        self.tables().any(|table| table.contains_key(name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tables().flat_map(|table| table.keys().map(AsRef::as_ref))
    }

    fn tables(&self) -> impl Iterator<Item = &BTreeMap<std::sync::Arc<str>, Tree>> {
        ["services", "stores"].into_iter().filter_map(|key| match &self.merged.tree.value {
            Value::Table(root) => match &root.get(key)?.value {
                Value::Table(entries) => Some(entries),
                _ => None,
            },
            _ => None,
        })
    }
}

/// Whether a port can be meant. Of ports that were refused above nothing is known.
fn port_of(ports: &Ports, port: Option<&str>, of: &str, at: crate::diag::Span, sink: &mut Sink) {
    if ports.values().any(|number| number.inputs().is_empty()) {
        return;
    }
    let names = || ports.keys().map(PortName::as_str);
    let list = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let there = if ports.is_empty() { "it has no ports".to_owned() } else { format!("it has {list}") };
    match port {
        Some(port) if !names().any(|known| known == port) => sink.push(
            Diagnostic::error(Code::UnknownReference, format!("{of} has no port `{port}`"))
                .at(at, "no such port")
                .suggest(port, names())
                .note(there),
        ),
        None if ports.len() != 1 => {
            sink.push(
                Diagnostic::error(Code::AmbiguousPort, format!("which port of {of}?"))
                    .at(at, "names no port")
                    .note(there),
            );
        }
        _ => {}
    }
}
