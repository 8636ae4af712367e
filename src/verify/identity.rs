//! Names, namespaces and labels: [`Code::DuplicateObject`], [`Code::InvalidName`], [`Code::InvalidLabel`],
//! [`Code::MissingField`] for a namespace.

use std::collections::BTreeMap;

use super::Findings;
use crate::diag::Code;
use crate::k8s::{Catalog, Identity, Names, Node, Object, label_key, label_value};

pub(super) fn check(object: &Object, catalog: &Catalog, findings: &mut Findings<'_>) {
    let Identity { api_version, kind, namespace, name } = &object.identity;
    let node = |key: &str| object.root.path(&["metadata", key]).unwrap_or(&object.root);
    if let Err(error) = Names::of(api_version, kind).check(name) {
        let title = format!("{kind}: `{name}` is not a name");
        findings.push(findings.value(Code::InvalidName, title, node("name"), error.to_string()));
    }
    if let Some(known) = catalog.kind(api_version, kind) {
        match namespace {
            None if known.namespaced => {
                let title = format!("{}: `metadata.namespace` is required", object.identity);
                let label = "would go wherever the current context points".to_owned();
                findings.push(findings.structure(Code::MissingField, title, node("name"), label));
            }
            Some(_) if !known.namespaced => {
                let title = format!("{}: a {kind} has no namespace", object.identity);
                let label = "objects of this kind belong to the whole cluster".to_owned();
                findings.push(findings.structure(Code::UnknownField, title, node("namespace"), label));
            }
            Some(namespace) => {
                if let Err(error) = Names::Label.check(namespace) {
                    let title = format!("{}: `{namespace}` is not a namespace", object.identity);
                    findings.push(findings.structure(
                        Code::InvalidName,
                        title,
                        node("namespace"),
                        error.to_string(),
                    ));
                }
            }
            None => {}
        }
    }
}

/// The labels and annotations of an `ObjectMeta`.
pub(super) fn metadata(object: &Object, holder: &Node, findings: &mut Findings<'_>) {
    for (what, is_label) in [("labels", true), ("annotations", false)] {
        for (key, value) in holder.get(what).map(Node::entries).unwrap_or_default() {
            if let Err(error) = label_key(key) {
                let title = format!("{}: `{key}` is not a key for {what}", object.identity);
                findings.push(findings.value(Code::InvalidLabel, title, value, error.to_string()));
            }
            if let (true, Some(Err(error))) = (is_label, value.as_str().map(label_value)) {
                let title = format!("{}: label `{key}` cannot have this value", object.identity);
                findings.push(findings.value(Code::InvalidLabel, title, value, error.to_string()));
            }
        }
    }
}

/// No two objects may be one to the API server; versions of one group are the same objects.
pub(super) fn check_unique(objects: &[Object], findings: &mut Findings<'_>) {
    let mut seen = BTreeMap::new();
    for object in objects {
        let Identity { api_version, kind, namespace, name } = &object.identity;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        if let Some(first) = seen.insert((group, kind, namespace, name), &object.root) {
            let title = format!("{} is made twice", object.identity);
            let node = object.root.path(&["metadata", "name"]).unwrap_or(&object.root);
            let found = findings.structure(Code::DuplicateObject, title, node, "the second".to_owned());
            findings.push(found.context(first.at, "the first"));
        }
    }
}
