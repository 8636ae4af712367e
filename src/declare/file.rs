//! The raw types of an environment's merged files. Their documentation is what editors show.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::chart::Chart;
use super::cluster::Cluster;
use super::secret::Secret;
use super::settings::{Definition, Settings};
use super::store::Store;
use super::values::{Bytes, Cpu, HostName, Name, SettingName, Tier, VariableName};
use super::workload::{CronJob, Job, Scratch, Service, Worker};
use crate::merge::Sourced;

/// An environment of p8fs-gen, or a layer of one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What all environments deploy.
    pub system: Sourced<System>,
    /// Makes a file an environment; a file without this table is a layer.
    pub environment: EnvironmentTable,
    /// The cluster that it runs in.
    pub cluster: Sourced<Cluster>,
    /// Configuration that every workload gets as environment variables, through one ConfigMap: settings of
    /// `[system.settings]` by name, or, where none are defined, any variables.
    #[serde(default)]
    pub settings: Sourced<Settings>,
    /// The workloads that answer requests, by name.
    #[serde(default)]
    pub services: BTreeMap<Name, Sourced<Service>>,
    /// The workloads that take their work from queues, by name.
    #[serde(default)]
    pub workers: BTreeMap<Name, Sourced<Worker>>,
    /// The workloads that run once, by name.
    #[serde(default)]
    pub jobs: BTreeMap<Name, Sourced<Job>>,
    /// The workloads that run again and again, by name.
    #[serde(default)]
    pub cron_jobs: BTreeMap<Name, Sourced<CronJob>>,
    /// Databases, queues and object stores, by name.
    #[serde(default)]
    pub stores: BTreeMap<Name, Sourced<Store>>,
    /// What Helm installs beside the system, by the name of the release.
    #[serde(default)]
    pub charts: BTreeMap<Name, Sourced<Chart>>,
    /// What is demanded of all workloads.
    #[serde(default)]
    pub policy: Policy,
    /// Passwords, keys and tokens, by name.
    #[serde(default)]
    pub secrets: BTreeMap<Name, Sourced<Secret>>,
    /// The workloads that stores consist of, by their names: filled in once the tables are read.
    #[serde(skip)]
    pub(super) parts: BTreeMap<Name, PartOf>,
}

/// Which part of a store a workload is, or which job of it.
#[derive(Debug)]
pub(super) struct PartOf {
    pub(super) store: Name,
    pub(super) name: Name,
    pub(super) sort: PartSort,
}

/// The table of a store that holds a workload.
#[derive(Clone, Copy, Debug)]
pub(super) enum PartSort {
    Part,
    Job,
}

/// What all environments deploy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The system's name; objects are called `<system>-<service>`.
    pub name: Sourced<Name>,
    /// Writable folders that every container has beside `/tmp`, by name.
    #[serde(default)]
    pub scratch: BTreeMap<Name, Sourced<Scratch>>,
    /// What the names of settings begin with where they are environment variables, such as `P8FS_`.
    pub settings_prefix: Option<Sourced<VariableName>>,
    /// The settings that its programs know, by name; any, if none are defined.
    #[serde(default)]
    pub settings: Sourced<BTreeMap<SettingName, Sourced<Definition>>>,
}

/// What is demanded of all workloads.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether every image is named by its digest: a tag may mean another one tomorrow.
    pub digests: Option<Sourced<bool>>,
}

/// One environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentTable {
    /// What the environment is for.
    pub tier: Sourced<Tier>,
    /// The namespace that its objects live in.
    pub namespace: Sourced<Name>,
    /// The domain of the hosts under which services are exposed.
    pub domain: Option<Sourced<HostName>>,
    /// What all its pods together may request.
    pub quota: Option<Sourced<Quota>>,
    /// What a container gets that requests nothing itself.
    pub limit_range: Option<Sourced<LimitRange>>,
    /// Degrees of importance for pods, by name.
    #[serde(default)]
    pub priorities: BTreeMap<Name, Sourced<Priority>>,
}

/// What all pods of an environment together may request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// CPU.
    pub cpu: Sourced<Cpu>,
    /// Memory.
    pub memory: Sourced<Bytes>,
    /// Pods.
    #[schemars(range(min = 1))]
    pub pods: Sourced<u32>,
    /// Volumes that outlive pods.
    pub storage: Option<Sourced<Bytes>>,
}

/// What a container gets that requests nothing itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRange {
    /// CPU that is requested for it.
    pub cpu: Sourced<Cpu>,
    /// Memory that is requested for it, and its limit.
    pub memory: Sourced<Bytes>,
    /// Temporary storage that is requested for it, and its limit.
    pub storage: Sourced<Bytes>,
}

/// A degree of importance: becomes a priority class.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// The higher goes first.
    #[schemars(range(min = -1_000_000_000, max = 1_000_000_000))]
    pub value: Sourced<i32>,
    /// Whether it may push less important pods off a node; yes if left out.
    pub preempts: Option<Sourced<bool>>,
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
