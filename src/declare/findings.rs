//! The schema check: asks `jsonschema`, has its findings reported, and mends the tree for the rules.

use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use super::report::Reporter;
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::{Merged, Tree, Value};

/// More rounds of mending than an environment file has levels.
const ROUNDS: usize = 32;

/// Checks the tree and returns it with stand-ins for what was refused, so that the rules can look at the rest;
/// none when it cannot be mended.
pub(super) fn check(merged: &Merged, environment: &str, sink: &mut Sink) -> Option<Tree> {
    static COMPILED: OnceLock<Option<(Json, Validator)>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let schema = super::schema::whole();
        let validator = jsonschema::validator_for(&schema).ok()?;
        Some((schema, validator))
    });
    let Some((schema, validator)) = compiled else {
        sink.push(Diagnostic::error(
            Code::InvalidValue,
            "the environment schema cannot be compiled; please report it",
        ));
        return None;
    };

    let mut tree = merged.tree.clone();
    for round in 0..ROUNDS {
        let instance = json(&tree);
        let mut clean = true;
        let mut errors: Vec<_> = validator.iter_errors(&instance).collect();
        // A value of the wrong type may break other rules as well, which is no news.
        errors.sort_by_key(|error| !matches!(error.kind(), ValidationErrorKind::Type { .. }));
        let mut reporter = Reporter::new(merged, environment, schema);
        for error in errors {
            clean = false;
            // Nor is a stand-in that does not fit either.
            if round == 0 {
                reporter.report(&error, sink);
            }
            mend(&mut tree, &error, holder(schema, &error));
        }
        if clean {
            return Some(tree);
        }
    }
    None
}

/// A step of a path into the tree.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Index(usize),
    Key(String),
}

/// The path of the value that was refused.
pub(super) fn steps(error: &ValidationError<'_>) -> Vec<Step> {
    let pointer = error.instance_path().to_string();
    let step = |part: &str| match part.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(part.replace("~1", "/").replace("~0", "~")),
    };
    pointer.split('/').skip(1).map(step).collect()
}

/// The schema that holds the keyword which refused a value.
pub(super) fn holder<'s>(schema: &'s Json, error: &ValidationError<'_>) -> Option<&'s Json> {
    schema.pointer(error.schema_path().to_string().rsplit_once('/')?.0)
}

/// Puts in place of what was refused an example of what is allowed.
fn mend(tree: &mut Tree, error: &ValidationError<'_>, holder: Option<&Json>) {
    let Some(node) = steps(error).iter().try_fold(tree, child_mut) else { return };
    match (error.kind(), &mut node.value) {
        (ValidationErrorKind::AdditionalProperties { unexpected }, Value::Table(entries)) => {
            entries.retain(|key, _| !unexpected.iter().any(|unknown| **unknown == **key));
            // Something was declared there, under a name that cannot be.
            entries.extend(holder.and_then(named_example));
        }
        (ValidationErrorKind::Required { property }, Value::Table(entries)) => {
            let key = property.as_str().unwrap_or_default();
            let schema = holder.and_then(|schema| schema.get("properties")?.get(key));
            entries.insert(Arc::from(key), example(schema.unwrap_or(&Json::Null)));
        }
        _ => *node = example(holder.unwrap_or(&Json::Null)),
    }
}

/// An entry of a table of named things.
fn named_example(schema: &Json) -> Option<(Arc<str>, Tree)> {
    let patterns = schema.get("patternProperties")?.as_object()?;
    Some((Arc::from("x"), example(patterns.values().next()?)))
}

/// A small value that a schema allows.
fn example(schema: &Json) -> Tree {
    let of = |key: &str| schema.get(key);
    if let Some(choices) = ["oneOf", "anyOf"].into_iter().find_map(of) {
        return example(&choices[0]);
    }
    let least = |key: &str| of(key).and_then(Json::as_u64).unwrap_or(0);
    if let Some(text) =
        ["const", "x-example"].into_iter().find_map(of).or_else(|| of("enum")?.get(0)).and_then(Json::as_str)
    {
        return Tree::stand_in(Value::String(Arc::from(text)));
    }
    let value = match of("type").and_then(Json::as_str) {
        Some("integer" | "number") => Value::Int(of("minimum").and_then(Json::as_i64).unwrap_or(0)),
        Some("boolean") => Value::Bool(false),
        Some("array") => Value::Array((0..least("minItems")).map(|_| example(&schema["items"])).collect()),
        Some("object") => {
            let required =
                of("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
            let mut keys: Vec<&str> = required.collect();
            let properties = of("properties").and_then(Json::as_object);
            if keys.is_empty() && least("minProperties") > 0 {
                keys.extend(properties.and_then(|known| known.keys().next()).map(String::as_str));
            }
            let entries = keys.into_iter().map(|key| (Arc::from(key), example(&schema["properties"][key])));
            Value::Table(entries.chain(named_example(schema)).collect())
        }
        _ => Value::String(Arc::from("")),
    };
    Tree::stand_in(value)
}

/// The node one step below.
pub(super) fn child<'a>(tree: &'a Tree, step: &Step) -> Option<&'a Tree> {
    match (&tree.value, step) {
        (Value::Table(entries), Step::Key(key)) => entries.get(key.as_str()),
        (Value::Table(entries), Step::Index(index)) => entries.get(index.to_string().as_str()),
        (Value::Array(items), Step::Index(index)) => items.get(*index),
        _ => None,
    }
}

fn child_mut<'a>(tree: &'a mut Tree, step: &Step) -> Option<&'a mut Tree> {
    match (&mut tree.value, step) {
        (Value::Table(entries), Step::Key(key)) => entries.get_mut(key.as_str()),
        (Value::Table(entries), Step::Index(index)) => entries.get_mut(index.to_string().as_str()),
        (Value::Array(items), Step::Index(index)) => items.get_mut(*index),
        _ => None,
    }
}

fn json(tree: &Tree) -> Json {
    match &tree.value {
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        // To JSON Schema 2.0 is an integer; here it is not. No key takes fractions, so any will do.
        Value::Float(number) if number.fract() == 0.0 => Json::from(number + 0.5),
        Value::Float(number) => Json::from(*number),
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(key, tree)| (key.to_string(), json(tree))).collect())
        }
    }
}
