//! Databases, queues and object stores: what somebody else runs, and what is deployed along with the system.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::chart::Chart;
use super::values::{Bytes, Cidr, Duration, HostName, Name, PortName, Retention, StreamName, Subject, Via};
use super::workload::{Job, Metrics, Pod, Ports, Probes, Replicas};
use crate::merge::{Both, Sourced};

/// A database, queue or object store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// What it is. `stores/<kind>.toml`, built in or of the workspace, says the rest of such a store; what stands in
    /// the environment's files is laid over it.
    pub kind: Option<Sourced<Name>>,
    /// How it is had; the table of the same name holds the rest.
    pub via: Sourced<Via>,
    /// The port that is meant where `uses` names none; may be left out when there is only one.
    pub default_port: Option<Sourced<PortName>>,
    /// Whether it is there for its own sake. Of another that is part of the system, and that no workload uses, there is a
    /// warning.
    pub stands_alone: Option<Sourced<bool>>,
    /// The port where KEDA asks what triggers want to know; `default_port` if left out.
    pub trigger_port: Option<Sourced<PortName>>,
    /// What is deployed, when it is part of the system.
    #[serde(default)]
    pub embedded: Embedded,
    /// The Helm chart that it is installed by. Its release is called `<system>-<store>`, in the environment's namespace.
    pub chart: Option<Sourced<Chart>>,
    /// Where it is, when somebody else runs it.
    #[serde(default)]
    pub external: External,
    /// What is run once against it, by name. In `uses`, `store` is the store itself.
    #[serde(default)]
    pub jobs: BTreeMap<Name, Sourced<Job>>,
    /// The streams of messages that it is to have, by name.
    #[serde(default)]
    pub streams: BTreeMap<StreamName, Sourced<Stream>>,
}

/// A stream of messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// What messages it takes.
    #[schemars(length(min = 1))]
    pub subjects: Vec<Sourced<Subject>>,
    /// Which messages it keeps; those that nobody has worked off yet if left out.
    pub retention: Option<Sourced<Retention>>,
    /// On how many servers it is kept; as many as the store has, at most 3, if left out.
    #[schemars(range(min = 1, max = 5))]
    pub replicas: Option<Sourced<u32>>,
    /// How long a message is kept at most; for good if left out.
    pub max_age: Option<Sourced<Duration>>,
    /// How much it may hold; as much as there is room if left out.
    pub max_size: Option<Sourced<Bytes>>,
}

/// A store that is part of the system.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    /// Its parts, by name. Their objects are called `<system>-<store>-<part>`, those of the part `main`
    /// `<system>-<store>`.
    #[serde(default)]
    pub parts: BTreeMap<Name, Sourced<Part>>,
}

/// A part of a store.
pub type Part = Both<Pod, PartKeys>;

/// A part of a store: pods that are all alike.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct PartKeys {
    /// The ports it listens on, by name.
    #[serde(default)]
    pub ports: Ports,
    /// The ports on which its pods talk to each other.
    #[serde(default)]
    pub peers: Vec<Sourced<PortName>>,
    /// How many pods.
    pub replicas: Sourced<Replicas>,
    /// How to see whether a pod is well.
    pub probes: Probes,
    /// Where its metrics are read.
    pub metrics: Option<Sourced<Metrics>>,
    /// Whether it reads the metrics of all workloads.
    pub scrapes: Option<Sourced<bool>>,
    /// Whether there can be but one pod: several would each keep data of their own, and clients would find any of them.
    pub single: Option<Sourced<bool>>,
    /// Whether what it stores is to outlive its pods: it needs a volume in production.
    pub keeps_data: Option<Sourced<bool>>,
}

/// A store that somebody else runs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The name under which clients find it.
    pub host: Option<Sourced<HostName>>,
    /// Its ports, by name.
    #[serde(default)]
    pub ports: Ports,
    /// Its addresses. A host name cannot stand here: network policies know addresses only.
    #[serde(default)]
    pub cidrs: Vec<Sourced<Cidr>>,
}
