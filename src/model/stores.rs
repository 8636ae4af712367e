//! Databases, queues and object stores as those who use them see them.

use std::collections::BTreeMap;

use super::context::contextual;
use crate::declare::{self, Choice as _, Declared, Name, PortName, PortNumber, Via};
use crate::merge::Sourced;

contextual! {
    /// A database, queue or object store.
    pub struct Store {
        /// As declared: `nats`.
        pub name: Sourced<Name>,
        /// What it is; none where nobody says.
        pub kind: Option<Sourced<Name>>,
        /// `embedded` or `external`
        pub via: Sourced<String>,
        /// Where clients find it; none when that is not said.
        pub host: Option<Sourced<String>>,
        /// The port that is meant where none is named.
        pub port: Option<Sourced<PortNumber>>,
        /// All its ports.
        pub endpoints: BTreeMap<PortName, Sourced<Endpoint>>,
    }

    /// A port of a store.
    pub struct Endpoint {
        /// Where clients find it; none when that is not said.
        pub host: Option<Sourced<String>>,
        pub port: Sourced<PortNumber>,
    }
}

/// Derives all of them.
pub(super) fn derive(declared: &Declared) -> BTreeMap<Name, Sourced<Store>> {
    let stores = declared.stores.iter().map(|(name, store)| (name.clone(), derived(declared, name, store)));
    stores.collect()
}

fn derived(declared: &Declared, name: &Name, store: &Sourced<declare::Store>) -> Sourced<Store> {
    let raw = store.value();
    let endpoints = match raw.via.value() {
        Via::External => external(raw),
        Via::Embedded => embedded(declared, name, raw),
    };
    let default = match &raw.default_port {
        Some(port) => {
            endpoints.get(port.value()).map(|endpoint| port.zip(endpoint, |_, endpoint| endpoint.clone()))
        }
        None if endpoints.len() == 1 => endpoints.values().next().cloned(),
        None => None,
    };
    store.map(|_| Store {
        name: store.map(|_| name.clone()),
        kind: raw.kind.clone(),
        via: raw.via.map(|via| via.as_str().to_owned()),
        host: match raw.via.value() {
            Via::External => raw.external.host.as_ref().map(Sourced::text),
            Via::Embedded => default.as_ref().and_then(|endpoint| endpoint.value().host.clone()),
        },
        port: default.map(|endpoint| endpoint.value().port.clone()),
        endpoints,
    })
}

fn external(raw: &declare::Store) -> BTreeMap<PortName, Sourced<Endpoint>> {
    let host = || raw.external.host.as_ref().map(Sourced::text);
    let ports = raw.external.ports.iter();
    ports
        .map(|(name, port)| (name.clone(), port.map(|_| Endpoint { host: host(), port: port.clone() })))
        .collect()
}

/// Each port is had from the Service of the part that listens on it.
fn embedded(declared: &Declared, name: &Name, raw: &declare::Store) -> BTreeMap<PortName, Sourced<Endpoint>> {
    let (system, parts) = (&declared.system.name, &raw.embedded.parts);
    let of_part = |(part, table): (&Name, &Sourced<declare::Part>)| {
        let full = if parts.len() == 1 { name.clone() } else { part.below(name) };
        let host = system.zip(table, |system, _| format!("{system}-{full}"));
        let ports = table.value().own.ports.iter();
        let ends = ports.map(move |(name, port)| {
            (name.clone(), port.map(|_| Endpoint { host: Some(host.clone()), port: port.clone() }))
        });
        ends.collect::<Vec<_>>()
    };
    parts.iter().flat_map(of_part).collect()
}
