//! The stores of an environment for those without a cluster: pods as services of a Compose file.
//!
//! Made of the objects themselves, so that both are the same programs with the same arguments and files. What Compose has no
//! word for is left out: sidecars, policies, spreading; and so are pods that ask the API server.

mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::diag::Span;
use crate::k8s::{Made, Node, Object, Value};
use service::Service;

/// What gives volumes to the users of the programs that keep something there.
const OWNER_IMAGE: &str = "docker.io/library/busybox:1.37";

/// Where the values of Secrets are had: variables by the Secret and the key.
type Variables = BTreeMap<(String, String), String>;

/// The Compose file, and the objects that it leaves out because they ask the API server; `names` are those of the workloads
/// that are wanted. None where there is nothing to be had.
pub fn compose(objects: &[Object], names: &BTreeSet<String>) -> Option<(Node, Vec<String>)> {
    // The name of a Job ends with a digest.
    let of = |object: &Object| {
        let (name, is_job) = (&object.identity.name, object.identity.kind == "Job");
        let is_of = |known: &&String| name.strip_prefix(&***known).is_some_and(|rest| rest.starts_with('-'));
        names.get(name).or_else(|| names.iter().rev().find(|known| is_job && is_of(known))).cloned()
    };
    let variables = variables(objects);
    let mut file = File {
        objects,
        variables: &variables,
        ports: published(objects.iter().filter(|object| of(object).is_some())),
        services: Map::new(),
        configs: Map::new(),
        secrets: Map::new(),
        volumes: BTreeMap::new(),
    };
    let mut left_out = Vec::new();
    for (name, object) in objects.iter().filter_map(|object| Some((of(object)?, object))) {
        let Some(pod) = object.root.path(&["spec", "template"]) else { continue };
        if pod
            .path(&["spec", "automountServiceAccountToken"])
            .is_some_and(|flag| flag.value == Value::Bool(true))
        {
            left_out.push(name);
            continue;
        }
        file.add(&name, object, pod);
    }
    let first = objects.iter().find(|object| of(object).is_some())?;
    let whole = file.whole(first.identity.namespace.as_deref().unwrap_or("default"));
    (!whole["services"].as_object()?.is_empty()).then(|| (node(&whole, first.root.at), left_out))
}

/// The variables by which the environment's own programs know what Secrets hold: `p8fs-gen settings` writes them.
fn variables(objects: &[Object]) -> Variables {
    let containers =
        objects.iter().filter_map(|object| object.root.path(&["spec", "template", "spec", "containers"]));
    let variables = containers.flat_map(Node::items).filter_map(|container| container.get("env"));
    let variable = |variable: &Node| {
        let of = |node: &Node, key: &str| Some(node.get(key)?.as_str()?.to_owned());
        let secret = variable.path(&["valueFrom", "secretKeyRef"])?;
        Some(((of(secret, "name")?, of(secret, "key")?), of(variable, "name")?))
    };
    variables.flat_map(Node::items).filter_map(variable).collect()
}

/// The numbers of the ports that can be published as they are: those that only one Service has.
fn published<'a>(objects: impl Iterator<Item = &'a Object>) -> BTreeSet<i64> {
    let services = objects.filter(|object| object.identity.kind == "Service");
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for port in services.filter_map(|service| service.root.path(&["spec", "ports"])).flat_map(Node::items) {
        if let Some(Value::Int(number)) = port.get("port").map(|port| &port.value) {
            *counts.entry(*number).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| *count == 1).map(|(number, _)| number).collect()
}

struct File<'a> {
    objects: &'a [Object],
    variables: &'a Variables,
    ports: BTreeSet<i64>,
    services: Map<String, Json>,
    configs: Map<String, Json>,
    secrets: Map<String, Json>,
    /// The volumes, each with its user.
    volumes: BTreeMap<String, i64>,
}

impl File<'_> {
    fn add(&mut self, name: &str, object: &Object, pod: &Node) {
        let replicas = match object.root.path(&["spec", "replicas"]).map(|replicas| &replicas.value) {
            Some(Value::Int(number)) => *number,
            _ => 1,
        };
        match &*object.identity.kind {
            "StatefulSet" => {
                for ordinal in 0..replicas {
                    self.pod(object, pod, &format!("{name}-{ordinal}"), ordinal == 0);
                }
            }
            "Deployment" | "Job" => self.pod(object, pod, name, true),
            _ => {}
        }
    }

    fn pod(&mut self, object: &Object, pod: &Node, name: &str, is_first: bool) {
        let mut service = Service::of(object, pod, name, self.variables);
        service.reach(self.objects, if is_first { Some(&self.ports) } else { None });
        service.mount(self.objects);
        self.configs.extend(service.configs);
        self.secrets.extend(service.secrets);
        let volumes: BTreeMap<String, i64> =
            service.volumes.into_iter().map(|volume| (volume, service.user)).collect();
        let mut made = service.made;
        if !volumes.is_empty() {
            let done = json!({ "volumes": { "condition": "service_completed_successfully" } });
            made.insert("depends_on".to_owned(), done);
        }
        self.volumes.extend(volumes);
        self.services.insert(name.to_owned(), Json::Object(made));
    }

    fn whole(mut self, project: &str) -> Json {
        if !self.volumes.is_empty() {
            let owners =
                self.volumes.iter().map(|(volume, user)| format!("chown {user}:{user} /volumes/{volume}"));
            let owners: Vec<String> = owners.collect();
            let mounts = self.volumes.keys().map(|volume| format!("{volume}:/volumes/{volume}"));
            let service = json!({
                "image": OWNER_IMAGE,
                "command": ["sh", "-ec", owners.join("\n")],
                "network_mode": "none",
                "user": "0:0",
                "volumes": mounts.collect::<Vec<_>>(),
            });
            self.services.insert("volumes".to_owned(), service);
        }
        let volumes: Map<String, Json> = self.volumes.into_keys().map(|name| (name, json!({}))).collect();
        let mut whole = json!({ "name": project, "services": self.services });
        for (key, entries) in [("configs", self.configs), ("secrets", self.secrets), ("volumes", volumes)] {
            if !entries.is_empty() {
                whole[key] = Json::Object(entries);
            }
        }
        whole
    }
}

/// A text that Compose takes as it is: to it, `$` begins a variable.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn node(json: &Json, at: Span) -> Node {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::String(Arc::from(&**text)),
        Json::Array(items) => Value::List(items.iter().map(|item| node(item, at)).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(key, entry)| (Arc::from(&**key), node(entry, at))).collect())
        }
    };
    Node { value, at, lead: 0, made: Made::Data, from: None }
}
