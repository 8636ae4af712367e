//! The environment's derivations, but for those of single workloads.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::environment::{
    Cluster, Config, Dns, Environment, EnvironmentFacts, LimitRange, Priority, Quota, System,
};
use super::{edges, kind, secrets, stores, workloads};
use crate::declare::{Declared, LabelMap, Name};
use crate::merge::{InputSet, Reads, Sourced};

/// The fewest workloads that are derived by another thread.
const SHARE: usize = 32;

/// Derives the model. What a decision here looked at is marked as read; what merely passes through is not,
/// until a template reads it.
pub fn environment(declared: &Declared, reads: &Reads) -> Environment {
    let _room = tracing::debug_span!(target: "p8fs-gen.model", "derived the model").entered();
    let name = &declared.system.name;
    let mut edges = edges::edges(declared, reads);
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
        system: System { name: name.clone(), labels: labels(name, name) },
        environment: facts(declared),
        cluster: Cluster {
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

fn config(declared: &Declared) -> Sourced<Option<Config>> {
    let settings = &declared.settings;
    let texts = settings.value().iter().map(|(name, value)| (name.to_string(), value.text()));
    // That there are any is by the table and by the first that stands for all.
    let mut inputs = settings.inputs().clone();
    if let Some(first) = settings.value().values().next() {
        inputs.extend(first.inputs());
    }
    let settings = Sourced::derived(settings.value(), inputs);
    settings.map(|data| {
        (!data.is_empty()).then(|| Config {
            name: declared.system.name.map(|name| format!("{name}-config")),
            data: (*data).clone(),
            digest: digest(texts),
        })
    })
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
