//! Who may reach whom: derived from `uses` and `expose`, never restated.

use std::collections::BTreeMap;

use super::build::{port_name, selector_of};
use super::environment::{Edge, Peer};
use crate::declare::{Cidr, Declared, Name, PortName, PortNumber, Via};
use crate::merge::{InputSet, Reads, Sourced};

/// The connections of one service: those that come in, and those that go out.
pub(super) type Ends = (Vec<Sourced<Edge>>, Vec<Sourced<Edge>>);

/// Every permitted connection, at both of its ends.
#[derive(Default)]
pub(super) struct Edges {
    ingress: BTreeMap<String, Vec<Sourced<Edge>>>,
    egress: BTreeMap<String, Vec<Sourced<Edge>>>,
}

impl Edges {
    /// What may come in to a service, and what may go out.
    pub(super) fn take(&mut self, service: &str) -> Ends {
        let take =
            |edges: &mut BTreeMap<String, Vec<Sourced<Edge>>>| edges.remove(service).unwrap_or_default();
        (take(&mut self.ingress), take(&mut self.egress))
    }
}

const NOBODY: Peer = Peer { pods: None, namespace: None, cidr: None };

pub(super) fn edges(declared: &Declared, reads: &Reads) -> Edges {
    let mut edges = Edges::default();
    for (name, service) in &declared.services {
        let raw = service.value();
        if let (Some(expose), Some(gateway)) = (&raw.expose, &declared.cluster.gateway) {
            let port = port_name(raw, expose.value().port.as_ref());
            let mut asked = expose.inputs().clone();
            asked.extend(port.inputs());
            let peer =
                Peer { namespace: Some(gateway.namespace.map(|name| name.as_str().to_owned())), ..NOBODY };
            push(&mut edges.ingress, name, edge(vec![peer], &raw.ports, Some(port.value()), asked));
        }
        let own_pods = Peer { pods: Some(selector_of(declared, name, service)), ..NOBODY };
        for used in &raw.uses {
            let (target, port) = used.value().parts();
            let asked = || used.inputs().clone();
            if let Some((target_name, target)) = declared.services.get_key_value(target) {
                let pods = Peer { pods: Some(selector_of(declared, target_name, target)), ..NOBODY };
                let ports = &target.value().ports;
                push(&mut edges.egress, name, edge(vec![pods], ports, port, asked()));
                push(&mut edges.ingress, target_name, edge(vec![own_pods.clone()], ports, port, asked()));
            }
            if let Some(store) = declared.stores.get(target) {
                let Via::External = store.value().via.value();
                reads.mark(store.value().via.inputs().iter());
                let external = &store.value().external;
                let address = |cidr: &Sourced<Cidr>| Peer {
                    cidr: Some(cidr.map(|cidr| cidr.as_str().to_owned())),
                    ..NOBODY
                };
                let peers = external.cidrs.iter().map(address).collect();
                push(&mut edges.egress, name, edge(peers, &external.ports, port, asked()));
            }
        }
    }
    edges
}

fn push(edges: &mut BTreeMap<String, Vec<Sourced<Edge>>>, service: &Name, edge: Option<Sourced<Edge>>) {
    edges.entry(service.as_str().to_owned()).or_default().extend(edge);
}

/// The connection to the named port, or to the only one. The number comes from the target's declaration; that
/// there is a connection, from what asked for it.
fn edge(
    peers: Vec<Peer>,
    ports: &BTreeMap<PortName, Sourced<PortNumber>>,
    named: Option<&str>,
    asked: InputSet,
) -> Option<Sourced<Edge>> {
    let (_, number) = ports.iter().find(|(name, _)| named.is_none_or(|named| name.as_str() == named))?;
    Some(Sourced::derived(Edge { peers, port: number.map(|number| i64::from(number.0)) }, asked))
}
