//! What we write runs: as far as a control plane without kubelets can say.

use std::collections::BTreeMap;

use crate::accepted::render;
use crate::cluster::{Cluster, name};
use crate::nodes::Node;
use crate::stream;

/// Under kwok: that all pods are ready means that they were admitted, placed, and given their volumes. Images, commands and
/// probes are not tried here; `stores.rs` runs the real programs.
#[tokio::test]
async fn every_pod_of_dev_is_ready_its_volumes_bound_and_its_jobs_complete() {
    let cluster = Cluster::with_nodes(&Node::of("dev")).await;
    let stream = render(&["dev"]);
    cluster.apply(&stream).await;
    assert_eq!(cluster.pods_pending().await, BTreeMap::new());

    let claims = cluster.list("v1", "PersistentVolumeClaim").await;
    assert!(!claims.is_empty(), "dev has volumes");
    for claim in &claims {
        assert_eq!(claim["status"]["phase"], "Bound", "{}", name(claim));
    }
    let jobs = cluster.list("batch/v1", "Job").await;
    assert!(!jobs.is_empty(), "dev has a job");
    for job in &jobs {
        assert_eq!(job["status"]["succeeded"], 1, "{}: {}", name(job), job["status"]);
    }
    for kind in ["Deployment", "StatefulSet"] {
        for workload in cluster.list("apps/v1", kind).await {
            let ready = &workload["status"]["readyReplicas"];
            assert_eq!(ready, &workload["spec"]["replicas"], "{}", name(&workload));
        }
    }

    // Applied again, no field that we own is changed: controllers do not fight us, nor we them.
    let generations = |answers: Vec<stream::Answer>| -> BTreeMap<String, Option<i64>> {
        let generation =
            |answer: stream::Answer| (answer.object, answer.result.expect("accepted").metadata.generation);
        answers.into_iter().map(generation).collect()
    };
    let before = generations(cluster.apply(&stream).await);
    assert_eq!(before, generations(cluster.apply(&stream).await));
    assert!(before.values().flatten().all(|generation| *generation == 1), "{before:?}");
}

/// Every Service that selects pods has found some, by the labels and port names that pods really have.
#[tokio::test]
async fn every_pod_of_prod_is_placed_on_its_pool_and_every_service_has_endpoints() {
    let cluster = Cluster::with_nodes(&Node::of("prod")).await;
    cluster.apply(&render(&["prod"])).await;
    assert_eq!(cluster.pods_pending().await, BTreeMap::new());

    // And what the autoscalers may ask for.
    cluster.scale_to_maximum().await;
    assert_eq!(cluster.pods_pending().await, BTreeMap::new());

    let nodes = cluster.list("v1", "Node").await;
    for pod in cluster.list("v1", "Pod").await {
        let node =
            nodes.iter().find(|node| node["metadata"]["name"] == pod["spec"]["nodeName"]).expect("placed");
        for (key, value) in pod["spec"]["nodeSelector"].as_object().into_iter().flatten() {
            assert_eq!(&node["metadata"]["labels"][key], value, "{}", name(&pod));
        }
    }

    let slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice").await;
    for service in cluster.list("v1", "Service").await {
        if !service["spec"]["selector"].is_object() {
            continue;
        }
        let label = &service["metadata"]["name"];
        let its =
            slices.iter().filter(|slice| &slice["metadata"]["labels"]["kubernetes.io/service-name"] == label);
        let endpoints: usize = its
            .clone()
            .filter(|slice| slice["metadata"]["namespace"] == service["metadata"]["namespace"])
            .map(|slice| slice["endpoints"].as_array().map_or(0, Vec::len))
            .sum();
        assert!(endpoints > 0, "{} has no endpoints", name(&service));
        let ports = |ports: &serde_json::Value| ports.as_array().map_or(0, Vec::len);
        assert!(
            its.clone().all(|slice| ports(&slice["ports"]) == ports(&service["spec"]["ports"])),
            "{}",
            name(&service)
        );
    }
}

/// The negative control: what does not fit is said, with the scheduler's own reason.
#[tokio::test]
async fn a_pod_that_fits_nowhere_stays_pending() {
    let cluster = Cluster::with_nodes(&[Node::new("small", "500m", "1Gi")]).await;
    cluster.apply(&render(&["dev"])).await;
    let pending = cluster.pods_pending().await;
    assert!(pending.values().any(|why| why.contains("Insufficient")), "{pending:#?}");
}
