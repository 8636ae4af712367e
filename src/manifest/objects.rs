//! A document → the [`Object`]s in it.

use std::sync::Arc;

use super::Document;
use super::read::read;
use crate::diag::{Code, Diagnostic, Sources};
use crate::k8s::{Identity, Made, Node, Object, Value};

/// The objects of a document, those of a list one by one, and what is wrong with the document.
pub fn objects(document: &Document, sources: &Sources) -> (Vec<Object>, Vec<Diagnostic>) {
    let (node, mut found) = read(document, sources);
    let mut objects = Vec::new();
    if let Some(node) = node.filter(|node| node.value != Value::Null) {
        add(node, &mut objects, &mut found);
    }
    (objects, found)
}

fn add(mut node: Node, objects: &mut Vec<Object>, found: &mut Vec<Diagnostic>) {
    let text = |path: &[&str]| node.path(path).and_then(Node::as_str).filter(|text| !text.is_empty());
    let (Some(api_version), Some(kind)) = (text(&["apiVersion"]), text(&["kind"])) else {
        let title = "not a Kubernetes object";
        let label = match (&node.value, text(&["apiVersion"]), text(&["kind"])) {
            (Value::Map(_), None, None) => "has no `apiVersion` and no `kind`",
            (Value::Map(_), None, _) => "has no `apiVersion`",
            (Value::Map(_), ..) => "has no `kind`",
            _ => "not a mapping",
        };
        found.push(Diagnostic::error(Code::NotAnObject, title).at(node.at, label));
        return;
    };
    let is_list = kind.ends_with("List")
        && matches!(node.get("items").map(|items| &items.value), Some(Value::List(_) | Value::Null));
    if is_list {
        // Items of a typed list need not repeat what they are.
        let of = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        let of = of.map(|kind| (Arc::<str>::from(api_version), Arc::<str>::from(kind)));
        let Value::Map(entries) = &mut node.value else { return };
        let Some(items) = entries.iter_mut().find(|(key, _)| &**key == "items") else { return };
        let Value::List(items) = std::mem::replace(&mut items.1.value, Value::Null) else { return };
        for mut item in items {
            if let Some((api_version, kind)) = &of {
                complete(&mut item, "kind", kind);
                complete(&mut item, "apiVersion", api_version);
            }
            add(item, objects, found);
        }
        return;
    }
    let name = text(&["metadata", "name"]).or(text(&["metadata", "generateName"]));
    let identity = Identity {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: text(&["metadata", "namespace"]).map(ToOwned::to_owned),
        name: name.unwrap_or_default().to_owned(),
    };
    objects.push(Object { identity, family: Arc::from(""), root: node });
}

fn complete(item: &mut Node, key: &str, text: &Arc<str>) {
    let at = item.at;
    if let Value::Map(entries) = &mut item.value
        && !entries.iter().any(|(known, _)| &**known == key)
    {
        let value = Value::String(Arc::clone(text));
        entries.insert(0, (key.into(), Node { value, at, lead: 0, made: Made::Literal, from: None }));
    }
}
