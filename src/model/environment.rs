//! The types of the model.

use std::collections::BTreeMap;

use super::context::contextual;
use crate::declare::{
    AbsolutePath, Bytes, Cidr, Cpu, Image, LabelMap, Name, Percent, PortName, PortNumber, Setting, Tier,
    VariableName,
};
use crate::merge::Sourced;

contextual! {
    /// Everything that templates can refer to.
    pub struct Environment {
        pub system: System,
        pub environment: EnvironmentFacts,
        pub cluster: Cluster,
        /// The configuration that all workloads share; none when there are no settings.
        pub config: Sourced<Option<Config>>,
        pub services: BTreeMap<Name, Sourced<Service>>,
    }

    /// What all environments deploy.
    pub struct System {
        pub name: Sourced<Name>,
        /// The labels of objects that belong to no single workload.
        pub labels: LabelMap,
    }

    /// This environment.
    pub struct EnvironmentFacts {
        pub tier: Sourced<Tier>,
        /// The namespace of its objects.
        pub namespace: Sourced<Name>,
    }

    /// The cluster it runs in.
    pub struct Cluster {
        pub dns: Dns,
    }

    /// The pods that answer DNS.
    pub struct Dns {
        pub namespace: Sourced<String>,
        pub labels: Sourced<LabelMap>,
    }

    /// The configuration that all workloads share.
    pub struct Config {
        /// The name of its ConfigMap.
        pub name: Sourced<String>,
        /// Environment variables.
        pub data: BTreeMap<VariableName, Sourced<Setting>>,
        /// A digest of what a pod consumes: changes when it does, so that pods are replaced.
        pub digest: Sourced<String>,
    }

    /// A workload that answers requests.
    pub struct Service {
        /// As declared: `api`.
        pub name: Sourced<Name>,
        /// What its objects are called: `p8fs-api`.
        pub object_name: Sourced<String>,
        /// The labels of its objects.
        pub labels: LabelMap,
        /// The labels that select its pods; they never change.
        pub selector: LabelMap,
        /// How many pods; none when an autoscaler decides.
        pub replicas: Sourced<Option<u32>>,
        pub scale: Sourced<Option<Scale>>,
        /// How many pods may be missing while nodes are drained; none for a single pod, which could never move.
        pub max_unavailable: Sourced<Option<u32>>,
        /// The key of the nodes' labels over which pods are spread; none on a developer's machine.
        pub spread_over: Sourced<Option<String>>,
        pub container: Container,
        /// Who may reach it.
        pub ingress: Vec<Sourced<Edge>>,
        /// Whom it may reach; DNS is not among them.
        pub egress: Vec<Sourced<Edge>>,
    }

    /// A container. Of CPU, memory and storage it says what is requested.
    pub struct Container {
        pub image: Sourced<Image>,
        /// The ports it listens on.
        pub ports: Vec<Sourced<Port>>,
        /// Environment variables beside the shared configuration.
        pub env: Vec<Sourced<Variable>>,
        pub cpu: Sourced<Cpu>,
        /// The limit as well.
        pub memory: Sourced<Bytes>,
        /// Temporary; the limit as well.
        pub storage: Sourced<Bytes>,
        /// Whether it may get requests.
        pub readiness: Probe,
        /// Whether it should go on.
        pub liveness: Probe,
    }

    /// A port of a container.
    pub struct Port {
        pub name: Sourced<PortName>,
        pub number: Sourced<PortNumber>,
    }

    /// An environment variable.
    pub struct Variable {
        pub name: Sourced<VariableName>,
        pub value: Sourced<Setting>,
    }

    /// An HTTP probe.
    pub struct Probe {
        pub path: Sourced<AbsolutePath>,
        /// The name of the port to ask.
        pub port: Sourced<String>,
    }

    /// An autoscaler's range and measures.
    pub struct Scale {
        pub min: Sourced<u32>,
        pub max: Sourced<u32>,
        /// What it measures; at least one.
        pub metrics: Vec<Sourced<Metric>>,
    }

    /// One measure of an autoscaler.
    pub struct Metric {
        /// `cpu` or `memory`
        pub resource: Sourced<String>,
        /// The average share of what was requested to aim at, in per cent.
        pub percent: Sourced<Percent>,
    }

    /// A permitted connection, seen from one of its ends.
    pub struct Edge {
        /// The other end; none of the ends is ever empty.
        pub peers: Vec<Peer>,
        /// The number of the port that is connected to.
        pub port: Sourced<PortNumber>,
    }

    /// The other end of a connection: exactly one of these.
    pub struct Peer {
        /// Pods of this namespace with these labels.
        pub pods: Option<LabelMap>,
        /// All pods of another namespace.
        pub namespace: Option<Sourced<Name>>,
        /// Addresses outside the cluster.
        pub cidr: Option<Sourced<Cidr>>,
    }
}
