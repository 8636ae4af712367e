//! The derivations.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::edges;
use super::environment::{
    Cluster, Config, Container, Dns, Environment, EnvironmentFacts, Metric, Port, Probe, Scale, Service,
    System, Variable,
};
use crate::declare::{self, Declared, Name, PortName, Replicas, Setting, Tier, VariableName};
use crate::merge::{InputSet, Reads, Sourced};

type Labels = BTreeMap<String, Sourced<String>>;

/// Derives the model. What a decision here looked at is marked as read; what merely passes through is not,
/// until a template reads it.
pub fn environment(declared: &Declared, reads: &Reads) -> Environment {
    let system = &declared.system.name;
    let system_name = system.map(|name| name.as_str().to_owned());
    let mut edges = edges::edges(declared, reads);
    let services = declared.services.iter().map(|(name, service)| {
        let ends = edges.take(name.as_str());
        (name.as_str().to_owned(), derive_service(declared, name, service, ends, reads))
    });
    let services = services.collect();
    Environment {
        system: System { labels: labels(&system_name, None), name: system_name.clone() },
        environment: EnvironmentFacts {
            tier: declared.environment.tier.map(|tier| tier.as_str().to_owned()),
            namespace: declared.environment.namespace.map(|name| name.as_str().to_owned()),
        },
        cluster: Cluster { dns: dns(declared) },
        config: config(declared, &system_name),
        services,
    }
}

/// Where clusters made by kubeadm, kind and the cloud providers run their DNS server.
fn dns(declared: &Declared) -> Dns {
    let usual = [("k8s-app".to_owned(), Sourced::default_of("kube-dns".to_owned()))];
    match &declared.cluster.dns {
        Some(dns) => Dns {
            namespace: dns.namespace.map(|name| name.as_str().to_owned()),
            labels: dns.labels.value().clone(),
        },
        None => Dns { namespace: Sourced::default_of("kube-system".to_owned()), labels: usual.into() },
    }
}

/// The labels that Kubernetes recommends. Those of pods that select them are name and instance.
fn labels(system: &Sourced<String>, service: Option<&Sourced<String>>) -> Labels {
    let mut labels = selector(system, service);
    labels.insert("app.kubernetes.io/part-of".to_owned(), system.clone());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), Sourced::default_of("p8fs-gen".to_owned()));
    labels
}

fn selector(system: &Sourced<String>, service: Option<&Sourced<String>>) -> Labels {
    let name = service.unwrap_or(system).clone();
    [("app.kubernetes.io/name".to_owned(), name), ("app.kubernetes.io/instance".to_owned(), system.clone())]
        .into()
}

pub(super) fn selector_of(declared: &Declared, name: &Name, service: &Sourced<declare::Service>) -> Labels {
    let system = declared.system.name.map(|name| name.as_str().to_owned());
    selector(&system, Some(&service.map(|_| name.as_str().to_owned())))
}

fn config(declared: &Declared, system: &Sourced<String>) -> Option<Sourced<Config>> {
    let settings = &declared.settings;
    if settings.value().is_empty() {
        return None;
    }
    let setting = |(name, value): (&VariableName, &Sourced<Setting>)| {
        (name.as_str().to_owned(), value.map(Setting::to_string))
    };
    let data: Labels = settings.value().iter().map(setting).collect();
    let mut digest = Sha256::new();
    let mut inputs = InputSet::default();
    for (name, value) in &data {
        // Lengths keep `A=BC` and `AB=C` apart.
        digest.update(format!("{}:{name}{}:{}", name.len(), value.value().len(), value.value()));
        inputs.extend(value.inputs());
    }
    let hex = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let name = system.map(|name| format!("{name}-config"));
    Some(settings.map(|_| Config { name, data, digest: Sourced::derived(hex, inputs) }))
}

fn derive_service(
    declared: &Declared,
    name: &Name,
    service: &Sourced<declare::Service>,
    (ingress, egress): edges::Ends,
    reads: &Reads,
) -> Sourced<Service> {
    let raw = service.value();
    let system = declared.system.name.map(|name| name.as_str().to_owned());
    let service_name = service.map(|_| name.as_str().to_owned());
    let tier = &declared.environment.tier;
    reads.mark(raw.replicas.inputs().iter().chain(tier.inputs().iter()));

    let (replicas, scale, fewest) = match raw.replicas.value() {
        Replicas::Fixed(number) => {
            let number = raw.replicas.map(|_| i64::from(*number));
            (Some(number.clone()), None, number)
        }
        Replicas::Range(range) => {
            let scale = raw.scale.as_ref().map(|scale| scale.map(|measures| derive_scale(range, measures)));
            (None, scale, range.min.map(|min| i64::from(*min)))
        }
    };
    let spread = *tier.value() != Tier::Development;
    service.map(|_| Service {
        object_name: system.zip(&service_name, |system, name| format!("{system}-{name}")),
        labels: labels(&system, Some(&service_name)),
        selector: selector(&system, Some(&service_name)),
        replicas,
        scale,
        max_unavailable: (*fewest.value() > 1).then(|| fewest.map(|_| 1)),
        spread_over: spread.then(|| tier.map(|_| "topology.kubernetes.io/zone".to_owned())),
        container: container(raw),
        ingress,
        egress,
        name: service_name,
    })
}

fn derive_scale(range: &declare::ReplicaRange, measures: &declare::Scale) -> Scale {
    let measured = [("cpu", &measures.cpu), ("memory", &measures.memory)];
    let metric = |(resource, percent): (&str, &Option<Sourced<declare::Percent>>)| {
        let percent = percent.as_ref()?;
        Some(Metric {
            resource: percent.map(|_| resource.to_owned()),
            percent: percent.map(|percent| i64::from(percent.0)),
        })
    };
    Scale {
        min: range.min.map(|min| i64::from(*min)),
        max: range.max.map(|max| i64::from(*max)),
        metrics: measured.into_iter().filter_map(metric).collect(),
    }
}

fn container(raw: &declare::Service) -> Container {
    let port = |(name, number): (&PortName, &Sourced<declare::PortNumber>)| Port {
        name: number.map(|_| name.as_str().to_owned()),
        number: number.map(|number| i64::from(number.0)),
    };
    let variable = |(name, value): (&declare::VariableName, &Sourced<Setting>)| Variable {
        name: value.map(|_| name.as_str().to_owned()),
        value: value.map(Setting::to_string),
    };
    let bytes = |bytes: &Sourced<declare::Bytes>| bytes.map(|bytes| bytes.as_str().to_owned());
    let probe = |probe: &declare::Probe| Probe {
        path: probe.path.map(|path| path.as_str().to_owned()),
        port: port_name(raw, probe.port.as_ref()),
    };
    Container {
        image: raw.image.map(|image| image.as_str().to_owned()),
        ports: raw.ports.iter().map(port).collect(),
        env: raw.env.iter().map(variable).collect(),
        cpu: raw.resources.cpu.map(|cpu| cpu.as_str().to_owned()),
        memory: bytes(&raw.resources.memory),
        storage: bytes(&raw.resources.storage),
        readiness: probe(&raw.probes.readiness),
        liveness: probe(&raw.probes.liveness),
    }
}

/// The port that was named, or the only one there is; the rules of `declare` have made sure that it exists.
pub(super) fn port_name(raw: &declare::Service, named: Option<&Sourced<PortName>>) -> Sourced<String> {
    match (named, raw.ports.iter().next()) {
        (Some(name), _) => name.map(|name| name.as_str().to_owned()),
        (None, Some((name, number))) => number.map(|_| name.as_str().to_owned()),
        (None, None) => Sourced::default_of(String::new()),
    }
}
