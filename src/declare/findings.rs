//! The schema check: `jsonschema`'s findings, placed on the text of the environment files.

use std::sync::{Arc, OnceLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::merge::{Inputs, Merged, Tree, Value};

/// More rounds of mending than an environment file has levels.
const ROUNDS: usize = 32;

/// Checks the tree and returns it with stand-ins for what was refused, so that the rules can look at the rest;
/// none when it cannot be mended.
pub(super) fn check(merged: &Merged, sink: &mut Sink) -> Option<Tree> {
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
        for error in validator.iter_errors(&instance) {
            clean = false;
            // A stand-in that does not fit either is no news.
            if round == 0 {
                Placed { tree: &merged.tree, inputs: &merged.inputs, schema }.report(&error, sink);
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
enum Step {
    Index(usize),
    Key(String),
}

fn steps(error: &ValidationError<'_>) -> Vec<Step> {
    let pointer = error.instance_path().to_string();
    let step = |part: &str| match part.parse() {
        Ok(index) => Step::Index(index),
        Err(_) => Step::Key(part.replace("~1", "/").replace("~0", "~")),
    };
    pointer.split('/').skip(1).map(step).collect()
}

/// The schema that holds the keyword which refused a value.
fn holder<'s>(schema: &'s Json, error: &ValidationError<'_>) -> Option<&'s Json> {
    schema.pointer(error.schema_path().to_string().rsplit_once('/')?.0)
}

/// Puts in place of what was refused an example of what is allowed.
fn mend(tree: &mut Tree, error: &ValidationError<'_>, holder: Option<&Json>) {
    let Some(node) = steps(error).iter().try_fold(tree, child_mut) else { return };
    match (error.kind(), &mut node.value) {
        (ValidationErrorKind::AdditionalProperties { unexpected }, Value::Table(entries)) => {
            entries.retain(|key, _| !unexpected.iter().any(|unknown| **unknown == **key));
        }
        (ValidationErrorKind::Required { property }, Value::Table(entries)) => {
            let key = property.as_str().unwrap_or_default();
            let schema = holder.and_then(|schema| schema.get("properties")?.get(key));
            entries.insert(Arc::from(key), example(schema.unwrap_or(&Json::Null)));
        }
        _ => *node = example(holder.unwrap_or(&Json::Null)),
    }
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
            Value::Table(entries.collect())
        }
        _ => Value::String(Arc::from("")),
    };
    Tree::stand_in(value)
}

fn child<'a>(tree: &'a Tree, step: &Step) -> Option<&'a Tree> {
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
        Value::Float(number) => Json::from(*number),
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(key, tree)| (key.to_string(), json(tree))).collect())
        }
    }
}

/// What is needed to say where a finding is.
struct Placed<'a> {
    tree: &'a Tree,
    inputs: &'a Inputs,
    schema: &'a Json,
}

impl Placed<'_> {
    fn report(&self, error: &ValidationError<'_>, sink: &mut Sink) {
        let path = steps(error);
        let Some(node) = path.iter().try_fold(self.tree, child) else { return };
        let info = self.inputs.get(node.input);
        let name = if info.path.is_empty() { "the file" } else { &info.path };
        let holder = holder(self.schema, error);
        let form = holder
            .and_then(|schema| schema.get("x-form").or(schema.get("description")))
            .and_then(Json::as_str);

        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(node, key, holder, sink);
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let table = if info.path.is_empty() {
                    "the environment".to_owned()
                } else {
                    format!("`{}`", info.path)
                };
                let about =
                    holder.and_then(|schema| schema.pointer(&format!("/properties/{key}/description")));
                let mut found = Diagnostic::error(Code::MissingKey, format!("{table} lacks `{key}`"))
                    .at(self.header(node), format!("`{key}` is required here"));
                if let Some(about) = about.and_then(Json::as_str) {
                    found = found.note(format!("`{key}`: {}", lower_first(about)));
                }
                sink.push(found);
            }
            ValidationErrorKind::Type { kind } => {
                let expected = match kind {
                    TypeKind::Single(kind) => kind.to_string(),
                    TypeKind::Multiple(kinds) => {
                        kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
                    }
                };
                sink.push(Diagnostic::error(Code::WrongType, format!("`{name}` has the wrong type")).at(
                    info.origin,
                    format!("expected {}, found {}", toml_word(&expected), type_name(node)),
                ));
            }
            ValidationErrorKind::OneOfNotValid { .. } if !choices(holder).is_empty() => {
                self.not_among(node, name, &choices(holder), sink);
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.no_variant(node, name, context, form, sink);
            }
            ValidationErrorKind::Enum { options } => {
                let options: Vec<&str> =
                    options.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
                self.not_among(node, name, &options, sink);
            }
            kind => sink.push(
                Diagnostic::error(Code::InvalidValue, format!("invalid value for `{name}`"))
                    .at(info.origin, expectation(kind, form)),
            ),
        }
    }

    fn not_among(&self, node: &Tree, name: &str, options: &[&str], sink: &mut Sink) {
        let list: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
        let mut found = Diagnostic::error(Code::InvalidValue, format!("invalid value for `{name}`"))
            .at(self.inputs.get(node.input).origin, format!("one of {}", list.join(", ")));
        if let Value::String(text) = &node.value {
            found = found.suggest(text, options.iter().copied());
        }
        sink.push(found);
    }

    fn unknown_key(&self, table: &Tree, key: &str, holder: Option<&Json>, sink: &mut Sink) {
        let at = match &table.value {
            Value::Table(entries) => entries.get(key).map(|entry| self.inputs.get(entry.input)),
            _ => None,
        };
        let Some((info, at)) = at.and_then(|info| Some((info, info.key?))) else { return };
        // A table of named things has a pattern for its names instead of a list of them.
        let pattern = holder.and_then(|schema| schema.get("patternProperties")).and_then(Json::as_object);
        if let Some(pattern) = pattern.and_then(|patterns| patterns.keys().next()) {
            let found = Diagnostic::error(Code::InvalidValue, format!("`{key}` is not a name"))
                .at(at, format!("names match `{pattern}`"));
            sink.push(found);
            return;
        }
        let known = holder.and_then(|schema| schema.get("properties")).and_then(Json::as_object);
        let names: Vec<&str> =
            known.into_iter().flat_map(serde_json::Map::keys).map(String::as_str).collect();
        let mut found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{}`", info.path))
            .at(at, "not a key of this table")
            .suggest(key, names.iter().copied());
        if found.help.is_empty() {
            found = found.note(format!("its keys are {}", names.join(", ")));
        }
        sink.push(found);
    }

    /// None of several forms fits. What a table lacks is said in the words of the form for tables.
    fn no_variant(
        &self,
        node: &Tree,
        name: &str,
        context: &[Vec<ValidationError<'static>>],
        form: Option<&str>,
        sink: &mut Sink,
    ) {
        let of_this_type = |errors: &&Vec<ValidationError<'static>>| {
            !errors.iter().any(|error| {
                matches!(error.kind(), ValidationErrorKind::Type { .. })
                    && error.instance_path() == errors[0].instance_path()
                    && same_node(self, node, error)
            })
        };
        if let Some(errors) = context.iter().find(of_this_type) {
            for error in errors {
                self.report(error, sink);
            }
            return;
        }
        let form = form.map_or_else(|| "of none of the allowed forms".to_owned(), lower_first);
        let at = self.inputs.get(node.input).origin;
        sink.push(Diagnostic::error(Code::WrongType, format!("`{name}` has the wrong type")).at(at, form));
    }

    /// Where a table is opened: its key, else its first bytes.
    fn header(&self, node: &Tree) -> Span {
        let info = self.inputs.get(node.input);
        info.key.unwrap_or(info.origin)
    }
}

/// The words of an enumeration whose choices have a description each.
fn choices(holder: Option<&Json>) -> Vec<&str> {
    let variants = holder.and_then(|schema| schema.get("oneOf")).and_then(Json::as_array);
    variants.into_iter().flatten().filter_map(|variant| variant.get("const")?.as_str()).collect()
}

fn same_node(placed: &Placed<'_>, node: &Tree, error: &ValidationError<'_>) -> bool {
    steps(error).iter().try_fold(placed.tree, child).is_some_and(|found| found.input == node.input)
}

fn expectation(kind: &ValidationErrorKind, form: Option<&str>) -> String {
    match kind {
        ValidationErrorKind::Minimum { limit } => format!("at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::MaxLength { limit } => format!("at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} item"),
        ValidationErrorKind::MinProperties { limit } => format!("at least {limit} key"),
        _ => form.map_or_else(|| "not allowed".to_owned(), lower_first),
    }
}

fn lower_first(text: &str) -> String {
    let text = text.split("\n\n").next().unwrap_or(text).replace('\n', " ");
    let mut chars = text.trim_end_matches('.').chars();
    // An acronym keeps its capitals.
    match (chars.next(), chars.as_str().chars().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.trim_end_matches('.').to_owned(),
    }
}

fn toml_word(json_type: &str) -> String {
    json_type.replace("object", "table").replace("number", "float")
}

fn type_name(tree: &Tree) -> &'static str {
    match tree.value {
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "float",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Table(_) => "table",
    }
}
