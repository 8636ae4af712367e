//! What Helm is to install, through every room.

use super::tests::ENVIRONMENT;
use super::*;
use crate::k8s::{Node, Value};
use crate::workspace::Memory;

/// The files for Helm by their paths, or the codes of what was found.
fn helm(charts: &str) -> Result<BTreeMap<String, Node>, Vec<&'static str>> {
    let files = Memory::default().with("environments/x.toml", format!("{ENVIRONMENT}{charts}").as_str());
    let workspace = Workspace::open(Box::new(files));
    let mut compiler = Compiler::new(&workspace).unwrap();
    match compiler.compile("x", Recording::Reads).unwrap() {
        Some(compiled) => {
            let files = compiled.objects.artifacts().iter().filter(|file| &*file.family == "helm");
            Ok(files.map(|file| (file.path.to_string(), file.root.clone())).collect())
        }
        None => Err(compiler.sink.into_sorted().into_iter().map(|found| found.code.as_str()).collect()),
    }
}

fn release(name: &str, chart: &str, more: &str) -> String {
    format!("[charts.{name}]\nchart = \"{chart}\"\nnamespace = \"x\"\n{more}\n")
}

fn order(charts: &str) -> String {
    let files = helm(charts).unwrap();
    let Some(Value::List(releases)) = files["helm/releases.yaml"].get("releases").map(|list| &list.value)
    else {
        panic!("no list");
    };
    releases.iter().filter_map(|it| it.get("name")?.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_has_to_be_there_first_comes_first_and_else_names_decide() {
    let (a, b) = (release("a", "keda", "after = [\"c\"]"), release("b", "cert-manager", ""));
    // KEDA's description has it come after cert-manager.
    assert_eq!(order(&format!("{a}{b}{}", release("c", "gateway-helm", ""))), "c b a");
    assert_eq!(order(&format!("{b}{}", release("a", "nats", ""))), "a b");
    assert_eq!(order(&format!("{b}{}", release("a", "nats", "after_charts = [\"cert-manager\"]"))), "b a");
}

#[test]
fn values_of_a_layer_above_win_and_objects_are_called_like_the_release() {
    let of_nats =
        |more: &str| helm(&release("queue", "nats", more)).unwrap()["helm/queue/values.yaml"].clone();
    let replicas = |node: &Node| node.path(&["config", "cluster", "replicas"]).map(|it| it.value.clone());
    let text = |node: &Node| node.get("fullnameOverride").and_then(Node::as_str).map(ToOwned::to_owned);
    assert_eq!(replicas(&of_nats("")), Some(Value::Int(3)));
    assert_eq!(replicas(&of_nats("values.config.cluster.replicas = 5")), Some(Value::Int(5)));
    assert_eq!(text(&of_nats("")).as_deref(), Some("queue"));
    assert_eq!(text(&of_nats("values.fullnameOverride = \"other\"")).as_deref(), Some("other"));
}

#[test]
fn values_are_held_to_the_types_of_the_version() {
    let refused = |values: &str| helm(&release("x", "keda", values)).err().unwrap_or_default();
    assert_eq!(refused("values.operator.replicaCount = \"2\""), ["wrong-type"]);
    assert_eq!(refused("values.operator.replicaCount = 1.5"), ["wrong-type"]);
    assert_eq!(refused("values.operator = 1"), ["wrong-type"]);
    assert_eq!(refused("values.env = {}"), ["wrong-type"]);
    assert_eq!(refused("values.operator.replicas = 2"), ["unknown-chart-value"]);
    assert_eq!(refused("values.nodeSelector.\"example.org/disk\" = \"fast\""), [""; 0]);
    assert_eq!(refused("version = \"9.9.9\""), ["unknown-chart-version"]);
    assert_eq!(refused("version = \"9.9.9\"\nknown.\"9.9.9\" = \"crds\\tany\""), ["unknown-chart-value"; 5]);
}

#[test]
fn a_chart_that_nobody_describes_is_unknown() {
    assert_eq!(helm(&release("x", "kedda", "")), Err(vec!["unknown-reference"]));
}
