//! The cluster that kind makes.

use super::context::contextual;
use crate::declare::{
    Address, Cidr, Declared, IpFamily, KindCluster, KindEntry, LabelMap, Name, NodeRole, PathOnHost,
    PortNumber, Protocol,
};
use crate::k8s::kind_node_image;
use crate::merge::{InputSet, Reads, Sourced};

contextual! {
    /// A cluster that kind makes.
    pub struct Kind {
        /// Without the `kind-` of its context.
        pub name: Sourced<Name>,
        pub ip_family: Sourced<IpFamily>,
        /// None for kind's own.
        pub pod_cidrs: Vec<Sourced<Cidr>>,
        /// None for kind's own.
        pub service_cidrs: Vec<Sourced<Cidr>>,
        /// Control planes first; at least one.
        pub nodes: Vec<Sourced<Node>>,
        pub registry: Option<Sourced<Registry>>,
    }

    /// A node, which is a container.
    pub struct Node {
        pub role: Sourced<NodeRole>,
        pub image: Sourced<String>,
        pub labels: LabelMap,
        /// Its ports that are published on the host.
        pub ports: Vec<Sourced<Port>>,
        /// Folders of the host that it has.
        pub mounts: Vec<Sourced<Mount>>,
    }

    /// A port of a node that is published on the host.
    pub struct Port {
        pub node: Sourced<PortNumber>,
        pub host: Sourced<PortNumber>,
        /// The host's address.
        pub address: Sourced<Address>,
        pub protocol: Sourced<Protocol>,
    }

    /// A folder of the host.
    pub struct Mount {
        pub host: Sourced<PathOnHost>,
        /// Where the node finds it.
        pub node: Sourced<String>,
        pub read_only: Sourced<bool>,
    }

    /// A registry beside the nodes.
    pub struct Registry {
        /// The name of its container, by which the nodes reach it.
        pub container: Sourced<Name>,
        pub image: Sourced<String>,
        /// What images of it are called with, as the host reaches it: `localhost:5001`.
        pub host: Sourced<String>,
        /// The host's port.
        pub port: Sourced<PortNumber>,
        /// Its port inside its container.
        pub inner_port: Sourced<u32>,
    }
}

/// The port on which the registry's image listens.
const REGISTRY_PORT: u32 = 5000;
/// The image of the registry, of the distribution project.
const REGISTRY_IMAGE: &str = "registry:3";
/// The ports of a node on which what carries requests into the cluster listens.
const ENTRY_PORTS: [u16; 2] = [80, 443];
/// The label by which controllers for kind find the node with those ports.
const ENTRY_LABEL: &str = "ingress-ready";

/// Derives the cluster; none when something else makes it.
pub(super) fn kind(declared: &Declared, reads: &Reads) -> Option<Sourced<Kind>> {
    let cluster = &declared.cluster;
    let (provider, name) = (cluster.value().provider.as_ref()?, declared.kind_name()?);
    let own = &cluster.value().kind;
    // Where there is no table, its holder lacks it.
    let holder = if own.inputs().is_empty() { cluster.inputs() } else { own.inputs() };
    let raw = own.value();
    let lacking = holder.absence();
    let ip_family = or(raw.ip_family.as_ref(), &lacking, IpFamily::Ipv4);
    let kind = Kind {
        name,
        nodes: nodes(declared, raw, &ip_family, &lacking),
        ip_family,
        pod_cidrs: raw.pod_cidrs.clone(),
        service_cidrs: raw.service_cidrs.clone(),
        registry: raw.registry.as_ref().map(|registry| {
            registry.map(|raw| {
                let lacking = registry.inputs().absence();
                let image = raw.image.as_ref().map(Sourced::text);
                let registry = Registry {
                    container: or(raw.name.as_ref(), &lacking, Name::of_registry()),
                    image: or(image.as_ref(), &lacking, REGISTRY_IMAGE.to_owned()),
                    host: raw.port.map(|port| format!("localhost:{}", port.0)),
                    port: raw.port.clone(),
                    inner_port: Sourced::default_of(REGISTRY_PORT),
                };
                // It is started by a verb, and is in no file.
                reads.mark(registry.image.inputs().iter());
                registry
            })
        }),
    };
    Some(provider.map(|_| kind))
}

/// The nodes, control planes first.
fn nodes(
    declared: &Declared,
    raw: &KindCluster,
    ip_family: &Sourced<IpFamily>,
    lacking: &InputSet,
) -> Vec<Sourced<Node>> {
    let image = match &raw.image {
        Some(image) => image.text(),
        None => {
            let minor = &declared.cluster.value().kubernetes;
            let mut inputs = lacking.clone();
            inputs.extend(minor.inputs());
            Sourced::derived(kind_node_image(minor.value().as_str()).unwrap_or_default().to_owned(), inputs)
        }
    };
    let mut nodes = if raw.nodes.is_empty() {
        let count = or(declared.cluster.value().nodes.as_ref(), lacking, 1);
        let role = |index| if index == 0 { NodeRole::ControlPlane } else { NodeRole::Worker };
        let node = |index| {
            count.map(|_| Node {
                role: count.map(|_| role(index)),
                image: image.clone(),
                labels: LabelMap::new(),
                ports: Vec::new(),
                mounts: Vec::new(),
            })
        };
        (0..*count.value()).map(node).collect()
    } else {
        let mut nodes: Vec<_> =
            raw.nodes.values().map(|node| declared_node(node, &image, ip_family)).collect();
        nodes.sort_by_key(|node: &Sourced<Node>| *node.value().role.value());
        nodes
    };
    if let (Some(entry), Some(first)) = (&raw.entry, nodes.first_mut()) {
        *first = first.map(|node| with_entry(node, entry, ip_family));
    }
    nodes
}

fn declared_node(
    node: &Sourced<crate::declare::KindNode>,
    image: &Sourced<String>,
    ip_family: &Sourced<IpFamily>,
) -> Sourced<Node> {
    node.map(|raw| Node {
        role: raw.role.clone(),
        image: raw.image.as_ref().map_or_else(|| image.clone(), Sourced::text),
        labels: raw.labels.iter().map(|(key, value)| (key.to_string(), value.text())).collect(),
        ports: raw
            .ports
            .values()
            .map(|port| {
                port.map(|raw| {
                    let lacking = port.inputs().absence();
                    Port {
                        node: raw.node.clone(),
                        host: raw.host.clone(),
                        address: raw.address.clone().unwrap_or_else(|| loopback(ip_family, &lacking)),
                        protocol: or(raw.protocol.as_ref(), &lacking, Protocol::Tcp),
                    }
                })
            })
            .collect(),
        mounts: raw
            .mounts
            .values()
            .map(|mount| {
                mount.map(|raw| Mount {
                    host: raw.host.clone(),
                    node: raw.node.text(),
                    read_only: or(raw.read_only.as_ref(), &mount.inputs().absence(), false),
                })
            })
            .collect(),
    })
}

/// The node to which requests from outside come.
fn with_entry(node: &Node, entry: &Sourced<KindEntry>, ip_family: &Sourced<IpFamily>) -> Node {
    let raw = entry.value();
    let mut node = node.clone();
    node.labels.entry(ENTRY_LABEL.to_owned()).or_insert_with(|| entry.map(|_| "true".to_owned()));
    let address = raw.address.clone().unwrap_or_else(|| loopback(ip_family, &entry.inputs().absence()));
    let ports = [&raw.http, &raw.https].into_iter().zip(ENTRY_PORTS);
    node.ports.extend(ports.filter_map(|(host, inner)| {
        let host = host.as_ref()?;
        Some(host.map(|_| Port {
            node: host.map(|_| PortNumber(inner)),
            host: host.clone(),
            address: address.clone(),
            protocol: Sourced::default_of(Protocol::Tcp),
        }))
    }));
    node
}

/// This machine alone: what a developer runs is nobody else's business.
fn loopback(ip_family: &Sourced<IpFamily>, lacking: &InputSet) -> Sourced<Address> {
    ip_family.zip(&Sourced::derived((), lacking.clone()), |family, ()| match family {
        IpFamily::Ipv6 => Address::loopback_v6(),
        IpFamily::Ipv4 | IpFamily::Dual => Address::loopback_v4(),
    })
}

/// A value, or another because of what is lacking.
fn or<T: Clone>(given: Option<&Sourced<T>>, lacking: &InputSet, otherwise: T) -> Sourced<T> {
    given.cloned().unwrap_or_else(|| Sourced::derived(otherwise, lacking.clone()))
}
