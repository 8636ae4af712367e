//! A whole control plane on fake nodes: API server, etcd, controller manager, scheduler, and kwok in the place of
//! kubelets. Pods are really scheduled, volumes claimed, replica sets filled; but no image is pulled, no program
//! runs, no probe asks: kwok calls a scheduled pod ready, and one of a Job done.
//!
//! ```text
//! let cluster = Cluster::with_nodes(&Node::of("prod")).await;    // or Node::three(), or nodes of your own
//! cluster.apply(&render(&["prod"])).await;                       // refusals and warnings are failures
//! cluster.scale_to_maximum().await;                              // what autoscalers may ask for
//! let pending = cluster.pods_pending().await;                    // waits until the scheduler has decided
//! assert!(pending.is_empty(), "{pending:#?}");                   // what does not fit → why
//! ```
//!
//! A cluster is ready in about five seconds, takes about 700 MB, and ends when it is dropped. At most two run at a
//! time. The CustomResourceDefinitions of `make tools` are installed. Volumes are those of the storage classes
//! `standard`, which is the default, and `fast`; a claim of any other class stays pending, and its pods with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use kube::Client;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, discovery};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::api_server::{ApiServer, Controllers};
use crate::definitions;
use crate::nodes::Node;
use crate::processes::{built, program};
use crate::stream::{self, Answer};

/// Until every pod is placed and ready, or known not to fit.
const SETTLE_LIMIT: Duration = Duration::from_mins(3);
const POLL_PAUSE: Duration = Duration::from_millis(300);
/// How many looks in a row must see the same.
const SAME_LOOKS: u32 = 5;
const STORAGE_CLASSES: [&str; 2] = ["standard", "fast"];
/// What kwok does with nodes, pods and volumes, of the folder `stages`.
const STAGES: [&str; 9] = [
    "node/fast/node-initialize",
    "node/heartbeat-with-lease/node-heartbeat-with-lease",
    "pod/fast/pod-ready",
    "pod/fast/pod-complete",
    "pod/fast/pod-delete",
    "volume/fast/pvc-provision",
    "volume/fast/pvc-delete",
    "volume/fast/pv-bind",
    "volume/fast/pv-delete",
];

static RUNNING: Semaphore = Semaphore::const_new(2);

pub struct Cluster {
    client: Client,
    /// Gone before its permit is given to the next.
    _server: ApiServer,
    _permit: SemaphorePermit<'static>,
}

impl Cluster {
    /// Starts a cluster of these nodes; returns when all of them are ready.
    ///
    /// # Panics
    ///
    /// If a program is missing or ends, or the nodes are not ready in time.
    pub async fn with_nodes(nodes: &[Node]) -> Self {
        let permit = RUNNING.acquire().await.expect("it is never closed");
        let mut server = ApiServer::start(Controllers::Present).await;
        let client = server.client().await;
        start_controllers(&mut server);
        let cluster = Self { client, _server: server, _permit: permit };

        for class in STORAGE_CLASSES {
            cluster.create(&storage_class(class)).await;
        }
        for node in nodes {
            cluster.create(&node.object()).await;
        }
        definitions::install(&cluster.client).await;
        let names: BTreeSet<_> = nodes.iter().map(|node| node.name.clone()).collect();
        cluster.until("the nodes are ready", async || cluster.ready_nodes().await == names).await;
        // Without it pods are refused.
        cluster
            .until("the default service account is made", async || {
                cluster
                    .list("v1", "ServiceAccount")
                    .await
                    .iter()
                    .any(|account| account["metadata"]["namespace"] == "default")
            })
            .await;
        cluster
    }

    /// Applies a stream in its order, namespaces that it lacks first, strictly.
    ///
    /// # Panics
    ///
    /// If the server refuses an object or warns of one.
    pub async fn apply(&self, stream: &str) -> Vec<Answer> {
        let documents = stream::split(stream);
        let setup = PatchParams::apply("tests");
        let mut answers = stream::apply(&self.client, &stream::missing_namespaces(&documents), &setup).await;
        answers.extend(stream::apply(&self.client, &documents, &PatchParams::apply("p8fs-gen")).await);
        let complaints = stream::complaints(&answers);
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        answers
    }

    /// Gives every autoscaled workload as many pods as its autoscaler may ask for.
    pub async fn scale_to_maximum(&self) {
        for autoscaler in self.list("autoscaling/v2", "HorizontalPodAutoscaler").await {
            let minimum = json!({"spec": {"minReplicas": autoscaler["spec"]["maxReplicas"]}});
            self.merge(&autoscaler, &minimum).await;
        }
        for scaled in self.list("keda.sh/v1alpha1", "ScaledObject").await {
            let target = &scaled["spec"]["scaleTargetRef"];
            let workload = json!({
                "apiVersion": target["apiVersion"].as_str().unwrap_or("apps/v1"),
                "kind": target["kind"].as_str().unwrap_or("Deployment"),
                "metadata": {"name": target["name"], "namespace": scaled["metadata"]["namespace"]},
            });
            // KEDA's own default.
            let replicas = scaled["spec"]["maxReplicaCount"].as_u64().unwrap_or(100);
            self.merge(&workload, &json!({"spec": {"replicas": replicas}})).await;
        }
    }

    /// Waits until each pod is ready, done, or known not to fit; then says what is not there, and why: pods by
    /// `namespace/pod`, workloads whose pods were refused by `namespace/kind/name`.
    ///
    /// # Panics
    ///
    /// If that takes longer than [`SETTLE_LIMIT`].
    pub async fn pods_pending(&self) -> BTreeMap<String, String> {
        let mut last = (BTreeSet::new(), BTreeMap::new());
        let mut same = 0;
        self.until("every pod has found its place, or none", async || {
            let Some(now) = self.settled().await else {
                same = 0;
                return false;
            };
            same = if now == last { same + 1 } else { 0 };
            last = now;
            same >= SAME_LOOKS
        })
        .await;
        last.1
    }

    /// All pods, and what is pending; none while something is still under way.
    async fn settled(&self) -> Option<(BTreeSet<String>, BTreeMap<String, String>)> {
        let mut refused = BTreeMap::new();
        for autoscaler in self.list("autoscaling/v2", "HorizontalPodAutoscaler").await {
            let target = self.get_target(&autoscaler).await?;
            if target["spec"]["replicas"].as_u64() < autoscaler["spec"]["minReplicas"].as_u64() {
                return None;
            }
        }
        for kind in ["Deployment", "StatefulSet"] {
            for workload in self.list("apps/v1", kind).await {
                let status = &workload["status"];
                if status["observedGeneration"] != workload["metadata"]["generation"] {
                    return None;
                }
                let made = status["replicas"].as_u64().unwrap_or(0);
                if made != workload["spec"]["replicas"].as_u64().unwrap_or(1) {
                    let refusal = self.refusal(&workload).await?;
                    refused.insert(format!("{}/{}", kind.to_lowercase(), name(&workload)), refusal);
                }
            }
        }
        for job in self.list("batch/v1", "Job").await {
            let count = |field: &str| job["status"][field].as_u64().unwrap_or(0);
            if job["spec"]["suspend"] != true && count("active") + count("succeeded") + count("failed") == 0 {
                let refusal = self.refusal(&job).await?;
                refused.insert(format!("job/{}", name(&job)), refusal);
            }
        }
        let mut pods = BTreeSet::new();
        for pod in self.list("v1", "Pod").await {
            pods.insert(name(&pod));
            let condition = |kind: &str, status: &str| {
                let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
                conditions.clone().find(|c| c["type"] == kind && c["status"] == status).cloned()
            };
            if pod["status"]["phase"] == "Succeeded" || condition("Ready", "True").is_some() {
                continue;
            }
            let unschedulable = condition("PodScheduled", "False")?;
            refused.insert(name(&pod), unschedulable["message"].as_str().unwrap_or_default().to_owned());
        }
        Some((pods, refused))
    }

    /// Why a controller could not make the pods of a workload, by its newest event.
    async fn refusal(&self, workload: &Value) -> Option<String> {
        let owner = name(workload);
        let events = self.list("v1", "Event").await;
        let of_it = |event: &&Value| {
            let object = &event["involvedObject"];
            let named = format!("{}/{}", text(&object["namespace"]), text(&object["name"]));
            // Of a Deployment, its ReplicaSet's.
            event["reason"] == "FailedCreate" && (named == owner || named.starts_with(&format!("{owner}-")))
        };
        events.iter().rfind(of_it).map(|event| text(&event["message"]))
    }

    async fn get_target(&self, autoscaler: &Value) -> Option<Value> {
        let target = &autoscaler["spec"]["scaleTargetRef"];
        let all = self.list(&text(&target["apiVersion"]), &text(&target["kind"])).await;
        all.into_iter().find(|workload| {
            workload["metadata"]["name"] == target["name"]
                && workload["metadata"]["namespace"] == autoscaler["metadata"]["namespace"]
        })
    }

    async fn ready_nodes(&self) -> BTreeSet<String> {
        let ready = |node: &&Value| {
            let mut conditions = node["status"]["conditions"].as_array().into_iter().flatten();
            conditions.any(|c| c["type"] == "Ready" && c["status"] == "True")
                // The mark of a node that the controller manager does not yet believe in.
                && !node["spec"]["taints"].to_string().contains("node.kubernetes.io/")
        };
        let nodes = self.list("v1", "Node").await;
        nodes.iter().filter(ready).map(|node| text(&node["metadata"]["name"])).collect()
    }

    /// All objects of a kind, in all namespaces.
    pub async fn list(&self, api_version: &str, kind: &str) -> Vec<Value> {
        let api =
            Api::<DynamicObject>::all_with(self.client.clone(), &self.resource(api_version, kind).await);
        let listed = api.list(&ListParams::default()).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let object = |item: &DynamicObject| {
            let mut object = serde_json::to_value(item).expect("an object is JSON");
            // The items of a list do not say what they are.
            object["apiVersion"] = json!(api_version);
            object["kind"] = json!(kind);
            object
        };
        listed.items.iter().map(object).collect()
    }

    async fn create(&self, object: &Value) {
        let object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
        let types = object.types.clone().expect("an object has a kind");
        let api = Api::<DynamicObject>::all_with(
            self.client.clone(),
            &self.resource(&types.api_version, &types.kind).await,
        );
        if let Err(error) = api.create(&PostParams::default(), &object).await {
            panic!("{types:?}: {error}");
        }
    }

    async fn merge(&self, object: &Value, patch: &Value) {
        let resource = self.resource(&text(&object["apiVersion"]), &text(&object["kind"])).await;
        let api = Api::<DynamicObject>::namespaced_with(
            self.client.clone(),
            &text(&object["metadata"]["namespace"]),
            &resource,
        );
        let patched = api
            .patch(&text(&object["metadata"]["name"]), &PatchParams::default(), &Patch::Merge(patch))
            .await;
        assert!(patched.is_ok(), "{}: {patched:?}", name(object));
    }

    async fn resource(&self, api_version: &str, kind: &str) -> ApiResource {
        let types = kube::core::TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() };
        let kind = kube::core::GroupVersionKind::try_from(&types).expect("a kind");
        discovery::oneshot::pinned_kind(&self.client, &kind).await.expect("the server knows the kind").0
    }

    async fn until(&self, what: &str, mut reached: impl AsyncFnMut() -> bool) {
        let started = Instant::now();
        while !reached().await {
            assert!(started.elapsed() < SETTLE_LIMIT, "not after {SETTLE_LIMIT:?}: {what}");
            tokio::time::sleep(POLL_PAUSE).await;
        }
    }
}

fn start_controllers(server: &mut ApiServer) {
    let kubeconfig = format!("--kubeconfig={}", server.kubeconfig().display());
    let processes = server.processes();
    let file = |name: &str| processes.folder().join(name).display().to_string();

    let mut manager = Command::new(program("kube-controller-manager"));
    manager
        .arg(&kubeconfig)
        .arg(format!("--service-account-private-key-file={}", file("apiserver.key")))
        .arg(format!("--root-ca-file={}", file("apiserver.crt")))
        .arg("--use-service-account-credentials=false")
        // The usual pace is a quarter of a minute.
        .arg("--horizontal-pod-autoscaler-sync-period=1s");
    let mut scheduler = Command::new(program("kube-scheduler"));
    scheduler.arg(&kubeconfig);
    for command in [&mut manager, &mut scheduler] {
        command.args(["--leader-elect=false", "--secure-port=0"]);
    }

    let stages = file("stages.yaml");
    fs::write(&stages, stage_text()).expect("the stages can be written");
    let mut kwok = Command::new(program("kwok"));
    kwok.arg(&kubeconfig).args(["--manage-all-nodes=true", "--config", &stages]);

    processes.start("kube-controller-manager", &mut manager);
    processes.start("kube-scheduler", &mut scheduler);
    processes.start("kwok", &mut kwok);
}

/// kwok's own stages, those of volumes for our classes.
fn stage_text() -> String {
    let stages = STAGES.map(|stage| {
        let path = built("stages").join(stage).with_extension("yaml");
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}: run `make tools`", path.display()))
    });
    let classes = STORAGE_CLASSES.map(|class| format!("'{class}'")).join(", ");
    stages.join("\n---\n").replace(
        "self.spec.storageClassName == 'kwok-volume'",
        &format!("has(self.spec.storageClassName) && self.spec.storageClassName in [{classes}]"),
    )
}

fn storage_class(name: &str) -> Value {
    let is_default = (name == STORAGE_CLASSES[0]).to_string();
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": is_default}},
        "provisioner": "kwok.x-k8s.io/volume",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}

/// `namespace/name`.
pub fn name(object: &Value) -> String {
    format!("{}/{}", text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
