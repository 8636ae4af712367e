//! [`Code::MissingKey`], [`Code::DuplicatePort`] and [`Code::UnknownReference`] for stores: what depends on how they are had.

use std::collections::BTreeMap;

use super::Facts;
use crate::declare::{Name, PortName, Replicas, Store, Tier, Via};
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::{Both, Sourced};

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for (name, store) in &facts.declared.stores {
        missing(facts, name, store, sink);
        host(facts, name, store.value(), sink);
        ambiguous(facts, name, store.value(), sink);
        ports(facts, name, store.value(), sink);
        volumes(facts, name, store.value(), sink);
        single(facts, name, store.value(), sink);
    }
}

/// Of what keeps data of its own, there is one pod.
fn single(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    let parts = store.embedded.parts.iter().filter(|_| *store.via.value() == Via::Embedded);
    for (part, table) in parts {
        let own = &table.value().own;
        let is_several = match own.replicas.value() {
            Replicas::Fixed(number) => *number > 1,
            Replicas::Range(_) => true,
        };
        let single = own.single.as_ref().filter(|single| *single.value() && is_several);
        if let (Some(single), Some(at)) = (single, facts.place(&own.replicas)) {
            let title = format!("`{part}` of store `{name}` cannot have several pods");
            let found =
                Diagnostic::error(Code::InvalidValue, title).at(at, "each would keep data of its own");
            let found = found.help("`via = \"external\"` for one that somebody runs on several servers");
            sink.push(match facts.place(single) {
                Some(place) => found.context(place, "there can be one"),
                None => found,
            });
        }
    }
}

/// What is kept in a pod is gone with it.
fn volumes(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    let tier = &facts.declared.environment.tier;
    if *store.via.value() != Via::Embedded || *tier.value() != Tier::Production {
        return;
    }
    for (part, table) in &store.embedded.parts {
        let Both { common: pod, own } = table.value();
        let keeps = own.keeps_data.as_ref().filter(|keeps| *keeps.value() && pod.storage.value().is_empty());
        if let (Some(keeps), Some(at)) = (keeps, facts.place(tier)) {
            let title = format!("`{part}` of store `{name}` would lose what it stores");
            let found = Diagnostic::error(Code::StoreWithoutVolume, title).at(at, "in production");
            let found = found.help(format!(
                "`stores.{name}.embedded.parts.{part}.storage.data = {{ path = \"…\", size = \"10Gi\" }}`"
            ));
            sink.push(match facts.place(keeps) {
                Some(place) => found.context(place, "it keeps data, and has no volume"),
                None => found,
            });
        }
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
            // KEDA finds it by its name; pods need its addresses opened to them.
            let is_asked_alone = !is_used(facts, name) && is_asked(facts, name);
            if raw.external.cidrs.is_empty() && !is_asked_alone {
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
        Via::Chart if raw.chart.is_none() => {
            let found = lacks("chart").at(at, "which chart is to be installed?");
            sink.push(
                found.help("such as `kind = \"nats\"`, or describe it: `chart = { chart = \"…\", … }`"),
            );
        }
        Via::Embedded | Via::Chart => {}
    }
}

/// Whether a workload talks to a store.
fn is_used(facts: &Facts<'_>, name: &Name) -> bool {
    facts.declared.workloads().any(|workload| {
        let is_of_store = workload.store.is_some_and(|of| of.name == name);
        is_of_store || workload.pod.uses.iter().any(|used| used.value().parts().0 == name.as_str())
    })
}

/// Whether a trigger asks a store.
fn is_asked(facts: &Facts<'_>, name: &Name) -> bool {
    facts.declared.workloads().any(|workload| {
        let queue = workload.serving().and_then(|serving| serving.queue);
        let asked = workload.triggers().filter_map(|(_, trigger)| trigger.value().asked(queue).next());
        asked.filter_map(|asked| asked.store(facts.declared)).any(|(named, _)| *named.value() == name)
    })
}

/// Ports of one name in two parts: clients could mean both.
fn ambiguous(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    let mut seen = BTreeMap::new();
    let parts = store.embedded.parts.iter().map(|(name, part)| (name, &part.value().own.ports));
    let of_chart = store.chart.iter().filter(|_| *store.via.value() == Via::Chart);
    let of_chart = of_chart.flat_map(|chart| &chart.value().pods);
    let of_chart: Vec<_> = of_chart.map(|(name, pods)| (name, &pods.value().ports)).collect();
    let parts: Vec<_> = if of_chart.is_empty() { parts.collect() } else { of_chart };
    for (part, ports) in parts {
        for (port, number) in ports {
            let Some(at) = facts.place(number) else { continue };
            if let Some((first, first_at)) = seen.insert(port, (part, at)) {
                let title =
                    format!("parts `{first}` and `{part}` of store `{name}` both have a port `{port}`");
                sink.push(
                    Diagnostic::error(Code::DuplicatePort, title)
                        .at(at, "the second")
                        .context(first_at, "the first")
                        .help("give one of them another name: `uses` could mean both"),
                );
            }
        }
    }
}

/// What runs against a store of somebody else's has to find it.
fn host(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    if store.external.host.is_some() || *store.via.value() != Via::External {
        return;
    }
    let needs = facts.declared.workloads().find(|job| job.store.is_some_and(|of| of.name == name));
    if let (Some(job), Some(at)) = (needs, facts.place(&store.via)) {
        let title = format!("`stores.{name}` lacks `external.host`");
        let found = Diagnostic::error(Code::MissingKey, title).at(at, "under which name do clients find it?");
        let found = match store.streams.values().next().and_then(|stream| facts.place(stream)) {
            Some(stream) => found.context(stream, "made there by a job"),
            None => found,
        };
        sink.push(found.note(format!("job `{}` is run against it", job.name)));
    }
}

/// The ports that a store itself refers to.
fn ports(facts: &Facts<'_>, name: &Name, store: &Store, sink: &mut Sink) {
    let known: Vec<&PortName> = match store.via.value() {
        Via::External => store.external.ports.keys().collect(),
        Via::Chart => store.chart_pods().flat_map(|(_, pods)| pods.value().ports.keys()).collect(),
        Via::Embedded => {
            store.embedded.parts.values().flat_map(|part| part.value().own.ports.keys()).collect()
        }
    };
    let default = store.default_port.iter().chain(&store.trigger_port).map(|port| (port, known.clone()));
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
