//! The model as templates see it: data that knows its inputs, and the types of that data.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::declare::{
    AbsolutePath, Address, ApiGroup, ApiResource, Bytes, ChartRepository, ChartVersion, Choice as _, Cidr,
    Cpu, FileName, HostName, Image, IpFamily, LabelKey, LabelValue, MountPath, Name, NodeRole, ObjectName,
    ParameterName, PathOnHost, PathPrefix, Percent, PortName, PortNumber, Protocol, Schedule, SecretKey,
    SecretText, SecretVia, Setting, StreamName, Subject, TaintEffect, Tier, TimeZone, VariableName, Verb,
};
use crate::merge::{InputSet, Sourced};

/// A node of the data; a copy shares what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    pub value: Structure,
    /// Of a leaf: what gave its value. Of a list or map: what decided that it is there.
    pub inputs: InputSet,
}

/// The data itself. Maps are iterated by sorted key.
#[derive(Clone, Debug, PartialEq)]
pub enum Structure {
    Leaf(Leaf),
    List(Arc<[Context]>),
    /// Entries by keys that the declaration chose, sorted by them.
    Map(Arc<[(Arc<str>, Context)]>),
    /// The fields of a struct and their names, in the order of the struct.
    Struct(&'static [&'static str], Arc<[Context]>),
}

impl Structure {
    /// A map of entries in any order; their keys differ.
    pub fn map(mut entries: Vec<(Arc<str>, Context)>) -> Self {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self::Map(entries.into())
    }
}

impl Context {
    /// The entry of a map, or the field of a struct.
    pub fn get(&self, key: &str) -> Option<&Context> {
        match &self.value {
            Structure::Map(entries) => {
                let place = entries.binary_search_by(|(known, _)| (**known).cmp(key)).ok()?;
                Some(&entries[place].1)
            }
            Structure::Struct(names, fields) => {
                names.iter().position(|name| *name == key).map(|place| &fields[place])
            }
            Structure::Leaf(_) | Structure::List(_) => None,
        }
    }

    /// The entries of a map, or the fields of a struct, by key.
    pub fn entries(&self) -> Vec<(Arc<str>, &Context)> {
        match &self.value {
            Structure::Map(entries) => entries.iter().map(|(key, value)| (Arc::clone(key), value)).collect(),
            Structure::Struct(names, fields) => {
                let mut entries: Vec<_> = names.iter().map(|name| Arc::from(*name)).zip(&**fields).collect();
                entries.sort_by(|(a, _): &(Arc<str>, _), (b, _)| a.cmp(b));
                entries
            }
            Structure::Leaf(_) | Structure::List(_) => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// Not there: a field that holds it is left out.
    None,
    Bool(bool),
    Int(i64),
    /// Only expressions give one.
    Float(f64),
    Text(Arc<str>),
}

/// The type of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is known of it.
    Any,
    Bool,
    Int,
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// None, or what it holds.
    Optional(Box<Shape>),
    List(Box<Shape>),
    /// A map with keys that the declaration chose.
    Map(Box<Shape>),
    /// A map with fixed keys.
    Struct(BTreeMap<Cow<'static, str>, Shape>),
}

impl Shape {
    /// The type of what is there: the keys of its maps are those that they have.
    pub fn of(context: &Context) -> Self {
        match &context.value {
            Structure::Leaf(Leaf::None) => Self::Optional(Box::new(Self::Any)),
            Structure::Leaf(Leaf::Bool(_)) => Self::Bool,
            Structure::Leaf(Leaf::Int(_)) => Self::Int,
            Structure::Leaf(Leaf::Float(_)) => Self::Any,
            Structure::Leaf(Leaf::Text(_)) => Self::Text,
            Structure::List(items) => {
                let item = items.first().map_or(Self::Any, Self::of);
                Self::List(Box::new(item))
            }
            Structure::Map(_) | Structure::Struct(..) => {
                let entries = context.entries().into_iter();
                Self::Struct(
                    entries.map(|(key, entry)| (Cow::Owned(key.to_string()), Self::of(entry))).collect(),
                )
            }
        }
    }
}

/// What can be part of the model.
pub trait Contextual {
    fn shape() -> Shape;
    /// Its data, held by something with these inputs.
    fn context(&self, holder: &InputSet) -> Context;
    /// Its data, which these inputs gave.
    fn given(&self, inputs: &InputSet) -> Context {
        self.context(inputs)
    }
}

/// Single values of these types become leaves of one kind.
macro_rules! leaves {
    ($( $($type:ty),+ => $shape:expr, $leaf:expr; )+) => { $($(
        impl Contextual for $type {
            fn shape() -> Shape {
                $shape
            }

            fn context(&self, holder: &InputSet) -> Context {
                let leaf: fn(&$type) -> Leaf = $leaf;
                Context { value: Structure::Leaf(leaf(self)), inputs: holder.clone() }
            }
        }
    )+)+ };
}

leaves! {
    bool => Shape::Bool, |flag| Leaf::Bool(*flag);
    u32, i32 => Shape::Int, |number| Leaf::Int(i64::from(*number));
    i64 => Shape::Int, |number| Leaf::Int(*number);
    PortNumber, Percent => Shape::Int, |number| Leaf::Int(i64::from(number.0));
    String => Shape::Text, |text| Leaf::Text(text.as_str().into());
    IpFamily => Shape::Choice(IpFamily::NAMES), |family| Leaf::Text(family.as_str().into());
    NodeRole => Shape::Choice(NodeRole::NAMES), |role| Leaf::Text(role.as_str().into());
    Protocol => Shape::Choice(Protocol::NAMES), |protocol| Leaf::Text(protocol.as_str().into());
    Tier => Shape::Choice(Tier::NAMES), |tier| Leaf::Text(tier.as_str().into());
    TaintEffect => Shape::Choice(TaintEffect::NAMES), |effect| Leaf::Text(effect.as_str().into());
    SecretVia => Shape::Choice(SecretVia::NAMES), |via| Leaf::Text(via.as_str().into());
    SecretText => Shape::Text, |text| Leaf::Text(text.expose().into());
    Verb => Shape::Choice(Verb::NAMES), |verb| Leaf::Text(verb.as_str().into());
    Name, PortName, VariableName, Image, Cpu, Bytes, Cidr, AbsolutePath, Address, ApiGroup, ApiResource, FileName,
    ChartRepository, ChartVersion, HostName, LabelKey, LabelValue, MountPath, ObjectName, ParameterName, PathOnHost, PathPrefix, Schedule, SecretKey, StreamName, Subject,
    TimeZone
        => Shape::Text, |text| Leaf::Text(text.shared());
    Setting => Shape::Text, |setting| Leaf::Text(setting.to_string().into());
}

impl<T: Contextual> Contextual for Sourced<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn context(&self, _holder: &InputSet) -> Context {
        self.value().given(self.inputs())
    }
}

impl<T: Contextual> Contextual for Option<T> {
    fn shape() -> Shape {
        Shape::Optional(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        match self {
            Some(value) => value.context(holder),
            // Whoever holds it lacks what would have given it.
            None => Context { value: Structure::Leaf(Leaf::None), inputs: holder.absence() },
        }
    }

    fn given(&self, inputs: &InputSet) -> Context {
        match self {
            Some(value) => value.given(inputs),
            None => Context { value: Structure::Leaf(Leaf::None), inputs: inputs.clone() },
        }
    }
}

impl<T: Contextual> Contextual for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        let items = self.iter().map(|item| item.context(holder)).collect();
        let inputs = if self.is_empty() { holder.absence() } else { holder.clone() };
        Context { value: Structure::List(items), inputs }
    }
}

/// From how many entries on a map is made by several threads.
const MANY: usize = 64;

impl<K: std::fmt::Display + Ord + Sync, T: Contextual + Sync> Contextual for BTreeMap<K, T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        let entry = |(key, value): (&K, &T)| (key.to_string().into(), value.context(holder));
        let entries = if self.len() < MANY {
            self.iter().map(entry).collect()
        } else {
            self.par_iter().map(entry).collect()
        };
        let inputs = if self.is_empty() { holder.absence() } else { holder.clone() };
        Context { value: Structure::map(entries), inputs }
    }
}

/// Declares a struct of the model together with its shape and its data, so that the three cannot differ.
macro_rules! contextual {
    ($( $(#[$meta:meta])* pub struct $name:ident { $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )+ } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type, )+ }

        impl $crate::model::Contextual for $name {
            fn shape() -> $crate::model::Shape {
                let fields = [$( (stringify!($field).into(), <$type as $crate::model::Contextual>::shape()) ),+];
                $crate::model::Shape::Struct(fields.into_iter().collect())
            }

            fn context(&self, holder: &$crate::merge::InputSet) -> $crate::model::Context {
                let fields = std::sync::Arc::new([$( $crate::model::Contextual::context(&self.$field, holder) ),+]);
                let value = $crate::model::Structure::Struct(&[$( stringify!($field) ),+], fields);
                $crate::model::Context { value, inputs: holder.clone() }
            }
        }
    )+ };
}

/// Declares an enumeration of the model: templates see its words.
macro_rules! words {
    ($( $(#[$meta:meta])* pub enum $name:ident { $( $variant:ident = $text:literal, )+ } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $variant, )+ }

        impl $name {
            /// As templates see it.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $text, )+ }
            }
        }

        impl $crate::model::Contextual for $name {
            fn shape() -> $crate::model::Shape {
                $crate::model::Shape::Choice(&[$($text),+])
            }

            fn context(&self, holder: &$crate::merge::InputSet) -> $crate::model::Context {
                let value = $crate::model::Structure::Leaf($crate::model::Leaf::Text(self.as_str().into()));
                $crate::model::Context { value, inputs: holder.clone() }
            }
        }
    )+ };
}

pub(super) use {contextual, words};
