//! [`Code::MissingKey`] and [`Code::UnknownReference`] for stores: what depends on how they are had.

use super::Facts;
use crate::declare::{Name, PortName, Store, Via};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, store) in &facts.declared.stores {
        missing(facts, name, store, sink);
        ports(facts, name, store.value(), sink);
    }
}

fn missing(facts: &Facts<'_>, name: &Name, store: &Sourced<Store>, sink: &mut Sink) {
    let raw = store.value();
    let lacks = |key: &str| Diagnostic::error(Code::MissingKey, format!("`stores.{name}` lacks `{key}`"));
    let Some(at) = facts.place(&raw.via) else { return };
    match raw.via.value() {
        Via::External => {
            if raw.external.ports.is_empty() {
                let found = lacks("external.ports").at(at, "which ports has it there?");
                sink.push(found.help(format!("such as `stores.{name}.external.ports.client = 4222`")));
            }
            if raw.external.cidrs.is_empty() {
                let found = lacks("external.cidrs").at(at, "where is it?");
                sink.push(found.help(format!(
                    "such as `stores.{name}.external.cidrs = [\"10.20.4.0/24\"]`: network policies know addresses only"
                )));
            }
        }
        Via::Embedded if raw.embedded.parts.is_empty() => {
            let found = lacks("kind").at(at, "what is to be deployed?");
            sink.push(found.help("such as `kind = \"postgresql\"`, or describe it under `embedded.parts`"));
        }
        Via::Embedded => {}
    }
}

/// The ports that a store itself refers to.
fn ports(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    let known: Vec<&PortName> = match store.via.value() {
        Via::External => store.external.ports.keys().collect(),
        Via::Embedded => {
            store.embedded.parts.values().flat_map(|part| part.value().own.ports.keys()).collect()
        }
    };
    let default = store.default_port.iter().map(|port| (port, known.clone()));
    let peers = store.embedded.parts.values().flat_map(|part| {
        let own: Vec<&PortName> = part.value().own.ports.keys().collect();
        part.value().own.peers.iter().map(move |port| (port, own.clone()))
    });
    for (port, known) in default.chain(peers) {
        if known.is_empty() || known.contains(&port.value()) {
            continue;
        }
        let Some(at) = facts.place(port) else { continue };
        let title = format!("store `{name}` has no port `{}`", port.value());
        let found = Diagnostic::error(Code::UnknownReference, title).at(at, "no such port");
        sink.push(found.suggest(port.value().as_str(), known.into_iter().map(PortName::as_str)));
    }
}
