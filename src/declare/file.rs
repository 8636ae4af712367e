//! The raw types of an environment's merged files. Their documentation is what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::values::{
    AbsolutePath, Bytes, Cidr, Cpu, Image, KubernetesMinor, LabelMap, Name, Percent, PortName, PortNumber,
    Tier, Use, VariableName, Via,
};
use crate::merge::Sourced;

/// An environment of p8fs-gen, or a layer of one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What all environments deploy.
    pub system: System,
    /// Makes a file an environment; a file without this table is a layer.
    pub environment: EnvironmentTable,
    /// The cluster that it runs in.
    pub cluster: Sourced<Cluster>,
    /// Configuration that every workload gets as environment variables, through one ConfigMap.
    #[serde(default)]
    pub settings: Sourced<BTreeMap<VariableName, Sourced<Setting>>>,
    /// The workloads that answer requests, by name.
    #[serde(default)]
    pub services: BTreeMap<Name, Sourced<Service>>,
    /// Databases, queues and object stores, by name.
    #[serde(default)]
    pub stores: BTreeMap<Name, Sourced<Store>>,
}

/// The ports of a service or store, by name.
pub type Ports = BTreeMap<PortName, Sourced<PortNumber>>;

impl Declared {
    /// The ports of the service or store of that name.
    pub fn ports_of(&self, name: &str) -> Option<&Ports> {
        let of_service = self.services.get(name).map(|service| &service.value().ports);
        of_service.or_else(|| self.stores.get(name).map(|store| &store.value().external.ports))
    }
}

/// What all environments deploy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The system's name; objects are called `<system>-<service>`.
    pub name: Sourced<Name>,
}

/// One environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentTable {
    /// What the environment is for.
    pub tier: Sourced<Tier>,
    /// The namespace that its objects live in.
    pub namespace: Sourced<Name>,
}

/// The cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The minor version of Kubernetes that it runs.
    pub kubernetes: Sourced<KubernetesMinor>,
    /// Where the cluster's DNS server is.
    pub dns: Option<Dns>,
    /// Where requests from outside come in.
    pub gateway: Option<Gateway>,
}

/// The pods that answer DNS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Their namespace.
    pub namespace: Sourced<Name>,
    /// Their labels.
    pub labels: Sourced<LabelMap>,
}

/// The pods that pass on requests from outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Their namespace.
    pub namespace: Sourced<Name>,
}

/// A setting: text, a whole number, or true or false.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Text(text) => f.write_str(text),
            Setting::Number(number) => write!(f, "{number}"),
            Setting::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// A workload that answers requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The container's image.
    pub image: Sourced<Image>,
    /// The ports it listens on, by name.
    #[serde(default)]
    pub ports: Ports,
    /// What it talks to. Network policies are derived from this; nothing else is reachable.
    #[serde(default)]
    pub uses: Vec<Sourced<Use>>,
    /// How many pods: a number, or a range to scale in.
    pub replicas: Sourced<Replicas>,
    /// What to scale by, within the range of `replicas`.
    pub scale: Option<Sourced<Scale>>,
    /// Lets requests from outside in, through the cluster's gateway.
    pub expose: Option<Sourced<Expose>>,
    /// Environment variables of this workload alone.
    #[serde(default)]
    pub env: BTreeMap<VariableName, Sourced<Setting>>,
    /// What each pod needs.
    pub resources: Resources,
    /// How to see whether a pod is well.
    pub probes: Probes,
}

/// How many pods: a number, or a range to scale in.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Replicas {
    /// Always so many.
    Fixed(#[schemars(range(min = 1, max = 1000))] u32),
    /// As many as `scale` finds necessary.
    Range(ReplicaRange),
}

/// The fewest and the most pods.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaRange {
    /// The fewest pods.
    #[schemars(range(min = 1, max = 1000))]
    pub min: Sourced<u32>,
    /// The most pods.
    #[schemars(range(min = 1, max = 1000))]
    pub max: Sourced<u32>,
}

/// By hand, because serde's untagged enums lose where their fields were written.
impl<'de> Deserialize<'de> for Replicas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReplicasVisitor;

        impl<'de> Visitor<'de> for ReplicasVisitor {
            type Value = Replicas;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or a range")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Replicas, E> {
                u32::try_from(number).map(Replicas::Fixed).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Replicas, A::Error> {
                ReplicaRange::deserialize(MapAccessDeserializer::new(map)).map(Replicas::Range)
            }
        }

        deserializer.deserialize_any(ReplicasVisitor)
    }
}

/// What to scale by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Scale {
    /// Average use of the requested CPU to aim at, in per cent.
    pub cpu: Option<Sourced<Percent>>,
    /// Average use of the requested memory to aim at, in per cent.
    pub memory: Option<Sourced<Percent>>,
}

/// What the cluster's gateway may reach.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expose {
    /// The port; may be left out when there is only one.
    pub port: Option<Sourced<PortName>>,
}

/// What each pod needs. Memory and storage are limited to what is requested; CPU is not limited, so that an idle
/// node's cycles are not wasted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// CPU, in cores: `250m` is a quarter of one.
    pub cpu: Sourced<Cpu>,
    /// Memory.
    pub memory: Sourced<Bytes>,
    /// Space for temporary files and logs.
    pub storage: Sourced<Bytes>,
}

/// How to see whether a pod is well.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Whether it may get requests.
    pub readiness: Probe,
    /// Whether it should go on running; asked until it first succeeds to learn when the start is over.
    pub liveness: Probe,
}

/// An HTTP request that should succeed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The path to ask for.
    pub path: Sourced<AbsolutePath>,
    /// The port to ask; may be left out when there is only one.
    pub port: Option<Sourced<PortName>>,
}

/// A database, queue or object store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How it is had; the table of the same name holds the rest.
    pub via: Sourced<Via>,
    /// Where it is, when somebody else runs it.
    pub external: External,
}

/// A store that somebody else runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Its ports, by name.
    #[schemars(extend("minProperties" = 1))]
    pub ports: Ports,
    /// Its addresses. A host name cannot stand here: network policies know addresses only.
    #[schemars(length(min = 1))]
    pub cidrs: Vec<Sourced<Cidr>>,
}
