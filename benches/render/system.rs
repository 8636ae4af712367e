//! A system of any size, written as a workspace of ours and as the values of the chart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::{fmt, fs};

use serde_json::{Map, Value, json};

/// The name of the system and of the Helm release.
pub const SYSTEM: &str = "shop";
/// The namespace of its objects.
pub const NAMESPACE: &str = "shop-prod";
/// The environment that is rendered.
pub const ENVIRONMENT: &str = "prod";

const MINOR: &str = "1.36";
const DOMAIN: &str = "shop.example";
/// The Gateway's name, its namespace and its listener.
const GATEWAY: [&str; 3] = ["public", "gateway-system", "https"];
/// Where every container writes its log, and how much.
const LOGS: (&str, &str) = ("/var/log/shop", "64Mi");
const ZONE: &str = "topology.kubernetes.io/zone";
const WORDS: [&str; 8] = ["cart", "catalog", "checkout", "invoice", "ledger", "search", "shipping", "stock"];
const SETTINGS: [(&str, &str); 10] = [
    ("SHOP_CACHE_SECONDS", "300"),
    ("SHOP_CURRENCY", "EUR"),
    ("SHOP_DATABASE_HOST", "10.0.8.4"),
    ("SHOP_ENVIRONMENT", "production"),
    ("SHOP_EVENTS_URL", "nats://events.example:4222"),
    ("SHOP_LOG_FORMAT", "json"),
    ("SHOP_LOG_LEVEL", "INFO"),
    ("SHOP_MAX_WORKERS", "16"),
    ("SHOP_REGION", "eu-central"),
    ("SHOP_TRACING", "on"),
];
const STORES: [Store; 2] = [
    Store { name: "database", port: ("sql", 5432), cidrs: &["10.0.8.4/32", "10.0.8.5/32"] },
    Store { name: "events", port: ("client", 4222), cidrs: &["10.20.4.0/24"] },
];

/// Something outside the cluster.
struct Store {
    name: &'static str,
    port: (&'static str, u16),
    cidrs: &'static [&'static str],
}

/// One service; what is not here, all of them have alike.
struct Service {
    /// The `http` port; those with two have `metrics` above it.
    port: u16,
    has_metrics: bool,
    /// Services, then stores; each on its first port.
    uses: Vec<String>,
    stores: Vec<&'static Store>,
    replicas: Replicas,
    is_exposed: bool,
    env: Vec<(String, String)>,
    memory: &'static str,
}

enum Replicas {
    Fixed(u32),
    Scaled { min: u32, max: u32, cpu: u32, memory: Option<u32> },
}

/// All services, by name.
pub struct System(BTreeMap<String, Service>);

impl System {
    /// A system of `count` services: six of them make 32 objects, every fifth has an `HTTPRoute`, and all share a
    /// `ConfigMap`, a `Namespace` and the policy that denies the rest.
    pub fn of(count: usize) -> Self {
        Self((0..count).map(|index| (name(index), service(index, count))).collect())
    }

    /// Writes `environments/` into `folder`: what all environments share in one file, `prod` over it.
    pub fn write_workspace(&self, folder: &Path) -> io::Result<()> {
        let environments = folder.join("environments");
        fs::create_dir_all(&environments)?;
        fs::write(environments.join("base.toml"), self.base().map_err(io::Error::other)?)?;
        fs::write(environments.join("prod.toml"), self.prod().map_err(io::Error::other)?)
    }

    /// Writes a copy of `chart` with the system's values into `folder`.
    pub fn write_chart(&self, chart: &Path, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("templates"))?;
        fs::copy(chart.join("Chart.yaml"), folder.join("Chart.yaml"))?;
        for entry in fs::read_dir(chart.join("templates"))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join("templates").join(entry.file_name()))?;
        }
        // JSON is YAML.
        fs::write(folder.join("values.yaml"), serde_json::to_vec_pretty(&self.values())?)
    }

    fn base(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        writeln!(out, "[system]\nname = \"{SYSTEM}\"")?;
        writeln!(out, "scratch.logs = {{ path = {:?}, size = {:?} }}", LOGS.0, LOGS.1)?;
        writeln!(out, "\n[cluster]\nkubernetes = \"{MINOR}\"\n\n[settings]")?;
        for (name, value) in SETTINGS {
            writeln!(out, "{name} = {value:?}")?;
        }
        for Store { name, port: (port, number), cidrs } in &STORES {
            writeln!(out, "\n[stores.{name}]\nvia = \"external\"")?;
            writeln!(out, "external.ports.{port} = {number}\nexternal.cidrs = {cidrs:?}")?;
        }
        for (name, service) in &self.0 {
            let metrics = service.metrics().map(|port| format!(", metrics = {port}")).unwrap_or_default();
            let uses: Vec<String> = service.uses.iter().map(|used| self.reference(used)).collect();
            let stores = service.stores.iter().map(|store| store.name.to_owned());
            writeln!(out, "\n[services.{name}]\nports = {{ http = {}{metrics} }}", service.port)?;
            writeln!(out, "uses = {:?}\nreplicas = 1", uses.into_iter().chain(stores).collect::<Vec<_>>())?;
            writeln!(out, "resources = {{ cpu = \"100m\", memory = \"128Mi\", storage = \"256Mi\" }}")?;
            writeln!(out, "probes.readiness = {{ path = \"/health/ready\", port = \"http\" }}")?;
            writeln!(out, "probes.liveness = {{ path = \"/health/live\", port = \"http\" }}")?;
            for (variable, value) in &service.env {
                writeln!(out, "env.{variable} = {value:?}")?;
            }
        }
        Ok(out)
    }

    fn prod(&self) -> Result<String, fmt::Error> {
        let mut out = String::from("extends = [\"base.toml\"]\n\n[environment]\ntier = \"production\"\n");
        writeln!(out, "namespace = {NAMESPACE:?}\ndomain = {DOMAIN:?}\n\n[cluster.gateway]")?;
        let [gateway, namespace, listener] = GATEWAY;
        writeln!(out, "name = {gateway:?}\nnamespace = {namespace:?}\nlistener = {listener:?}")?;
        for (name, service) in &self.0 {
            writeln!(out, "\n[services.{name}]\nimage = \"{}\"", image(name))?;
            match service.replicas {
                Replicas::Fixed(number) => writeln!(out, "replicas = {number}")?,
                Replicas::Scaled { min, max, cpu, memory } => {
                    let memory = memory.map(|memory| format!(", memory = {memory}")).unwrap_or_default();
                    writeln!(
                        out,
                        "replicas = {{ min = {min}, max = {max} }}\nscale = {{ cpu = {cpu}{memory} }}"
                    )?;
                }
            }
            writeln!(out, "resources.memory = \"{}\"", service.memory)?;
            if service.is_exposed {
                writeln!(out, "expose = {{ host = {name:?}, port = \"http\" }}")?;
            }
        }
        Ok(out)
    }

    /// The values say outright what our compiler derives, connections at both ends among it: a chart that looked
    /// through all services for those that use one would take quadratic time.
    fn values(&self) -> Value {
        let mut services: Map<String, Value> =
            self.0.iter().map(|(name, service)| (name.clone(), self.service_values(name, service))).collect();
        let mut connect = |target: &str, peer: Value| {
            if let Some(Value::Array(ingress)) =
                services.get_mut(target).and_then(|values| values.get_mut("ingress"))
            {
                ingress.push(peer);
            }
        };
        for (name, service) in &self.0 {
            if service.is_exposed {
                connect(name, json!({ "namespace": GATEWAY[1], "port": service.port }));
            }
            for used in &service.uses {
                connect(used, json!({ "service": name, "port": self.0[used].port }));
            }
        }
        json!({
            "managedBy": "p8fs-gen",
            "dns": { "namespace": "kube-system", "labels": { "k8s-app": "kube-dns" } },
            "kubernetes": MINOR,
            "gateway": { "name": GATEWAY[0], "namespace": GATEWAY[1], "listener": GATEWAY[2] },
            "logs": { "path": LOGS.0, "size": LOGS.1 },
            "spreadOver": ZONE,
            "settings": SETTINGS.into_iter().collect::<BTreeMap<_, _>>(),
            "services": services,
        })
    }

    fn service_values(&self, name: &str, service: &Service) -> Value {
        let http = json!({ "name": "http", "number": service.port });
        let metrics = service.metrics().map(|port| json!({ "name": "metrics", "number": port }));
        let ports: Vec<Value> = [Some(http), metrics].into_iter().flatten().collect();
        let pods = service.uses.iter().map(|used| json!({ "service": used, "port": self.0[used].port }));
        let stores = service.stores.iter().map(|store| json!({ "cidrs": store.cidrs, "port": store.port.1 }));
        let mut values = json!({
            "image": image(name),
            "ports": ports,
            "env": service.env.iter().cloned().collect::<BTreeMap<_, _>>(),
            "resources": { "cpu": "100m", "memory": service.memory, "storage": "256Mi" },
            "probes": {
                "readiness": { "path": "/health/ready", "port": "http" },
                "liveness": { "path": "/health/live", "port": "http" },
            },
            "egress": pods.chain(stores).collect::<Vec<_>>(),
            "ingress": [],
        });
        let fewest = match service.replicas {
            Replicas::Fixed(number) => {
                values["replicas"] = json!(number);
                number
            }
            Replicas::Scaled { min, max, cpu, memory } => {
                values["autoscaling"] = json!({ "min": min, "max": max, "cpu": cpu });
                if let Some(memory) = memory {
                    values["autoscaling"]["memory"] = json!(memory);
                }
                min
            }
        };
        if service.is_exposed {
            values["route"] = json!({ "host": format!("{name}.{DOMAIN}"), "port": service.port });
        }
        if fewest > 1 {
            values["maxUnavailable"] = json!(1);
        }
        values
    }

    /// A service as `uses` names it: the port has to be said where there are two.
    fn reference(&self, name: &str) -> String {
        if self.0[name].has_metrics { format!("{name}:http") } else { name.to_owned() }
    }
}

impl Service {
    fn metrics(&self) -> Option<u16> {
        self.has_metrics.then_some(self.port + 1000)
    }
}

fn name(index: usize) -> String {
    format!("{}-{}", WORDS[index % WORDS.len()], index / WORDS.len())
}

fn image(name: &str) -> String {
    format!("registry.example/{SYSTEM}/{name}:1.4.2")
}

fn service(index: usize, count: usize) -> Service {
    let replicas = match index % 6 {
        0 => Replicas::Scaled { min: 1, max: 4, cpu: 80, memory: None },
        1 => Replicas::Scaled { min: 2, max: 10, cpu: 70, memory: None },
        2 | 3 => Replicas::Scaled { min: 3, max: 20, cpu: 70, memory: Some(80) },
        4 => Replicas::Fixed(2),
        _ => Replicas::Fixed(1),
    };
    // The next service, and for every other one a second one further on.
    let mut used = vec![(index + 1) % count];
    let further = (index * 7 + 3) % count;
    if index.is_multiple_of(2) && !used.contains(&further) {
        used.push(further);
    }
    let mut env = vec![("SERVICE_POOL".to_owned(), (10 + index % 40).to_string())];
    if index.is_multiple_of(2) {
        env.push(("SERVICE_TOPIC".to_owned(), format!("shop.{}.{index}", WORDS[index % WORDS.len()])));
    }
    Service {
        port: if index.is_multiple_of(2) { 8000 } else { 8080 },
        has_metrics: index.is_multiple_of(4),
        uses: used.into_iter().filter(|used| *used != index).map(name).collect(),
        stores: STORES
            .iter()
            .zip([4, 3])
            .filter(|(_, every)| index.is_multiple_of(*every))
            .map(|(store, _)| store)
            .collect(),
        replicas,
        is_exposed: index.is_multiple_of(5),
        env,
        memory: ["256Mi", "512Mi", "1Gi"][index % 3],
    }
}
