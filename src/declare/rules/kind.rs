//! What kind, or the cluster that it makes, would refuse: [`Code::WrongContext`], [`Code::InvalidValue`],
//! [`Code::DuplicatePort`], [`Code::OverCapacity`].

use std::net::IpAddr;

use super::Facts;
use crate::declare::overlap::may_be_one;
use crate::declare::{Address, Image, IpFamily, KindCluster, NodeRole, PortNumber, Protocol};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::k8s::kind_node_minor;
use crate::merge::Sourced;

pub(super) fn check(facts: &Facts<'_>, sink: &mut Sink) {
    if !facts.declared.cluster.value().is_kind() {
        return;
    }
    let kind = facts.declared.cluster.value().kind.value();
    context(facts, sink);
    images(facts, kind, sink);
    roles(facts, kind, sink);
    ports(facts, kind, sink);
    families(facts, kind, sink);
}

/// Whether the context that kind makes is one of the cluster's.
fn context(facts: &Facts<'_>, sink: &mut Sink) {
    let Some(name) = facts.declared.kind_context() else { return };
    let contexts = &facts.declared.cluster.value().contexts;
    let is_named = |pattern: &str| may_be_one(pattern.as_bytes(), name.value().as_bytes());
    if contexts.iter().any(|context| is_named(context.value().as_str())) {
        return;
    }
    let (Some(at), Some(named)) = (contexts.first().and_then(|it| facts.place(it)), facts.place(&name))
    else {
        return;
    };
    let title = format!("kind makes the context `{}`, which is not one of the cluster's", name.value());
    sink.push(
        Diagnostic::error(Code::WrongContext, title)
            .at(at, "another context")
            .context(named, "the name is from here")
            .help(format!("write `contexts = [\"{}\"]`, or leave `contexts` out", name.value())),
    );
}

/// Whether the nodes run the minor of Kubernetes that everything is checked for.
fn images(facts: &Facts<'_>, kind: &KindCluster, sink: &mut Sink) {
    let wanted = &facts.declared.cluster.value().kubernetes;
    let of_nodes = kind.nodes.values().filter_map(|node| node.value().image.as_ref());
    for image in kind.image.iter().chain(of_nodes) {
        let image: &Sourced<Image> = image;
        let Some(runs) = kind_node_minor(image.value().as_str()) else { continue };
        if runs != wanted.value().as_str()
            && let (Some(at), Some(declared)) = (facts.place(image), facts.place(wanted))
        {
            let title = format!("the nodes run Kubernetes {runs}, and the cluster is declared as another");
            let found = Diagnostic::error(Code::InvalidValue, title).at(at, format!("is {runs}"));
            sink.push(found.context(declared, "declared here").help("change one of them"));
        }
    }
}

fn roles(facts: &Facts<'_>, kind: &KindCluster, sink: &mut Sink) {
    let roles = || kind.nodes.values().map(|node| &node.value().role);
    if let Some(first) = roles().next()
        && roles().all(|role| *role.value() == NodeRole::Worker)
        && let Some(at) = facts.place(first)
    {
        let found = Diagnostic::error(Code::InvalidValue, "none of the nodes is a control plane");
        sink.push(
            found.at(at, "a worker, as all others").help("one of them needs `role = \"control-plane\"`"),
        );
    }
    let Some(most) = &facts.declared.cluster.value().nodes else { return };
    if kind.nodes.len() > *most.value() as usize
        && let (Some(at), Some((_, last))) = (facts.place(most), kind.nodes.last_key_value())
        && let Some(last) = facts.place(last)
    {
        let title = format!("kind is to make {} nodes, more than the cluster may have", kind.nodes.len());
        sink.push(
            Diagnostic::error(Code::OverCapacity, title).at(at, "at most").context(last, "the last of them"),
        );
    }
}

/// A port of the host, and what takes it.
struct Taken {
    port: u16,
    protocol: Protocol,
    address: Option<IpAddr>,
    at: Span,
}

impl Taken {
    /// Whether both cannot be listened on at once.
    fn hinders(&self, other: &Self) -> bool {
        let is_any = |address: Option<IpAddr>| address.is_none_or(|address| address.is_unspecified());
        let is_met = self.address == other.address || is_any(self.address) || is_any(other.address);
        self.port == other.port && self.protocol == other.protocol && is_met
    }
}

/// Whether two things want one port of this machine: of all nodes together, which kind does not compare.
fn ports(facts: &Facts<'_>, kind: &KindCluster, sink: &mut Sink) {
    let mut wanted: Vec<Taken> = Vec::new();
    let mut take = |port: &Sourced<PortNumber>, address: Option<&Sourced<Address>>, protocol: Protocol| {
        let loopback = match kind.ip_family.as_ref().map(|family| *family.value()) {
            Some(IpFamily::Ipv6) => Address::loopback_v6(),
            _ => Address::loopback_v4(),
        };
        let given = address.map_or(&loopback, Sourced::value);
        let parsed: Option<IpAddr> = given.as_str().parse().ok();
        if let (None, Some(at)) = (parsed, address.and_then(|address| facts.place(address))) {
            let title = format!("`{given}` is no IP address");
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, "such as `127.0.0.1`"));
        }
        let Some(at) = facts.place(port) else { return };
        let taken = Taken { port: port.value().0, protocol, address: parsed, at };
        if let Some(first) = wanted.iter().find(|other| other.hinders(&taken)) {
            let title = format!("port {} of this machine is published twice", taken.port);
            let found = Diagnostic::error(Code::DuplicatePort, title).at(at, "the second");
            sink.push(found.context(first.at, "the first"));
        }
        wanted.push(taken);
    };
    if let Some(entry) = &kind.entry {
        let entry = entry.value();
        for port in [&entry.http, &entry.https].into_iter().flatten() {
            take(port, entry.address.as_ref(), Protocol::Tcp);
        }
    }
    for port in kind.nodes.values().flat_map(|node| node.value().ports.values()) {
        let port = port.value();
        let protocol = port.protocol.as_ref().map_or(Protocol::Tcp, |protocol| *protocol.value());
        take(&port.host, port.address.as_ref(), protocol);
    }
    if let Some(registry) = &kind.registry {
        // Published on the loopback address alone, whatever the family of the cluster.
        let loopback = Sourced::default_of(Address::loopback_v4());
        take(&registry.value().port, Some(&loopback), Protocol::Tcp);
    }
}

/// Whether the ranges of addresses are of the families that the cluster has.
fn families(facts: &Facts<'_>, kind: &KindCluster, sink: &mut Sink) {
    let family = kind.ip_family.as_ref().map_or(IpFamily::Ipv4, |family| *family.value());
    for ranges in [&kind.pod_cidrs, &kind.service_cidrs] {
        let is_v6 = |range: &str| range.contains(':');
        let wrong = ranges.iter().find(|range| match family {
            IpFamily::Ipv4 => is_v6(range.value().as_str()),
            IpFamily::Ipv6 => !is_v6(range.value().as_str()),
            IpFamily::Dual => false,
        });
        // kind compares no more than the number of ranges.
        let doubled = ranges.get(1).filter(|second| {
            ranges
                .first()
                .is_some_and(|first| is_v6(first.value().as_str()) == is_v6(second.value().as_str()))
        });
        if let Some(at) = wrong.or(doubled).and_then(|range| facts.place(range)) {
            let title = "a range of addresses of another family than the cluster has";
            let label = match family {
                IpFamily::Ipv4 => "one range of IPv4 is wanted",
                IpFamily::Ipv6 => "one range of IPv6 is wanted",
                IpFamily::Dual => "one range of each family is wanted",
            };
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, label));
        }
    }
}
