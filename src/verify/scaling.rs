//! What decides how many pods there are: [`Code::ContestedReplicas`], [`Code::ScaleToZero`], [`Code::Fallback`], and
//! [`Code::InvalidName`] of what KEDA derives a name from.

use std::collections::BTreeMap;

use super::triggers::{sort, triggers};
use super::{Findings, Origin};
use crate::diag::{Code, Severity};
use crate::k8s::{Node, Object, Value, is_of_resources};

/// KEDA makes a HorizontalPodAutoscaler of this name and that of the `ScaledObject`, and writes it into a label.
const DERIVED: &str = "keda-hpa-";
const LONGEST_LABEL: usize = 63;

/// A workload, by its namespace, kind and name.
type Target<'a> = (Option<&'a str>, &'a str, &'a str);

/// The rules about one autoscaler.
pub(super) fn check(object: &Object, findings: &mut Findings<'_>) {
    match &*object.identity.kind {
        "ScaledObject" if object.identity.api_version.starts_with("keda.sh/") => {
            name(object, findings);
            zero(object, findings);
            fallback(object, findings);
        }
        "HorizontalPodAutoscaler" => {
            let fewest = object.root.path(&["spec", "minReplicas"]);
            if let Some(fewest) = fewest.filter(|fewest| fewest.value == Value::Int(0)) {
                let title = format!("{} scales to zero", object.identity);
                let found =
                    findings.value(Code::ScaleToZero, title, fewest, "the API server would refuse it");
                findings.push(found.help("a ScaledObject of KEDA can"));
            }
        }
        _ => {}
    }
}

fn name(object: &Object, findings: &mut Findings<'_>) {
    let own = object.root.path(&["spec", "advanced", "horizontalPodAutoscalerConfig", "name"]);
    let Some(node) = object.root.path(&["metadata", "name"]).filter(|_| own.is_none()) else { return };
    let most = LONGEST_LABEL - DERIVED.len();
    if object.identity.name.len() > most {
        let title = format!("{}: its name has more than {most} characters", object.identity);
        let label = format!("{} characters", object.identity.name.len());
        let found = findings.value(Code::InvalidName, title, node, &label);
        findings.push(
            found.note(format!("KEDA makes a HorizontalPodAutoscaler `{DERIVED}{}`", object.identity.name)),
        );
    }
}

/// Nothing is used where nothing runs, so nothing would ever start.
fn zero(object: &Object, findings: &mut Findings<'_>) {
    let of_resources = triggers(object).iter().all(|trigger| is_of_resources(sort(trigger)));
    let fewest = object.root.path(&["spec", "minReplicaCount"]);
    let is_zero = fewest.is_none_or(|fewest| fewest.value == Value::Int(0));
    if let Some(first) = triggers(object).first().filter(|_| of_resources && is_zero) {
        let title = format!("{} would never leave zero", object.identity);
        let found = match fewest {
            Some(fewest) => {
                let found = findings.value(Code::ScaleToZero, title, fewest, "the fewest pods");
                found.context(first.at, "measures pods that run, of which there are none")
            }
            None => {
                let label = "measures pods that run, of which there are none";
                let found = findings.structure(Code::ScaleToZero, title, first, label);
                found.note("`minReplicaCount` is 0 if left out")
            }
        };
        findings.push(found);
    }
}

fn fallback(object: &Object, findings: &mut Findings<'_>) {
    let Some(fallback) = object.root.path(&["spec", "fallback"]) else { return };
    let composed = object.root.path(&["spec", "advanced", "scalingModifiers", "formula"]);
    let of_resources = triggers(object).iter().all(|trigger| is_of_resources(sort(trigger)));
    if of_resources && composed.is_none() {
        let title = format!("{}: its triggers have no fallback", object.identity);
        let found = findings.structure(Code::Fallback, title, fallback, "KEDA would refuse it");
        findings.push(found.note("CPU and memory are measured by Kubernetes, not by KEDA"));
    }
}

/// No two may decide about one workload.
pub(super) fn check_targets(objects: &[Object], findings: &mut Findings<'_>) {
    let mut scaled: BTreeMap<Target<'_>, (&Object, &Node)> = BTreeMap::new();
    for object in objects {
        let Some((target, node)) = target(object) else { continue };
        if let Some((first, at)) = scaled.insert(target, (object, node)) {
            let (_, kind, name) = target;
            let title = format!("{} and {} both scale {kind} {name}", first.identity, object.identity);
            let found = findings.structure(Code::ContestedReplicas, title, node, "the second");
            findings.push(found.context(at.at, "the first").about(&object.identity));
        }
    }
    if scaled.is_empty() {
        return;
    }
    for object in objects {
        let identity = &object.identity;
        let target = (identity.namespace.as_deref(), &*identity.kind, &*identity.name);
        let Some((scaler, at)) = scaled.get(&target) else { continue };
        let Some(replicas) = object.root.path(&["spec", "replicas"]) else { continue };
        let title = format!("{identity} has `replicas`, and {} scales it", scaler.identity);
        let found = findings.value(
            Code::ContestedReplicas,
            title,
            replicas,
            "each apply would set this number again",
        );
        let mut found = found.context(at.at, "scaled here").about(identity);
        if matches!(findings.origin, Origin::Foreign) {
            found.severity = Severity::Warning;
        }
        findings.push(found.help("leave `replicas` out"));
    }
}

/// What an object scales, and where it says so.
fn target(object: &Object) -> Option<(Target<'_>, &Node)> {
    let identity = &object.identity;
    let is_scaler = match &*identity.kind {
        "HorizontalPodAutoscaler" => identity.api_version.starts_with("autoscaling/"),
        "ScaledObject" => identity.api_version.starts_with("keda.sh/"),
        _ => false,
    };
    let reference = object.root.path(&["spec", "scaleTargetRef"]).filter(|_| is_scaler)?;
    let name = reference.get("name")?;
    let kind = reference.get("kind").and_then(Node::as_str).unwrap_or("Deployment");
    Some(((identity.namespace.as_deref(), kind, name.as_str()?), name))
}
