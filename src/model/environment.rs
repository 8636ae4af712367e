//! The types of the model.

use std::collections::BTreeMap;

use super::context::contextual;
use super::kind::Kind;
use super::releases::Release;
use super::secret::Secret;
use super::stores::Store;
use super::workload::Workload;
use crate::declare::{Bytes, Cpu, HostName, LabelMap, Name, Tier};
use crate::merge::Sourced;

contextual! {
    /// Everything that templates can refer to.
    pub struct Environment {
        pub system: System,
        pub environment: EnvironmentFacts,
        pub cluster: Cluster,
        /// The configuration that all workloads share; none when there are no settings.
        pub config: Sourced<Option<Config>>,
        pub secrets: BTreeMap<Name, Sourced<Secret>>,
        /// Those that are not switched off.
        pub workloads: BTreeMap<Name, Sourced<Workload>>,
        /// Databases, queues and object stores.
        pub stores: BTreeMap<Name, Sourced<Store>>,
        /// What Helm installs, in the order in which it is to be installed.
        pub releases: Vec<Sourced<Release>>,
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
        /// Of the hosts under which services are exposed.
        pub domain: Option<Sourced<HostName>>,
        /// Whether requests come in from outside; they do so by TLS.
        pub tls: Sourced<bool>,
        /// What all pods together may request.
        pub quota: Option<Sourced<Quota>>,
        /// What containers get that request nothing themselves.
        pub limit_range: Option<Sourced<LimitRange>>,
        pub priorities: BTreeMap<Name, Sourced<Priority>>,
    }

    /// What all pods together may request.
    pub struct Quota {
        pub cpu: Sourced<Cpu>,
        pub memory: Sourced<Bytes>,
        pub pods: Sourced<u32>,
        /// Volumes that outlive pods.
        pub storage: Option<Sourced<Bytes>>,
    }

    /// What containers get that request nothing themselves.
    pub struct LimitRange {
        pub cpu: Sourced<Cpu>,
        pub memory: Sourced<Bytes>,
        pub storage: Sourced<Bytes>,
    }

    /// A degree of importance.
    pub struct Priority {
        /// The name of its `PriorityClass`, which is the whole cluster's and so carries the namespace.
        pub object_name: Sourced<String>,
        pub value: Sourced<i32>,
        /// `PreemptLowerPriority` or `Never`
        pub preemption: Sourced<String>,
    }

    /// The cluster it runs in.
    pub struct Cluster {
        /// What it is called: as the environment, or, of one of several, as both: `prod-eu`.
        pub name: Sourced<String>,
        /// The minor of Kubernetes: `1.36`.
        pub kubernetes: Sourced<String>,
        pub dns: Dns,
        /// How kind makes it; none when something else does.
        pub kind: Option<Sourced<Kind>>,
    }

    /// The pods that answer DNS.
    pub struct Dns {
        pub namespace: Sourced<String>,
        pub labels: Sourced<LabelMap>,
    }

    /// An environment variable whose value is kept in a Secret.
    pub struct SecretVariable {
        pub name: Sourced<String>,
        /// The name of the Secret.
        pub secret: Sourced<String>,
        pub key: Sourced<String>,
    }

    /// The configuration that all workloads share.
    pub struct Config {
        /// The name of its ConfigMap.
        pub name: Sourced<String>,
        /// Whether there are any in `data`.
        pub has_data: Sourced<bool>,
        /// Environment variables.
        pub data: BTreeMap<String, Sourced<String>>,
        /// Whether there are any in `secrets`.
        pub has_secrets: Sourced<bool>,
        /// Environment variables whose values are kept in Secrets.
        pub secrets: Vec<Sourced<SecretVariable>>,
        /// A digest of what a pod consumes: changes when it does, so that pods are replaced.
        pub digest: Sourced<String>,
    }
}
