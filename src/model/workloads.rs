//! The derivations of one workload.

use std::collections::BTreeMap;

use super::build::{digest, labels, priority_class, selector};
use super::edges::Ends;
use super::scale::{self, Scale};
use super::workload::{
    Claim, Cron, Files, Kind, Metrics, PartOf, Placement, Queue, Role, Rule, Run, Toleration, Workload,
};
use super::{pods, secrets};
use crate::declare::{
    self, Declared, Duration, LabelKey, LabelMap, Name, Replicas, Scope, Serving, Sharing, Slo, Sort, Spread,
    Tier,
};
use crate::merge::{InputSet, Reads, Sourced};

/// Derives a workload; `ends` are its connections.
pub(super) fn derive(
    declared: &Declared,
    raw: declare::Workload<'_>,
    ends: Ends,
    reads: &Reads,
) -> Sourced<Workload> {
    let system = &declared.system.value().name;
    let serving = raw.serving();
    let mut decided = raw.inputs.clone();
    if let (Some(of), Some(_)) = (raw.store, serving) {
        decided.extend(of.store.value().via.inputs());
    }
    let existence = Sourced::derived((), decided);
    let name = existence.map(|()| raw.name.clone());
    let object_name = system.zip(&name, |system, name| format!("{system}-{name}"));
    let replicas = serving.map(|serving| replicas(serving, reads)).unwrap_or_default();
    let storage = Storage::of(declared, raw);
    let kind = kind(raw, &storage);
    let access = if raw.pod.access.value().is_empty() {
        lacking(raw, &raw.pod.access)
    } else {
        raw.pod.access.map(|_| ())
    };
    // Which rules there are, and in which order, is by all names in the table.
    let mut listed = access.inputs().clone();
    listed.extend(&access.inputs().absence());
    let rules = |scope| Sourced::derived(rules(raw, scope), listed.clone());
    if let Some(enabled) = &raw.pod.enabled {
        reads.mark(enabled.inputs().iter());
    }
    let triggers = scale::triggers(declared, raw);
    existence.map(|()| Workload {
        role: name.map(|_| role(raw)),
        labels: labels(system, &name),
        selector: selector(system, &name),
        slo: serving.and_then(|serving| serving.slo).map(|slo| slo.map(objectives)),
        replicas: replicas.fixed,
        scale: replicas.scale,
        has_triggers: triggers.map(|triggers| !triggers.is_empty()),
        triggers,
        max_unavailable: replicas
            .most
            .map(|most| most.map(|most| (*most > 1).then_some(1)))
            .unwrap_or_default(),
        placement: placement(declared, raw, &kind, reads),
        container: pods::container(declared, raw, &storage),
        sidecars: pods::sidecars(declared, raw),
        metrics: serving.and_then(|serving| serving.metrics).map(metrics),
        queue: serving.and_then(|serving| queue(declared, serving.queue?)),
        has_settings: existence.map(|()| raw.store.is_none()),
        grace: pods::grace(raw),
        user: given_or(raw.pod.user.as_ref(), raw.inputs, 10001),
        store: raw.store.map(|of| store(raw, of)),
        pods: pods::names(declared, raw, &kind),
        config_map: raw
            .pod
            .config
            .as_ref()
            .map(|path| path.zip(&object_name, |_, name| format!("{name}-config"))),
        files: files(raw, &object_name),
        secret_files: secrets::files(declared, raw),
        secret_versions: secrets::versions(declared, raw),
        pull_secret: raw.pulled_with(declared).map(|secret| secrets::object_name(declared, secret)),
        pod_claims: Sourced::derived(claims(&storage.own, &object_name), storage.decided.clone()),
        shared_claims: Sourced::derived(claims(&storage.shared, &object_name), storage.decided.clone()),
        has_token: access.map(|()| !raw.pod.access.value().is_empty()),
        rules: rules(Scope::Namespace),
        cluster_rules: rules(Scope::Cluster),
        cluster_role: declared
            .environment
            .namespace
            .zip(&object_name, |namespace, name| format!("{namespace}-{name}")),
        run: run(raw),
        cron: cron(raw),
        route: ends.route,
        ingress_route: ends.ingress_route,
        ingress: ends.ingress,
        egress: ends.egress,
        kind,
        object_name,
        name,
    })
}

fn metrics(raw: &Sourced<declare::Metrics>) -> Sourced<Metrics> {
    let path = given_or(raw.value().path.as_ref(), raw.inputs(), declare::AbsolutePath::metrics());
    raw.map(|metrics| Metrics { port: metrics.port.clone(), path })
}

fn queue(declared: &Declared, raw: &Sourced<declare::Queue>) -> Option<Sourced<Queue>> {
    let queue = raw.value();
    let (name, store) = declared.store_with(queue.stream.value())?;
    Some(raw.map(|_| Queue {
        store: queue.stream.zip(store, |_, _| name.clone()),
        stream: queue.stream.clone(),
        consumer: queue.consumer.clone(),
        lag: given_or(queue.lag.as_ref(), raw.inputs(), 100),
    }))
}

/// Its place in a store.
fn store(raw: declare::Workload<'_>, of: declare::PartOfStore<'_>) -> Sourced<PartOf> {
    let named = |name: &Name| Sourced::derived(name.clone(), raw.inputs.clone());
    let kind = of.store.value().kind.clone();
    Sourced::derived(PartOf { name: named(of.name), kind, part: named(of.part) }, raw.inputs.clone())
}

fn role(raw: declare::Workload<'_>) -> Role {
    match raw.sort {
        Sort::Job(_) => Role::Job,
        Sort::CronJob(_) => Role::CronJob,
        Sort::Serving(_) if raw.table == "workers" => Role::Worker,
        Sort::Serving(_) if raw.store.is_some() => Role::Part,
        Sort::Serving(_) => Role::Service,
    }
}

/// The volumes of a workload, by who has them.
#[derive(Default)]
pub(super) struct Storage<'a> {
    /// Each pod one of its own.
    pub(super) own: Vec<(&'a Name, Sourced<&'a declare::Volume>)>,
    /// All pods one.
    pub(super) shared: Vec<(&'a Name, Sourced<&'a declare::Volume>)>,
    /// Kept in memory, and no longer than the pod.
    pub(super) in_memory: Vec<(&'a Name, Sourced<&'a declare::Volume>)>,
    /// What decided which is which.
    decided: InputSet,
}

impl<'a> Storage<'a> {
    pub(super) fn of(declared: &Declared, raw: declare::Workload<'a>) -> Self {
        let mut storage = Storage::default();
        if raw.pod.storage.value().is_empty() {
            storage.decided = lacking(raw, &raw.pod.storage).inputs().clone();
        }
        let tier = &declared.environment.tier;
        for (name, volume) in raw.pod.storage.value() {
            let otherwise = || Sourced::default_in(volume, Sharing::Pod);
            let sharing = volume.value().sharing.clone().unwrap_or_else(otherwise);
            let mut inputs = volume.inputs().clone();
            inputs.extend(sharing.inputs());
            inputs.extend(tier.inputs());
            storage.decided.extend(&inputs);
            let volume = Sourced::derived(volume.value(), inputs);
            match (tier.value(), sharing.value(), raw.serving()) {
                (Tier::Testing, ..) => storage.in_memory.push((name, volume)),
                (_, Sharing::Pod, Some(_)) => storage.own.push((name, volume)),
                // The pods of a job come one after the other.
                _ => storage.shared.push((name, volume)),
            }
        }
        storage
    }
}

pub(super) fn kind(raw: declare::Workload<'_>, storage: &Storage<'_>) -> Sourced<Kind> {
    let mut inputs = raw.inputs.clone();
    inputs.extend(&storage.decided);
    let kind = match raw.sort {
        Sort::Job(_) => Kind::Job,
        Sort::CronJob(_) => Kind::CronJob,
        Sort::Serving(_) if storage.own.is_empty() => Kind::Deployment,
        Sort::Serving(_) => Kind::StatefulSet,
    };
    Sourced::derived(kind, inputs)
}

#[derive(Default)]
struct ReplicaFacts {
    fixed: Sourced<Option<u32>>,
    scale: Option<Sourced<Scale>>,
    most: Option<Sourced<u32>>,
}

fn replicas(serving: Serving<'_>, reads: &Reads) -> ReplicaFacts {
    reads.mark(serving.replicas.inputs().iter());
    match serving.replicas.value() {
        Replicas::Fixed(number) => {
            let replicas = serving.replicas;
            let (fixed, most) = (replicas.map(|_| Some(*number)), replicas.map(|_| *number));
            ReplicaFacts { fixed, scale: None, most: Some(most) }
        }
        Replicas::Range(range) => {
            let scale = serving.scale.map(|scale| scale::scale(range, scale));
            let fixed = serving.replicas.map(|_| None);
            ReplicaFacts { fixed, scale, most: Some(range.max.clone()) }
        }
    }
}

/// As annotations, for people and for what reads them.
fn objectives(slo: &Slo) -> LabelMap {
    let stated = [
        ("availability", slo.availability.as_ref().map(|share| share.map(|share| format!("{share}%")))),
        ("latency-p99", slo.latency_p99.as_ref().map(Sourced::text)),
        ("error-rate", slo.error_rate.as_ref().map(|share| share.map(|share| format!("{share}%")))),
        ("throughput", slo.throughput.as_ref().map(|rate| rate.map(|rate| format!("{rate}/s")))),
    ];
    let stated = stated.into_iter();
    stated.filter_map(|(name, value)| Some((format!("slo.p8fs-gen/{name}"), value?))).collect()
}

fn placement(
    declared: &Declared,
    raw: declare::Workload<'_>,
    kind: &Sourced<Kind>,
    reads: &Reads,
) -> Placement {
    let placement = &raw.pod.placement;
    let named = placement.value().pool.as_ref();
    let pool = named.and_then(|name| {
        let pool = declared.cluster.value().pools.get(name.value())?;
        let raw = pool.value();
        reads.mark(name.inputs().iter());
        Some((name, raw))
    });
    // What chose the pool chose all that comes of it.
    let labels = pool.iter().flat_map(|(name, pool)| {
        pool.labels.iter().map(|(key, value)| (key.clone(), value.zip(name, |value, _| value.clone())))
    });
    let tolerations = pool.iter().flat_map(|(name, pool)| {
        pool.taints.iter().map(|(key, taint)| taint.zip(name, |raw, _| toleration(key, taint, raw)))
    });
    let chosen = named.map(|name| name.map(|_| ()));
    let chosen = chosen.unwrap_or_else(|| lacking(raw, placement));
    let revision_label = match kind.value() {
        Kind::StatefulSet => "controller-revision-hash",
        _ => "pod-template-hash",
    };
    Placement {
        spread_over: match raw.serving() {
            Some(_) => spread(declared, raw, pool.map(|(_, pool)| pool), reads),
            None => Sourced::derived(None, raw.inputs.clone()),
        },
        revision_label: kind.map(|_| revision_label.to_owned()),
        tolerations: chosen.map(|()| tolerations.collect()),
        node_labels: chosen.map(|()| labels.collect()),
        priority_class: match &placement.value().priority {
            Some(name) => priority_class(declared, name).map(|class| Some(class.clone())),
            None => lacking(raw, placement).map(|()| None),
        },
    }
}

/// Over the zones, unless the pool has only one; in development there are neither.
fn spread(
    declared: &Declared,
    raw: declare::Workload<'_>,
    pool: Option<&declare::Pool>,
    reads: &Reads,
) -> Sourced<Option<String>> {
    let tier = &declared.environment.tier;
    let placement = &raw.pod.placement;
    let lacking = lacking(raw, placement);
    let spread = match (&placement.value().spread, pool.map(|pool| pool.zones.as_slice())) {
        (Some(spread), _) => spread.clone(),
        (None, Some([zone])) => zone.zip(&lacking, |_, ()| Spread::Node),
        (None, _) => tier.zip(&lacking, |tier, ()| match tier {
            Tier::Development | Tier::Testing => Spread::None,
            Tier::Staging | Tier::Production => Spread::Zone,
        }),
    };
    reads.mark(spread.inputs().iter());
    spread.map(|spread| match spread {
        Spread::None => None,
        Spread::Node => Some("kubernetes.io/hostname".to_owned()),
        Spread::Zone => Some("topology.kubernetes.io/zone".to_owned()),
    })
}

/// What decides when a table of the workload does not say something: that there is none, or that it lacks the key.
fn lacking<T>(raw: declare::Workload<'_>, table: &Sourced<T>) -> Sourced<()> {
    let holder = if table.inputs().is_empty() { raw.inputs } else { table.inputs() };
    Sourced::derived((), holder.absence())
}

fn toleration(key: &LabelKey, taint: &Sourced<declare::Taint>, raw: &declare::Taint) -> Toleration {
    let operator = match &raw.value {
        Some(value) => value.map(|_| "Equal".to_owned()),
        None => Sourced::default_in(taint, "Exists".to_owned()),
    };
    Toleration {
        key: taint.map(|_| key.clone()),
        operator,
        value: raw.value.clone(),
        effect: raw.effect.clone(),
    }
}

fn files(raw: declare::Workload<'_>, object_name: &Sourced<String>) -> Option<Sourced<Files>> {
    let mut inputs = InputSet::default();
    let mut data = BTreeMap::new();
    for (name, file) in &raw.pod.files {
        if let Some(text) = &file.value().text {
            inputs.extend(file.inputs());
            data.insert(name.clone(), text.clone());
        }
    }
    let digest = digest(data.iter().map(|(name, text)| (name.to_string(), text.clone())));
    let object_name = object_name.map(|name| format!("{name}-files"));
    (!data.is_empty()).then(|| Sourced::derived(Files { object_name, data, digest }, inputs))
}

fn claims(
    volumes: &[(&Name, Sourced<&declare::Volume>)],
    object_name: &Sourced<String>,
) -> Vec<Sourced<Claim>> {
    let claims = volumes.iter().map(|(name, volume)| {
        volume.map(|raw| Claim {
            name: volume.map(|_| name.to_string()),
            object_name: object_name.zip(volume, |object, _| format!("{object}-{name}")),
            usable: raw.size.map(|size| i64::try_from(size.bytes() / 10 * 9).unwrap_or(i64::MAX)),
            size: raw.size.clone(),
            class: raw.class.clone(),
        })
    });
    claims.collect()
}

fn rules(raw: declare::Workload<'_>, scope: Scope) -> Vec<Sourced<Rule>> {
    let access = raw.pod.access.value().values().filter(|access| {
        access.value().scope.as_ref().map_or(Scope::Namespace, |scope| *scope.value()) == scope
    });
    let rules = access.map(|access| {
        let raw = access.value();
        let mut inputs = access.inputs().clone();
        let otherwise = || Sourced::default_in(access, Scope::Namespace);
        inputs.extend(raw.scope.clone().unwrap_or_else(otherwise).inputs());
        let rule = Rule {
            group: raw.group.clone().unwrap_or_default(),
            resources: raw.resources.clone(),
            verbs: raw.verbs.clone(),
            names: raw.names.clone(),
        };
        Sourced::derived(rule, inputs)
    });
    rules.collect()
}

fn run(raw: declare::Workload<'_>) -> Option<Sourced<Run>> {
    let (retries, timeout, keep) = match raw.sort {
        Sort::Serving(_) => return None,
        Sort::Job(job) => (&job.retries, &job.timeout, job.keep.as_ref().map(|keep| keep.map(whole_seconds))),
        Sort::CronJob(job) => (&job.retries, &job.timeout, None),
    };
    let run = Run {
        retries: given_or(retries.as_ref(), raw.inputs, 3),
        timeout: seconds_or(timeout.as_ref(), raw.inputs, 60 * 60),
        keep,
    };
    Some(Sourced::derived(run, raw.inputs.clone()))
}

fn cron(raw: declare::Workload<'_>) -> Option<Sourced<Cron>> {
    let Sort::CronJob(job) = raw.sort else { return None };
    let concurrency = given_or(job.concurrency.as_ref(), raw.inputs, declare::Concurrency::Forbid);
    let cron = Cron {
        schedule: job.schedule.clone(),
        time_zone: given_or(job.time_zone.as_ref(), raw.inputs, declare::TimeZone::utc()),
        concurrency: concurrency.map(|concurrency| concurrency.policy().to_owned()),
        start_within: seconds_or(job.start_within.as_ref(), raw.inputs, 5 * 60),
    };
    Some(Sourced::derived(cron, raw.inputs.clone()))
}

/// A duration in seconds, at most what an `i32` holds; if the holder lacks it, another.
pub(super) fn seconds_or(
    duration: Option<&Sourced<Duration>>,
    holder: &InputSet,
    otherwise: u32,
) -> Sourced<u32> {
    given_or(duration.map(|duration| duration.map(whole_seconds)).as_ref(), holder, otherwise)
}

/// A value, or another if the holder lacks it.
pub(super) fn given_or<T: Clone>(given: Option<&Sourced<T>>, holder: &InputSet, otherwise: T) -> Sourced<T> {
    given.cloned().unwrap_or_else(|| Sourced::derived(otherwise, holder.absence()))
}

pub(super) fn whole_seconds(duration: &Duration) -> u32 {
    u32::try_from(duration.seconds()).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs())
}
