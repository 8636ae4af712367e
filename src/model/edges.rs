//! Who may reach whom: derived from `uses`, `expose` and `access`, never restated.

use std::collections::BTreeMap;

use super::build::selector;
use super::pods::port_name;
use super::workload::{Edge, IngressRoute, Peer, Route};
use crate::declare::{
    Declared, Entry, Expose, HostName, Listener, Name, PathPrefix, PortNumber, Ports, Workload,
};
use crate::merge::{InputSet, Reads, Sourced};

/// The connections of one workload.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) ingress: Vec<Sourced<Edge>>,
    pub(super) egress: Vec<Sourced<Edge>>,
    pub(super) route: Option<Sourced<Route>>,
    pub(super) ingress_route: Option<Sourced<IngressRoute>>,
}

const NOBODY: Peer = Peer { pods: None, namespace: None, cidr: None };

/// Every permitted connection, at both of its ends.
pub(super) fn edges<'a>(declared: &'a Declared, reads: &Reads) -> BTreeMap<&'a Name, Ends> {
    let mut edges: BTreeMap<&Name, Ends> = BTreeMap::new();
    for workload in declared.workloads() {
        if let Some((expose, ports)) =
            workload.serving().and_then(|serving| Some((serving.expose?, serving.ports)))
        {
            exposed(declared, workload, expose, ports, edges.entry(workload.name).or_default(), reads);
        }
        for used in &workload.pod.uses {
            uses(declared, workload, used, &mut edges, reads);
        }
        peers(declared, workload, edges.entry(workload.name).or_default());
        let access = &workload.pod.access;
        if let (Some(first), Some(server)) =
            (access.value().values().next(), &declared.cluster.value().api_server)
        {
            let server = server.value();
            let port = server.port.clone().unwrap_or_else(|| Sourced::default_of(PortNumber(6443)));
            let asked = access.zip(first, |_, _| ());
            let egress = edge(addresses(&server.cidrs), &port, asked.inputs());
            edges.entry(workload.name).or_default().egress.push(egress);
        }
    }
    edges
}

fn uses<'a>(
    declared: &'a Declared,
    workload: Workload<'a>,
    used: &Sourced<crate::declare::Use>,
    edges: &mut BTreeMap<&'a Name, Ends>,
    reads: &Reads,
) {
    let Some(endpoint) = declared.endpoint(&workload, used.value().parts()) else { return };
    let mut asked = used.inputs().clone();
    if let Some(store) = declared.stores.get(used.value().parts().0) {
        let store = store.value();
        reads.mark(store.via.inputs().iter());
        asked.extend(store.via.inputs());
        if let Some(default) = store.default_port.as_ref().filter(|_| used.value().parts().1.is_none()) {
            asked.extend(default.inputs());
        }
    }
    let peers = match endpoint.at {
        Listener::External(store) => addresses(&store.external.cidrs),
        Listener::Workload(target) if !target.is_enabled() => return,
        Listener::Workload(target) => {
            let ingress = edge(pods_of(declared, workload), endpoint.number, &asked);
            edges.entry(target.name).or_default().ingress.push(ingress);
            pods_of(declared, target)
        }
    };
    edges.entry(workload.name).or_default().egress.push(edge(peers, endpoint.number, &asked));
}

/// The pods of a part of a store among themselves.
fn peers(declared: &Declared, workload: Workload<'_>, ends: &mut Ends) {
    let Some(serving) = workload.serving() else { return };
    for (port, number) in
        serving.peers.iter().filter_map(|port| Some((port, serving.ports.get(port.value())?)))
    {
        let edge = || edge(pods_of(declared, workload), number, port.inputs());
        ends.ingress.push(edge());
        ends.egress.push(edge());
    }
}

fn pods_of(declared: &Declared, workload: Workload<'_>) -> Vec<Peer> {
    let name = Sourced::derived(workload.name.clone(), workload.inputs.clone());
    vec![Peer { pods: Some(selector(&declared.system.name, &name)), ..NOBODY }]
}

/// Requests from outside: the route, and the permission for who brings them.
fn exposed(
    declared: &Declared,
    workload: Workload<'_>,
    expose: &Sourced<Expose>,
    ports: &Ports,
    ends: &mut Ends,
    reads: &Reads,
) {
    let (cluster, raw) = (declared.cluster.value(), expose.value());
    let port = port_name(ports, raw.port.as_ref());
    let Some(number) = number_of(ports, Some(port.value())) else { return };
    let host = host(declared, workload, expose);
    let path = raw.path.clone().unwrap_or_else(|| Sourced::default_of(PathPrefix::root()));
    // The choice, with what made it.
    let via = match (&raw.via, &cluster.gateway, &cluster.ingress) {
        (Some(via), ..) => via.clone(),
        (None, None, Some(ingress)) => ingress.map(|_| Entry::Ingress),
        (None, gateway, _) => match gateway {
            Some(gateway) => gateway.map(|_| Entry::Gateway),
            None => return,
        },
    };
    reads.mark(via.inputs().iter());
    let mut asked = expose.inputs().clone();
    asked.extend(via.inputs());
    let brings = match (via.value(), &cluster.gateway, &cluster.ingress) {
        (Entry::Gateway, Some(gateway), _) => {
            let gateway = gateway.value();
            let route = Route {
                host,
                path,
                port: number.clone(),
                gateway: gateway.name.clone(),
                namespace: gateway.namespace.clone(),
                listener: gateway.listener.clone(),
            };
            ends.route = Some(Sourced::derived(route, asked.clone()));
            gateway.pods_namespace.clone().unwrap_or_else(|| gateway.namespace.clone())
        }
        (Entry::Ingress, _, Some(ingress)) => {
            let ingress = ingress.value();
            let own = || declared.system.name.map(|system| format!("{system}-{}-tls", workload.name));
            let route = IngressRoute {
                host,
                path,
                port: port.clone(),
                class: ingress.class.clone(),
                issuer: ingress.issuer.clone(),
                tls_secret: raw.tls_secret.as_ref().map_or_else(own, Sourced::text),
            };
            ends.ingress_route = Some(Sourced::derived(route, asked.clone()));
            ingress.namespace.clone()
        }
        _ => return,
    };
    let number = port.zip(number, |_, number| *number);
    ends.ingress.push(edge(vec![Peer { namespace: Some(brings), ..NOBODY }], &number, &asked));
}

/// The whole host name.
fn host(declared: &Declared, workload: Workload<'_>, expose: &Sourced<Expose>) -> Sourced<HostName> {
    let own = || expose.map(|_| HostName::of_label(workload.name));
    let host = expose.value().host.clone().unwrap_or_else(own);
    match &declared.environment.domain {
        Some(domain) if !host.value().as_str().contains('.') => host.zip(domain, HostName::below),
        _ => host,
    }
}

fn addresses(cidrs: &[Sourced<crate::declare::Cidr>]) -> Vec<Peer> {
    cidrs.iter().map(|cidr| Peer { cidr: Some(cidr.clone()), ..NOBODY }).collect()
}

/// The number of the named port, or of the only one.
fn number_of<'a>(ports: &'a Ports, named: Option<&str>) -> Option<&'a Sourced<PortNumber>> {
    named.map_or_else(|| ports.values().next(), |named| ports.get(named))
}

/// The number comes from the target's declaration; that there is a connection, from what asked for it.
fn edge(peers: Vec<Peer>, number: &Sourced<PortNumber>, asked: &InputSet) -> Sourced<Edge> {
    Sourced::derived(Edge { peers, port: number.clone() }, asked.clone())
}
