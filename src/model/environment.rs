//! The types of the model.

use std::collections::BTreeMap;

use super::context::contextual;
use crate::merge::Sourced;

contextual! {
    /// Everything that templates can refer to.
    pub struct Environment {
        /// What all environments deploy.
        pub system: System,
        /// This environment.
        pub environment: EnvironmentFacts,
        /// The cluster it runs in.
        pub cluster: Cluster,
        /// The configuration that all workloads share; none when there are no settings.
        pub config: Option<Sourced<Config>>,
        /// The services, by name.
        pub services: BTreeMap<String, Sourced<Service>>,
    }

    /// What all environments deploy.
    pub struct System {
        /// Its name.
        pub name: Sourced<String>,
        /// The labels of objects that belong to no single workload.
        pub labels: BTreeMap<String, Sourced<String>>,
    }

    /// This environment.
    pub struct EnvironmentFacts {
        /// Its tier.
        pub tier: Sourced<String>,
        /// The namespace of its objects.
        pub namespace: Sourced<String>,
    }

    /// The cluster.
    pub struct Cluster {
        /// The pods that answer DNS.
        pub dns: Dns,
    }

    /// The pods that answer DNS.
    pub struct Dns {
        /// Their namespace.
        pub namespace: Sourced<String>,
        /// Their labels.
        pub labels: BTreeMap<String, Sourced<String>>,
    }

    /// The configuration that all workloads share.
    pub struct Config {
        /// The name of its ConfigMap.
        pub name: Sourced<String>,
        /// Environment variables.
        pub data: BTreeMap<String, Sourced<String>>,
        /// A digest of what a pod consumes: changes when it does, so that pods are replaced.
        pub digest: Sourced<String>,
    }

    /// A workload that answers requests.
    pub struct Service {
        /// As declared: `api`.
        pub name: Sourced<String>,
        /// What its objects are called: `p8fs-api`.
        pub object_name: Sourced<String>,
        /// The labels of its objects.
        pub labels: BTreeMap<String, Sourced<String>>,
        /// The labels that select its pods; they never change.
        pub selector: BTreeMap<String, Sourced<String>>,
        /// How many pods; none when an autoscaler decides.
        pub replicas: Option<Sourced<i64>>,
        /// The autoscaler's range and measures.
        pub scale: Option<Sourced<Scale>>,
        /// How many pods may be missing while nodes are drained; none for a single pod, which could never move.
        pub max_unavailable: Option<Sourced<i64>>,
        /// The key of the nodes' labels over which pods are spread; none on a developer's machine.
        pub spread_over: Option<Sourced<String>>,
        /// Its container.
        pub container: Container,
        /// Who may reach it.
        pub ingress: Vec<Sourced<Edge>>,
        /// Whom it may reach; DNS is not among them.
        pub egress: Vec<Sourced<Edge>>,
    }

    /// A container.
    pub struct Container {
        /// The image.
        pub image: Sourced<String>,
        /// The ports it listens on.
        pub ports: Vec<Port>,
        /// Environment variables beside the shared configuration.
        pub env: Vec<Variable>,
        /// CPU requested.
        pub cpu: Sourced<String>,
        /// Memory requested, and the limit.
        pub memory: Sourced<String>,
        /// Temporary storage requested, and the limit.
        pub storage: Sourced<String>,
        /// Whether it may get requests.
        pub readiness: Probe,
        /// Whether it should go on.
        pub liveness: Probe,
    }

    /// A port of a container.
    pub struct Port {
        /// Its name.
        pub name: Sourced<String>,
        /// Its number.
        pub number: Sourced<i64>,
    }

    /// An environment variable.
    pub struct Variable {
        /// Its name.
        pub name: Sourced<String>,
        /// Its value.
        pub value: Sourced<String>,
    }

    /// An HTTP probe.
    pub struct Probe {
        /// The path to ask for.
        pub path: Sourced<String>,
        /// The name of the port to ask.
        pub port: Sourced<String>,
    }

    /// An autoscaler's range and measures.
    pub struct Scale {
        /// The fewest pods.
        pub min: Sourced<i64>,
        /// The most pods.
        pub max: Sourced<i64>,
        /// What it measures; at least one.
        pub metrics: Vec<Metric>,
    }

    /// One measure of an autoscaler.
    pub struct Metric {
        /// `cpu` or `memory`
        pub resource: Sourced<String>,
        /// The average share of what was requested to aim at, in per cent.
        pub percent: Sourced<i64>,
    }

    /// A permitted connection, seen from one of its ends.
    pub struct Edge {
        /// The other end; none of the ends is ever empty.
        pub peers: Vec<Peer>,
        /// The number of the port that is connected to.
        pub port: Sourced<i64>,
    }

    /// The other end of a connection: exactly one of these.
    pub struct Peer {
        /// Pods of this namespace with these labels.
        pub pods: Option<BTreeMap<String, Sourced<String>>>,
        /// All pods of another namespace.
        pub namespace: Option<Sourced<String>>,
        /// Addresses outside the cluster.
        pub cidr: Option<Sourced<String>>,
    }
}
