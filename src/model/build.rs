//! The environment's derivations, but for those of single workloads.

use std::collections::BTreeMap;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::environment::{
    Cluster, Config, Dns, Environment, EnvironmentFacts, LimitRange, Priority, Quota, SecretVariable, System,
};
use super::{edges, kind, releases, secrets, stores, workloads};
use crate::declare::{Declared, LabelMap, Name};
use crate::merge::{InputSet, Reads, Sourced};

/// The fewest workloads that are derived by another thread.
const SHARE: usize = 32;

/// Derives the model. What a decision here looked at is marked as read; what merely passes through is not,
/// until a template reads it. `target` is the environment, or one of its clusters: `prod/eu`.
pub fn environment(declared: &Declared, target: &str, reads: &Reads) -> Environment {
    let _room = tracing::debug_span!(target: "p8fs-gen.model", "derived the model").entered();
    let name = &declared.system.value().name;
    let (mut edges, charts) = edges::edges(declared, reads);
    let workloads: Vec<_> = declared
        .workloads()
        .map(|workload| (workload, edges.remove(workload.name).unwrap_or_default()))
        .collect();
    let workloads = workloads
        .into_par_iter()
        .with_min_len(SHARE)
        .map(|(workload, ends)| (workload.name.clone(), workloads::derive(declared, workload, ends, reads)));
    Environment {
        workloads: workloads.collect::<Vec<_>>().into_iter().collect(),
        stores: stores::derive(declared),
        releases: releases::derive(declared, &charts, reads),
        system: System { name: name.clone(), labels: labels(name, name) },
        environment: facts(declared),
        cluster: Cluster {
            name: Sourced::default_of(target.replace('/', "-")),
            kubernetes: declared.cluster.value().kubernetes.map(|minor| minor.as_str().to_owned()),
            dns: dns(declared),
            kind: kind::kind(declared, reads),
        },
        config: config(declared),
        secrets: secrets::secrets(declared, reads),
    }
}

fn facts(declared: &Declared) -> EnvironmentFacts {
    let raw = &declared.environment;
    let priorities = raw.priorities.iter().map(|(name, priority)| {
        let derived = priority.map(|raw| Priority {
            object_name: priority_class(declared, &priority.map(|_| name.clone())),
            value: raw.value.clone(),
            preemption: raw
                .preempts
                .clone()
                .unwrap_or_else(|| Sourced::default_of(true))
                .map(|preempts| (if *preempts { "PreemptLowerPriority" } else { "Never" }).to_owned()),
        });
        (name.clone(), derived)
    });
    EnvironmentFacts {
        tier: raw.tier.clone(),
        namespace: raw.namespace.clone(),
        domain: raw.domain.clone(),
        tls: is_exposed(declared),
        quota: raw.quota.as_ref().map(|quota| {
            quota.map(|quota| Quota {
                cpu: quota.cpu.clone(),
                memory: quota.memory.clone(),
                pods: quota.pods.clone(),
                storage: quota.storage.clone(),
            })
        }),
        limit_range: raw.limit_range.as_ref().map(|range| {
            range.map(|range| LimitRange {
                cpu: range.cpu.clone(),
                memory: range.memory.clone(),
                storage: range.storage.clone(),
            })
        }),
        priorities: priorities.collect(),
    }
}

/// Whether requests come in from outside. The first service to which they do stands for all.
fn is_exposed(declared: &Declared) -> Sourced<bool> {
    for workload in declared.workloads() {
        if let Some(expose) = workload.serving().and_then(|serving| serving.expose) {
            let mut inputs = expose.inputs().clone();
            inputs.extend(&workload.inputs.absence());
            return Sourced::derived(true, inputs);
        }
    }
    Sourced::default_of(false)
}

/// Priority classes are the whole cluster's, which other environments may share.
pub(super) fn priority_class(declared: &Declared, name: &Sourced<Name>) -> Sourced<String> {
    declared.environment.namespace.zip(name, |namespace, name| format!("{namespace}-{name}"))
}

/// Where clusters made by kubeadm, kind and the cloud providers run their DNS server.
fn dns(declared: &Declared) -> Dns {
    let cluster = &declared.cluster;
    let default = |text: &str| Sourced::default_in(cluster, text.to_owned());
    let usual = || [("k8s-app".to_owned(), default("kube-dns"))].into();
    match &cluster.value().dns {
        Some(dns) => Dns { namespace: dns.namespace.text(), labels: dns.labels.clone() },
        None => Dns { namespace: default("kube-system"), labels: Sourced::default_in(cluster, usual()) },
    }
}

/// The labels that Kubernetes recommends. Those of pods that select them are name and instance.
pub(super) fn labels(system: &Sourced<Name>, name: &Sourced<Name>) -> LabelMap {
    let mut labels = selector(system, name);
    labels.insert("app.kubernetes.io/part-of".to_owned(), system.text());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), Sourced::default_of("p8fs-gen".to_owned()));
    labels
}

pub(super) fn selector(system: &Sourced<Name>, name: &Sourced<Name>) -> LabelMap {
    [
        ("app.kubernetes.io/name".to_owned(), name.text()),
        ("app.kubernetes.io/instance".to_owned(), system.text()),
    ]
    .into()
}

/// Of a system that defines no settings. Those that are defined may depend on the rest of the model, and come when it is
/// there.
fn config(declared: &Declared) -> Sourced<Option<Config>> {
    if !declared.system.value().settings.value().is_empty() {
        return Sourced::default();
    }
    let settings = &declared.settings;
    let data = settings.value().iter().map(|(name, value)| (name.to_string(), value.text()));
    Config::of(declared, settings.inputs(), data.collect(), Vec::new())
}

impl Config {
    /// The configuration that all workloads share, if there is any; `table` declares it.
    pub fn of(
        declared: &Declared,
        table: &InputSet,
        data: BTreeMap<String, Sourced<String>>,
        secrets: Vec<Sourced<SecretVariable>>,
    ) -> Sourced<Option<Self>> {
        let has_data = any(data.len(), data.values().map(Sourced::inputs), table);
        let has_secrets = any(secrets.len(), secrets.iter().map(Sourced::inputs), table);
        let all = data.values().map(Sourced::inputs).chain(secrets.iter().map(Sourced::inputs));
        let is_there = any(data.len() + secrets.len(), all, table);
        let digest = digest(data.iter().map(|(name, value)| (name.clone(), value.clone())));
        let name = declared.system.value().name.map(|name| format!("{name}-config"));
        let config = is_there.value().then(|| Self { name, has_data, data, has_secrets, secrets, digest });
        Sourced::derived(config, is_there.inputs().clone())
    }
}

/// Whether there is any of what a table gives. Where there are several, no single one decides that.
fn any<'a>(count: usize, mut each: impl Iterator<Item = &'a InputSet>, table: &InputSet) -> Sourced<bool> {
    let mut inputs = if count == 0 { table.absence() } else { table.clone() };
    if count == 1 {
        each.by_ref().for_each(|one| inputs.extend(one));
    }
    Sourced::derived(count > 0, inputs)
}

/// A digest of named texts, that differs when one of them does.
pub(super) fn digest(texts: impl Iterator<Item = (String, Sourced<String>)>) -> Sourced<String> {
    let mut digest = Sha256::new();
    let mut inputs = InputSet::default();
    for (name, text) in texts {
        // Lengths keep `A=BC` and `AB=C` apart.
        digest.update(format!("{}:{name}{}:{}", name.len(), text.value().len(), text.value()));
        inputs.extend(text.inputs());
    }
    let hex = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    Sourced::derived(hex, inputs)
}
