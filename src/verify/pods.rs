//! What an API server demands of pods beyond their schema: [`Code::MissingField`], [`Code::InvalidFieldValue`].

use super::Findings;
use crate::diag::Code;
use crate::k8s::{Node, Object, Value, thousandths};

/// Kinds of handlers; each probe and hook has one.
const HANDLERS: [&str; 5] = ["exec", "grpc", "httpGet", "sleep", "tcpSocket"];

pub(super) fn check(object: &Object, spec: &Node, findings: &mut Findings<'_>) {
    let volumes = items(spec, "volumes");
    for volume in volumes {
        let sources = volume.entries().iter().filter(|(key, _)| &**key != "name").map(|(_, source)| source);
        one(object, "volume", sources.collect(), findings);
    }
    let claims = object.root.path(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default();
    let claims = claims.iter().filter_map(|claim| claim.path(&["metadata", "name"]));
    let named = volumes.iter().filter_map(|volume| volume.get("name")).chain(claims);
    let named: Vec<&str> = named.filter_map(Node::as_str).collect();
    for container in items(spec, "containers").iter().chain(items(spec, "initContainers")) {
        if container.get("image").and_then(Node::as_str).is_none_or(str::is_empty) {
            let name = container.get("name");
            let title = format!(
                "{}: container `{}` lacks `image`",
                object.identity,
                name.and_then(Node::as_str).unwrap_or_default()
            );
            let found =
                findings.structure(Code::MissingField, title, name.unwrap_or(container), "without an image");
            let others = items(spec, "containers").iter().filter(|other| other.get("image").is_some());
            let others = others.filter_map(|other| other.get("name").and_then(Node::as_str));
            findings.push(found.suggest(name.and_then(Node::as_str).unwrap_or_default(), others));
        }
        for mount in items(container, "volumeMounts") {
            let Some(name) = mount.get("name") else { continue };
            let Some(text) = name.as_str().filter(|text| !named.contains(text)) else { continue };
            let title = format!("{}: the pod has no volume `{text}`", object.identity);
            let found = findings.structure(Code::InvalidFieldValue, title, name, "mounted here");
            findings.push(found.suggest(text, named.iter().copied()));
        }
        resources(object, container, findings);
        for variable in items(container, "env") {
            let value = variable.get("value").filter(|value| value.as_str() != Some(""));
            one(
                object,
                "environment variable",
                value.into_iter().chain(variable.get("valueFrom")).collect(),
                findings,
            );
        }
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| container.get(probe));
        let hooks = ["postStart", "preStop"].map(|hook| container.path(&["lifecycle", hook]));
        for asked in probes.into_iter().chain(hooks).flatten() {
            let handlers = HANDLERS.iter().filter_map(|handler| asked.get(handler)).collect();
            one(object, "probe or hook", handlers, findings);
        }
    }
}

/// A container cannot request more than it may have.
fn resources(object: &Object, container: &Node, findings: &mut Findings<'_>) {
    let amount = |node: &Node| node.as_str().and_then(thousandths);
    let requests = container.path(&["resources", "requests"]).map(Node::entries).unwrap_or_default();
    for (resource, request) in requests {
        let Some(limit) = container.path(&["resources", "limits", resource]) else { continue };
        if amount(request).zip(amount(limit)).is_some_and(|(request, limit)| request > limit) {
            let title = format!("{}: more `{resource}` is requested than the limit", object.identity);
            let found = findings.structure(Code::InvalidFieldValue, title, request, "requested");
            findings.push(found.context(limit.at, "the limit"));
        }
    }
}

/// Of several ways to say what something is, there may be one.
fn one(object: &Object, what: &str, ways: Vec<&Node>, findings: &mut Findings<'_>) {
    let given = |way: &&Node| !matches!(way.value, Value::Null);
    let ways: Vec<&Node> = ways.into_iter().filter(given).collect();
    if let [first, second, ..] = ways.as_slice() {
        let title = format!("{}: one {what} is two things", object.identity);
        let found = findings.structure(Code::InvalidFieldValue, title, second, "the second");
        let found = found.context(first.at, "the first");
        findings.push(found.help("keep one; in a patch, the other goes with `$remove: true`"));
    }
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}
