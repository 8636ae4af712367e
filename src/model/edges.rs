//! Who may reach whom: derived from `uses` and `expose`, never restated.

use std::collections::BTreeMap;

use super::build::{port_name, selector};
use super::environment::{Edge, Peer};
use crate::declare::{Declared, Name, PortNumber, Ports, Via};
use crate::merge::{InputSet, Reads, Sourced};

/// The connections of one service.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) ingress: Vec<Sourced<Edge>>,
    pub(super) egress: Vec<Sourced<Edge>>,
}

const NOBODY: Peer = Peer { pods: None, namespace: None, cidr: None };

/// Every permitted connection, at both of its ends.
pub(super) fn edges<'a>(declared: &'a Declared, reads: &Reads) -> BTreeMap<&'a Name, Ends> {
    let mut edges: BTreeMap<&Name, Ends> = BTreeMap::new();
    let system = &declared.system.name;
    for (name, service) in &declared.services {
        let raw = service.value();
        if let (Some(expose), Some(gateway)) = (&raw.expose, &declared.cluster.value().gateway) {
            let peer = Peer { namespace: Some(gateway.namespace.clone()), ..NOBODY };
            let port = port_name(raw, expose.value().port.as_ref());
            let number = number_of(&raw.ports, Some(port.value()));
            let number = number.map(|number| port.zip(number, |_, number| *number));
            let ingress = number.map(|number| edge(vec![peer], &number, expose.inputs()));
            edges.entry(name).or_default().ingress.extend(ingress);
        }
        let pods = |name: &Name, service: &Sourced<_>| {
            vec![Peer { pods: Some(selector(system, &service.map(|_| name.clone()))), ..NOBODY }]
        };
        for used in &raw.uses {
            let (target, port) = used.value().parts();
            if let Some((target_name, target)) = declared.services.get_key_value(target)
                && let Some(number) = number_of(&target.value().ports, port)
            {
                let egress = edge(pods(target_name, target), number, used.inputs());
                edges.entry(name).or_default().egress.push(egress);
                let ingress = edge(pods(name, service), number, used.inputs());
                edges.entry(target_name).or_default().ingress.push(ingress);
            }
            if let Some(store) = declared.stores.get(target) {
                let Via::External = store.value().via.value();
                reads.mark(store.value().via.inputs().iter());
                let external = &store.value().external;
                let address = |cidr: &Sourced<_>| Peer { cidr: Some(cidr.clone()), ..NOBODY };
                let peers = external.cidrs.iter().map(address).collect();
                let number = number_of(&external.ports, port);
                let egress = number.map(|number| edge(peers, number, used.inputs()));
                edges.entry(name).or_default().egress.extend(egress);
            }
        }
    }
    edges
}

/// The number of the named port, or of the only one.
fn number_of<'a>(ports: &'a Ports, named: Option<&str>) -> Option<&'a Sourced<PortNumber>> {
    named.map_or_else(|| ports.values().next(), |named| ports.get(named))
}

/// The number comes from the target's declaration; that there is a connection, from what asked for it.
fn edge(peers: Vec<Peer>, number: &Sourced<PortNumber>, asked: &InputSet) -> Sourced<Edge> {
    Sourced::derived(Edge { peers, port: number.clone() }, asked.clone())
}
