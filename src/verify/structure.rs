//! Objects against the structural schema of their kind: [`Code::UnknownKind`], [`Code::UnknownField`],
//! [`Code::MissingField`], [`Code::WrongFieldType`], [`Code::InvalidFieldValue`], [`Code::DuplicateItem`].

use std::collections::BTreeSet;

use super::{Findings, identity};
use crate::diag::Code;
use crate::k8s::{Catalog, Cursor, FieldPath, Node, Object, Schema, Step, Type, Value, is_quantity};

pub(super) fn check(object: &Object, catalog: &'static Catalog, findings: &mut Findings<'_>) {
    let identity = &object.identity;
    let Some(root) = catalog.cursor(&identity.api_version, &identity.kind) else {
        let title = format!("Kubernetes {} has no {} {}", catalog.minor, identity.api_version, identity.kind);
        let at = object.root.get("kind").unwrap_or(&object.root);
        findings.push(findings.structure(Code::UnknownKind, title, at, "unknown kind".to_owned()));
        return;
    };
    Walk { object, findings, path: Vec::new() }.node(&object.root, root);
}

/// Wherever it stands: of the object itself, of pod templates, of claim templates.
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

struct Walk<'a, 'f, 's> {
    object: &'a Object,
    findings: &'f mut Findings<'s>,
    path: Vec<Part<'a>>,
}

/// A step of the path, borrowed: most objects have nothing to report.
#[derive(Clone, Copy)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Walk<'a, '_, '_> {
    fn path(&self) -> FieldPath {
        let step = |part: &Part<'_>| match part {
            Part::Key(key) => Step::Key((*key).to_owned()),
            Part::Index(index) => Step::Index(*index),
        };
        FieldPath(self.path.iter().map(step).collect())
    }

    fn report(&mut self, code: Code, node: &Node, what: &str, label: String) {
        let title = format!("{}: `{}` {what}", self.object.identity, self.path());
        let found = match code {
            Code::InvalidFieldValue => self.findings.value(code, title, node, label),
            _ => self.findings.structure(code, title, node, label),
        };
        self.findings.push(found);
    }

    fn node(&mut self, node: &'a Node, at: Cursor<'a>) {
        let schema = at.schema();
        if schema.pattern.is_some() || !schema.validations.is_empty() {
            self.report(
                Code::InvalidFieldValue,
                node,
                "has a rule that cannot be evaluated",
                "not proved".to_owned(),
            );
        }
        if at.definition() == OBJECT_META {
            identity::metadata(self.object, node, self.findings);
        }
        match &node.value {
            Value::Map(entries) if fits(schema, Type::Object) => {
                for (key, child) in entries {
                    self.path.push(Part::Key(key));
                    match at.field(key) {
                        Some(place) => self.node(child, place),
                        None if at.keeps_unknown() => {}
                        None => self.unknown(key, child, schema),
                    }
                    self.path.pop();
                }
                for field in schema.required.iter().filter(|field| is_missing(node.get(field))) {
                    self.path.push(Part::Key(field));
                    self.report(Code::MissingField, node, "is required", "lacks it".to_owned());
                    self.path.pop();
                }
            }
            Value::List(items) if fits(schema, Type::Array) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Part::Index(index));
                    if let Some(place) = at.item() {
                        self.node(item, place);
                    }
                    self.path.pop();
                }
                self.unique(node, items, at);
                let count = items.len();
                self.bounds(node, count, schema.min_items, schema.max_items, "items");
            }
            // The API server drops nulls, or fills in the default.
            Value::Null => {}
            value => self.scalar(node, value, schema),
        }
    }

    fn unknown(&mut self, key: &str, node: &Node, schema: &Schema) {
        let title = format!("{}: unknown field `{}`", self.object.identity, self.path());
        let found = self.findings.structure(
            Code::UnknownField,
            title,
            node,
            "the API server would refuse it".to_owned(),
        );
        self.findings.push(found.suggest(key, schema.properties.keys().map(String::as_str)));
    }

    fn scalar(&mut self, node: &Node, value: &Value, schema: &Schema) {
        let fitting = match value {
            Value::Bool(_) => fits(schema, Type::Boolean) && !schema.int_or_string,
            Value::Int(_) => {
                schema.int_or_string || fits(schema, Type::Integer) || fits(schema, Type::Number)
            }
            Value::Float(_) => schema.takes_fractions(),
            Value::String(_) => schema.int_or_string || fits(schema, Type::String),
            _ => false,
        };
        if !fitting {
            let label = format!("expected {}, found {}", schema.expected(), value.type_name());
            self.report(Code::WrongFieldType, node, "has the wrong type", label);
            return;
        }
        match value {
            Value::String(text) => self.text(node, text, schema),
            Value::Int(number) => self.number(node, *number, schema),
            _ => {}
        }
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Schema) {
        if !schema.choices.is_empty() && !schema.choices.iter().any(|choice| choice.as_str() == Some(text)) {
            let known: Vec<&str> = schema.choices.iter().filter_map(serde_json::Value::as_str).collect();
            let title = format!("{}: `{}` cannot be `{text}`", self.object.identity, self.path());
            let label = format!("one of {}", known.join(", "));
            let found = self.findings.value(Code::InvalidFieldValue, title, node, label);
            self.findings.push(found.suggest(text, known));
        }
        if schema.is_quantity() && !is_quantity(text) {
            let label = "a quantity is a number with a suffix, like `250m` or `1Gi`".to_owned();
            self.report(
                Code::InvalidFieldValue,
                node,
                &format!("is `{text}`, which is not a quantity"),
                label,
            );
        }
        if schema.format.as_deref() == Some("byte") && !is_base64(text) {
            self.report(
                Code::InvalidFieldValue,
                node,
                "is not base64",
                "data is written in base64".to_owned(),
            );
        }
        self.bounds(node, text.chars().count(), schema.min_length, schema.max_length, "characters");
    }

    #[allow(clippy::cast_precision_loss, reason = "bounds in schemas are far below 2^52")]
    fn number(&mut self, node: &Node, number: i64, schema: &Schema) {
        let label = if schema.format.as_deref() == Some("int32") && i32::try_from(number).is_err() {
            "does not fit 32 bits".to_owned()
        } else if let Some(limit) = schema.minimum.filter(|limit| (number as f64) < *limit) {
            format!("at least {limit}")
        } else if let Some(limit) = schema.maximum.filter(|limit| (number as f64) > *limit) {
            format!("at most {limit}")
        } else {
            return;
        };
        self.report(Code::InvalidFieldValue, node, "is out of range", label);
    }

    fn bounds(&mut self, node: &Node, count: usize, least: Option<usize>, most: Option<usize>, what: &str) {
        if let Some(least) = least.filter(|least| count < *least) {
            self.report(Code::InvalidFieldValue, node, "is too short", format!("at least {least} {what}"));
        } else if let Some(most) = most.filter(|most| count > *most) {
            self.report(Code::InvalidFieldValue, node, "is too long", format!("at most {most} {what}"));
        }
    }

    /// Items of a list-map are told apart by their keys, which the API server fills in where they have a default.
    fn unique(&mut self, node: &Node, items: &[Node], at: Cursor<'_>) {
        if at.schema().list_type.as_deref() == Some("set") {
            let repeated = items.iter().enumerate().find(|(index, item)| items[..*index].contains(item));
            if let Some((_, item)) = repeated {
                self.report(Code::DuplicateItem, item, "has an item twice", "the second".to_owned());
            }
        }
        let keys = at.list_map_keys();
        if keys.is_empty() {
            return;
        }
        let mut seen = BTreeSet::new();
        for item in items {
            let value = |key: &String| match item.get(key).map(|node| &node.value) {
                Some(Value::Int(number)) => number.to_string(),
                Some(Value::String(text)) => text.to_string(),
                _ => {
                    at.item()
                        .and_then(|at| {
                            at.field(key)?.schema().default.as_ref().map(|value| {
                                value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
                            })
                        })
                        .unwrap_or_default()
                }
            };
            let identity: Vec<String> = keys.iter().map(value).collect();
            let words =
                keys.iter().zip(&identity).map(|(key, value)| format!("{key} `{value}`")).collect::<Vec<_>>();
            if !seen.insert(identity) {
                let title = format!(
                    "{}: `{}` has two items with {}",
                    self.object.identity,
                    self.path(),
                    words.join(" and ")
                );
                let at = item.get(&keys[0]).unwrap_or(node);
                self.findings.push(self.findings.structure(
                    Code::DuplicateItem,
                    title,
                    at,
                    "the second".to_owned(),
                ));
            }
        }
    }
}

fn fits(schema: &Schema, kind: Type) -> bool {
    schema.kind == Some(kind) || schema.kind.is_none() && !schema.int_or_string
}

/// The API server drops nulls before it looks for what is required.
fn is_missing(field: Option<&Node>) -> bool {
    field.is_none_or(|node| node.value == Value::Null)
}

/// Standard base64 with padding; line breaks are skipped, as Go's decoder does.
fn is_base64(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let body = digits.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len().is_multiple_of(4) && digits.len() - body <= 2 && digits[..body].iter().all(is_digit)
}
