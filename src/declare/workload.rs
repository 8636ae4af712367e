//! Workloads: what all of them say of their pod, and what each sort says beside.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::scale::Scale;
use super::secret::EnvValue;
use super::values::{
    AbsolutePath, ApiGroup, ApiResource, Bytes, Concurrency, Cpu, Duration, Entry, FileName, HostName, Image,
    MountPath, Name, Need, ObjectName, PathPrefix, PortName, PortNumber, Schedule, Scope, SecretKey, Share,
    Sharing, Spread, StreamName, Subject, TimeZone, Use, VariableName, Verb,
};
use crate::merge::{Both, Sourced};

/// The ports of a workload or store, by name.
pub type Ports = BTreeMap<PortName, Sourced<PortNumber>>;

/// A workload that answers requests.
pub type Service = Both<Pod, ServiceKeys>;
/// A workload that takes its work from a queue.
pub type Worker = Both<Pod, WorkerKeys>;
/// A workload that runs once, to its end.
pub type Job = Both<Pod, JobKeys>;
/// A workload that runs to its end again and again.
pub type CronJob = Both<Pod, CronJobKeys>;

/// What every workload says of its pods.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Pod {
    /// `false` leaves it out of this environment.
    pub enabled: Option<Sourced<bool>>,
    /// The container's image.
    pub image: Sourced<Image>,
    /// What to start instead of the image's own program.
    #[serde(default)]
    pub command: Vec<Sourced<String>>,
    /// Arguments of the program.
    #[serde(default)]
    pub args: Vec<Sourced<String>>,
    /// What it talks to. Network policies are derived from this; nothing else is reachable.
    #[serde(default)]
    pub uses: Vec<Sourced<Use>>,
    /// Environment variables of this workload alone; `{ secret = "db", key = "password" }` is a key of a secret.
    #[serde(default)]
    pub env: BTreeMap<VariableName, Sourced<EnvValue>>,
    /// Files placed into the container, by name.
    #[serde(default)]
    pub files: BTreeMap<FileName, Sourced<File>>,
    /// Volumes that outlive the pod, by name.
    #[serde(default)]
    pub storage: Sourced<BTreeMap<Name, Sourced<Volume>>>,
    /// Writable folders beside `/tmp` that end with the pod, by name.
    #[serde(default)]
    pub scratch: BTreeMap<Name, Sourced<Scratch>>,
    /// What each pod needs.
    pub resources: Resources,
    /// Where its pods run.
    #[serde(default)]
    pub placement: Sourced<Placement>,
    /// What it may do to objects of the cluster, by a name for the purpose. Without, its pods get no token.
    #[serde(default)]
    pub access: Sourced<BTreeMap<Name, Sourced<Access>>>,
    /// The secret with which its image is pulled, one of `[secrets]`; that of `[cluster]` if left out.
    pub pull_secret: Option<Sourced<Name>>,
    /// How long a pod may take to end its work when it is told to stop; 30 seconds if left out.
    pub drain: Option<Sourced<Duration>>,
    /// A command that is run in the container before it is told to stop; one that listens waits instead until nobody
    /// sends requests any more.
    #[serde(default)]
    pub stop: Vec<Sourced<String>>,
    /// The number of the user and the group that it runs as; 10001 if left out.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub user: Option<Sourced<u32>>,
    /// Containers beside the workload's own, by name.
    #[serde(default)]
    pub sidecars: BTreeMap<Name, Sourced<Sidecar>>,
    /// The folder where it finds the ConfigMap `<system>-<name>-config`, which a template makes.
    pub config: Option<Sourced<MountPath>>,
}

/// A container beside the workload's own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// The container's image.
    pub image: Sourced<Image>,
    /// What to start instead of the image's own program.
    #[serde(default)]
    pub command: Vec<Sourced<String>>,
    /// Arguments of the program.
    #[serde(default)]
    pub args: Vec<Sourced<String>>,
    /// Environment variables of this container alone.
    #[serde(default)]
    pub env: BTreeMap<VariableName, Sourced<EnvValue>>,
    /// The ports it listens on, by name.
    #[serde(default)]
    pub ports: Ports,
    /// What it needs beside the workload's own container.
    pub resources: Resources,
}

/// Where the metrics of a workload are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The port, its own or of a sidecar.
    pub port: Sourced<PortName>,
    /// The path; `/metrics` if left out.
    pub path: Option<Sourced<AbsolutePath>>,
}

/// Where a worker takes its work from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The stream, one of a store's `streams`.
    pub stream: Sourced<StreamName>,
    /// The name under which the stream remembers what was worked off.
    pub consumer: Sourced<StreamName>,
    /// The messages that it takes; all of the stream if left out.
    pub subject: Option<Sourced<Subject>>,
    /// How many messages one pod should have before it: there are more pods when there are more. 100 if left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub lag: Option<Sourced<u32>>,
    /// How long a message may take; it is given to another pod after that. Twice `drain` if left out.
    pub ack_wait: Option<Sourced<Duration>>,
    /// How often a message is tried; 5 times if left out.
    #[schemars(range(min = 1, max = 1000))]
    pub max_deliver: Option<Sourced<u32>>,
    /// How many messages all pods together may have in hand; 1000 if left out.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_pending: Option<Sourced<u32>>,
}

/// A file placed into the container.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where the container finds it.
    pub path: Sourced<MountPath>,
    /// What it says. Not for secrets.
    pub text: Option<Sourced<String>>,
    /// The secret, one of `[secrets]`, that holds what it says, in place of `text`.
    pub secret: Option<Sourced<Name>>,
    /// The key of the secret that is meant.
    pub key: Option<Sourced<SecretKey>>,
}

/// A volume that outlives the pod.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Where the container finds it.
    pub path: Sourced<MountPath>,
    /// Its size.
    pub size: Sourced<Bytes>,
    /// The storage class; the cluster's default if left out.
    pub class: Option<Sourced<ObjectName>>,
    /// Who has it; each pod one of its own if left out.
    pub sharing: Option<Sourced<Sharing>>,
}

/// A writable folder that ends with the pod.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// Where the container finds it.
    pub path: Sourced<MountPath>,
    /// How much it may hold; part of `resources.storage`.
    pub size: Sourced<Bytes>,
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

/// Where pods run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The pool of nodes, one of `[cluster.pools]`.
    pub pool: Option<Sourced<Name>>,
    /// Over what they are spread; over zones if left out, in development not at all.
    pub spread: Option<Sourced<Spread>>,
    /// How important they are, one of `[environment.priorities]`.
    pub priority: Option<Sourced<Name>>,
}

/// What a workload may do to objects of the cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The group of the API; the core group if left out.
    pub group: Option<Sourced<ApiGroup>>,
    /// The resources, in the plural.
    #[schemars(length(min = 1))]
    pub resources: Vec<Sourced<ApiResource>>,
    /// What it may do to them.
    #[schemars(length(min = 1))]
    pub verbs: Vec<Sourced<Verb>>,
    /// The only objects that it may do it to; all of them if left out.
    #[serde(default)]
    pub names: Vec<Sourced<ObjectName>>,
    /// Where; in the environment's namespace if left out.
    pub scope: Option<Sourced<Scope>>,
}

/// A workload that answers requests.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ServiceKeys {
    /// The ports it listens on, by name.
    #[serde(default)]
    pub ports: Ports,
    /// How many pods: a number, or a range to scale in.
    pub replicas: Sourced<Replicas>,
    /// What to scale by, within the range of `replicas`.
    pub scale: Option<Sourced<Scale>>,
    /// Lets requests from outside in, under a host name.
    pub expose: Option<Sourced<Expose>>,
    /// How to see whether a pod is well.
    pub probes: Probes,
    /// What its users can expect.
    pub slo: Option<Sourced<Slo>>,
    /// Where its metrics are read.
    pub metrics: Option<Sourced<Metrics>>,
}

/// A workload that takes its work from a queue.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WorkerKeys {
    /// The ports it listens on, by name.
    #[serde(default)]
    pub ports: Ports,
    /// How many pods: a number, or a range to scale in.
    pub replicas: Sourced<Replicas>,
    /// What to scale by, within the range of `replicas`.
    pub scale: Option<Sourced<Scale>>,
    /// How to see whether a pod is well.
    #[serde(default)]
    pub probes: WorkerProbes,
    /// Where it takes its work from.
    pub queue: Option<Sourced<Queue>>,
    /// Where its metrics are read.
    pub metrics: Option<Sourced<Metrics>>,
}

/// A workload that runs once, to its end. A change of it is a new object: Kubernetes does not change jobs.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct JobKeys {
    /// How often it is tried again; 3 times if left out.
    #[schemars(range(min = 0, max = 100))]
    pub retries: Option<Sourced<u32>>,
    /// How long all tries together may take; an hour if left out.
    pub timeout: Option<Sourced<Duration>>,
    /// How long it is kept when it is done; for good if left out. Once it is gone, applying the same output runs it anew.
    pub keep: Option<Sourced<Duration>>,
    /// Of a store's jobs: what must be there for it to be run.
    pub needs: Option<Sourced<Need>>,
}

/// A workload that runs to its end again and again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CronJobKeys {
    /// When.
    pub schedule: Sourced<Schedule>,
    /// The time zone of the schedule; `Etc/UTC` if left out.
    pub time_zone: Option<Sourced<TimeZone>>,
    /// What happens when a run is due while the one before still goes on; the new one is left out if this is.
    pub concurrency: Option<Sourced<Concurrency>>,
    /// How late a run may start; it is left out after that. 5 minutes if left out.
    pub start_within: Option<Sourced<Duration>>,
    /// How often a run is tried again; 3 times if left out.
    #[schemars(range(min = 0, max = 100))]
    pub retries: Option<Sourced<u32>>,
    /// How long all tries of a run together may take; an hour if left out.
    pub timeout: Option<Sourced<Duration>>,
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
    /// The fewest pods; 0 needs one of `scale.triggers` to start the first.
    #[schemars(range(min = 0, max = 1000))]
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

/// How requests from outside reach a service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expose {
    /// The host name; one without a dot is a host of `environment.domain`. The service's name if left out.
    pub host: Option<Sourced<HostName>>,
    /// Only requests whose path begins with this; all if left out.
    pub path: Option<Sourced<PathPrefix>>,
    /// The port; may be left out when there is only one.
    pub port: Option<Sourced<PortName>>,
    /// By a route of `[cluster.gateway]` or an Ingress of `[cluster.ingress]`; by the gateway if left out.
    pub via: Option<Sourced<Entry>>,
    /// The Secret with the certificate of an Ingress; named after the service if left out.
    pub tls_secret: Option<Sourced<ObjectName>>,
}

/// How to see whether a pod of a service is well.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Whether it may get requests.
    pub readiness: Sourced<Probe>,
    /// Whether it should go on running; asked until it first succeeds to learn when the start is over.
    pub liveness: Sourced<Probe>,
    /// How long a start may take; two minutes if left out.
    pub start_within: Option<Sourced<Duration>>,
}

/// How to see whether a pod of a worker is well.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkerProbes {
    /// Whether it is ready; counts when pods are replaced one after the other.
    pub readiness: Option<Sourced<Probe>>,
    /// Whether it should go on running; asked until it first succeeds to learn when the start is over.
    pub liveness: Option<Sourced<Probe>>,
    /// How long a start may take; two minutes if left out.
    pub start_within: Option<Sourced<Duration>>,
}

/// A question to a pod: exactly one of `path`, `grpc`, `tcp` and `command`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// An HTTP request for this path should succeed.
    pub path: Option<Sourced<AbsolutePath>>,
    /// The port for `path`; may be left out when there is only one.
    pub port: Option<Sourced<PortName>>,
    /// The gRPC health service of this port should say that it is serving.
    pub grpc: Option<Sourced<PortName>>,
    /// A connection to this port should be accepted.
    pub tcp: Option<Sourced<PortName>>,
    /// This command, run in the container, should succeed.
    #[serde(default)]
    pub command: Vec<Sourced<String>>,
    /// How long an answer may take; 2 seconds if left out.
    pub timeout: Option<Sourced<Duration>>,
}

/// What the users of a service can expect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Slo {
    /// The share of time in which it answers, in per cent.
    pub availability: Option<Sourced<Share>>,
    /// How long 99 of 100 requests take at most.
    pub latency_p99: Option<Sourced<Duration>>,
    /// The share of requests that fail at most, in per cent.
    pub error_rate: Option<Sourced<Share>>,
    /// Requests per second that it takes.
    #[schemars(range(min = 1))]
    pub throughput: Option<Sourced<u32>>,
}
