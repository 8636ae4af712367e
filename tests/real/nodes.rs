//! Nodes that are there in name only; kwok says that they are well.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// A node that pods can be placed on.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// What pods may use: CPU, memory, temporary storage, and how many pods.
    pub cpu: String,
    pub memory: String,
    pub storage: String,
    pub pods: u32,
    pub zone: Option<String>,
    pub labels: Vec<(String, String)>,
    pub taints: Vec<Taint>,
}

#[derive(Clone, Debug)]
pub struct Taint {
    pub key: String,
    pub value: Option<String>,
    pub effect: String,
}

impl Node {
    /// Room for 110 pods and 200 GiB of temporary storage; no zone, labels or taints.
    pub fn new(name: &str, cpu: &str, memory: &str) -> Self {
        Self {
            name: name.to_owned(),
            cpu: cpu.to_owned(),
            memory: memory.to_owned(),
            storage: "200Gi".to_owned(),
            pods: 110,
            zone: None,
            labels: Vec::new(),
            taints: Vec::new(),
        }
    }

    /// Three of 8 CPUs and 16 GiB in one zone: a cluster on a developer's machine.
    pub fn three() -> Vec<Self> {
        (1..=3).map(|number| Self::new(&format!("node-{number}"), "8", "16Gi")).collect()
    }

    /// The nodes of `[cluster.pools]` of an environment of the repository; [`Self::three`] if it declares none.
    /// Those of a pool take its zones in turn.
    pub fn of(environment: &str) -> Vec<Self> {
        Self::declared(Path::new(env!("CARGO_MANIFEST_DIR")), environment)
    }

    /// The same of a workspace.
    pub fn declared(workspace: &Path, environment: &str) -> Vec<Self> {
        let shown = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"))
            .args(["env", "show", environment, "--format", "json"])
            .current_dir(workspace)
            .output()
            .expect("the binary can be started");
        let declared: Value = serde_json::from_slice(&shown.stdout).expect("a declaration is JSON");
        let Some(pools) = declared["cluster"]["pools"].as_object() else {
            return Self::three();
        };
        // A pool that does not say how many it has gets what the others leave.
        let said: u64 = pools.values().filter_map(|pool| pool["nodes"].as_u64()).sum();
        let count = |pool: &Value| {
            let left = || declared["cluster"]["nodes"].as_u64().map(|all| all - said);
            pool["nodes"].as_u64().or_else(left).expect("how many nodes there are is said")
        };
        pools.iter().flat_map(|(name, pool)| Self::of_pool(name, pool, count(pool))).collect()
    }

    fn of_pool(name: &str, pool: &Value, count: u64) -> Vec<Self> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let entries = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let zones: Vec<_> = pool["zones"].as_array().into_iter().flatten().map(text).collect();
        (0..count)
            .map(|number| {
                let mut node =
                    Self::new(&format!("{name}-{number}"), &text(&pool["cpu"]), &text(&pool["memory"]));
                if let Some(pods) = pool["pods"].as_u64() {
                    node.pods = u32::try_from(pods).expect("few pods");
                }
                let turn = usize::try_from(number).expect("few nodes") % zones.len().max(1);
                node.zone = zones.get(turn).cloned();
                node.labels =
                    entries(&pool["labels"]).iter().map(|(key, value)| (key.clone(), text(value))).collect();
                node.taints = entries(&pool["taints"])
                    .iter()
                    .map(|(key, taint)| Taint {
                        key: key.clone(),
                        value: taint["value"].as_str().map(str::to_owned),
                        effect: text(&taint["effect"]),
                    })
                    .collect();
                node
            })
            .collect()
    }

    pub fn object(&self) -> Value {
        let room = json!({
            "cpu": self.cpu,
            "memory": self.memory,
            "ephemeral-storage": self.storage,
            "pods": self.pods.to_string(),
        });
        let mut labels = json!({
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
        });
        if let Some(zone) = &self.zone {
            labels["topology.kubernetes.io/zone"] = json!(zone);
        }
        for (key, value) in &self.labels {
            labels[key] = json!(value);
        }
        let taints: Vec<_> = self
            .taints
            .iter()
            .map(|taint| json!({"key": taint.key, "value": taint.value.as_deref().unwrap_or(""), "effect": taint.effect}))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": labels},
            "spec": {"taints": taints},
            "status": {"capacity": room, "allocatable": room},
        })
    }
}
