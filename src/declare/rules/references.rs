//! [`Code::UnknownReference`] and [`Code::AmbiguousPort`]

use super::Facts;
use crate::declare::{Name, PortName, Ports, Service};
use crate::diag::{Code, Diagnostic, Sink, Span, closest};
use crate::merge::Merged;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, service) in &facts.declared.services {
        uses(facts, name, service.value(), sink);
        ports(facts, name, service.value(), sink);
    }
}

fn uses(facts: &Facts<'_>, service: &Name, declared: &Service, sink: &mut Sink) {
    let unknown = |title| Diagnostic::error(Code::UnknownReference, title);
    for used in &declared.uses {
        let Some(at) = facts.place(used) else { continue };
        let (target, port) = used.value().parts();
        if target == service.as_str() {
            let found = unknown(format!("service `{service}` uses itself"));
            sink.push(found.at(at, "a service need not name itself"));
        } else if let Some(ports) = facts.declared.ports_of(target) {
            port_of(facts, ports, port, &format!("`{target}`"), at, sink);
        } else if written(facts.merged).all(|name| name != target) {
            let found = unknown(format!("no service or store is called `{target}`"));
            sink.push(found.at(at, "not declared").suggest(target, written(facts.merged)));
        }
    }
}

/// The names of services and stores, with those that were refused: one finding is enough.
fn written(merged: &Merged) -> impl Iterator<Item = &str> {
    let tables =
        ["services", "stores"].into_iter().filter_map(|key| merged.tree.value.get(key)?.value.table());
    tables.flat_map(|table| table.keys().map(AsRef::as_ref))
}

/// The ports that the service itself refers to.
fn ports(facts: &Facts<'_>, name: &Name, service: &Service, sink: &mut Sink) {
    let probes = [&service.probes.readiness, &service.probes.liveness];
    let probed = probes.map(|probe| (probe.port.as_ref(), facts.place(&probe.path)));
    let exposed = service.expose.as_ref().map(|expose| (expose.value().port.as_ref(), facts.place(expose)));
    for (port, beside) in exposed.into_iter().chain(probed) {
        let Some(at) = port.map_or(beside, |port| facts.place(port)) else { continue };
        let port = port.map(|port| port.value().as_str());
        port_of(facts, &service.ports, port, &format!("service `{name}`"), at, sink);
    }
    if let (Some((_, Some(at))), None) = (exposed, &facts.declared.cluster.value().gateway) {
        let title = format!("service `{name}` is exposed, but the cluster has no gateway");
        sink.push(
            Diagnostic::error(Code::UnknownReference, title)
                .at(at, "through which gateway?")
                .help("declare `[cluster.gateway]` with the `namespace` of its pods"),
        );
    }
}

/// Whether a port can be meant. Of ports that were refused above nothing is known.
fn port_of(facts: &Facts<'_>, ports: &Ports, port: Option<&str>, of: &str, at: Span, sink: &mut Sink) {
    if ports.values().any(|number| number.inputs().is_empty()) {
        return;
    }
    let names: Vec<&str> = ports.keys().map(PortName::as_str).collect();
    let there = match names.as_slice() {
        [] => "it has no ports".to_owned(),
        names => format!("it has `{}`", names.join("`, `")),
    };
    match port {
        Some(port) if !names.contains(&port) => {
            let found = Diagnostic::error(Code::UnknownReference, format!("{of} has no port `{port}`"))
                .at(at, "no such port")
                .suggest(port, names.iter().copied())
                .note(there);
            // The slip may be here or there.
            let near = closest(port, names).and_then(|near| facts.place(ports.get(near)?));
            sink.push(match near {
                Some(near) => found.context(near, "a port of nearly that name"),
                None => found,
            });
        }
        None if names.len() != 1 => {
            let found = Diagnostic::error(Code::AmbiguousPort, format!("which port of {of}?"));
            let help = match names.first() {
                None => "declare one, such as `ports.http = 8000`".to_owned(),
                Some(first) => format!("name one: `name:{first}` in `uses`, `port = \"{first}\"` elsewhere"),
            };
            sink.push(found.at(at, "names no port").note(there).help(help));
        }
        _ => {}
    }
}
