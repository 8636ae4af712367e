//! The types of a workload.

use std::collections::BTreeMap;

use super::context::{contextual, words};
use super::scale::{Scale, Trigger};
use super::secret::SecretKeyRef;
use crate::declare::Setting;
use crate::declare::{
    AbsolutePath, ApiGroup, ApiResource, Bytes, Cidr, Cpu, FileName, HostName, Image, LabelKey, LabelMap,
    LabelValue, MountPath, Name, ObjectName, PathPrefix, PortName, PortNumber, Schedule, StreamName,
    TaintEffect, TimeZone, VariableName, Verb,
};
use crate::merge::Sourced;

words! {
    /// The table that a workload is declared in.
    pub enum Role {
        Service = "service",
        Worker = "worker",
        Job = "job",
        CronJob = "cron_job",
        Part = "part",
    }

    /// The kind of object that makes its pods.
    pub enum Kind {
        Deployment = "Deployment",
        StatefulSet = "StatefulSet",
        Job = "Job",
        CronJob = "CronJob",
    }
}

contextual! {
    /// Something that runs.
    pub struct Workload {
        /// As declared: `api`.
        pub name: Sourced<Name>,
        /// What its objects are called: `p8fs-api`.
        pub object_name: Sourced<String>,
        pub role: Sourced<Role>,
        pub kind: Sourced<Kind>,
        /// The labels of its objects.
        pub labels: LabelMap,
        /// The labels that select its pods; they never change.
        pub selector: LabelMap,
        /// Its service level objectives, as annotations.
        pub slo: Option<Sourced<LabelMap>>,
        /// How many pods; none when an autoscaler decides, and for jobs.
        pub replicas: Sourced<Option<u32>>,
        pub scale: Option<Sourced<Scale>>,
        /// What KEDA asks how many pods are needed; empty where nothing has to be asked.
        pub triggers: Sourced<Vec<Sourced<Trigger>>>,
        /// Whether there are any in `triggers`.
        pub has_triggers: Sourced<bool>,
        /// How many pods may be missing while nodes are drained; none for a single pod, which could never move.
        pub max_unavailable: Sourced<Option<u32>>,
        pub placement: Placement,
        pub container: Container,
        /// Containers beside its own.
        pub sidecars: Vec<Sourced<Sidecar>>,
        /// Where its metrics are read.
        pub metrics: Option<Sourced<Metrics>>,
        /// Where it takes its work from; of workers.
        pub queue: Option<Sourced<Queue>>,
        /// Whether it gets the configuration that all workloads share: stores do not.
        pub has_settings: Sourced<bool>,
        /// How long a pod gets from being told to stop to being killed, in seconds.
        pub grace: Sourced<u32>,
        /// The number of its user and group.
        pub user: Sourced<u32>,
        /// The store that it is part of, or a job of.
        pub store: Option<Sourced<PartOf>>,
        /// The names of its pods below their Service, where they have such: `p8fs-nats-0.p8fs-nats-pods`.
        pub pods: Vec<Sourced<String>>,
        /// The ConfigMap with its configuration, made by a template of its own.
        pub config_map: Option<Sourced<String>>,
        /// The files placed into the container; none when there are none.
        pub files: Option<Sourced<Files>>,
        /// The files that secrets hold.
        pub secret_files: Sourced<Vec<Sourced<SecretFile>>>,
        /// The versions of the secrets that its pods read when they start, as annotations.
        pub secret_versions: Sourced<LabelMap>,
        /// The name of the Secret with which its image is pulled.
        pub pull_secret: Option<Sourced<String>>,
        /// The volumes that each pod has one of its own of.
        pub pod_claims: Sourced<Vec<Sourced<Claim>>>,
        /// The volumes that all pods share.
        pub shared_claims: Sourced<Vec<Sourced<Claim>>>,
        /// Whether its pods get a token for the API server.
        pub has_token: Sourced<bool>,
        /// What it may do in its namespace.
        pub rules: Sourced<Vec<Sourced<Rule>>>,
        /// What it may do in the whole cluster.
        pub cluster_rules: Sourced<Vec<Sourced<Rule>>>,
        /// The name of its `ClusterRole`, which is the whole cluster's and so carries the namespace.
        pub cluster_role: Sourced<String>,
        /// How it is run to its end; of jobs and cron jobs.
        pub run: Option<Sourced<Run>>,
        /// When it is run; of cron jobs.
        pub cron: Option<Sourced<Cron>>,
        /// How requests from outside reach it through a Gateway.
        pub route: Option<Sourced<Route>>,
        /// How requests from outside reach it through an ingress controller.
        pub ingress_route: Option<Sourced<IngressRoute>>,
        /// Who may reach it.
        pub ingress: Vec<Sourced<Edge>>,
        /// Whom it may reach; DNS is not among them.
        pub egress: Vec<Sourced<Edge>>,
    }

    /// A container beside the workload's own.
    pub struct Sidecar {
        pub name: Sourced<Name>,
        pub container: Container,
    }

    /// Where metrics are read.
    pub struct Metrics {
        /// The port's name.
        pub port: Sourced<PortName>,
        pub path: Sourced<AbsolutePath>,
    }

    /// Where a worker takes its work from.
    pub struct Queue {
        /// The name of the store.
        pub store: Sourced<Name>,
        pub stream: Sourced<StreamName>,
        pub consumer: Sourced<StreamName>,
        /// How many messages one pod should have before it.
        pub lag: Sourced<u32>,
    }

    /// A workload's place in a store.
    pub struct PartOf {
        /// The store's name.
        pub name: Sourced<Name>,
        pub kind: Option<Sourced<Name>>,
        /// What the store calls it.
        pub part: Sourced<Name>,
    }

    /// Where pods run.
    pub struct Placement {
        /// The key of the nodes' labels over which pods are spread; none where it does not matter.
        pub spread_over: Sourced<Option<String>>,
        /// The label that tells the pods of one revision from those of another.
        pub revision_label: Sourced<String>,
        /// The labels of the nodes.
        pub node_labels: Sourced<BTreeMap<LabelKey, Sourced<LabelValue>>>,
        pub tolerations: Sourced<Vec<Sourced<Toleration>>>,
        /// The name of the `PriorityClass`.
        pub priority_class: Sourced<Option<String>>,
    }

    /// A taint that pods tolerate.
    pub struct Toleration {
        pub key: Sourced<LabelKey>,
        /// `Equal` or `Exists`
        pub operator: Sourced<String>,
        pub value: Option<Sourced<LabelValue>>,
        pub effect: Sourced<TaintEffect>,
    }

    /// A container. Of CPU, memory and storage it says what is requested.
    pub struct Container {
        pub image: Sourced<Image>,
        pub command: Vec<Sourced<String>>,
        pub args: Vec<Sourced<String>>,
        /// What is run in it before it is told to stop.
        pub stop: Vec<Sourced<String>>,
        /// The ports it listens on.
        pub ports: Vec<Sourced<Port>>,
        /// Environment variables beside the shared configuration.
        pub env: Vec<Sourced<Variable>>,
        pub cpu: Sourced<Cpu>,
        /// The limit as well.
        pub memory: Sourced<Bytes>,
        /// The same in bytes.
        pub memory_bytes: Sourced<i64>,
        /// Temporary; the limit as well.
        pub storage: Sourced<Bytes>,
        /// Whether it may get requests.
        pub readiness: Option<Sourced<Probe>>,
        /// Whether it should go on.
        pub liveness: Option<Sourced<Probe>>,
        /// How often it is asked, every two seconds, whether it has started.
        pub start_attempts: Sourced<u32>,
        /// Writable folders that end with the pod.
        pub scratch: Vec<Sourced<Folder>>,
        pub mounts: Vec<Sourced<Mount>>,
    }

    /// A port of a container.
    pub struct Port {
        pub name: Sourced<PortName>,
        pub number: Sourced<PortNumber>,
    }

    /// An environment variable: exactly one of `value` and `secret`.
    pub struct Variable {
        pub name: Sourced<VariableName>,
        pub value: Option<Sourced<Setting>>,
        pub secret: Option<Sourced<SecretKeyRef>>,
    }

    /// A question to a pod: exactly one of `http`, `grpc`, `tcp` and `command`.
    pub struct Probe {
        pub http: Option<Sourced<HttpGet>>,
        /// The number of the port.
        pub grpc: Option<Sourced<PortNumber>>,
        /// The name of the port.
        pub tcp: Option<Sourced<String>>,
        pub command: Vec<Sourced<String>>,
        /// In seconds.
        pub timeout: Sourced<u32>,
    }

    /// An HTTP request.
    pub struct HttpGet {
        pub path: Sourced<AbsolutePath>,
        /// The name of the port.
        pub port: Sourced<String>,
    }

    /// A writable folder that ends with the pod.
    pub struct Folder {
        /// The name of its volume.
        pub name: Sourced<String>,
        pub size: Sourced<Bytes>,
        /// `Memory`, where it is kept in memory.
        pub medium: Option<Sourced<String>>,
    }

    /// A volume's place in the container.
    pub struct Mount {
        /// The name of the volume.
        pub name: Sourced<String>,
        pub path: Sourced<MountPath>,
        /// The one file of the volume that is placed.
        pub sub_path: Option<Sourced<FileName>>,
        pub read_only: Option<Sourced<bool>>,
    }

    /// Files placed into the container.
    pub struct Files {
        /// The name of their ConfigMap.
        pub object_name: Sourced<String>,
        pub data: BTreeMap<FileName, Sourced<String>>,
        /// Changes when one of them does.
        pub digest: Sourced<String>,
    }

    /// A file that a secret holds.
    pub struct SecretFile {
        pub name: Sourced<FileName>,
        pub secret: SecretKeyRef,
    }

    /// A volume that outlives the pod.
    pub struct Claim {
        /// The name of the volume in the pod.
        pub name: Sourced<String>,
        /// The name of the claim that all pods share.
        pub object_name: Sourced<String>,
        pub size: Sourced<Bytes>,
        /// Nine tenths of it in bytes: what a program may fill that has to go on when it is full.
        pub usable: Sourced<i64>,
        pub class: Option<Sourced<ObjectName>>,
    }

    /// What a role permits.
    pub struct Rule {
        pub group: Sourced<ApiGroup>,
        pub resources: Vec<Sourced<ApiResource>>,
        pub verbs: Vec<Sourced<Verb>>,
        /// The only objects; empty for all.
        pub names: Vec<Sourced<ObjectName>>,
    }

    /// How a job is run.
    pub struct Run {
        /// How often it is tried again.
        pub retries: Sourced<u32>,
        /// How long all tries together may take, in seconds.
        pub timeout: Sourced<u32>,
        /// How long it is kept when it is done, in seconds; for good if none is said.
        pub keep: Option<Sourced<u32>>,
    }

    /// When a cron job runs.
    pub struct Cron {
        pub schedule: Sourced<Schedule>,
        pub time_zone: Sourced<TimeZone>,
        /// `Allow`, `Forbid` or `Replace`
        pub concurrency: Sourced<String>,
        /// How late a run may start, in seconds.
        pub start_within: Sourced<u32>,
    }

    /// Through a Gateway.
    pub struct Route {
        pub host: Sourced<HostName>,
        /// The beginning of the paths that are passed on.
        pub path: Sourced<PathPrefix>,
        pub port: Sourced<PortNumber>,
        /// The Gateway's name.
        pub gateway: Sourced<ObjectName>,
        /// The Gateway's namespace.
        pub namespace: Sourced<Name>,
        pub listener: Option<Sourced<PortName>>,
    }

    /// Through an ingress controller.
    pub struct IngressRoute {
        pub host: Sourced<HostName>,
        /// The beginning of the paths that are passed on.
        pub path: Sourced<PathPrefix>,
        /// The name of the Service's port.
        pub port: Sourced<String>,
        pub class: Sourced<ObjectName>,
        /// The cluster issuer of cert-manager that makes the certificate.
        pub issuer: Option<Sourced<ObjectName>>,
        /// The Secret with the certificate.
        pub tls_secret: Sourced<String>,
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
