//! The schema check: asks `jsonschema`, has its findings reported, and mends the tree for the rules.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use super::misspelt::{self, Renamed};
use super::report::Reporter;
use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::{Merged, Tree, Value};

/// More rounds of mending than an environment file has levels.
const ROUNDS: usize = 32;

/// Says whether an environment is as it should be: most are. Compiled with the program, because compiling the schema
/// takes longer than to read the files and to parse the templates.
#[jsonschema::validator(
    path = "schemas/environment.terse.json",
    methods = { validate = false, iter_errors = false }
)]
struct Terse;

/// Says what is wrong with the others.
static COMPILED: LazyLock<Option<(Json, Validator)>> = LazyLock::new(|| {
    let schema = super::schema::whole();
    let validator = jsonschema::validator_for(&schema).ok()?;
    Some((schema, validator))
});

/// Checks the tree and returns it with stand-ins for what was refused, so that the rules can look at the rest;
/// none when it cannot be mended.
pub(super) fn check<'a>(merged: &'a Merged, environment: &str, sink: &mut Sink) -> Option<Cow<'a, Tree>> {
    let instance = json(&merged.tree);
    if Terse::is_valid(&instance) {
        debug_assert!(COMPILED.as_ref().is_none_or(|(_, whole)| whole.is_valid(&instance)), "the two differ");
        return Some(Cow::Borrowed(&merged.tree));
    }
    let Some((schema, validator)) = &*COMPILED else {
        sink.push(Diagnostic::error(
            Code::InvalidValue,
            "the environment schema cannot be compiled; please report it",
        ));
        return None;
    };

    let mut tree = merged.tree.clone();
    let mut reporter = Reporter::new(merged, environment, schema);
    for _ in 0..ROUNDS {
        let instance = json(&tree);
        let errors: Vec<_> = validator.iter_errors(&instance).collect();
        // What is found beneath a key that was renamed may be misspelt as well.
        if misspelt::rename(&mut tree, &errors, &mut reporter, sink) == Renamed::None {
            break;
        }
    }
    for round in 0..ROUNDS {
        let instance = json(&tree);
        let mut errors: Vec<_> = validator.iter_errors(&instance).collect();
        if errors.is_empty() {
            return Some(Cow::Owned(tree));
        }
        // A value of the wrong type may break other rules as well, which is no news.
        errors.sort_by_key(|error| !matches!(error.kind(), ValidationErrorKind::Type { .. }));
        for error in errors {
            // Nor is a stand-in that does not fit either.
            if round == 0 {
                reporter.report(&tree, &error, sink);
            }
            mend(&mut tree, &error, holder(schema, &error));
        }
    }
    None
}

/// The schema that holds the keyword which refused a value.
pub(super) fn holder<'s>(schema: &'s Json, error: &ValidationError<'_>) -> &'s Json {
    let path = error.schema_path().to_string();
    path.rsplit_once('/').and_then(|(holder, _)| schema.pointer(holder)).unwrap_or(&Json::Null)
}

/// The keys and indices that lead to the value that was refused.
pub(super) fn steps(error: &ValidationError<'_>) -> Vec<String> {
    let pointer = error.instance_path().to_string();
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// Puts in place of what was refused an example of what is allowed.
fn mend(tree: &mut Tree, error: &ValidationError<'_>, holder: &Json) {
    let Some(node) = steps(error).iter().try_fold(tree, |tree, step| child_mut(tree, step)) else { return };
    match (error.kind(), &mut node.value) {
        (ValidationErrorKind::AdditionalProperties { unexpected }, Value::Table(entries)) => {
            entries.retain(|key, _| !unexpected.iter().any(|unknown| **unknown == **key));
            // Something was declared there, under a name that cannot be.
            entries.extend(named_example(holder));
        }
        (ValidationErrorKind::Required { property }, Value::Table(entries)) => {
            let key = property.as_str().unwrap_or_default();
            entries.insert(Arc::from(key), example(&holder["properties"][key]));
        }
        _ => *node = example(holder),
    }
}

/// An entry of a table of named things.
fn named_example(schema: &Json) -> Option<(Arc<str>, Tree)> {
    let patterns = schema["patternProperties"].as_object()?;
    Some((Arc::from("x"), example(patterns.values().next()?)))
}

/// A small value that a schema allows.
pub(super) fn example(schema: &Json) -> Tree {
    if let Some(form) = schema["oneOf"].get(0).or(schema["anyOf"].get(0)) {
        return example(form);
    }
    let least = |key: &str| schema[key].as_u64().unwrap_or(0);
    let text = schema["const"].as_str().or(schema["x-example"].as_str()).or(schema["enum"][0].as_str());
    Tree::stand_in(match (text, schema["type"].as_str()) {
        (Some(text), _) => Value::String(Arc::from(text)),
        (_, Some("integer" | "number")) => Value::Int(schema["minimum"].as_i64().unwrap_or(0)),
        (_, Some("boolean")) => Value::Bool(true),
        (_, Some("array")) => {
            Value::Array((0..least("minItems")).map(|_| example(&schema["items"])).collect())
        }
        (_, Some("object")) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
            let mut keys: Vec<&str> = required.collect();
            let known = schema["properties"].as_object();
            if keys.is_empty() && least("minProperties") > 0 {
                keys.extend(known.and_then(|known| known.keys().next()).map(String::as_str));
            }
            let entries = keys.into_iter().map(|key| (Arc::from(key), example(&schema["properties"][key])));
            Value::Table(entries.chain(named_example(schema)).collect())
        }
        _ => Value::String(Arc::from("")),
    })
}

pub(super) fn child_mut<'a>(tree: &'a mut Tree, step: &str) -> Option<&'a mut Tree> {
    match &mut tree.value {
        Value::Table(entries) => entries.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn neighbour(number: f64) -> f64 {
    if number > 0.0 { number.next_down() } else { number.next_up() }
}

fn json(tree: &Tree) -> Json {
    match &tree.value {
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        // To JSON Schema 2.0 is an integer; here it is not. Its neighbour towards zero is in the same bounds.
        Value::Float(number) if number.fract() == 0.0 => Json::from(neighbour(*number)),
        Value::Float(number) => Json::from(*number),
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(key, tree)| (key.to_string(), json(tree))).collect())
        }
    }
}
