//! The words of the schema check's findings, and their places.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

use super::findings::{holder, steps};
use super::values;
use crate::diag::{Code, Diagnostic, Sink, closest};
use crate::merge::{Input, InputInfo, Merged, Tree, Value};

/// Reports what `jsonschema` found in one environment.
pub(super) struct Reporter<'a> {
    merged: &'a Merged,
    environment: &'a str,
    pub(super) schema: &'a Json,
    /// The values that were reported; one finding each is enough.
    refused: Vec<Input>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(merged: &'a Merged, environment: &'a str, schema: &'a Json) -> Self {
        Self { merged, environment, schema, refused: Vec::new() }
    }

    fn info(&self, node: &Tree) -> &'a InputInfo {
        self.merged.inputs.get(node.input)
    }

    /// Has nothing more to say of a value: only of what it holds and lacks.
    pub(super) fn refuse(&mut self, node: &Tree) {
        self.refused.push(node.input);
    }

    pub(super) fn report(&mut self, tree: &Tree, error: &ValidationError<'_>, sink: &mut Sink) {
        let Some(node) = steps(error).iter().try_fold(tree, |tree, step| child(tree, step)) else {
            return;
        };
        if node.is_stand_in() {
            return;
        }
        let holder = holder(self.schema, error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(node, key, holder, sink);
                }
            }
            ValidationErrorKind::Required { property } => {
                self.missing_key(node, property.as_str().unwrap_or_default(), holder, sink);
            }
            _ if self.refused.contains(&node.input) => {}
            ValidationErrorKind::AnyOf { context } => {
                let forms = holder["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
                let types: Vec<&str> = forms.iter().filter_map(|form| form["type"].as_str()).collect();
                let own = node.value.type_name().replace("table", "object");
                // What is wrong is said in the words of the form for this type.
                match context.iter().zip(&types).find(|(_, kind)| **kind == own) {
                    Some((errors, _)) => errors.iter().for_each(|error| self.report(tree, error, sink)),
                    None => self.wrong_type(node, &types, holder, sink),
                }
            }
            kind => {
                self.refuse(node);
                match (kind, choices(holder).as_slice()) {
                    (ValidationErrorKind::Type { kind: TypeKind::Single(kind) }, _) => {
                        self.wrong_type(node, &[&kind.to_string()], holder, sink);
                    }
                    (_, []) => sink.push(self.invalid(node, expectation(kind, holder))),
                    (_, choices) => self.not_among(node, choices, holder, sink),
                }
            }
        }
    }

    fn invalid(&self, node: &Tree, label: String) -> Diagnostic {
        let info = self.info(node);
        let title = format!("invalid value for `{}`", info.path);
        Diagnostic::error(Code::InvalidValue, title).at(info.origin, label)
    }

    fn wrong_type(&self, node: &Tree, expected: &[&str], holder: &Json, sink: &mut Sink) {
        let info = self.info(node);
        let words = expected.join(" or ").replace("object", "table");
        let mut found = Diagnostic::error(Code::WrongType, format!("`{}` has the wrong type", info.path))
            .at(info.origin, format!("expected {words}, found {}", node.value.type_name()));
        for kind in expected {
            found = match (*kind, &node.value) {
                // The number alone would be refused next, or mean bytes.
                ("string", Value::Int(_) | Value::Float(_)) if holder["x-form"].is_string() => {
                    let form = lower_first(holder["x-form"].as_str().unwrap_or_default());
                    found.help(format!("in quotes, {form}"))
                }
                ("integer", Value::String(text)) if text.parse::<i64>().is_ok() => {
                    found.help(format!("without quotes: `{text}`"))
                }
                ("string", Value::Int(number)) => found.help(format!("with quotes: `\"{number}\"`")),
                ("string", Value::Float(number)) => found.help(format!("with quotes: `\"{number}\"`")),
                ("array", Value::String(text)) => found.help(format!("in brackets: `[\"{text}\"]`")),
                ("object", Value::Array(_)) => found.help("single brackets make a table: `[name]`"),
                _ => found,
            };
        }
        sink.push(found);
    }

    fn not_among(&self, node: &Tree, options: &[&str], holder: &Json, sink: &mut Sink) {
        let Value::String(text) = &node.value else {
            return self.wrong_type(node, &["string"], holder, sink);
        };
        let label = if options.len() == 1 { "can only be" } else { "one of" };
        let found = self.invalid(node, format!("{label} {}", list(options)));
        sink.push(found.suggest(text, options.iter().copied()));
    }

    fn missing_key(&self, node: &Tree, key: &str, holder: &Json, sink: &mut Sink) {
        // It may stand where the text could not be read, or be the one that is misspelt.
        let known = &holder["properties"];
        let misspelt = |written: &str| known[written].is_null() && closest(written, [key]).is_some();
        let mut entries = node.value.table().into_iter().flatten();
        if !self.merged.is_whole || entries.any(|(written, _)| misspelt(written)) {
            return;
        }
        let info = self.info(node);
        let title = match &*info.path {
            "" => format!("the environment lacks `{key}`"),
            path => format!("`{path}` lacks `{key}`"),
        };
        let found = Diagnostic::error(Code::MissingKey, title)
            .at(info.key.unwrap_or(info.origin), format!("`{key}` is required here"))
            .within(self.environment);
        sink.push(match known[key]["description"].as_str() {
            Some(about) => found.note(format!("`{key}`: {}", lower_first(about))),
            None => found,
        });
    }

    /// A named thing that lacks what one of nearly the same name has.
    pub(super) fn incomplete(
        &self,
        node: &Tree,
        keys: &[&str],
        (meant, there): (&str, &Tree),
        sink: &mut Sink,
    ) {
        let info = self.info(node);
        let name = info.path.rsplit('.').next().unwrap_or_default();
        let found = Diagnostic::error(Code::MissingKey, format!("`{}` lacks {}", info.path, list(keys)))
            .at(info.key.unwrap_or(info.origin), "a name of its own?")
            .context(self.info(there).place(), "nearly the same name, which has it")
            .within(self.environment);
        sink.push(found.suggest(name, [meant]));
    }

    pub(super) fn unknown_key(&self, table: &Tree, key: &str, holder: &Json, sink: &mut Sink) {
        let entry = table.value.get(key).filter(|entry| !entry.is_stand_in());
        let Some(info) = entry.map(|entry| self.info(entry)) else { return };
        let at = info.key.unwrap_or(info.origin);
        // A table of named things has a pattern for its names instead of a list of them.
        let patterns = holder["patternProperties"].as_object();
        if let Some(pattern) = patterns.and_then(|patterns| patterns.keys().next()) {
            let form =
                values::form_of(pattern).map_or_else(|| format!("names match `{pattern}`"), lower_first);
            let title = format!("`{key}` is not a name for this");
            sink.push(Diagnostic::error(Code::InvalidValue, title).at(at, form));
            return;
        }
        let known = holder["properties"].as_object().into_iter().flatten();
        let names: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
        let is_root = !info.path.contains('.');
        let mut found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{}`", info.path))
            .at(at, "not a key of this table");
        found = match key {
            "extends" | "unset" => found.help(format!("`{key}` stands above the first `[table]`")),
            _ if !is_root && !self.schema["properties"][key].is_null() => {
                found.help(format!("`{key}` is a table of its own: `[{key}]`"))
            }
            _ => found.suggest(key, names.iter().copied()),
        };
        if found.help.is_empty() {
            let verb = if names.len() == 1 { "only key is" } else { "keys are" };
            found = found.note(format!("its {verb} {}", list(&names)));
        }
        sink.push(found);
    }
}

/// The node one step below.
fn child<'a>(tree: &'a Tree, step: &str) -> Option<&'a Tree> {
    match &tree.value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    }
}

/// The words of an enumeration, whose choices may have a description each.
fn choices(holder: &Json) -> Vec<&str> {
    let described = holder["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
    let plain = holder["enum"].as_array().into_iter().flatten();
    plain.chain(described).filter_map(Json::as_str).collect()
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn expectation(kind: &ValidationErrorKind, holder: &Json) -> String {
    let form = holder["x-form"].as_str().or(holder["description"].as_str());
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
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    // An acronym keeps its capitals.
    match (chars.next(), chars.as_str().chars().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
