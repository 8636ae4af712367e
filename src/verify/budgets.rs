//! [`Code::BlockedDrain`]: budgets that never let a pod go.

use super::{Findings, Origin};
use crate::diag::{Code, Severity};
use crate::k8s::{Node, Object, Value};

/// The rule about budgets and the workloads beside them.
pub(super) fn check(objects: &[Object], findings: &mut Findings<'_>) {
    for object in objects.iter().filter(|object| object.identity.kind == "PodDisruptionBudget") {
        let spec = |key: &str| object.root.path(&["spec", key]);
        let is = |node: &Node, number: i64, text: &str| {
            node.value == Value::Int(number) || node.as_str() == Some(text)
        };
        let (missing, there) = (spec("maxUnavailable"), spec("minAvailable"));
        let none = missing.filter(|node| is(node, 0, "0%") || node.as_str() == Some("0"));
        let all = there.filter(|node| node.as_str() == Some("100%"));
        if let Some(node) = none.or(all) {
            report(object, node, "of all its pods, none may go", None, findings);
            continue;
        }
        let Some((node, fewest)) = there.and_then(|node| match node.value {
            Value::Int(number) if number > 0 => Some((node, number)),
            _ => None,
        }) else {
            continue;
        };
        let selector = spec("selector").and_then(|selector| selector.get("matchLabels"));
        let Some(selector) = selector.map(Node::entries).filter(|selector| !selector.is_empty()) else {
            continue;
        };
        let is_meant = |workload: &&Object| {
            let labels = workload.root.path(&["spec", "template", "metadata", "labels"]).map(Node::entries);
            workload.identity.namespace == object.identity.namespace
                && labels.is_some_and(|labels| selector.iter().all(|wanted| labels.contains(wanted)))
        };
        // Where an autoscaler decides, the number is left out.
        let replicas =
            objects.iter().filter(is_meant).find_map(|workload| workload.root.path(&["spec", "replicas"]));
        if let Some((at, Value::Int(replicas))) = replicas.map(|node| (node, &node.value))
            && *replicas <= fewest
        {
            report(object, node, "so many have to stay", Some(at), findings);
        }
    }
}

fn report(object: &Object, node: &Node, label: &str, replicas: Option<&Node>, findings: &mut Findings<'_>) {
    let title = format!("{} never lets a pod go", object.identity);
    let mut found = findings.value(Code::BlockedDrain, title, node, label);
    if let Some(replicas) = replicas {
        found = found.context(replicas.at, "and there are no more");
    }
    found = found.note("draining a node would wait for it for ever").about(&object.identity);
    if matches!(findings.origin, Origin::Foreign) {
        found.severity = Severity::Warning;
    }
    findings.push(found.help("`maxUnavailable: 1`; of a single pod, no budget at all"));
}
