//! The cluster that kind makes in containers of a developer's machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{
    Address, Cidr, Image, IpFamily, LabelKey, LabelValue, MountPath, Name, NodeRole, PathOnHost, PortNumber,
    Protocol,
};
use crate::merge::Sourced;

/// A cluster that kind makes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindCluster {
    /// Its name; the context is called `kind-<name>`. The system's name if left out.
    pub name: Option<Sourced<Name>>,
    /// The image of its nodes; if left out, the one that the release of kind in `docs/kind.md` has for
    /// `cluster.kubernetes`.
    pub image: Option<Sourced<Image>>,
    /// The addresses that pods and Services have; `ipv4` if left out.
    pub ip_family: Option<Sourced<IpFamily>>,
    /// The ranges of pods' addresses, one for each family; kind's own if left out.
    #[serde(default)]
    #[schemars(length(max = 2))]
    pub pod_cidrs: Vec<Sourced<Cidr>>,
    /// The ranges of Services' addresses, one for each family; kind's own if left out.
    #[serde(default)]
    #[schemars(length(max = 2))]
    pub service_cidrs: Vec<Sourced<Cidr>>,
    /// Its nodes, by name. If left out there are as many as `cluster.nodes` says, one of them a control plane.
    #[serde(default)]
    pub nodes: BTreeMap<Name, Sourced<KindNode>>,
    /// Where requests to the cluster's entry arrive on this machine. It is on the first control plane, which gets the
    /// label `ingress-ready=true`.
    pub entry: Option<Sourced<KindEntry>>,
    /// A registry beside the nodes, from which they pull what was pushed to it on this machine.
    pub registry: Option<Sourced<KindRegistry>>,
}

/// A node of a kind cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindNode {
    /// What it does.
    pub role: Sourced<NodeRole>,
    /// Its image, if it is another than `cluster.kind.image`.
    pub image: Option<Sourced<Image>>,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<LabelKey, Sourced<LabelValue>>,
    /// Ports of it that are published on this machine, by a name for the purpose.
    #[serde(default)]
    pub ports: BTreeMap<Name, Sourced<KindPort>>,
    /// Folders of this machine that it has, by a name for the purpose.
    #[serde(default)]
    pub mounts: BTreeMap<Name, Sourced<KindMount>>,
}

/// A port of a node that is published on this machine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindPort {
    /// The node's port: a `NodePort`, or a `hostPort` of a pod.
    pub node: Sourced<PortNumber>,
    /// The port of this machine.
    pub host: Sourced<PortNumber>,
    /// The address of this machine; `127.0.0.1` if left out, `::1` in a cluster with IPv6 alone.
    pub address: Option<Sourced<Address>>,
    /// `TCP` if left out.
    pub protocol: Option<Sourced<Protocol>>,
}

/// A folder of this machine that a node has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindMount {
    /// The folder of this machine; a relative one is below the workspace.
    pub host: Sourced<PathOnHost>,
    /// Where the node finds it. Volumes of the default storage class lie below `/var/local-path-provisioner`.
    pub node: Sourced<MountPath>,
    /// Whether the node may only read it; no if left out.
    pub read_only: Option<Sourced<bool>>,
}

/// Where requests to the cluster's entry arrive on this machine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct KindEntry {
    /// The port of this machine that leads to the node's port 80.
    pub http: Option<Sourced<PortNumber>>,
    /// The port of this machine that leads to the node's port 443.
    pub https: Option<Sourced<PortNumber>>,
    /// The address of this machine; `127.0.0.1` if left out, `::1` in a cluster with IPv6 alone.
    pub address: Option<Sourced<Address>>,
}

/// A registry beside the nodes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindRegistry {
    /// Its port on this machine: images are called `localhost:<port>/…`.
    pub port: Sourced<PortNumber>,
    /// The name of its container; `kind-registry` if left out.
    pub name: Option<Sourced<Name>>,
    /// Its image; `registry:3` if left out.
    pub image: Option<Sourced<Image>>,
}
