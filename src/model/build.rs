//! The derivations.

use sha2::{Digest, Sha256};

use super::edges::{self, Ends};
use super::environment::{
    Cluster, Config, Container, Dns, Environment, EnvironmentFacts, Metric, Port, Probe, Scale, Service,
    System, Variable,
};
use crate::declare::{self, Declared, LabelMap, Name, PortName, Replicas, Tier};
use crate::merge::{InputSet, Reads, Sourced};

/// Derives the model. What a decision here looked at is marked as read; what merely passes through is not,
/// until a template reads it.
pub fn environment(declared: &Declared, reads: &Reads) -> Environment {
    let _room = tracing::debug_span!(target: "p8fs-gen.model", "derived the model").entered();
    let name = &declared.system.name;
    let mut edges = edges::edges(declared, reads);
    let services = declared.services.iter().map(|(name, service)| {
        let ends = edges.remove(name).unwrap_or_default();
        (name.clone(), derive_service(declared, name, service, ends, reads))
    });
    Environment {
        services: services.collect(),
        system: System { name: name.clone(), labels: labels(name, name) },
        environment: EnvironmentFacts {
            tier: declared.environment.tier.clone(),
            namespace: declared.environment.namespace.clone(),
        },
        cluster: Cluster { dns: dns(declared) },
        config: config(declared),
    }
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
fn labels(system: &Sourced<Name>, name: &Sourced<Name>) -> LabelMap {
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
    let mut digest = Sha256::new();
    let mut inputs = InputSet::default();
    for (name, value) in settings.value() {
        let (name, text) = (name.as_str(), value.value().to_string());
        // Lengths keep `A=BC` and `AB=C` apart.
        digest.update(format!("{}:{name}{}:{text}", name.len(), text.len()));
        inputs.extend(value.inputs());
    }
    let hex = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    settings.map(|data| {
        (!data.is_empty()).then(|| Config {
            name: declared.system.name.map(|name| format!("{name}-config")),
            data: data.clone(),
            digest: Sourced::derived(hex, inputs),
        })
    })
}

fn derive_service(
    declared: &Declared,
    name: &Name,
    service: &Sourced<declare::Service>,
    ends: Ends,
    reads: &Reads,
) -> Sourced<Service> {
    let raw = service.value();
    let system = &declared.system.name;
    let name = service.map(|_| name.clone());
    let tier = &declared.environment.tier;
    reads.mark(raw.replicas.inputs().iter().chain(tier.inputs().iter()));

    let (scale, fewest) = match raw.replicas.value() {
        Replicas::Fixed(number) => (raw.replicas.map(|_| None), raw.replicas.map(|_| *number)),
        Replicas::Range(range) => {
            let none = || Sourced::default_in(service, None);
            let scale =
                raw.scale.as_ref().map(|scale| scale.map(|measures| Some(derive_scale(range, measures))));
            (scale.unwrap_or_else(none), range.min.clone())
        }
    };
    let spread = *tier.value() != Tier::Development;
    service.map(|_| Service {
        object_name: system.zip(&name, |system, name| format!("{system}-{name}")),
        labels: labels(system, &name),
        selector: selector(system, &name),
        replicas: raw.replicas.map(|replicas| match replicas {
            Replicas::Fixed(number) => Some(*number),
            Replicas::Range(_) => None,
        }),
        scale,
        max_unavailable: fewest.map(|fewest| (*fewest > 1).then_some(1)),
        spread_over: tier.map(|_| spread.then(|| "topology.kubernetes.io/zone".to_owned())),
        container: container(raw),
        ingress: ends.ingress,
        egress: ends.egress,
        name,
    })
}

fn derive_scale(range: &declare::ReplicaRange, measures: &declare::Scale) -> Scale {
    let measured = [("cpu", &measures.cpu), ("memory", &measures.memory)];
    let metrics = measured.into_iter().filter_map(|(resource, percent)| {
        let percent = percent.clone()?;
        Some(
            percent
                .map(|_| Metric { resource: percent.map(|_| resource.to_owned()), percent: percent.clone() }),
        )
    });
    Scale { min: range.min.clone(), max: range.max.clone(), metrics: metrics.collect() }
}

fn container(raw: &declare::Service) -> Container {
    let ports = raw.ports.iter();
    let env = raw.env.iter();
    let probe = |probe: &declare::Probe| Probe {
        path: probe.path.clone(),
        port: port_name(raw, probe.port.as_ref()),
    };
    Container {
        image: raw.image.clone(),
        ports: ports
            .map(|(name, number)| {
                number.map(|_| Port { name: number.map(|_| name.clone()), number: number.clone() })
            })
            .collect(),
        env: env
            .map(|(name, value)| {
                value.map(|_| Variable { name: value.map(|_| name.clone()), value: value.clone() })
            })
            .collect(),
        cpu: raw.resources.cpu.clone(),
        memory: raw.resources.memory.clone(),
        storage: raw.resources.storage.clone(),
        readiness: probe(&raw.probes.readiness),
        liveness: probe(&raw.probes.liveness),
    }
}

/// The port that was named, or the only one there is; the rules of `declare` have made sure that it exists.
pub(super) fn port_name(raw: &declare::Service, named: Option<&Sourced<PortName>>) -> Sourced<String> {
    match (named, raw.ports.iter().next()) {
        (Some(name), _) => name.text(),
        (None, Some((name, number))) => number.map(|_| name.to_string()),
        (None, None) => Sourced::default_of(String::new()),
    }
}
