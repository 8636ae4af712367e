//! The words of the schema check's findings, and their places.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

use super::findings::{child, holder, steps};
use super::values;
use crate::diag::{Code, Diagnostic, Sink, closest};
use crate::merge::{Completeness, Input, InputInfo, Merged, Tree, Value};

/// Reports what `jsonschema` found in one environment.
pub(super) struct Reporter<'a> {
    merged: &'a Merged,
    environment: &'a str,
    schema: &'a Json,
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

    pub(super) fn report(&mut self, error: &ValidationError<'_>, sink: &mut Sink) {
        let Some(node) = steps(error).iter().try_fold(&self.merged.tree, child) else { return };
        let holder = holder(self.schema, error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(node, key, holder, sink);
                }
                return;
            }
            ValidationErrorKind::Required { property } => {
                self.missing_key(node, property.as_str().unwrap_or_default(), holder, sink);
                return;
            }
            _ if self.refused.contains(&node.input) => return,
            _ => self.refused.push(node.input),
        }
        let form = holder.and_then(|schema| schema.get("x-form").or(schema.get("description")));
        let form = form.and_then(Json::as_str);
        match error.kind() {
            ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
                self.wrong_type(node, &[&kind.to_string()], sink);
            }
            ValidationErrorKind::OneOfNotValid { .. } if !choices(holder).is_empty() => {
                self.not_among(node, &choices(holder), sink);
            }
            ValidationErrorKind::Enum { options } => {
                let options =
                    options.as_array().into_iter().flatten().filter_map(Json::as_str).collect::<Vec<_>>();
                self.not_among(node, &options, sink);
            }
            ValidationErrorKind::AnyOf { context } => self.no_variant(node, context, holder, sink),
            kind => {
                let title = format!("invalid value for `{}`", self.info(node).path);
                sink.push(
                    Diagnostic::error(Code::InvalidValue, title)
                        .at(self.info(node).origin, expectation(kind, form)),
                );
            }
        }
    }

    fn wrong_type(&self, node: &Tree, expected: &[&str], sink: &mut Sink) {
        let info = self.info(node);
        let words = expected.join(" or ").replace("object", "table").replace("number", "float");
        let mut found = Diagnostic::error(Code::WrongType, format!("`{}` has the wrong type", info.path))
            .at(info.origin, format!("expected {words}, found {}", node.value.type_name()));
        for kind in expected {
            found = match (*kind, &node.value) {
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

    fn not_among(&self, node: &Tree, options: &[&str], sink: &mut Sink) {
        let Value::String(text) = &node.value else { return self.wrong_type(node, &["string"], sink) };
        let list: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
        let label = if list.len() == 1 { "can only be" } else { "one of" };
        sink.push(
            Diagnostic::error(Code::InvalidValue, format!("invalid value for `{}`", self.info(node).path))
                .at(self.info(node).origin, format!("{label} {}", list.join(", ")))
                .suggest(text, options.iter().copied()),
        );
    }

    /// None of several forms fits. What is wrong within a table is said in the words of the form for tables.
    fn no_variant(
        &mut self,
        node: &Tree,
        context: &[Vec<ValidationError<'static>>],
        holder: Option<&Json>,
        sink: &mut Sink,
    ) {
        let is_type = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Type { .. });
        let here = steps_of(context);
        let of_this_type = |errors: &&Vec<ValidationError<'static>>| {
            !errors.iter().any(|error| is_type(error) && steps(error).len() == here)
        };
        if let Some(errors) = context.iter().find(of_this_type) {
            // The value itself was only refused by one of its forms.
            self.refused.pop();
            for error in errors {
                self.report(error, sink);
            }
            return;
        }
        let forms = holder.and_then(|schema| schema.get("anyOf")).and_then(Json::as_array);
        let types: Vec<&str> =
            forms.into_iter().flatten().filter_map(|form| form.get("type")?.as_str()).collect();
        self.wrong_type(node, &types, sink);
    }

    fn missing_key(&self, node: &Tree, key: &str, holder: Option<&Json>, sink: &mut Sink) {
        // It may stand where the text could not be read, or be the one that is misspelt.
        let misspelt =
            |written: &str| property(holder, written).is_none() && closest(written, [key]).is_some();
        let has_misspelt =
            matches!(&node.value, Value::Table(entries) if entries.keys().any(|key| misspelt(key)));
        if self.merged.completeness == Completeness::Partial || has_misspelt {
            return;
        }
        let info = self.info(node);
        let title = match &*info.path {
            "" => format!("environment `{}` lacks `{key}`", self.environment),
            path => format!("`{path}` lacks `{key}` in environment `{}`", self.environment),
        };
        let mut found = Diagnostic::error(Code::MissingKey, title)
            .at(info.key.unwrap_or(info.origin), format!("`{key}` is required here"));
        let about = property(holder, key).and_then(|schema| schema.get("description")).and_then(Json::as_str);
        if let Some(about) = about {
            found = found.note(format!("`{key}`: {}", lower_first(about)));
        }
        sink.push(found);
    }

    fn unknown_key(&self, table: &Tree, key: &str, holder: Option<&Json>, sink: &mut Sink) {
        let at = match &table.value {
            Value::Table(entries) => entries.get(key).map(|entry| self.info(entry)),
            _ => None,
        };
        let Some((info, at)) = at.and_then(|info| Some((info, info.key?))) else { return };
        // A table of named things has a pattern for its names instead of a list of them.
        let patterns = holder.and_then(|schema| schema.get("patternProperties")).and_then(Json::as_object);
        if let Some(pattern) = patterns.and_then(|patterns| patterns.keys().next()) {
            let form =
                values::form_of(pattern).map_or_else(|| format!("names match `{pattern}`"), lower_first);
            sink.push(
                Diagnostic::error(Code::InvalidValue, format!("`{key}` is not a name for this")).at(at, form),
            );
            return;
        }
        let known = holder.and_then(|schema| schema.get("properties")).and_then(Json::as_object);
        let names: Vec<&str> =
            known.into_iter().flat_map(serde_json::Map::keys).map(String::as_str).collect();
        let mut found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{}`", info.path))
            .at(at, "not a key of this table");
        found = match key {
            "extends" | "unset" => found.help(format!("`{key}` stands above the first `[table]`")),
            _ if !info.path.contains('.') => found.suggest(key, names.iter().copied()),
            _ if self.schema.pointer(&format!("/properties/{key}")).is_some() => {
                found.help(format!("`{key}` is a table of its own: `[{key}]`"))
            }
            _ => found.suggest(key, names.iter().copied()),
        };
        if found.help.is_empty() {
            let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let verb = if list.len() == 1 { "only key is" } else { "keys are" };
            found = found.note(format!("its {verb} {}", list.join(", ")));
        }
        sink.push(found);
    }
}

/// How deep the value lies that several forms were tried on: their errors lie there or deeper.
fn steps_of(context: &[Vec<ValidationError<'static>>]) -> usize {
    context.iter().flatten().map(|error| steps(error).len()).min().unwrap_or(0)
}

fn property<'s>(holder: Option<&'s Json>, key: &str) -> Option<&'s Json> {
    holder?.get("properties")?.get(key)
}

/// The words of an enumeration whose choices have a description each.
fn choices(holder: Option<&Json>) -> Vec<&str> {
    let variants = holder.and_then(|schema| schema.get("oneOf")).and_then(Json::as_array);
    variants.into_iter().flatten().filter_map(|variant| variant.get("const")?.as_str()).collect()
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
