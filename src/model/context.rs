//! The model as templates see it: data that knows its inputs, and the types of that data.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::merge::{InputSet, Sourced};

/// A node of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// What it holds.
    pub value: Structure,
    /// Of a leaf: what gave its value. Of a list or map: what decided that it is there.
    pub inputs: InputSet,
}

/// The data itself. Maps are iterated by sorted key.
#[derive(Clone, Debug, PartialEq)]
pub enum Structure {
    /// A single value, or none.
    Leaf(Leaf),
    /// A list.
    List(Vec<Arc<Context>>),
    /// A map, or the fields of a struct.
    Map(BTreeMap<Arc<str>, Arc<Context>>),
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// Not there: a field that holds it is left out.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction; only expressions give one.
    Float(f64),
    /// Text.
    Text(Arc<str>),
}

/// The type of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is known of it.
    Any,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// None, or what it holds.
    Optional(Box<Shape>),
    /// A list.
    List(Box<Shape>),
    /// A map with keys that the declaration chose.
    Map(Box<Shape>),
    /// A map with fixed keys.
    Struct(BTreeMap<&'static str, Shape>),
}

/// What can be part of the model.
pub trait Contextual {
    /// Its type.
    fn shape() -> Shape;
    /// Its data, held by something with these inputs.
    fn context(&self, holder: &InputSet) -> Context;
}

impl Contextual for bool {
    fn shape() -> Shape {
        Shape::Bool
    }

    fn context(&self, holder: &InputSet) -> Context {
        Context { value: Structure::Leaf(Leaf::Bool(*self)), inputs: holder.clone() }
    }
}

impl Contextual for i64 {
    fn shape() -> Shape {
        Shape::Int
    }

    fn context(&self, holder: &InputSet) -> Context {
        Context { value: Structure::Leaf(Leaf::Int(*self)), inputs: holder.clone() }
    }
}

impl Contextual for String {
    fn shape() -> Shape {
        Shape::Text
    }

    fn context(&self, holder: &InputSet) -> Context {
        Context { value: Structure::Leaf(Leaf::Text(Arc::from(&**self))), inputs: holder.clone() }
    }
}

impl<T: Contextual> Contextual for Sourced<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn context(&self, _holder: &InputSet) -> Context {
        self.value().context(self.inputs())
    }
}

impl<T: Contextual> Contextual for Option<T> {
    fn shape() -> Shape {
        Shape::Optional(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        match self {
            Some(value) => value.context(holder),
            None => Context { value: Structure::Leaf(Leaf::None), inputs: InputSet::default() },
        }
    }
}

impl<T: Contextual> Contextual for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        let items = self.iter().map(|item| Arc::new(item.context(holder))).collect();
        Context { value: Structure::List(items), inputs: holder.clone() }
    }
}

impl<T: Contextual> Contextual for BTreeMap<String, T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn context(&self, holder: &InputSet) -> Context {
        let entry = |(key, value): (&String, &T)| (Arc::from(&**key), Arc::new(value.context(holder)));
        Context { value: Structure::Map(self.iter().map(entry).collect()), inputs: holder.clone() }
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
                let fields = [$( (stringify!($field), <$type as $crate::model::Contextual>::shape()) ),+];
                $crate::model::Shape::Struct(fields.into_iter().collect())
            }

            fn context(&self, holder: &$crate::merge::InputSet) -> $crate::model::Context {
                let fields = [$( (
                    std::sync::Arc::from(stringify!($field)),
                    std::sync::Arc::new($crate::model::Contextual::context(&self.$field, holder)),
                ) ),+];
                let value = $crate::model::Structure::Map(fields.into_iter().collect());
                $crate::model::Context { value, inputs: holder.clone() }
            }
        }
    )+ };
}

pub(super) use contextual;
