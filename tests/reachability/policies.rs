//! What network policies allow, as Kubernetes defines them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::{Map, Value};

/// A pod, or an address that is none.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    pub at: At,
    /// Whether the environment's policies speak of it: a pod of ours.
    ours: bool,
    /// Its named ports.
    named: BTreeMap<String, u16>,
}

#[derive(Clone, Debug)]
pub enum At {
    Pod { namespace: String, labels: Map<String, Value> },
    Address(Ipv4Addr),
}

impl Place {
    /// A pod in the environment's namespace that is no workload.
    pub fn stray(name: &str, namespace: &str, labels: Map<String, Value>) -> Self {
        Self { ours: true, ..Self::pod(name, namespace, labels) }
    }

    /// Somebody else's pod.
    pub fn pod(name: &str, namespace: &str, labels: Map<String, Value>) -> Self {
        let at = At::Pod { namespace: namespace.to_owned(), labels };
        Self { name: name.to_owned(), at, ours: false, named: BTreeMap::new() }
    }

    pub fn address(address: Ipv4Addr) -> Self {
        Self { name: address.to_string(), at: At::Address(address), ours: false, named: BTreeMap::new() }
    }

    pub fn is_ours(&self) -> bool {
        self.ours
    }
}

/// The way from one place to another.
pub struct Way<'a> {
    out: Gate<'a>,
    into: Gate<'a>,
    listener: &'a Place,
}

/// One end of a way.
enum Gate<'a> {
    /// No policy is about it.
    Open,
    /// Any of these lets it pass.
    Rules(Vec<&'a Value>),
}

impl Way<'_> {
    /// Whether anything passes.
    pub fn is_open(&self) -> bool {
        [&self.out, &self.into].iter().all(|gate| !matches!(gate, Gate::Rules(rules) if rules.is_empty()))
    }

    pub fn passes(&self, port: u16, protocol: &str) -> bool {
        [&self.out, &self.into].iter().all(|gate| match gate {
            Gate::Open => true,
            Gate::Rules(rules) => rules.iter().any(|rule| {
                let what = rule["ports"].as_array().filter(|ports| !ports.is_empty());
                what.is_none_or(|ports| ports.iter().any(|it| is_port(it, self.listener, port, protocol)))
            }),
        })
    }
}

/// The pods and policies of an environment.
pub struct Rendered {
    /// One for each workload, by its declared name.
    pub pods: Vec<Place>,
    policies: Vec<Value>,
    namespace_labels: BTreeMap<String, Map<String, Value>>,
}

impl Rendered {
    pub fn new(objects: &[Value]) -> Self {
        let of = |kind: &'static str| objects.iter().filter(move |object| object["kind"] == kind).cloned();
        let labels = |object: &Value| object["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        Self {
            pods: objects.iter().filter_map(pod).collect(),
            policies: of("NetworkPolicy").collect(),
            namespace_labels: of("Namespace")
                .map(|it| (text(&it["metadata"]["name"]), labels(&it)))
                .collect(),
        }
    }

    /// Every number that a policy names.
    pub fn ports(&self) -> BTreeSet<u16> {
        let rules = self.policies.iter().flat_map(|policy| {
            ["ingress", "egress"]
                .into_iter()
                .filter_map(|direction| policy["spec"][direction].as_array())
                .flatten()
        });
        let ports = rules.filter_map(|rule| rule["ports"].as_array()).flatten();
        ports.filter_map(|port| u16::try_from(port["port"].as_u64()?).ok()).collect()
    }

    /// What is let out at its start and let in at its end.
    pub fn between<'a>(&'a self, from: &'a Place, to: &'a Place) -> Way<'a> {
        Way { out: self.gate("egress", from, to), into: self.gate("ingress", to, from), listener: to }
    }

    /// What the policies of `subject` say of `peer`.
    fn gate(&self, direction: &str, subject: &Place, peer: &Place) -> Gate<'_> {
        let At::Pod { namespace, labels } = &subject.at else { return Gate::Open };
        let (kind, peers) = if direction == "ingress" { ("Ingress", "from") } else { ("Egress", "to") };
        let concerned = self.policies.iter().filter(|policy| {
            policy["metadata"]["namespace"] == **namespace
                && selects(&policy["spec"]["podSelector"], labels)
                && types(&policy["spec"]).contains(kind)
        });
        let mut isolated = false;
        let mut rules = Vec::new();
        for policy in concerned {
            isolated = true;
            rules.extend(policy["spec"][direction].as_array().into_iter().flatten().filter(|rule| {
                let who = rule[peers].as_array().filter(|peers| !peers.is_empty());
                who.is_none_or(|peers| peers.iter().any(|it| self.is_peer(it, namespace, peer)))
            }));
        }
        if isolated { Gate::Rules(rules) } else { Gate::Open }
    }

    fn is_peer(&self, peer: &Value, own_namespace: &str, place: &Place) -> bool {
        match &place.at {
            At::Address(address) => {
                let block = &peer["ipBlock"];
                let within = |cidr: &Value| within(*address, &text(cidr));
                block.is_object()
                    && within(&block["cidr"])
                    && !block["except"].as_array().into_iter().flatten().any(within)
            }
            At::Pod { namespace, labels } => {
                let (in_namespace, of_pod) = (&peer["namespaceSelector"], &peer["podSelector"]);
                if peer["ipBlock"].is_object() {
                    return false;
                }
                let namespace_fits = match in_namespace {
                    Value::Null => namespace == own_namespace,
                    selector => selects(selector, &self.labels_of(namespace)),
                };
                namespace_fits && (of_pod.is_null() || selects(of_pod, labels))
            }
        }
    }

    /// The one label that every namespace has, beside those that we give ours.
    fn labels_of(&self, namespace: &str) -> Map<String, Value> {
        let mut labels = self.namespace_labels.get(namespace).cloned().unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.into());
        labels
    }
}

/// Egress counts only where it is named or has rules.
fn types(spec: &Value) -> BTreeSet<String> {
    match spec["policyTypes"].as_array() {
        Some(types) => types.iter().map(text).collect(),
        None if spec["egress"].is_null() => BTreeSet::from(["Ingress".to_owned()]),
        None => BTreeSet::from(["Egress".to_owned(), "Ingress".to_owned()]),
    }
}

fn is_port(allowed: &Value, listener: &Place, port: u16, protocol: &str) -> bool {
    if allowed["protocol"].as_str().unwrap_or("TCP") != protocol {
        return false;
    }
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    match &allowed["port"] {
        Value::Null => true,
        Value::String(name) => listener.named.get(name) == Some(&port),
        first => {
            let first = number(first).expect("a port");
            (first..=number(&allowed["endPort"]).unwrap_or(first)).contains(&port)
        }
    }
}

/// An empty selector takes all.
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let equal = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector["matchExpressions"].as_array().into_iter().flatten().all(|expression| {
            let value = labels.get(expression["key"].as_str().expect("a key"));
            let listed = || {
                let values = expression["values"].as_array().expect("values");
                value.is_some_and(|value| values.contains(value))
            };
            match expression["operator"].as_str() {
                Some("In") => listed(),
                Some("NotIn") => !listed(),
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                other => panic!("the operator {other:?}"),
            }
        })
}

/// The pod that a workload makes.
fn pod(object: &Value) -> Option<Place> {
    let template = match object["kind"].as_str()? {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &object["spec"]["template"],
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
        _ => return None,
    };
    let labels = template["metadata"]["labels"].as_object().expect("pods have labels").clone();
    let containers = template["spec"]["containers"].as_array().into_iter().flatten();
    let ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
    let named = ports
        .filter_map(|port| Some((text(&port["name"]), u16::try_from(port["containerPort"].as_u64()?).ok()?)));
    Some(Place {
        name: text(&labels["app.kubernetes.io/name"]),
        named: named.collect(),
        at: At::Pod { namespace: text(&object["metadata"]["namespace"]), labels },
        ours: true,
    })
}

/// The first and the last address of a range.
pub fn range(cidr: &str) -> (u32, u32) {
    let (base, length) = cidr.split_once('/').expect("a range has a length");
    let base = u32::from(base.parse::<Ipv4Addr>().expect("an address of version 4"));
    let host = u32::MAX.checked_shr(length.parse().expect("a length")).unwrap_or(0);
    (base & !host, base | host)
}

fn within(address: Ipv4Addr, cidr: &str) -> bool {
    let (first, last) = range(cidr);
    (first..=last).contains(&u32::from(address))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
