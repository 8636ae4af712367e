//! `metadata.generateName`: the API server would complete it at random; here a digest of the object does, so that the
//! same object has the same name, and a changed one another.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::k8s::{Made, Node, Object, Value};
use crate::merge::Provenance;

/// Gives an object that has `generateName` instead of `name` its name.
pub(super) fn complete(object: &mut Object) {
    let root = &mut object.root;
    let Some(generated) = root.path(&["metadata", "generateName"]) else { return };
    let (Some(prefix), at) = (generated.as_str().map(ToOwned::to_owned), generated.at) else { return };
    let (hex, from) = digest([&*root]);
    let hex = &hex[..8];
    object.identity.name = format!("{prefix}{hex}");
    let value = Value::String(Arc::from(object.identity.name.as_str()));
    let name = Node { value, at, lead: 0, made: Made::Data, from: from.map(Arc::new) };
    let Value::Map(entries) = &mut root.value else { return };
    let metadata = entries.iter_mut().find(|(key, _)| **key == *"metadata");
    if let Some((_, Node { value: Value::Map(entries), .. })) = metadata {
        entries.retain(|(key, _)| !matches!(&**key, "generateName" | "name"));
        entries.push((Arc::from("name"), name));
    }
}

/// A digest of values in hexadecimal digits, with what made any part of them.
pub(super) fn digest<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> (String, Option<Provenance>) {
    let (mut digest, mut from) = (Sha256::new(), None);
    for node in nodes {
        if node.from.is_some() {
            from.get_or_insert_default();
        }
        feed(node, &mut digest, &mut from);
    }
    let hex = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    (hex, from)
}

/// Feeds a digest with a value, each part with its length so that no two values read alike; keys in sorted order.
/// What made any part of the value makes the name.
fn feed(node: &Node, digest: &mut Sha256, from: &mut Option<Provenance>) {
    if let (Some(all), Some(own)) = (from.as_mut(), &node.from) {
        all.value.extend(&own.value);
        all.value.extend(&own.because);
    }
    let mut part = |kind: char, text: &str| digest.update(format!("{kind}{}:{text}", text.len()));
    match &node.value {
        Value::Null => part('n', ""),
        Value::Bool(flag) => part('b', &flag.to_string()),
        Value::Int(number) => part('i', &number.to_string()),
        Value::Float(number) => part('f', &number.to_string()),
        Value::String(text) => part('s', text),
        Value::List(items) => {
            part('l', &items.len().to_string());
            for item in items {
                feed(item, digest, from);
            }
        }
        Value::Map(entries) => {
            part('m', &entries.len().to_string());
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, node) in entries {
                digest.update(format!("k{}:{key}", key.len()));
                feed(node, digest, from);
            }
        }
    }
}
