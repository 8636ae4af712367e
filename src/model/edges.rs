//! Who may reach whom: derived from `uses`, `expose` and `access`, never restated.

use std::collections::{BTreeMap, BTreeSet};

use super::build::selector;
use super::pods::port_name;
use super::releases;
use super::workload::{Edge, IngressRoute, Peer, Route};
use crate::declare::{
    Declared, Entry, Expose, HostName, Listener, Name, PathPrefix, PodsOfChart, PortNumber, Ports, Workload,
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

/// Of the pods that a chart makes for a store: who comes in, and where they go. By the store's name, and theirs.
pub(super) type ChartEnds<'a> = BTreeMap<(&'a Name, &'a Name), (Vec<Sourced<Edge>>, Vec<Sourced<Edge>>)>;

/// Every permitted connection, at both of its ends.
pub(super) fn edges<'a>(declared: &'a Declared, reads: &Reads) -> (BTreeMap<&'a Name, Ends>, ChartEnds<'a>) {
    let mut edges: BTreeMap<&Name, Ends> = BTreeMap::new();
    let mut charts = ChartEnds::new();
    for workload in declared.workloads() {
        if let Some((expose, ports)) =
            workload.serving().and_then(|serving| Some((serving.expose?, serving.ports)))
        {
            exposed(declared, workload, expose, ports, edges.entry(workload.name).or_default(), reads);
        }
        for used in &workload.pod.uses {
            uses(declared, workload, used, &mut edges, &mut charts, reads);
        }
        peers(declared, workload, edges.entry(workload.name).or_default());
        scrapes(declared, workload, &mut edges, &mut charts, reads);
        let access = &workload.pod.access;
        if let (Some(first), Some(server)) =
            (access.value().values().next(), &declared.cluster.value().api_server)
        {
            let server = server.value();
            let port = server.port.clone().unwrap_or_else(|| Sourced::default_of(PortNumber(6443)));
            let asked = access.zip(first, |_, _| ());
            let egress = edge(addresses(server.cidrs.iter().cloned()), &port, asked.inputs());
            edges.entry(workload.name).or_default().egress.push(egress);
        }
    }
    of_releases(declared, &mut edges, &mut charts, reads);
    asked(declared, &mut edges, &mut charts, reads);
    (edges, charts)
}

/// The pods of charts among themselves, and charts that read the metrics of all workloads, from their namespace.
fn of_releases<'a>(
    declared: &'a Declared,
    edges: &mut BTreeMap<&'a Name, Ends>,
    charts: &mut ChartEnds<'a>,
    reads: &Reads,
) {
    for of in declared.pods_of_charts() {
        let pods = of.pods.value();
        for (port, number) in pods.peers.iter().filter_map(|port| Some((port, pods.ports.get(port.value())?)))
        {
            let peers = || pods_of_chart(declared, of, &InputSet::default());
            let ends = charts.entry((of.store, of.name)).or_default();
            ends.0.push(edge(peers(), number, port.inputs()));
            ends.1.push(edge(peers(), number, port.inputs()));
        }
    }
    let mut seen = BTreeSet::new();
    let is_reader =
        |chart: &crate::declare::Chart| chart.scrapes.as_ref().is_some_and(|scrapes| *scrapes.value());
    let readers = declared.releases().filter(|release| is_reader(release.chart.value())).count();
    for release in declared.releases() {
        let Some(scrapes) = &release.chart.value().scrapes else { continue };
        reads.mark(scrapes.inputs().iter());
        let Some(namespace) = release.namespace(declared).filter(|_| *scrapes.value()) else { continue };
        if !seen.insert(namespace.value().to_string()) {
            continue;
        }
        let peers = || vec![Peer { namespace: Some(namespace.clone()), ..NOBODY }];
        // Of several in one namespace, one stands for all.
        let mut reader = scrapes.inputs().clone();
        if readers > 1 {
            reader.extend(namespace.inputs());
        }
        for target in declared.workloads() {
            let Some((number, metrics)) = measured(target) else { continue };
            let mut asked = reader.clone();
            asked.extend(&metrics);
            edges.entry(target.name).or_default().ingress.push(edge(peers(), &number, &asked));
        }
        for (of, number, metrics) in measured_charts(declared) {
            let mut asked = reader.clone();
            asked.extend(&metrics);
            charts.entry((of.store, of.name)).or_default().0.push(edge(peers(), &number, &asked));
        }
    }
}

/// The port where the metrics of a workload are read, and what says so.
fn measured(target: Workload<'_>) -> Option<(Sourced<PortNumber>, InputSet)> {
    let metrics = target.serving()?.metrics?;
    let number = target.port(metrics.value().port.value())?;
    Some((metrics.value().port.zip(number, |_, number| *number), metrics.inputs().clone()))
}

/// Likewise those of the pods of charts.
fn measured_charts(
    declared: &Declared,
) -> impl Iterator<Item = (PodsOfChart<'_>, Sourced<PortNumber>, InputSet)> {
    declared.pods_of_charts().flat_map(|of| {
        let pods = of.pods.value();
        pods.metrics.iter().filter_map(move |metrics| {
            let number = pods.ports.get(metrics.value())?;
            Some((of, metrics.zip(number, |_, number| *number), metrics.inputs().clone()))
        })
    })
}

/// The pods that a chart makes for a store, which `had` made the ones that are meant.
fn pods_of_chart(declared: &Declared, of: PodsOfChart<'_>, had: &InputSet) -> Vec<Peer> {
    let Some(release) =
        declared.releases().find(|release| release.store.is_some() && release.declared == of.store)
    else {
        return Vec::new();
    };
    let name = release.name(declared).zip(&Sourced::derived((), had.clone()), |name, ()| name.clone());
    let had = Sourced::derived((), had.clone());
    let labels = releases::selector(&name, of.pods);
    let labels = labels.iter().map(|(key, label)| (key.clone(), label.zip(&had, |label, ()| label.clone())));
    vec![Peer { pods: Some(labels.collect()), ..NOBODY }]
}

fn uses<'a>(
    declared: &'a Declared,
    workload: Workload<'a>,
    used: &Sourced<crate::declare::Use>,
    edges: &mut BTreeMap<&'a Name, Ends>,
    charts: &mut ChartEnds<'a>,
    reads: &Reads,
) {
    let Some(endpoint) = declared.endpoint(&workload, used.value().parts()) else { return };
    // How a store is had decides who the peers are, not that there is a connection.
    let (mut number, mut had) = (endpoint.number.clone(), InputSet::default());
    if let Some(store) = declared.store(&workload, used.value().parts().0).map(Sourced::value) {
        reads.mark(store.via.inputs().iter());
        reads.mark(store.kind.iter().flat_map(|kind| kind.inputs().iter()));
        had.extend(store.via.inputs());
        if let Some(default) = store.default_port.as_ref().filter(|_| used.value().parts().1.is_none()) {
            number = default.zip(&number, |_, number| *number);
        }
    }
    let peers = match endpoint.at {
        Listener::External(store) => {
            let via = Sourced::derived((), had);
            let cidrs = store.external.cidrs.iter().map(|cidr| cidr.zip(&via, |cidr, ()| cidr.clone()));
            addresses(cidrs)
        }
        Listener::Chart(of) => {
            let ingress = edge(pods_of(declared, workload, &InputSet::default()), &number, used.inputs());
            charts.entry((of.store, of.name)).or_default().0.push(ingress);
            pods_of_chart(declared, of, &had)
        }
        Listener::Workload(target) if !target.is_enabled() => return,
        Listener::Workload(target) => {
            let ingress = edge(pods_of(declared, workload, &InputSet::default()), &number, used.inputs());
            edges.entry(target.name).or_default().ingress.push(ingress);
            pods_of(declared, target, &had)
        }
    };
    edges.entry(workload.name).or_default().egress.push(edge(peers, &number, used.inputs()));
}

/// Whoever reads the metrics of all workloads reaches the port of each.
fn scrapes<'a>(
    declared: &'a Declared,
    workload: Workload<'a>,
    edges: &mut BTreeMap<&'a Name, Ends>,
    charts: &mut ChartEnds<'a>,
    reads: &Reads,
) {
    let Some(scrapes) = workload.serving().and_then(|serving| serving.scrapes) else { return };
    reads.mark(scrapes.inputs().iter());
    if !scrapes.value() {
        return;
    }
    let mut reader = scrapes.inputs().clone();
    if let Some(store) = workload.store.and_then(|of| declared.stores.get(of.name)) {
        reader.extend(store.value().via.inputs());
    }
    for target in declared.workloads().filter(|target| target.name != workload.name) {
        let Some((number, metrics)) = measured(target) else { continue };
        let mut asked = reader.clone();
        asked.extend(&metrics);
        let ingress = edge(pods_of(declared, workload, &InputSet::default()), &number, &asked);
        edges.entry(target.name).or_default().ingress.push(ingress);
        let egress = edge(pods_of(declared, target, &InputSet::default()), &number, &asked);
        edges.entry(workload.name).or_default().egress.push(egress);
    }
    for (of, number, metrics) in measured_charts(declared) {
        let mut asked = reader.clone();
        asked.extend(&metrics);
        let ingress = edge(pods_of(declared, workload, &InputSet::default()), &number, &asked);
        charts.entry((of.store, of.name)).or_default().0.push(ingress);
        let egress = edge(pods_of_chart(declared, of, &InputSet::default()), &number, &asked);
        edges.entry(workload.name).or_default().egress.push(egress);
    }
}

/// KEDA reaches the stores that triggers ask, each port once.
fn asked<'a>(
    declared: &'a Declared,
    edges: &mut BTreeMap<&'a Name, Ends>,
    charts: &mut ChartEnds<'a>,
    reads: &Reads,
) {
    let Some(keda) = &declared.cluster.value().keda else { return };
    let mut seen = BTreeSet::new();
    for workload in declared.workloads() {
        let queue = workload.serving().and_then(|serving| serving.queue);
        for (_, trigger) in workload.triggers() {
            // Whomever it asks.
            reads.mark(keda.value().namespace.inputs().iter());
            let Some(asked) = trigger.value().asked(queue).next() else { continue };
            let Some((named, store)) = asked.store(declared) else { continue };
            reads.mark(store.value().via.inputs().iter());
            reads.mark(store.value().kind.iter().flat_map(|kind| kind.inputs().iter()));
            let Some(endpoint) = declared.asked_at(&workload, named.value(), store.value()) else { continue };
            let target = match endpoint.at {
                Listener::Workload(target) if target.is_enabled() => {
                    &mut edges.entry(target.name).or_default().ingress
                }
                Listener::Chart(of) => &mut charts.entry((of.store, of.name)).or_default().0,
                Listener::Workload(_) | Listener::External(_) => continue,
            };
            if !seen.insert((*named.value(), endpoint.port)) {
                continue;
            }
            let mut inputs = trigger.inputs().clone();
            inputs.extend(named.inputs());
            inputs.extend(store.value().via.inputs());
            let port = store.value().trigger_port.as_ref().or(store.value().default_port.as_ref());
            let number = port.map(|port| port.zip(endpoint.number, |_, number| *number));
            let peers = vec![Peer { namespace: Some(keda.value().namespace.clone()), ..NOBODY }];
            target.push(edge(peers, number.as_ref().unwrap_or(endpoint.number), &inputs));
        }
    }
}

/// The pods of a part of a store among themselves.
fn peers(declared: &Declared, workload: Workload<'_>, ends: &mut Ends) {
    let Some(serving) = workload.serving() else { return };
    for (port, number) in
        serving.peers.iter().filter_map(|port| Some((port, serving.ports.get(port.value())?)))
    {
        let edge = || edge(pods_of(declared, workload, &InputSet::default()), number, port.inputs());
        ends.ingress.push(edge());
        ends.egress.push(edge());
    }
}

/// The pods of a workload, which `had` made the ones that are meant.
fn pods_of(declared: &Declared, workload: Workload<'_>, had: &InputSet) -> Vec<Peer> {
    let mut inputs = workload.inputs.clone();
    inputs.extend(had);
    let name = Sourced::derived(workload.name.clone(), inputs);
    let system =
        declared.system.value().name.zip(&Sourced::derived((), had.clone()), |system, ()| system.clone());
    vec![Peer { pods: Some(selector(&system, &name)), ..NOBODY }]
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
            let own = || declared.system.value().name.map(|system| format!("{system}-{}-tls", workload.name));
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

fn addresses(cidrs: impl Iterator<Item = Sourced<crate::declare::Cidr>>) -> Vec<Peer> {
    cidrs.map(|cidr| Peer { cidr: Some(cidr), ..NOBODY }).collect()
}

/// The number of the named port, or of the only one.
fn number_of<'a>(ports: &'a Ports, named: Option<&str>) -> Option<&'a Sourced<PortNumber>> {
    named.map_or_else(|| ports.values().next(), |named| ports.get(named))
}

/// The number comes from the target's declaration; that there is a connection, from what asked for it.
fn edge(peers: Vec<Peer>, number: &Sourced<PortNumber>, asked: &InputSet) -> Sourced<Edge> {
    Sourced::derived(Edge { peers, port: number.clone() }, asked.clone())
}
