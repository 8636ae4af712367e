//! Proves that two streams hold the same objects; measuring different work would say nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Failure;

type Objects = BTreeMap<String, Value>;

/// How many objects both streams hold.
///
/// # Errors
/// Names the first object and the first path in it that differ.
pub fn check(ours: &str, theirs: &str) -> Result<usize, Failure> {
    let (ours, theirs) = (objects(ours)?, objects(theirs)?);
    for name in ours.keys().chain(theirs.keys()) {
        match (ours.get(name), theirs.get(name)) {
            (Some(a), Some(b)) => {
                if let Some(difference) = difference(a, b, "") {
                    return Err(format!("{name} differs at {difference}").into());
                }
            }
            (a, _) => {
                return Err(
                    format!("{name} is made by {} alone", if a.is_some() { "us" } else { "Helm" }).into()
                );
            }
        }
    }
    Ok(ours.len())
}

/// The objects of a stream by kind and name.
fn objects(stream: &str) -> Result<Objects, Failure> {
    let mut objects = Objects::new();
    for document in format!("\n{stream}").split("\n---\n") {
        let object: Value = serde_yaml::from_str(document)?;
        if object.is_null() {
            continue;
        }
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
        if objects.insert(name.clone(), object).is_some() {
            return Err(format!("{name} is made twice").into());
        }
    }
    Ok(objects)
}

/// The first path at which two values differ, with both values.
fn difference(a: &Value, b: &Value, path: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.keys().chain(b.keys()).find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => difference(a, b, &format!("{path}/{key}")),
                (a, _) => Some(format!("{path}/{key}: made by {} alone", maker(a))),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(a, b, &format!("{path}/{index}"))),
        _ => (a != b).then(|| format!("{path}: {a} from us, {b} from Helm")),
    }
}

/// Who made what only one of them made.
fn maker(ours: Option<&Value>) -> &'static str {
    if ours.is_some() { "us" } else { "Helm" }
}
