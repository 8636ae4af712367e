//! [`Code::UnknownReference`] and [`Code::AmbiguousPort`]

use std::collections::BTreeMap;

use super::Facts;
use crate::declare::{Entry, Name, PortName, PortNumber, Target, Verb, Workload};
use crate::diag::{Code, Diagnostic, Sink, Span, closest};
use crate::merge::{Merged, Sourced};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.workloads() {
        uses(facts, &workload, sink);
        ports(facts, &workload, sink);
        metrics(facts, &workload, sink);
        queue(facts, &workload, sink);
        exposure(facts, &workload, sink);
        placement(facts, &workload, sink);
        access(facts, &workload, sink);
    }
}

fn unknown(title: String) -> Diagnostic {
    Diagnostic::error(Code::UnknownReference, title)
}

fn uses(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    for used in &workload.pod.uses {
        let Some(at) = facts.place(used) else { continue };
        let (name, port) = used.value().parts();
        let target = facts.declared.target(workload, name);
        let of_workload = match target {
            Some(Target::Workload(target)) => Some(target),
            _ => None,
        };
        if of_workload.is_some_and(|target| target.name == workload.name) {
            let found = unknown(format!("{} `{name}` uses itself", workload.noun()));
            sink.push(found.at(at, "its pods need not name themselves"));
        } else if let Some(target) = of_workload.filter(|target| !target.is_enabled()) {
            let found = unknown(format!("{} `{}` is switched off", target.noun(), target.name));
            let found =
                found.at(at, "used here").help("leave it out of `uses` where it is off, or switch both off");
            sink.push(match target.pod.enabled.as_ref().and_then(|enabled| facts.place(enabled)) {
                Some(off) => found.context(off, "switched off here"),
                None => found,
            });
        } else if let Some(target) = of_workload.filter(|target| target.serving().is_none()) {
            let found = unknown(format!("{} `{}` cannot be used", target.noun(), target.name));
            sink.push(found.at(at, "it listens on no port"));
        } else if let Some(target) = target {
            let meant = port.or_else(|| target.default_port());
            port_of(facts, &target.ports(), meant, &format!("`{name}`"), at, sink);
        } else if written(facts.merged).all(|written| written != name) {
            let found = unknown(format!("no service, worker or store is called `{name}`"));
            let found = found.at(at, "not declared").suggest(name, written(facts.merged));
            // The slip may be here or there.
            let near = closest(name, written(facts.merged)).and_then(|near| declared_at(facts, near));
            sink.push(match near {
                Some(near) => found.context(near, "nearly of that name"),
                None => found,
            });
        }
    }
}

/// Where something that can be used is declared.
fn declared_at(facts: &Facts<'_>, name: &str) -> Option<Span> {
    match facts.declared.stores.get(name) {
        Some(store) => facts.place(store),
        None => facts.first(facts.declared.workload(name)?.inputs),
    }
}

/// The names of what can be used, with those that were refused: one finding is enough.
fn written(merged: &Merged) -> impl Iterator<Item = &str> {
    let tables = ["services", "workers", "stores"].into_iter();
    let tables = tables.filter_map(|key| merged.tree.value.get(key)?.value.table());
    tables.flat_map(|table| table.keys().map(AsRef::as_ref))
}

/// The ports that the workload itself refers to.
fn ports(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let Some(serving) = workload.serving() else { return };
    let probes = [serving.readiness, serving.liveness].into_iter().flatten();
    let probed = probes.flat_map(|probe| {
        let (place, probe) = (facts.place(probe), probe.value());
        // With another handler beside it, which of them is meant comes first.
        let is_http = probe.path.is_some() && probe.grpc.is_none() && probe.tcp.is_none();
        let http = is_http.then_some((probe.port.as_ref(), place));
        let others = [&probe.grpc, &probe.tcp].into_iter().flatten().map(move |port| (Some(port), place));
        http.into_iter().chain(others)
    });
    let exposed = serving.expose.map(|expose| (expose.value().port.as_ref(), facts.place(expose)));
    for (port, beside) in exposed.into_iter().chain(probed) {
        let Some(at) = port.map_or(beside, |port| facts.place(port)) else { continue };
        let port = port.map(|port| port.value().as_str());
        port_of(
            facts,
            &Target::Workload(*workload).ports(),
            port,
            &format!("{} `{}`", workload.noun(), workload.name),
            at,
            sink,
        );
    }
}

/// The port where metrics are read.
fn metrics(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let Some(metrics) = workload.serving().and_then(|serving| serving.metrics) else { return };
    let port = &metrics.value().port;
    if let (None, Some(at)) = (workload.port(port.value()), facts.place(port)) {
        let sidecars = workload.pod.sidecars.values().flat_map(|sidecar| sidecar.value().ports.keys());
        let own = workload.serving().into_iter().flat_map(|serving| serving.ports.keys());
        let title = format!("{} `{}` has no port `{}`", workload.noun(), workload.name, port.value());
        let found = unknown(title).at(at, "neither a port of its own nor of a sidecar");
        sink.push(found.suggest(port.value().as_str(), own.chain(sidecars).map(PortName::as_str)));
    }
}

/// The stream that a worker takes its work from.
fn queue(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let Some(queue) = workload.serving().and_then(|serving| serving.queue) else { return };
    let stream = &queue.value().stream;
    if let (None, Some(at)) = (facts.declared.store_with(stream.value()), facts.place(stream)) {
        let stores = facts.declared.stores.values();
        let streams = || stores.clone().flat_map(|store| &store.value().streams);
        let known: Vec<&str> = streams().map(|(name, _)| name.as_str()).collect();
        let found = unknown(format!("no store has a stream `{}`", stream.value())).at(at, "not declared");
        let mut found = found.suggest(stream.value().as_str(), known.iter().copied());
        // The slip may be here or there.
        let near = closest(stream.value().as_str(), known.iter().copied());
        let near = near.and_then(|near| streams().find(|(name, _)| name.as_str() == near));
        if let Some(there) = near.and_then(|(_, stream)| facts.key(stream)) {
            found = found.context(there, "nearly of that name");
        }
        sink.push(found.help(format!(
            "declare it where it is kept: `[stores.<name>.streams.{}]` with its `subjects`",
            stream.value()
        )));
    }
}

/// What requests from outside need beside the service.
fn exposure(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let Some(expose) = workload.serving().and_then(|serving| serving.expose) else { return };
    let Some(at) = facts.place(expose) else { return };
    let (cluster, name) = (facts.declared.cluster.value(), workload.name);
    let via = expose.value().via.as_ref().map(|via| *via.value());
    match (via, &cluster.gateway, &cluster.ingress) {
        (Some(Entry::Ingress), _, None) => sink.push(
            unknown(format!(
                "service `{name}` is exposed by an Ingress, but the cluster has no ingress controller"
            ))
            .at(at, "by which controller?")
            .help("declare `[cluster.ingress]` with its `class` and the `namespace` of its pods"),
        ),
        (Some(Entry::Gateway), None, _) | (None, None, None) => sink.push(
            unknown(format!("service `{name}` is exposed, but the cluster has no gateway"))
                .at(at, "through which gateway?")
                .help("declare `[cluster.gateway]` with the `name` and the `namespace` of the Gateway"),
        ),
        _ => {}
    }
    let host = expose.value().host.as_ref();
    let is_relative = host.is_none_or(|host| !host.value().as_str().contains('.'));
    if is_relative && facts.declared.environment.domain.is_none() {
        let at = host.and_then(|host| facts.place(host)).unwrap_or(at);
        let host = host.map_or(name.as_str(), |host| host.value().as_str());
        sink.push(
            unknown(format!("host `{host}` of service `{name}` belongs to no domain"))
                .at(at, "a host of which domain?")
                .help("set `environment.domain`, or write the whole name: `host = \"api.example.org\"`"),
        );
    }
}

fn placement(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let placement = workload.pod.placement.value();
    let pools = &facts.declared.cluster.value().pools;
    named(facts, placement.pool.as_ref(), "pool of nodes", "cluster.pools", pools, sink);
    if let Some(name) = &placement.pool
        && let Some(pool) = pools.get(name.value()).filter(|pool| pool.value().labels.is_empty())
        && let (Some(at), Some(declared)) = (facts.place(name), facts.place(pool))
    {
        sink.push(
            unknown(format!("the nodes of pool `{}` have no labels", name.value()))
                .at(at, "pods find the nodes of a pool by their labels")
                .context(declared, "has no `labels`"),
        );
    }
    let priorities = &facts.declared.environment.priorities;
    named(facts, placement.priority.as_ref(), "priority", "environment.priorities", priorities, sink);
}

fn named<T>(
    facts: &Facts<'_>,
    name: Option<&Sourced<Name>>,
    what: &str,
    table: &str,
    known: &BTreeMap<Name, Sourced<T>>,
    sink: &mut Sink,
) {
    let Some(name) = name.filter(|name| !known.contains_key(name.value())) else { return };
    let (Some(at), name) = (facts.place(name), name.value()) else { return };
    let found = unknown(format!("no {what} is called `{name}`")).at(at, format!("not in `[{table}]`"));
    let names = || known.keys().map(Name::as_str);
    let found = found.suggest(name.as_str(), names());
    // The slip may be here or there.
    let near = closest(name.as_str(), names()).and_then(|near| facts.place(known.get(near)?));
    sink.push(match near {
        Some(near) => found.context(near, "nearly of that name"),
        None => found,
    });
}

fn access(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    for access in workload.pod.access.value().values() {
        let nameless = |verb: &&Sourced<Verb>| matches!(verb.value(), Verb::Create | Verb::DeleteCollection);
        if let (Some(verb), Some(name)) =
            (access.value().verbs.iter().find(nameless), access.value().names.first())
            && let (Some(at), Some(name)) = (facts.place(verb), facts.place(name))
        {
            let title = format!("`{}` cannot be limited to names", verb.value());
            sink.push(
                Diagnostic::error(Code::InvalidValue, title)
                    .at(at, "the API server does not know the name when it decides: it would always refuse")
                    .context(name, "only these names")
                    .help("permit it in an access of its own, without `names`"),
            );
        }
    }
    let Some(access) = workload.pod.access.value().values().next() else { return };
    if let (None, Some(at)) = (&facts.declared.cluster.value().api_server, facts.place(access)) {
        let title = format!("{} `{}` needs the API server", workload.noun(), workload.name);
        sink.push(
            unknown(title)
                .at(at, "its address is not known, so the network policy could not let it through")
                .help("declare `[cluster.api_server]` with its `cidrs`: `kubectl get endpointslices kubernetes`"),
        );
    }
}

/// Whether a port can be meant. Of ports that were refused above nothing is known.
fn port_of(
    facts: &Facts<'_>,
    ports: &BTreeMap<&str, &Sourced<PortNumber>>,
    port: Option<&str>,
    of: &str,
    at: Span,
    sink: &mut Sink,
) {
    if ports.values().any(|number| number.inputs().is_empty()) {
        return;
    }
    let names: Vec<&str> = ports.keys().copied().collect();
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
                Some(first) => match of.strip_prefix('`') {
                    Some(target) => format!("such as `{}:{first}`", target.trim_end_matches('`')),
                    None => format!("name one, such as `port = \"{first}\"`"),
                },
            };
            sink.push(found.at(at, "names no port").note(there).help(help));
        }
        _ => {}
    }
}
