//! The structural schema model: one for Kubernetes' own kinds and for custom resources.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

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
}
