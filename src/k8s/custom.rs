//! Custom resources: kinds and schemas from CustomResourceDefinitions.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{Node, Object, Schema};

/// A kind that a CustomResourceDefinition defines, in one of its versions.
#[derive(Debug)]
pub struct CustomKind {
    /// What stands for the name of its definition.
    pub name: String,
    /// Whether its objects live in a namespace.
    pub is_namespaced: bool,
    /// Its schema, or why that cannot be used.
    pub schema: Result<Schema, String>,
}

/// Custom kinds, by API version and kind.
#[derive(Debug, Default)]
pub struct CustomResources {
    kinds: BTreeMap<String, CustomKind>,
}

impl CustomResources {
    /// No kinds at all.
    pub const fn none() -> Self {
        Self { kinds: BTreeMap::new() }
    }

    /// Adds what an object defines, if it is a CustomResourceDefinition.
    pub fn add(&mut self, object: &Object) {
        let identity = &object.identity;
        if identity.kind != "CustomResourceDefinition" || identity.api_version != "apiextensions.k8s.io/v1" {
            return;
        }
        let text = |path: &[&str]| object.root.path(path).and_then(Node::as_str);
        let (Some(group), Some(kind)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"])) else {
            return;
        };
        let is_namespaced = text(&["spec", "scope"]) != Some("Cluster");
        for version in object.root.path(&["spec", "versions"]).map(Node::items).unwrap_or_default() {
            let Some(name) = version.get("name").and_then(Node::as_str) else { continue };
            let schema = match version.path(&["schema", "openAPIV3Schema"]) {
                Some(schema) => read(schema),
                None => Err("has no schema".to_owned()),
            };
            let custom = CustomKind { name: format!("{group}/{name}/{kind}"), is_namespaced, schema };
            self.kinds.insert(format!("{group}/{name} {kind}"), custom);
        }
    }

    /// What is known of a kind.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&CustomKind> {
        if self.kinds.is_empty() {
            return None;
        }
        self.kinds.get(&format!("{api_version} {kind}"))
    }

    /// The versions of a group's kind that are known.
    pub fn versions(&self, group: &str, kind: &str) -> Vec<&str> {
        let parts = self.kinds.keys().filter_map(|key| key.split_once(' '));
        let same = parts.filter(|(api_version, known)| {
            *known == kind && api_version.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
        });
        same.map(|(api_version, _)| api_version).collect()
    }
}

/// The schema of a definition, to which what every object has is added.
fn read(schema: &Node) -> Result<Schema, String> {
    let mut schema = schema.to_json();
    let Json::Object(entries) = &mut schema else { return Err("has no schema".to_owned()) };
    reduce(entries);
    let properties = entries.entry("properties").or_insert_with(|| json!({}));
    if let Json::Object(properties) = properties {
        properties.insert("apiVersion".to_owned(), json!({ "type": "string" }));
        properties.insert("kind".to_owned(), json!({ "type": "string" }));
        let metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
        properties.insert("metadata".to_owned(), json!({ "$ref": metadata }));
    }
    serde_json::from_value(schema).map_err(|error| format!("has a schema that cannot be read: {error}"))
}

/// Removes what is said to people, and says with a schema what `additionalProperties` says with a boolean.
fn reduce(schema: &mut Map<String, Json>) {
    schema.retain(|key, _| !matches!(&**key, "description" | "title" | "example" | "externalDocs"));
    match schema.get("additionalProperties") {
        Some(Json::Bool(true)) => {
            schema.insert(
                "additionalProperties".to_owned(),
                json!({ "x-kubernetes-preserve-unknown-fields": true }),
            );
        }
        Some(Json::Bool(false)) => drop(schema.remove("additionalProperties")),
        _ => {}
    }
    for (key, value) in schema {
        match (&**key, value) {
            ("items" | "not" | "additionalProperties", Json::Object(inner)) => reduce(inner),
            ("properties", Json::Object(properties)) => {
                properties.values_mut().filter_map(Json::as_object_mut).for_each(reduce);
            }
            ("allOf" | "anyOf" | "oneOf", Json::Array(all)) => {
                all.iter_mut().filter_map(Json::as_object_mut).for_each(reduce);
            }
            _ => {}
        }
    }
}
