//! Annotations `checksum/…` of pod templates: each names a `ConfigMap`, and becomes the digest of its data, so that pods
//! are replaced when what they read changes. One that names no `ConfigMap` of the output stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::generate_name::digest;
use crate::k8s::{Node, Object, Value};

const PREFIX: &str = "checksum/";

/// Completes them in all objects.
pub(super) fn complete(objects: &mut [Object]) {
    let names: BTreeSet<(Option<String>, String)> = objects.iter().flat_map(named).collect();
    if names.is_empty() {
        return;
    }
    let is_named = |object: &&Object| {
        let identity = &object.identity;
        identity.kind == "ConfigMap" && names.contains(&(identity.namespace.clone(), identity.name.clone()))
    };
    let data = objects.iter().filter(is_named).map(|object| {
        let key = (object.identity.namespace.clone(), object.identity.name.clone());
        let parts = ["data", "binaryData"].iter().filter_map(|key| object.root.get(key));
        (key, digest(parts))
    });
    let digests: BTreeMap<_, _> = data.collect();
    for object in objects {
        let namespace = object.identity.namespace.clone();
        for (_, node) in
            annotations(&mut object.root).into_iter().flatten().filter(|(key, _)| key.starts_with(PREFIX))
        {
            let named = node.as_str().map(|name| (namespace.clone(), name.to_owned()));
            let Some((hex, from)) = named.and_then(|named| digests.get(&named)) else { continue };
            node.value = Value::String(Arc::from(hex.as_str()));
            if let (Some(own), Some(all)) = (&mut node.from, from) {
                let own = Arc::make_mut(own);
                own.value.extend(&all.value);
                own.value.extend(&all.because);
            }
        }
    }
}

/// The `ConfigMap`s that an object's annotations name.
fn named(object: &Object) -> Vec<(Option<String>, String)> {
    let paths: [&[&str]; 2] = [&["spec", "template"], &["spec", "jobTemplate", "spec", "template"]];
    let entries = paths.iter().filter_map(|path| object.root.path(path)?.path(&["metadata", "annotations"]));
    let entries = entries.flat_map(Node::entries).filter(|(key, _)| key.starts_with(PREFIX));
    let names = entries.filter_map(|(_, node)| node.as_str());
    names.map(|name| (object.identity.namespace.clone(), name.to_owned())).collect()
}

/// The annotations of an object's pod template.
fn annotations(root: &mut Node) -> Option<&mut Vec<(Arc<str>, Node)>> {
    let mut node = entry(root, "spec")?;
    if node.get("jobTemplate").is_some() {
        node = entry(entry(node, "jobTemplate")?, "spec")?;
    }
    match &mut entry(entry(entry(node, "template")?, "metadata")?, "annotations")?.value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}

fn entry<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|(name, _)| **name == *key).map(|(_, node)| node)
}
