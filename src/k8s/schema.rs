//! The structural schema model: one for Kubernetes' own kinds and for custom resources.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::format::is_of_format;
use super::{Keys, Pattern, Value};
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
///
/// There are thousands of these in memory, most of them nearly empty: hence the boxes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "the keywords of OpenAPI")]
pub struct Schema {
    /// None where anything may stand, or where it is int-or-string.
    #[serde(rename = "type")]
    pub kind: Option<Type>,
    /// `int32`, `date-time`, `quantity`, …
    pub format: Option<Box<str>>,
    /// The definition that says the rest.
    #[serde(rename = "$ref")]
    pub reference: Option<Box<str>>,
    /// The fields of an object.
    #[serde(default)]
    pub properties: BTreeMap<String, Schema>,
    /// Those that must be there.
    #[serde(default)]
    pub required: Box<[Box<str>]>,
    /// What a list holds.
    pub items: Option<Box<Schema>>,
    /// What a map holds.
    pub additional_properties: Option<Box<Schema>>,
    /// The only values allowed.
    #[serde(rename = "enum", default)]
    pub choices: Box<[serde_json::Value]>,
    /// What the API server fills in.
    pub default: Option<Box<serde_json::Value>>,
    /// Smallest number.
    pub minimum: Option<f64>,
    /// Largest number.
    pub maximum: Option<f64>,
    /// Whether the smallest number itself is refused.
    #[serde(default)]
    pub exclusive_minimum: bool,
    /// Whether the largest number itself is refused.
    #[serde(default)]
    pub exclusive_maximum: bool,
    /// What a number has to be a multiple of.
    pub multiple_of: Option<f64>,
    /// Fewest characters.
    pub min_length: Option<usize>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Fewest items.
    pub min_items: Option<usize>,
    /// Most items.
    pub max_items: Option<usize>,
    /// Fewest entries.
    pub min_properties: Option<usize>,
    /// Most entries.
    pub max_properties: Option<usize>,
    /// What a text has to look like.
    pub pattern: Option<Box<Pattern>>,
    /// The API server drops nulls in any case, or keeps them.
    #[serde(rename = "nullable")]
    _nullable: Option<IgnoredAny>,
    /// Only `false` is allowed.
    #[serde(rename = "uniqueItems")]
    _unique_items: Option<IgnoredAny>,
    /// Every one of these has to accept it as well.
    #[serde(default)]
    pub all_of: Box<[Schema]>,
    /// At least one of these has to.
    #[serde(default)]
    pub any_of: Box<[Schema]>,
    /// Exactly one of these has to.
    #[serde(default)]
    pub one_of: Box<[Schema]>,
    /// This must not.
    pub not: Option<Box<Schema>>,
    /// `atomic`, `set` or `map`.
    #[serde(rename = "x-kubernetes-list-type")]
    pub list_type: Option<Box<str>>,
    /// The fields that identify an item of a list of type `map`.
    #[serde(rename = "x-kubernetes-list-map-keys", default)]
    pub list_map_keys: Box<[String]>,
    /// Only whoever merges needs to know.
    #[serde(rename = "x-kubernetes-map-type")]
    _map_type: Option<IgnoredAny>,
    /// An integer or a string.
    #[serde(rename = "x-kubernetes-int-or-string", default)]
    pub int_or_string: bool,
    /// Fields that are not listed are kept.
    #[serde(rename = "x-kubernetes-preserve-unknown-fields", default)]
    pub preserve_unknown: bool,
    /// A whole object stands here, with `apiVersion` and `kind`.
    #[serde(rename = "x-kubernetes-embedded-resource", default)]
    pub embedded_resource: bool,
    /// What the keys of a map have to be; said in Go code alone.
    #[serde(skip)]
    pub keys: Option<Keys>,
    /// Only client-side apply needs to know.
    #[serde(rename = "x-kubernetes-patch-merge-key")]
    _patch_merge_key: Option<IgnoredAny>,
    /// CEL rules, kept as written.
    #[serde(rename = "x-kubernetes-validations", default)]
    pub validations: Box<[serde_json::Value]>,
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

    /// The fields that must be written: what has a default is filled in before the API server looks.
    pub fn to_be_given(&self) -> impl Iterator<Item = &str> {
        let of_resource: &[&str] = if self.embedded_resource { &["apiVersion", "kind"] } else { &[] };
        let has_default = |name: &str| self.properties.get(name).is_some_and(|field| field.default.is_some());
        let required = self.required.iter().map(|name| &**name).filter(move |name| !has_default(name));
        required.chain(of_resource.iter().copied())
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
        let (what, wanted) = self.refuses_choice(value).or_else(|| match value {
            Value::String(text) => self.refuses_text(text),
            Value::Int(number) => self.refuses_whole(*number),
            Value::Float(number) => self.refuses_number(*number),
            Value::List(items) => refuses_count(items.len(), self.min_items, self.max_items, "items"),
            Value::Map(entries) => {
                refuses_count(entries.len(), self.min_properties, self.max_properties, "entries")
            }
            Value::Null | Value::Bool(_) => None,
        })?;
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

    fn refuses_choice(&self, value: &Value) -> Option<(String, String)> {
        if self.choices.is_empty()
            || *value == Value::Null
            || self.choices.iter().any(|choice| value.is(choice))
        {
            return None;
        }
        let what = match value {
            Value::String(text) => format!("cannot be `{text}`"),
            Value::Int(number) => format!("cannot be {number}"),
            _ => "has none of the allowed values".to_owned(),
        };
        let choice = |choice: &serde_json::Value| {
            choice.as_str().map_or_else(|| choice.to_string(), ToOwned::to_owned)
        };
        let choices: Vec<String> = self.choices.iter().map(choice).collect();
        Some((what, format!("one of {}", choices.join(", "))))
    }

    fn refuses_text(&self, text: &str) -> Option<(String, String)> {
        if let Some((what, wanted)) =
            self.format.as_deref().and_then(|format| is_of_format(text, format).err())
        {
            return Some((what, wanted.to_owned()));
        }
        let is_bounded = self.min_length.is_some() || self.max_length.is_some();
        let count = if is_bounded { text.chars().count() } else { 0 };
        let counted = refuses_count(count, self.min_length, self.max_length, "characters");
        counted.or_else(|| {
            let pattern = self.pattern.as_ref().filter(|pattern| pattern.fits(text) == Some(false))?;
            Some((format!("cannot be `{text}`"), format!("does not match `{}`", pattern.as_str())))
        })
    }

    #[allow(clippy::cast_precision_loss, reason = "bounds in schemas are far below 2^52")]
    fn refuses_whole(&self, number: i64) -> Option<(String, String)> {
        if self.format.as_deref() == Some("int32") && i32::try_from(number).is_err() {
            return Some(("is out of range".to_owned(), "does not fit 32 bits".to_owned()));
        }
        self.refuses_number(number as f64)
    }

    fn refuses_number(&self, number: f64) -> Option<(String, String)> {
        let refusal = |what: &str, wanted: String| Some((what.to_owned(), wanted));
        let range = "is out of range";
        match (self.minimum, self.maximum, self.multiple_of) {
            (Some(least), ..) if self.exclusive_minimum && number <= least => {
                refusal(range, format!("more than {least}"))
            }
            (Some(least), ..) if number < least => refusal(range, format!("at least {least}")),
            (_, Some(most), _) if self.exclusive_maximum && number >= most => {
                refusal(range, format!("less than {most}"))
            }
            (_, Some(most), _) if number > most => refusal(range, format!("at most {most}")),
            (_, _, Some(step)) if (number / step).fract() != 0.0 => {
                refusal("is not allowed", format!("a multiple of {step}"))
            }
            _ => None,
        }
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

#[cfg(test)]
mod tests {
    use super::Schema;

    #[test]
    fn a_schema_stays_small() {
        assert!(size_of::<Schema>() <= 400, "{}", size_of::<Schema>());
    }
}
