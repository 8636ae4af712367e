//! Values that remember their inputs.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{Input, InputSet};

/// The struct name by which a merged tree's deserializer recognizes [`Sourced`], and gives it one entry: its input
/// and itself. `toml::Spanned` works likewise.
pub(super) const SOURCED: &str = "$p8fs-gen::Sourced";

/// Likewise for [`Both`]: gives the tree twice.
pub(super) const BOTH: &str = "$p8fs-gen::Both";

/// A value with the inputs it comes from: one when it was read, the union when it was derived, none when it
/// is a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    value: T,
    inputs: InputSet,
}

impl<T> Sourced<T> {
    /// A value that no input gave.
    pub fn default_of(value: T) -> Self {
        Self { value, inputs: InputSet::default() }
    }

    /// A value by default, because a table lacks the key that would give it.
    pub fn default_in<U>(table: &Sourced<U>, value: T) -> Self {
        Self { value, inputs: table.inputs.absence() }
    }

    /// A value that `inputs` gave.
    pub fn derived(value: T, inputs: InputSet) -> Self {
        Self { value, inputs }
    }

    pub fn value(&self) -> &T {
        &self.value
    }

    /// The inputs that gave it.
    pub fn inputs(&self) -> &InputSet {
        &self.inputs
    }

    /// A value computed from this one alone.
    pub fn map<U>(&self, compute: impl FnOnce(&T) -> U) -> Sourced<U> {
        Sourced { value: compute(&self.value), inputs: self.inputs.clone() }
    }

    /// A value computed from this one and another.
    pub fn zip<U, V>(&self, other: &Sourced<U>, compute: impl FnOnce(&T, &U) -> V) -> Sourced<V> {
        let mut inputs = self.inputs.clone();
        inputs.extend(&other.inputs);
        Sourced { value: compute(&self.value, &other.value), inputs }
    }
}

impl<T: std::fmt::Display> Sourced<T> {
    /// The value as it is written.
    pub fn text(&self) -> Sourced<String> {
        self.map(T::to_string)
    }
}

/// One table read as two types: what all tables of its family say, and what this one's sort alone does.
#[derive(Clone, Debug)]
pub struct Both<A, B> {
    pub common: A,
    pub own: B,
}

impl<'de, A: Deserialize<'de>, B: Deserialize<'de>> Deserialize<'de> for Both<A, B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BothVisitor<A, B>(PhantomData<(A, B)>);

        impl<'de, A: Deserialize<'de>, B: Deserialize<'de>> Visitor<'de> for BothVisitor<A, B> {
            type Value = Both<A, B>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table of a merged tree")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut twice: S) -> Result<Self::Value, S::Error> {
                match (twice.next_element()?, twice.next_element()?) {
                    (Some(common), Some(own)) => Ok(Both { common, own }),
                    _ => Err(serde::de::Error::custom("not a merged tree")),
                }
            }
        }

        deserializer.deserialize_tuple_struct(BOTH, 2, BothVisitor(PhantomData))
    }
}

/// The keys of both, and no others.
impl<A: JsonSchema, B: JsonSchema> JsonSchema for Both<A, B> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        B::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut both = B::json_schema(generator);
        let common = A::json_schema(generator);
        for keyword in ["properties", "required"] {
            match (both.get_mut(keyword), common.get(keyword)) {
                (Some(Json::Object(own)), Some(Json::Object(common))) => own.extend(common.clone()),
                (Some(Json::Array(own)), Some(Json::Array(common))) => own.extend(common.iter().cloned()),
                (None, Some(common)) => drop(both.insert(keyword.to_owned(), common.clone())),
                _ => {}
            }
        }
        both.insert("additionalProperties".to_owned(), Json::Bool(false));
        both
    }
}

impl<T: Default> Default for Sourced<T> {
    fn default() -> Self {
        Self::default_of(T::default())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sourced<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourcedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SourcedVisitor<T> {
            type Value = Sourced<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value of a merged tree")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let entry: Option<(u32, T)> = map.next_entry()?;
                let (input, value) = entry.ok_or_else(|| serde::de::Error::custom("not a merged tree"))?;
                // What stands in for a refused value has no inputs.
                let inputs = Some(Input(input)).filter(|input| *input != Input::NONE).into_iter().collect();
                Ok(Sourced { value, inputs })
            }
        }

        deserializer.deserialize_struct(SOURCED, &[], SourcedVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Sourced<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}
