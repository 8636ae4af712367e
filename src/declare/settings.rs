//! What settings a system's programs know, and what an environment says of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::secret::SecretRef;
use super::values::{Name, Per, SettingKey, SettingName, SettingType, Tier};
use crate::diag::closest;
use crate::merge::{InputSet, Sourced};

/// A setting that the system's programs know.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What sort of value it takes.
    #[serde(rename = "type")]
    pub kind: Sourced<SettingType>,
    /// What it is for, in a sentence.
    pub description: Sourced<String>,
    /// The values of a `choice`.
    #[serde(default)]
    pub values: Vec<Sourced<String>>,
    /// A regular expression for the whole of a text; of a `choice`, for texts that are taken beside its values.
    pub pattern: Option<Sourced<String>>,
    /// What sort of value each item of a `list` is; `text` if left out.
    pub items: Option<Sourced<SettingType>>,
    /// The least that it may be: a number, or a size such as `1MB`.
    pub min: Option<Sourced<Bound>>,
    /// The most that it may be: a number, or a size such as `1GB`.
    pub max: Option<Sourced<Bound>>,
    /// What it is where nothing else is said.
    pub default: Option<Sourced<SettingValue>>,
    /// What it is in environments of a tier where nothing else is said.
    #[serde(default)]
    pub defaults: Sourced<TierDefaults>,
    /// The tiers whose environments cannot do without it.
    #[serde(default)]
    pub required: Vec<Sourced<Tier>>,
    /// It is there only where these other settings have these values.
    #[serde(default)]
    pub when: Sourced<BTreeMap<SettingName, Sourced<Wanted>>>,
    /// The store that it tells of: it is there only where the environment has that store.
    pub store: Option<Sourced<Name>>,
    /// It follows from what is declared elsewhere, by expressions between `${{` and `}}`, and is never set.
    pub derived: Option<Sourced<String>>,
    /// Whether it differs from workload to workload: `workload` is then known to the expression of `derived`.
    pub per: Option<Sourced<Per>>,
    /// What the server speaks that it tells of, such as `http`: `p8fs-gen settings check` asks it.
    pub protocol: Option<Sourced<Name>>,
    /// Of a `host` with a protocol: the setting that is its port.
    pub port: Option<Sourced<SettingName>>,
    /// Other names that it is known by.
    #[serde(default)]
    pub aliases: Vec<Sourced<SettingName>>,
}

impl Definition {
    /// What it is in a tier where nothing else is said.
    pub fn default_for(&self, tier: Tier) -> Option<&Sourced<SettingValue>> {
        self.defaults.value().of(tier).or(self.default.as_ref())
    }

    /// The value of a choice that a text is nearly: the slip may be here or there.
    pub fn near(&self, written: &str) -> Option<&Sourced<String>> {
        let near = closest(written, self.values.iter().map(|value| value.value().as_str()))?;
        self.values.iter().find(|value| value.value() == near)
    }
}

/// Defaults by tier.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierDefaults {
    /// In development.
    pub development: Option<Sourced<SettingValue>>,
    /// In testing.
    pub testing: Option<Sourced<SettingValue>>,
    /// In staging.
    pub staging: Option<Sourced<SettingValue>>,
    /// In production.
    pub production: Option<Sourced<SettingValue>>,
}

impl TierDefaults {
    /// That of a tier.
    pub fn of(&self, tier: Tier) -> Option<&Sourced<SettingValue>> {
        match tier {
            Tier::Development => self.development.as_ref(),
            Tier::Testing => self.testing.as_ref(),
            Tier::Staging => self.staging.as_ref(),
            Tier::Production => self.production.as_ref(),
        }
    }

    /// All that there are.
    pub fn iter(&self) -> impl Iterator<Item = &Sourced<SettingValue>> {
        [&self.development, &self.testing, &self.staging, &self.production].into_iter().flatten()
    }
}

/// What a setting is set to; which of these it may be is by its type.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum SettingValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Texts.
    List(Vec<Sourced<String>>),
    /// Where a secret is kept.
    Secret(SecretRef),
}

/// By hand, because serde's untagged enums lose where their parts were written.
impl<'de> Deserialize<'de> for SettingValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = SettingValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the value of a setting")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SettingValue, E> {
                Ok(SettingValue::Text(text.to_owned()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<SettingValue, E> {
                Ok(SettingValue::Integer(number))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<SettingValue, E> {
                Ok(SettingValue::Number(number))
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<SettingValue, E> {
                Ok(SettingValue::Flag(flag))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<SettingValue, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(SettingValue::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SettingValue, A::Error> {
                SecretRef::deserialize(MapAccessDeserializer::new(map)).map(SettingValue::Secret)
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

impl SettingValue {
    /// What gave the items of a list.
    pub fn items(&self) -> InputSet {
        let mut items = InputSet::default();
        if let Self::List(texts) = self {
            for text in texts {
                items.extend(text.inputs());
            }
        }
        items
    }

    /// What it is, in the words of TOML.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Integer(_) => "integer",
            Self::Number(_) => "float",
            Self::Flag(_) => "boolean",
            Self::List(_) => "array",
            Self::Secret(_) => "table",
        }
    }
}

impl std::fmt::Display for SettingValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::List(items) => {
                let items: Vec<&str> = items.iter().map(|item| item.value().as_str()).collect();
                f.write_str(&serde_json::Value::from(items).to_string())
            }
            Self::Secret(SecretRef { secret, key }) => write!(f, "{}/{}", secret.value(), key.value()),
        }
    }
}

/// The end of a range.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A size.
    Size(String),
}

/// A value of another setting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Wanted {
    /// This text.
    Text(String),
    /// True or false.
    Flag(bool),
}

impl Wanted {
    /// Whether a value is this.
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::Text(text) => text == value,
            Self::Flag(flag) => flag.to_string() == value,
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// The settings of an environment by name: as they are defined, or, of a system that defines none, as the variables are
/// called.
pub type Settings = BTreeMap<SettingKey, Sourced<SettingValue>>;
