//! One pod as a service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::{Variables, literal};
use crate::k8s::{Node, Object, Value, thousandths};

/// The user and group of a pod that does not say who runs it.
const NOBODY: i64 = 65534;

/// Access to a folder in memory: anybody's, and what is in it its owner's.
const STICKY: u32 = 0o1777;

/// A service in the making.
pub struct Service<'a> {
    pub made: Map<String, Json>,
    pub configs: Map<String, Json>,
    pub secrets: Map<String, Json>,
    pub volumes: Vec<String>,
    pub user: i64,
    name: String,
    object: &'a Object,
    pod: &'a Node,
    container: Option<&'a Node>,
    variables: &'a Variables,
}

impl<'a> Service<'a> {
    /// What the program is told: its arguments, variables, limits. `name` is the pod's.
    pub fn of(object: &'a Object, pod: &'a Node, name: &str, variables: &'a Variables) -> Self {
        let spec = |path: &[&str]| pod.get("spec").and_then(|spec| spec.path(path));
        let user = integer(spec(&["securityContext", "runAsUser"])).unwrap_or(NOBODY);
        let mut service = Self {
            made: Map::new(),
            configs: Map::new(),
            secrets: Map::new(),
            volumes: Vec::new(),
            user,
            name: name.to_owned(),
            object,
            pod,
            // The others are beside it for the cluster's sake.
            container: spec(&["containers"]).and_then(|containers| containers.items().first()),
            variables,
        };
        let Some(container) = service.container else { return service };
        let environment = service.environment(container);
        let texts = |key: &str| -> Vec<Json> {
            let items = container.get(key).map_or(&[][..], Node::items);
            items.iter().filter_map(Node::as_str).map(|text| expanded(text, &environment).into()).collect()
        };
        for (key, value) in [("entrypoint", texts("command")), ("command", texts("args"))] {
            if !value.is_empty() {
                service.made.insert(key.to_owned(), value.into());
            }
        }
        if let Some(image) = container.get("image") {
            service.put("image", image.to_json());
        }
        if let Some(test) = container.path(&["readinessProbe", "exec", "command"]) {
            let test = test.items().iter().filter_map(Node::as_str).map(literal);
            let test: Vec<String> = std::iter::once("CMD".to_owned()).chain(test).collect();
            service.put("healthcheck", json!({ "test": test, "interval": "5s" }));
        }
        if let Some(memory) = container.path(&["resources", "limits", "memory"]).and_then(Node::as_str) {
            let bytes = thousandths(memory).map(|memory| memory / 1000);
            service.made.extend(bytes.map(|bytes| ("mem_limit".to_owned(), bytes.to_string().into())));
        }
        if let Some(seconds) = integer(spec(&["terminationGracePeriodSeconds"])) {
            service.put("stop_grace_period", format!("{seconds}s").into());
        }
        let is_job = object.identity.kind == "Job";
        service.put("restart", if is_job { "on-failure:10" } else { "unless-stopped" }.into());
        service.put("user", format!("{user}:{user}").into());
        service.put("hostname", name.into());
        service.put("read_only", true.into());
        service.put("cap_drop", json!(["ALL"]));
        service.put("security_opt", json!(["no-new-privileges:true"]));
        if !environment.is_empty() {
            service.put("environment", json!(environment));
        }
        service
    }

    fn put(&mut self, key: &str, value: Json) {
        self.made.insert(key.to_owned(), value);
    }

    /// The variables, as Compose writes their values.
    fn environment(&self, container: &Node) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for variable in container.get("env").map_or(&[][..], Node::items) {
            let Some(name) = variable.get("name").and_then(Node::as_str) else { continue };
            let field = variable.path(&["valueFrom", "fieldRef", "fieldPath"]).and_then(Node::as_str);
            let secret = variable.path(&["valueFrom", "secretKeyRef"]);
            let value = match (variable.get("value").and_then(Node::as_str), field, secret) {
                (Some(text), ..) => expanded(text, &found),
                (_, Some("metadata.name"), _) => self.name.clone(),
                (.., Some(secret)) => format!("${{{}:?}}", self.variable(secret)),
                _ => continue,
            };
            found.insert(name.to_owned(), value);
        }
        found
    }

    /// The variable of the environment that holds a key of a Secret.
    fn variable(&self, reference: &Node) -> String {
        let text = |key: &str| reference.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
        self.variable_of(&text("name"), &text("key"))
    }

    fn variable_of(&self, secret: &str, key: &str) -> String {
        let known = self.variables.get(&(secret.to_owned(), key.to_owned()));
        known.cloned().unwrap_or_else(|| {
            let name = format!("{secret}_{key}").to_uppercase();
            name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        })
    }

    /// The names by which others find it, and the ports that are open here; `ports` are those that nobody else has.
    pub fn reach(&mut self, objects: &[Object], ports: Option<&BTreeSet<i64>>) {
        let labels = self.pod.path(&["metadata", "labels"]).map_or(&[][..], Node::entries);
        let own = self.object.root.path(&["spec", "serviceName"]).and_then(Node::as_str);
        let (mut aliases, mut published) = (BTreeSet::new(), BTreeSet::new());
        for service in objects.iter().filter(|object| object.identity.kind == "Service") {
            let selector = service.root.path(&["spec", "selector"]).map_or(&[][..], Node::entries);
            let namespace = service.identity.namespace == self.object.identity.namespace;
            if selector.is_empty() || !namespace || !selector.iter().all(|wanted| labels.contains(wanted)) {
                continue;
            }
            let name = &service.identity.name;
            aliases.insert(name.clone());
            if own == Some(name) {
                aliases.insert(format!("{}.{name}", self.name));
                continue;
            }
            for port in service.root.path(&["spec", "ports"]).map_or(&[][..], Node::items) {
                if let (Some(number), Some(ports)) = (integer(port.get("port")), ports) {
                    let target = self.container_port(port.get("targetPort")).unwrap_or(number);
                    let here = if ports.contains(&number) { number.to_string() } else { String::new() };
                    published.insert(format!("127.0.0.1:{here}:{target}"));
                }
            }
        }
        if !aliases.is_empty() {
            self.put("networks", json!({ "default": { "aliases": aliases } }));
        }
        if !published.is_empty() {
            self.put("ports", json!(published));
        }
    }

    /// The number of a port of the container, which may be named.
    fn container_port(&self, target: Option<&Node>) -> Option<i64> {
        let Some(name) = target?.as_str() else { return integer(target) };
        let ports = self.container?.get("ports")?.items();
        integer(
            ports
                .iter()
                .find(|port| port.get("name").and_then(Node::as_str) == Some(name))?
                .get("containerPort"),
        )
    }

    /// Its folders and files.
    pub fn mount(&mut self, objects: &[Object]) {
        let (mut volumes, mut configs, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        for mount in
            self.container.and_then(|container| container.get("volumeMounts")).map_or(&[][..], Node::items)
        {
            let text = |key: &str| mount.get(key).and_then(Node::as_str);
            let (Some(path), Some(name)) = (text("mountPath"), text("name")) else { continue };
            let declared = self.pod.path(&["spec", "volumes"]).map_or(&[][..], Node::items);
            let volume =
                declared.iter().find(|volume| volume.get("name").and_then(Node::as_str) == Some(name));
            let Some(volume) = volume else {
                // One of its own.
                let claim = format!("{name}-{}", self.name);
                volumes.push(json!({ "type": "volume", "source": claim, "target": path }));
                self.volumes.push(claim);
                continue;
            };
            if let Some(memory) = volume.get("emptyDir") {
                let size = memory.get("sizeLimit").and_then(Node::as_str).and_then(thousandths);
                let mut options = json!({ "mode": STICKY });
                if let Some(bytes) = size.and_then(|size| i64::try_from(size / 1000).ok()) {
                    options["size"] = bytes.into();
                }
                volumes.push(json!({ "type": "tmpfs", "target": path, "tmpfs": options }));
            }
            if let Some(claim) = volume.path(&["persistentVolumeClaim", "claimName"]).and_then(Node::as_str) {
                volumes.push(json!({ "type": "volume", "source": claim, "target": path }));
                self.volumes.push(claim.to_owned());
            }
            let sources = volume.path(&["projected", "sources"]).map_or(&[][..], Node::items);
            for source in sources.iter().chain([volume]) {
                if let Some(map) = source.get("configMap") {
                    self.files(map, path, text("subPath"), objects, &mut configs);
                }
                if let Some(secret) = source.get("secret") {
                    self.secret_files(secret, path, text("subPath"), &mut secrets);
                }
            }
        }
        for (key, mounts) in [("volumes", volumes), ("configs", configs), ("secrets", secrets)] {
            if !mounts.is_empty() {
                self.put(key, mounts.into());
            }
        }
    }

    /// The files of a ConfigMap, below a folder, or one of them as a file.
    fn files(
        &mut self,
        map: &Node,
        path: &str,
        only: Option<&str>,
        objects: &[Object],
        mounts: &mut Vec<Json>,
    ) {
        let name = map.get("name").and_then(Node::as_str);
        let object = objects
            .iter()
            .find(|object| object.identity.kind == "ConfigMap" && Some(&*object.identity.name) == name);
        let Some((name, object)) = name.zip(object) else { return };
        for (key, content) in object.root.get("data").map_or(&[][..], Node::entries) {
            if only.is_some_and(|only| *only != **key) {
                continue;
            }
            let source = format!("{name}-{}", key.replace('.', "-"));
            let target = if only.is_some() { path.to_owned() } else { format!("{path}/{key}") };
            let content = literal(content.as_str().unwrap_or_default());
            self.configs.insert(source.clone(), json!({ "content": content }));
            mounts.push(json!({ "source": source, "target": target }));
        }
    }

    /// The keys of a Secret as files: their values are those of variables.
    fn secret_files(&mut self, secret: &Node, path: &str, only: Option<&str>, mounts: &mut Vec<Json>) {
        let name = secret.get("name").or(secret.get("secretName")).and_then(Node::as_str).unwrap_or_default();
        for item in secret.get("items").map_or(&[][..], Node::items) {
            let text = |key: &str| item.get(key).and_then(Node::as_str).unwrap_or_default();
            if only.is_some_and(|only| only != text("path")) {
                continue;
            }
            let source = format!("{name}-{}", text("key").replace('.', "-"));
            let target = if only.is_some() { path.to_owned() } else { format!("{path}/{}", text("path")) };
            let variable = self.variable_of(name, text("key"));
            self.secrets.insert(source.clone(), json!({ "environment": variable }));
            mounts.push(json!({ "source": source, "target": target, "uid": self.user.to_string() }));
        }
    }
}

fn integer(node: Option<&Node>) -> Option<i64> {
    match node.map(|node| &node.value) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

/// A text with the variables before it in the place of `$(NAME)`, as Kubernetes does it, and written as Compose wants it.
fn expanded(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        let (before, after) = rest.split_at(at);
        let is_escaped = before.ends_with('$');
        found.push_str(&literal(before.strip_suffix('$').filter(|_| is_escaped).unwrap_or(before)));
        let name = after[2..].split_once(')').map(|(name, _)| name);
        match name.and_then(|name| Some((name, variables.get(name)?))) {
            Some((name, value)) if !is_escaped => {
                found.push_str(value);
                rest = &after[name.len() + 3..];
            }
            _ => {
                found.push_str("$$(");
                rest = &after[2..];
            }
        }
    }
    found + &literal(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_as_kubernetes_does_and_all_else_stays() {
        let variables = BTreeMap::from([("A".to_owned(), "${P:?}".to_owned())]);
        for (text, wanted) in [
            ("x$(A)y", "x${P:?}y"),
            ("$(B)", "$$(B)"),
            ("$$(A)", "$$(A)"),
            ("$5 $(A", "$$5 $$(A"),
            ("é$(A)$(A)", "é${P:?}${P:?}"),
        ] {
            assert_eq!(expanded(text, &variables), wanted, "{text}");
        }
    }
}
