//! The structural schema model: one for Kubernetes' own kinds and for custom resources.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Value, is_quantity};
use crate::diag::Code;

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// `true`, `false`
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// A mapping.
    Object,
}

impl Type {
    /// The type's name in JSON Schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::String => "string",
            Type::Array => "array",
            Type::Object => "object",
        }
    }
}

/// What may stand at one place of an object. Names are those of Kubernetes' OpenAPI documents.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schema {
    /// None where anything may stand, or where it is int-or-string.
    #[serde(rename = "type")]
    pub kind: Option<Type>,
    /// `int32`, `date-time`, `quantity`, …
    pub format: Option<String>,
    /// The definition that says the rest.
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    /// The fields of an object.
    #[serde(default)]
    pub properties: BTreeMap<String, Schema>,
    /// Those that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// What a list holds.
    pub items: Option<Box<Schema>>,
    /// What a map holds.
    pub additional_properties: Option<Box<Schema>>,
    /// The only values allowed.
    #[serde(rename = "enum", default)]
    pub choices: Vec<serde_json::Value>,
    /// What the API server fills in.
    pub default: Option<serde_json::Value>,
    /// Smallest number.
    pub minimum: Option<f64>,
    /// Largest number.
    pub maximum: Option<f64>,
    /// Fewest characters.
    pub min_length: Option<usize>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Fewest items.
    pub min_items: Option<usize>,
    /// Most items.
    pub max_items: Option<usize>,
    /// A regular expression.
    pub pattern: Option<String>,
    /// `atomic`, `set` or `map`.
    #[serde(rename = "x-kubernetes-list-type")]
    pub list_type: Option<String>,
    /// The fields that identify an item of a list of type `map`.
    #[serde(rename = "x-kubernetes-list-map-keys", default)]
    pub list_map_keys: Vec<String>,
    /// Only whoever merges needs to know.
    #[serde(rename = "x-kubernetes-map-type")]
    _map_type: Option<IgnoredAny>,
    /// An integer or a string.
    #[serde(rename = "x-kubernetes-int-or-string", default)]
    pub int_or_string: bool,
    /// Fields that are not listed are kept.
    #[serde(rename = "x-kubernetes-preserve-unknown-fields", default)]
    pub preserve_unknown: bool,
    /// Only client-side apply needs to know.
    #[serde(rename = "x-kubernetes-patch-merge-key")]
    _patch_merge_key: Option<IgnoredAny>,
    /// CEL rules, kept as written.
    #[serde(rename = "x-kubernetes-validations", default)]
    pub validations: Vec<serde_json::Value>,
}

impl Schema {
    /// Whether a quantity stands here.
    pub fn is_quantity(&self) -> bool {
        self.format.as_deref() == Some("quantity")
    }

    /// Whether a fraction may stand here; of what is an integer or a string, only a quantity may be one.
    pub fn takes_fractions(&self) -> bool {
        self.kind == Some(Type::Number) || self.is_quantity() || self.kind.is_none() && !self.int_or_string
    }

    /// The words for what is expected: `integer`, `integer or string`, …
    pub fn expected(&self) -> &'static str {
        match (self.format.as_deref(), self.kind) {
            (Some("quantity"), _) => "quantity",
            _ if self.int_or_string => "integer or string",
            (_, Some(kind)) => kind.as_str(),
            (_, None) => "any value",
        }
    }

    /// Why a value may not stand here, looking at the value itself and not into it.
    pub fn refuses(&self, value: &Value) -> Option<Refusal> {
        if !self.takes(value) {
            let wanted = format!("expected {}, found {}", self.expected(), value.type_name());
            return Some(Refusal {
                code: Code::WrongFieldType,
                what: "has the wrong type".to_owned(),
                wanted,
            });
        }
        let (what, wanted) = match value {
            Value::String(text) => self.refuses_text(text)?,
            Value::Int(number) => ("is out of range".to_owned(), self.refuses_number(*number)?),
            Value::List(items) => refuses_count(items.len(), self.min_items, self.max_items, "items")?,
            _ => return None,
        };
        Some(Refusal { code: Code::InvalidFieldValue, what, wanted })
    }

    fn takes(&self, value: &Value) -> bool {
        let is = |kind| self.kind == Some(kind);
        let anything = self.kind.is_none() && !self.int_or_string;
        anything
            || match value {
                // The API server drops nulls, or fills in the default.
                Value::Null => true,
                Value::Bool(_) => is(Type::Boolean),
                Value::Int(_) => self.int_or_string || is(Type::Integer) || is(Type::Number),
                Value::Float(_) => self.takes_fractions(),
                Value::String(_) => self.int_or_string || is(Type::String),
                Value::List(_) => is(Type::Array),
                Value::Map(_) => is(Type::Object),
            }
    }

    fn refuses_text(&self, text: &str) -> Option<(String, String)> {
        let choices: Vec<&str> = self.choices.iter().filter_map(serde_json::Value::as_str).collect();
        if !self.choices.is_empty() && !choices.contains(&text) {
            return Some((format!("cannot be `{text}`"), format!("one of {}", choices.join(", "))));
        }
        match self.format.as_deref() {
            Some("quantity") if !is_quantity(text) => Some((
                format!("is `{text}`, which is not a quantity"),
                "a quantity is a number with a suffix, like `250m` or `1Gi`".to_owned(),
            )),
            Some("byte") if !is_base64(text) => {
                Some(("is not base64".to_owned(), "data is written in base64".to_owned()))
            }
            _ => refuses_count(text.chars().count(), self.min_length, self.max_length, "characters"),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "bounds in schemas are far below 2^52")]
    fn refuses_number(&self, number: i64) -> Option<String> {
        if self.format.as_deref() == Some("int32") && i32::try_from(number).is_err() {
            return Some("does not fit 32 bits".to_owned());
        }
        let least = self.minimum.filter(|limit| (number as f64) < *limit);
        let most = self.maximum.filter(|limit| (number as f64) > *limit);
        least.map(|limit| format!("at least {limit}")).or(most.map(|limit| format!("at most {limit}")))
    }
}

/// Why a schema refuses a value.
pub struct Refusal {
    /// Whether the type is wrong, or the value.
    pub code: Code,
    /// What is wrong; completes "`x` …".
    pub what: String,
    /// What would be right.
    pub wanted: String,
}

fn refuses_count(
    count: usize,
    least: Option<usize>,
    most: Option<usize>,
    unit: &str,
) -> Option<(String, String)> {
    let short = least.filter(|least| count < *least);
    let long = most.filter(|most| count > *most);
    short
        .map(|least| ("is too short".to_owned(), format!("at least {least} {unit}")))
        .or(long.map(|most| ("is too long".to_owned(), format!("at most {most} {unit}"))))
}

/// Standard base64 with padding; line breaks are skipped, as Go's decoder does.
fn is_base64(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let body = digits.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len().is_multiple_of(4) && digits.len() - body <= 2 && digits[..body].iter().all(is_digit)
}
