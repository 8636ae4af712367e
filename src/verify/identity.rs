//! Names, namespaces and labels: [`Code::DuplicateObject`], [`Code::InvalidName`], [`Code::InvalidLabel`],
//! [`Code::MissingField`] for a namespace.

use std::collections::BTreeMap;

use super::{Findings, Origin};
use crate::diag::{Code, Diagnostic};
use crate::k8s::{Identity, Names, Node, Object, Schemas, label_key, label_value};

pub(super) fn check(object: &Object, schemas: Schemas<'_>, findings: &mut Findings<'_>) {
    let Identity { api_version, kind, namespace, name } = &object.identity;
    let metadata = object.root.get("metadata").unwrap_or(&object.root);
    let node = |key: &str| metadata.get(key).unwrap_or(metadata);
    // What a kind that is not known looks like is not known: a Kustomization has no name.
    let Some(is_namespaced) = schemas.is_namespaced(api_version, kind) else { return };
    if name.is_empty() {
        let title = format!("{kind}: `metadata.name` is required");
        findings.push(findings.structure(Code::MissingField, title, node("name"), "lacks it"));
    } else if metadata.get("name").is_some()
        && let Err(error) = Names::of(api_version, kind).check(name)
    {
        let title = format!("{kind}: `{name}` is not a name");
        findings.push(findings.value(Code::InvalidName, title, node("name"), error));
    }
    let (code, what, at, label) = match (namespace, findings.origin) {
        (None, Origin::Rendered(_)) if is_namespaced => {
            let label = "would go wherever the current context points";
            (Code::MissingField, "`metadata.namespace` is required".to_owned(), node("name"), label)
        }
        (Some(_), Origin::Foreign) if !is_namespaced => {
            let title = format!("{}: a {kind} has no namespace", object.identity);
            let label = "the API server drops it";
            findings.push(Diagnostic::warning(Code::UnknownField, title).at(node("namespace").at, label));
            return;
        }
        (Some(_), Origin::Rendered(_)) if !is_namespaced => {
            let label = "objects of this kind belong to the whole cluster";
            (Code::UnknownField, format!("a {kind} has no namespace"), node("namespace"), label)
        }
        (Some(namespace), _) => match Names::Label.check(namespace) {
            Ok(()) => return,
            Err(error) => {
                let what = format!("`{namespace}` is not a namespace");
                (Code::InvalidName, what, node("namespace"), error)
            }
        },
        // Cluster-scoped; or foreign, and kubectl takes the namespace of the current context.
        (None, _) => return,
    };
    findings.push(findings.structure(code, format!("{}: {what}", object.identity), at, label));
}

/// The labels and annotations of an `ObjectMeta`.
pub(super) fn metadata(object: &Object, holder: &Node, findings: &mut Findings<'_>) {
    for (what, is_label) in [("labels", true), ("annotations", false)] {
        for (key, value) in holder.get(what).map(Node::entries).unwrap_or_default() {
            if let Err(error) = label_key(key) {
                let title = format!("{}: `{key}` is not a key for {what}", object.identity);
                findings.push(findings.value(Code::InvalidLabel, title, value, error));
            }
            if let (true, Some(Err(error))) = (is_label, value.as_str().map(label_value)) {
                let title = format!("{}: label `{key}` cannot have this value", object.identity);
                findings.push(findings.value(Code::InvalidLabel, title, value, error));
            }
        }
    }
}

/// No two objects may be one to the API server; versions of one group are the same objects.
pub(super) fn check_unique(objects: &[Object], findings: &mut Findings<'_>) {
    let mut seen = BTreeMap::new();
    for object in objects.iter().filter(|object| object.root.path(&["metadata", "name"]).is_some()) {
        let Identity { api_version, kind, namespace, name } = &object.identity;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        if let Some(first) = seen.insert((group, kind, namespace, name), &object.root) {
            let title = format!("{} is made twice", object.identity);
            let node = object.root.path(&["metadata", "name"]).unwrap_or(&object.root);
            let found = findings.structure(Code::DuplicateObject, title, node, "the second");
            findings.push(found.context(first.at, "the first").about(&object.identity));
        }
    }
}
