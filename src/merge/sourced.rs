//! Values that remember their inputs.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Input, InputSet};

/// The struct name by which a merged tree's deserializer recognizes [`Sourced`], and gives it one entry: its input
/// and itself. `toml::Spanned` works likewise.
pub(super) const SOURCED: &str = "$p8fs-gen::Sourced";

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

impl<T: schemars::JsonSchema> schemars::JsonSchema for Sourced<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<T>()
    }
}
