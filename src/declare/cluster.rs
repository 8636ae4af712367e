//! The cluster that an environment runs in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::kind::KindCluster;
use super::values::{
    Bytes, Cidr, ContextPattern, Cpu, Currency, KubernetesMinor, LabelKey, LabelMap, LabelValue, Name,
    ObjectName, PortName, PortNumber, Price, Provider, TaintEffect,
};
use crate::merge::Sourced;

/// The cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The template that it begins with: `development`, `staging`, `production`, or a file `clusters/<name>.toml` of the
    /// workspace. What the environment's files say of the cluster takes the place of what the template says.
    pub template: Option<Sourced<Name>>,
    /// How it is had; the table of the same name holds the rest. `generic` if left out.
    pub provider: Option<Sourced<Provider>>,
    /// The cluster that kind makes.
    #[serde(default)]
    pub kind: Sourced<KindCluster>,
    /// The minor version of Kubernetes that it runs.
    pub kubernetes: Sourced<KubernetesMinor>,
    /// The contexts of kubeconfigs that lead to it, such as `kind-p8fs` or `p8fs-prod-*`.
    #[serde(default)]
    pub contexts: Vec<Sourced<ContextPattern>>,
    /// Where the cluster's DNS server is.
    pub dns: Option<Dns>,
    /// The Gateway that passes on requests from outside.
    pub gateway: Option<Sourced<Gateway>>,
    /// The ingress controller that passes on requests from outside.
    pub ingress: Option<Sourced<Ingress>>,
    /// Where KEDA runs, for workloads with `scale.triggers`.
    pub keda: Option<Sourced<Keda>>,
    /// Where the API server is, for workloads with `access`.
    pub api_server: Option<Sourced<ApiServer>>,
    /// How many nodes it may have.
    #[schemars(range(min = 1, max = 5000))]
    pub nodes: Option<Sourced<u32>>,
    /// How many tenants it is meant for.
    #[schemars(range(min = 1))]
    pub tenants: Option<Sourced<u32>>,
    /// What volumes that outlive pods may ask in all.
    pub storage: Option<Sourced<Bytes>>,
    /// What it costs.
    pub prices: Option<Sourced<Prices>>,
    /// The secret with which images are pulled, one of `[secrets]`; it has the key `.dockerconfigjson`.
    pub pull_secret: Option<Sourced<Name>>,
    /// Groups of like nodes, by name.
    #[serde(default)]
    pub pools: BTreeMap<Name, Sourced<Pool>>,
}

impl Cluster {
    /// Whether kind makes it.
    pub fn is_kind(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| *provider.value() == Provider::Kind)
    }
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

/// The Gateway that passes on requests from outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// The name of the Gateway object.
    pub name: Sourced<ObjectName>,
    /// Its namespace.
    pub namespace: Sourced<Name>,
    /// The namespace of the pods that carry its traffic; that of the Gateway if left out.
    pub pods_namespace: Option<Sourced<Name>>,
    /// The listener to attach routes to, such as one that ends TLS; all of them if left out.
    pub listener: Option<Sourced<PortName>>,
}

/// The ingress controller that passes on requests from outside.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ingress {
    /// The name of its ingress class.
    pub class: Sourced<ObjectName>,
    /// The namespace of its pods.
    pub namespace: Sourced<Name>,
    /// The cluster issuer of cert-manager that makes certificates; without, their Secrets must be there.
    pub issuer: Option<Sourced<ObjectName>>,
}

/// Where KEDA runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keda {
    /// The namespace of its pods, which ask the stores.
    pub namespace: Sourced<Name>,
}

/// Where the API server is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiServer {
    /// Its addresses, as pods reach it: those behind the Service `kubernetes`.
    #[schemars(length(min = 1))]
    pub cidrs: Vec<Sourced<Cidr>>,
    /// Its port; 6443 if left out.
    pub port: Option<Sourced<PortNumber>>,
}

/// A group of like nodes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// How many nodes there are; one pool may leave it out, and gets what the others leave of `cluster.nodes`.
    #[schemars(range(min = 1, max = 5000))]
    pub nodes: Option<Sourced<u32>>,
    /// What pods may use of a node's CPU.
    pub cpu: Sourced<Cpu>,
    /// What pods may use of a node's memory.
    pub memory: Sourced<Bytes>,
    /// How many pods a node takes; 110 if left out, as kubelets do.
    #[schemars(range(min = 1))]
    pub pods: Option<Sourced<u32>>,
    /// What pods take of each node that are not of this environment: those of daemon sets.
    pub overhead: Option<Sourced<Overhead>>,
    /// What volumes of the pods that run here may ask in all.
    pub storage: Option<Sourced<Bytes>>,
    /// What a node costs an hour, in the currency of `cluster.prices`.
    pub price: Option<Sourced<Price>>,
    /// The zones that they are in.
    #[serde(default)]
    pub zones: Vec<Sourced<Name>>,
    /// The labels of the nodes, by which pods find them.
    #[serde(default)]
    pub labels: BTreeMap<LabelKey, Sourced<LabelValue>>,
    /// The taints of the nodes, by key.
    #[serde(default)]
    pub taints: BTreeMap<LabelKey, Sourced<Taint>>,
}

/// What the pods of daemon sets take of each node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Overhead {
    /// CPU.
    pub cpu: Option<Sourced<Cpu>>,
    /// Memory.
    pub memory: Option<Sourced<Bytes>>,
    /// Pods.
    #[schemars(range(min = 1))]
    pub pods: Option<Sourced<u32>>,
}

/// What a cluster costs, beside `price` of its pools.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The currency of all prices.
    pub currency: Sourced<Currency>,
    /// What a GiB of a volume costs a month, by storage class.
    #[serde(default)]
    pub storage: BTreeMap<ObjectName, Sourced<Price>>,
    /// What a GiB of a volume costs a month that names no storage class.
    pub default_storage: Option<Sourced<Price>>,
}

/// Keeps other pods off a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Its value, if it has one.
    pub value: Option<Sourced<LabelValue>>,
    /// What it does.
    pub effect: Sourced<TaintEffect>,
}
