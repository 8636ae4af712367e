//! What a rendered pod says of its containers, as a kubelet would read it.
//!
//! What a test does not expect in a pod is a failure: nothing that is rendered is left out in silence.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::{fs, os::unix::fs::chown};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Where a container finds the token with which it asks the API server.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The objects of an environment.
pub struct Objects(Vec<Value>);

/// One container of a pod.
#[derive(Debug)]
pub struct Container {
    pub name: String,
    pub image: String,
    /// With `$(VARIABLE)` put in.
    pub command: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub user: u32,
    pub group: u32,
    /// The group of its volumes.
    pub fs_group: Option<u32>,
    pub read_only_root: bool,
    pub mounts: Vec<Mount>,
    /// The numbers of its ports, by name.
    pub ports: BTreeMap<String, u16>,
    /// Startup, readiness and liveness, as rendered.
    pub probes: Vec<Value>,
    /// What is run in it before it is told to stop.
    pub stop: Option<Vec<String>>,
}

#[derive(Debug)]
pub struct Mount {
    pub volume: String,
    pub path: String,
    /// A file or folder within the volume.
    pub sub_path: Option<String>,
    pub read_only: bool,
}

/// A pod of a workload.
pub struct Pod<'a> {
    pub name: String,
    /// Its name and its Service's, where it has one of its own.
    pub host: Option<String>,
    template: &'a Value,
    spec: &'a Value,
    claims: Vec<String>,
    objects: &'a Objects,
}

impl Objects {
    /// Of a stream.
    pub fn new(stream: &str) -> Self {
        let read = |text: &str| serde_yaml::from_str(text).expect("a document is an object");
        Self(stream.trim_start_matches("---\n").split("\n---\n").map(read).collect())
    }

    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let kind = kind.to_owned();
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    pub fn named(&self, kind: &str, name: &str) -> &Value {
        self.of_kind(kind)
            .find(|object| object["metadata"]["name"] == name)
            .unwrap_or_else(|| panic!("there is no {kind} {name}"))
    }

    /// Adds a Secret, as applying the environment makes those whose values are generated.
    pub fn with_secret(mut self, name: &str, key: &str, value: &str) -> Self {
        let data = json!({ key: STANDARD.encode(value) });
        self.0.push(json!({ "kind": "Secret", "metadata": { "name": name }, "data": data }));
        self
    }

    /// All pods: as many as a `StatefulSet` has, one of anything else that makes pods.
    pub fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        let workloads = ["StatefulSet", "Deployment", "Job"].into_iter().flat_map(|kind| self.of_kind(kind));
        workloads.flat_map(move |workload| {
            let replicas = workload["spec"]["replicas"].as_u64().unwrap_or(1);
            let count = if workload["kind"] == "StatefulSet" { replicas } else { 1 };
            (0..count).map(move |ordinal| self.pod_of(workload, ordinal))
        })
    }

    fn pod_of<'a>(&'a self, workload: &'a Value, ordinal: u64) -> Pod<'a> {
        let name = text(&workload["metadata"]["name"]);
        let is_set = workload["kind"] == "StatefulSet";
        let name = if is_set { format!("{name}-{ordinal}") } else { format!("{name}-x2x4z") };
        let service = text(&workload["spec"]["serviceName"]);
        let claims = workload["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        Pod {
            host: is_set.then(|| format!("{name}.{service}")),
            name,
            template: &workload["spec"]["template"],
            spec: &workload["spec"]["template"]["spec"],
            claims: claims.map(|claim| text(&claim["metadata"]["name"])).collect(),
            objects: self,
        }
    }
}

impl Pod<'_> {
    /// Whether a Service leads to it.
    pub fn is_behind(&self, service: &Value) -> bool {
        let selector = service["spec"]["selector"].as_object();
        let labels = &self.template["metadata"]["labels"];
        selector.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
    }

    /// Whether it is a pod of the workload with this declared name.
    pub fn is_of(&self, workload: &str) -> bool {
        self.template["metadata"]["labels"]["app.kubernetes.io/name"] == workload
    }

    /// How many there are that run before the others.
    pub fn init_containers(&self) -> usize {
        self.spec["initContainers"].as_array().map_or(0, Vec::len)
    }

    pub fn containers(&self) -> Vec<Container> {
        self.spec["containers"].as_array().into_iter().flatten().map(|raw| self.container(raw)).collect()
    }

    fn container(&self, raw: &Value) -> Container {
        let (own, pod) = (&raw["securityContext"], &self.spec["securityContext"]);
        let id = |field: &str| number(&own[field]).or_else(|| number(&pod[field]));
        let env = self.env(raw);
        let words =
            |field: &str| raw[field].as_array().into_iter().flatten().map(|word| expand(&text(word), &env));
        Container {
            name: text(&raw["name"]),
            image: text(&raw["image"]),
            command: words("command").chain(words("args")).collect(),
            user: id("runAsUser").expect("a user"),
            group: id("runAsGroup").expect("a group"),
            fs_group: number(&pod["fsGroup"]),
            read_only_root: own["readOnlyRootFilesystem"] == true,
            mounts: raw["volumeMounts"]
                .as_array()
                .into_iter()
                .flatten()
                .map(mount)
                .chain(self.token())
                .collect(),
            ports: raw["ports"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|port| (text(&port["name"]), port_number(&port["containerPort"])))
                .collect(),
            probes: ["startupProbe", "readinessProbe", "livenessProbe"]
                .map(|probe| raw[probe].clone())
                .into_iter()
                .filter(Value::is_object)
                .collect(),
            stop: raw["lifecycle"]["preStop"]["exec"]["command"]
                .as_array()
                .map(|words| words.iter().map(text).collect()),
            env,
        }
    }

    fn has_token(&self) -> bool {
        self.spec["automountServiceAccountToken"] == true
    }

    fn token(&self) -> Option<Mount> {
        let mount =
            || Mount { volume: "token".to_owned(), path: TOKEN.to_owned(), sub_path: None, read_only: true };
        self.has_token().then(mount)
    }

    fn env(&self, raw: &Value) -> BTreeMap<String, String> {
        // In every container, whatever its pod says.
        let server = [("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("KUBERNETES_SERVICE_PORT", "443")];
        let mut env: BTreeMap<_, _> =
            server.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for source in raw["envFrom"].as_array().into_iter().flatten() {
            let name = text(&source["configMapRef"]["name"]);
            assert!(!name.is_empty(), "envFrom: {source}");
            for (key, value) in
                self.objects.named("ConfigMap", &name)["data"].as_object().into_iter().flatten()
            {
                env.insert(key.clone(), text(value));
            }
        }
        for variable in raw["env"].as_array().into_iter().flatten() {
            let value = match &variable["valueFrom"] {
                Value::Null => expand(variable["value"].as_str().unwrap_or_default(), &env),
                from => self.value_from(from),
            };
            env.insert(text(&variable["name"]), value);
        }
        env
    }

    fn value_from(&self, from: &Value) -> String {
        match from["fieldRef"]["fieldPath"].as_str() {
            Some("metadata.name") => return self.name.clone(),
            Some(other) => panic!("the field {other} of a pod"),
            None => {}
        }
        for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
            if let Some(name) = from[field]["name"].as_str() {
                return data(self.objects.named(kind, name))
                    .remove(from[field]["key"].as_str().expect("a key"))
                    .unwrap_or_else(|| panic!("{kind} {name} has no {}", from[field]["key"]));
            }
        }
        panic!("a variable from {from}")
    }

    /// Makes the pod's volumes, each a folder of its name, as a kubelet leaves them.
    pub fn make_volumes(&self, folder: &Path) {
        for claim in &self.claims {
            self.make(&folder.join(claim));
        }
        for volume in self.spec["volumes"].as_array().into_iter().flatten() {
            let place = folder.join(text(&volume["name"]));
            self.make(&place);
            let (content, mode) = if let Some(name) = volume["configMap"]["name"].as_str() {
                assert!(volume["configMap"]["items"].is_null(), "some keys: {volume}");
                (data(self.objects.named("ConfigMap", name)), None)
            } else if volume["projected"].is_object() {
                let sources = volume["projected"]["sources"].as_array().into_iter().flatten();
                (
                    sources.flat_map(|source| self.projected(source)).collect(),
                    number(&volume["projected"]["defaultMode"]),
                )
            } else {
                let made = volume["emptyDir"].is_object() || volume["persistentVolumeClaim"].is_object();
                assert!(made, "a volume {volume}");
                continue;
            };
            for (name, text) in content {
                self.write(&place.join(name), &text, mode.unwrap_or(0o644));
            }
        }
        if self.has_token() {
            let place = folder.join("token");
            self.make(&place);
            // No certificate beside it: there is no API server that would have shown one.
            self.write(&place.join("token"), "a-token", 0o644);
            self.write(&place.join("namespace"), "a-namespace", 0o644);
        }
    }

    /// The files of a source that is a Secret.
    fn projected(&self, source: &Value) -> BTreeMap<String, String> {
        let name = source["secret"]["name"].as_str().unwrap_or_else(|| panic!("a source {source}"));
        let data = data(self.objects.named("Secret", name));
        let items = source["secret"]["items"].as_array().into_iter().flatten();
        let file = |item: &Value| {
            let key = text(&item["key"]);
            (text(&item["path"]), data.get(&key).unwrap_or_else(|| panic!("{name} has no {key}")).clone())
        };
        items.map(file).collect()
    }

    fn make(&self, place: &Path) {
        fs::create_dir_all(place).expect("a folder can be made");
        let group = number(&self.spec["securityContext"]["fsGroup"]);
        chown(place, Some(0), group).expect("root may change owners");
        let mode = if group.is_some() { 0o2775 } else { 0o755 };
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).expect("modes can be changed");
    }

    fn write(&self, file: &Path, text: &str, mode: u32) {
        fs::write(file, text).expect("a file can be written");
        let group = number(&self.spec["securityContext"]["fsGroup"]);
        chown(file, Some(0), group).expect("root may change owners");
        // The group of the volume may read.
        fs::set_permissions(file, fs::Permissions::from_mode(mode | 0o040)).expect("modes can be changed");
    }
}

/// Of a ConfigMap or Secret.
fn data(object: &Value) -> BTreeMap<String, String> {
    let entries = object["data"].as_object().into_iter().flatten();
    let decoded = |value: &Value| match object["kind"].as_str() {
        Some("Secret") => {
            let bytes = STANDARD.decode(text(value)).expect("base64");
            String::from_utf8(bytes).expect("text")
        }
        _ => text(value),
    };
    entries.map(|(key, value)| (key.clone(), decoded(value))).collect()
}

fn mount(raw: &Value) -> Mount {
    Mount {
        volume: text(&raw["name"]),
        path: text(&raw["mountPath"]),
        sub_path: raw["subPath"].as_str().map(str::to_owned),
        read_only: raw["readOnly"] == true,
    }
}

/// Puts variables in the place of `$(NAME)`; `$$` is a dollar sign.
fn expand(word: &str, env: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        match named.and_then(|(name, after)| Some((env.get(name)?, after))) {
            Some((value, after)) => {
                expanded.push_str(value);
                rest = after;
            }
            None => expanded.push('$'),
        }
    }
    expanded + rest
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().map(|number| u32::try_from(number).expect("a small number"))
}

fn port_number(value: &Value) -> u16 {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).expect("a port")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
