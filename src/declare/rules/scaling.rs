//! What the number of pods follows: [`Code::ScaleToZero`], [`Code::Fallback`], [`Code::ReplicasAndScale`],
//! [`Code::UnknownReference`] and [`Code::MissingKey`] of triggers.

use super::Facts;
use crate::declare::{
    Asked, Endpoint, Listener, Name, Pace, ReplicaRange, Replicas, Scale, Store, Trigger, Workload,
};
use crate::diag::{Code, Diagnostic, Sink, closest};
use crate::k8s::{is_of_resources, schedule_fault};
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    for workload in facts.declared.workloads() {
        let Some(serving) = workload.serving() else { continue };
        let Some(scale) = serving.scale else { continue };
        for (name, trigger) in workload.triggers() {
            one_question(facts, &workload, name, trigger, sink);
            let Some(asked) = trigger.value().asked(serving.queue).next() else { continue };
            reference(facts, &workload, asked, sink);
            clock(facts, asked, sink);
            proof(facts, name, trigger.value(), asked, sink);
        }
        operator(facts, &workload, sink);
        for pace in [&scale.value().up, &scale.value().down].into_iter().flatten() {
            longest(facts, pace.value(), sink);
        }
        if let Replicas::Range(range) = serving.replicas.value() {
            measures(facts, &workload, scale, sink);
            zero(facts, &workload, range, sink);
            fallback(facts, &workload, scale, sink);
            beyond(facts, &workload, range, scale, sink);
        }
    }
}

/// Whether something could start the first pod.
fn can_start(workload: &Workload<'_>) -> bool {
    workload.triggers().any(|(_, trigger)| match &trigger.value().scaler {
        Some(scaler) => !is_of_resources(scaler.value().kind.value()),
        None => true,
    })
}

fn one_question(
    facts: &Facts<'_>,
    workload: &Workload<'_>,
    name: &Name,
    trigger: &Sourced<Trigger>,
    sink: &mut Sink,
) {
    let queue = workload.serving().and_then(|serving| serving.queue);
    let asked: Vec<Asked<'_>> = trigger.value().asked(queue).collect();
    let (Some(at), noun) = (facts.place(trigger), workload.noun()) else { return };
    let keys = "`queue`, `list`, `metric`, `cron` or `scaler`";
    match asked.as_slice() {
        [] => {
            let title = format!("trigger `{name}` of {noun} `{}` asks nothing", workload.name);
            let found = Diagnostic::error(Code::MissingKey, title).at(at, "what does it follow?");
            sink.push(found.help(format!("it needs one of {keys}")));
        }
        [_] => {}
        [one, two, ..] => {
            let title = format!("trigger `{name}` of {noun} `{}` asks two things", workload.name);
            let label = format!("`{}` and `{}`", one.key(), two.key());
            let found = Diagnostic::error(Code::InvalidValue, title).at(at, label);
            sink.push(found.help("make two triggers of it"));
        }
    }
}

/// KEDA has to be there.
fn operator(facts: &Facts<'_>, workload: &Workload<'_>, sink: &mut Sink) {
    let Some((name, trigger)) = workload.triggers().next() else { return };
    if let (None, Some(at)) = (&facts.declared.cluster.value().keda, facts.place(trigger)) {
        let title = format!(
            "{} `{}` is scaled by trigger `{name}`, but the cluster has no KEDA",
            workload.noun(),
            workload.name
        );
        let found = Diagnostic::error(Code::UnknownReference, title).at(at, "KEDA would ask it");
        sink.push(found.help("declare `[cluster.keda]` with the `namespace` of its pods"));
    }
}

/// What a trigger asks has to be there, and to be found.
fn reference(facts: &Facts<'_>, workload: &Workload<'_>, asked: Asked<'_>, sink: &mut Sink) {
    let unknown = |title: String| Diagnostic::error(Code::UnknownReference, title);
    let (noun, name) = (workload.noun(), workload.name);
    if let Asked::Queue(trigger, None) = asked
        && let Some(at) = facts.place(trigger)
    {
        let found = unknown(format!("{noun} `{name}` is scaled by its queue, but has none"));
        sink.push(
            found.at(at, "which queue?").help("declare `queue` of a worker, with `stream` and `consumer`"),
        );
    }
    if let Some((named, store)) = asked.store(facts.declared) {
        let endpoint = facts.declared.asked_at(workload, named.value(), store.value());
        reachable(facts, &named, store, endpoint.as_ref(), sink);
        return;
    }
    let named = match asked {
        Asked::List(list) => &list.value().store,
        Asked::Metric(metric) => &metric.value().store,
        Asked::Queue(..) | Asked::Cron(_) | Asked::Scaler(_) => return,
    };
    let stores = || facts.declared.stores.keys().map(Name::as_str);
    let written =
        facts.merged.tree.value.get("stores").and_then(|table| table.value.get(named.value().as_str()));
    // One whose declaration was refused has its finding.
    if let (Some(at), None) = (facts.place(named), written) {
        let found = unknown(format!("no store is called `{}`", named.value()));
        let found = found.at(at, "not in `[stores]`").suggest(named.value().as_str(), stores());
        let near = closest(named.value().as_str(), stores());
        sink.push(match near.and_then(|near| facts.place(facts.declared.stores.get(near)?)) {
            Some(near) => found.context(near, "nearly of that name"),
            None => found,
        });
    }
}

fn reachable(
    facts: &Facts<'_>,
    named: &Sourced<&Name>,
    store: &Sourced<Store>,
    endpoint: Option<&Endpoint<'_>>,
    sink: &mut Sink,
) {
    let (Some(at), name, raw) = (facts.place(named), named.value(), store.value()) else { return };
    let via = facts.place(&raw.via);
    let with = |found: Diagnostic| match via {
        Some(via) => found.context(via, "how it is had"),
        None => found,
    };
    match endpoint.map(|endpoint| endpoint.at) {
        None => {
            let port = raw.trigger_port.as_ref().or(raw.default_port.as_ref());
            let port = port.map(|port| format!(" `{}`", port.value())).unwrap_or_default();
            let title = format!("store `{name}` has no port{port} at which KEDA could ask it");
            let found = Diagnostic::error(Code::UnknownReference, title).at(at, "asked by a trigger");
            sink.push(with(found).help(format!("`stores.{name}.trigger_port` names the port")));
        }
        // Of one that something is run against, the rule about stores says so.
        Some(Listener::External(external)) if external.external.host.is_none() && !has_job(facts, name) => {
            let title = format!("`stores.{name}` lacks `external.host`");
            let found =
                Diagnostic::error(Code::MissingKey, title).at(at, "asked by a trigger: under which name?");
            sink.push(with(found));
        }
        Some(_) => {}
    }
}

/// Whether something is run against a store.
fn has_job(facts: &Facts<'_>, name: &Name) -> bool {
    facts.declared.workloads().any(|workload| workload.store.is_some_and(|of| of.name == name))
}

/// KEDA takes five fields.
fn clock(facts: &Facts<'_>, asked: Asked<'_>, sink: &mut Sink) {
    let Asked::Cron(cron) = asked else { return };
    let (start, end) = (&cron.value().start, &cron.value().end);
    for schedule in [start, end] {
        let (Some(at), text) = (facts.place(schedule), schedule.value().as_str()) else { continue };
        let named =
            text.starts_with('@').then(|| "KEDA knows no names of schedules: write five fields".to_owned());
        if let Some(wrong) = named.or_else(|| schedule_fault(text)) {
            let title = format!("`{text}` is not a schedule");
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, wrong));
        }
    }
    if let (true, Some(first), Some(at)) =
        (start.value() == end.value(), facts.place(start), facts.place(end))
    {
        let found = Diagnostic::error(Code::InvalidValue, "a trigger ends when it starts");
        sink.push(found.at(at, "the end").context(first, "the start"));
    }
}

/// What is held for a proof that nobody asks for is not looked at.
fn proof(facts: &Facts<'_>, name: &Name, trigger: &Trigger, asked: Asked<'_>, sink: &mut Sink) {
    let (Asked::Metric(metric), Some(held)) = (asked, trigger.auth.value().values().next()) else { return };
    if let (None, Some(at)) = (&metric.value().auth_modes, facts.place(metric)) {
        let title = format!("trigger `{name}` has `auth`, but no `auth_modes`");
        let found = Diagnostic::error(Code::MissingKey, title).at(at, "how does KEDA prove who it is?");
        let found = found.help("such as `auth_modes = \"bearer\"` with `auth.bearerToken`");
        sink.push(match facts.place(held) {
            Some(held) => found.context(held, "with this"),
            None => found,
        });
    }
}

/// The longest times that an autoscaler takes, in seconds.
///
/// Source: `pkg/apis/autoscaling/validation` of `k8s.io/kubernetes`.
const LONGEST: [(u64, &str); 2] = [(60 * 60, "an hour"), (30 * 60, "half an hour")];

fn longest(facts: &Facts<'_>, pace: &Pace, sink: &mut Sink) {
    for (time, (most, words)) in [&pace.stabilize, &pace.every].into_iter().zip(LONGEST) {
        let Some(time) = time.as_ref().filter(|time| time.value().seconds() > most) else { continue };
        if let Some(at) = facts.place(time) {
            let title = format!("`{}` is too long", time.value());
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, format!("at most {words}")));
        }
    }
}

fn measures(facts: &Facts<'_>, workload: &Workload<'_>, scale: &Sourced<Scale>, sink: &mut Sink) {
    let raw = scale.value();
    let is_something = raw.cpu.is_some() || raw.memory.is_some() || !raw.triggers.is_empty();
    if let Some(at) = facts.place(scale).filter(|_| !is_something) {
        let title = format!("{} `{}` is scaled by nothing", workload.noun(), workload.name);
        let found = Diagnostic::error(Code::ReplicasAndScale, title).at(at, "what does it follow?");
        sink.push(found.help("`cpu`, `memory` or one of `triggers` says what to scale by"));
    }
}

/// Nothing is used where nothing runs.
fn zero(facts: &Facts<'_>, workload: &Workload<'_>, range: &ReplicaRange, sink: &mut Sink) {
    if *range.min.value() > 0 || can_start(workload) {
        return;
    }
    if let Some(at) = facts.place(&range.min) {
        let title = format!("{} `{}` would never leave zero", workload.noun(), workload.name);
        let found = Diagnostic::error(Code::ScaleToZero, title).at(at, "nothing could start the first pod");
        let found = found.note("without pods there is no use of CPU and memory to measure");
        sink.push(found.help("add one of `scale.triggers`, such as `triggers.backlog.queue = {}`"));
    }
}

fn fallback(facts: &Facts<'_>, workload: &Workload<'_>, scale: &Sourced<Scale>, sink: &mut Sink) {
    let Some(fallback) = scale.value().fallback.as_ref().filter(|_| !can_start(workload)) else { return };
    if let Some(at) = facts.place(fallback) {
        let title = format!("{} `{}` has a fallback for nothing", workload.noun(), workload.name);
        let found = Diagnostic::error(Code::Fallback, title).at(at, "there is no trigger that KEDA asks");
        sink.push(found.note("CPU and memory are measured by Kubernetes, not by KEDA"));
    }
}

/// Numbers that the range does not reach.
fn beyond(
    facts: &Facts<'_>,
    workload: &Workload<'_>,
    range: &ReplicaRange,
    scale: &Sourced<Scale>,
    sink: &mut Sink,
) {
    let clocks = workload.triggers().filter_map(|(_, trigger)| trigger.value().cron.as_ref());
    let wanted = clocks.map(|cron| &cron.value().replicas);
    for wanted in wanted.chain(scale.value().fallback.iter().map(|fallback| &fallback.value().replicas)) {
        if wanted.value() <= range.max.value() {
            continue;
        }
        if let (Some(at), Some(most)) = (facts.place(wanted), facts.place(&range.max)) {
            let title = format!("{} `{}` would never have so many pods", workload.noun(), workload.name);
            let found = Diagnostic::error(Code::ReplicasAndScale, title);
            sink.push(found.at(at, "more than the most").context(most, "the most"));
        }
    }
}
