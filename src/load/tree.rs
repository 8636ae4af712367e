//! The tree of one file.

use std::sync::Arc;

use litemap::LiteMap;

use crate::diag::Span;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What was written.
    pub value: Value<Tree>,
    /// The bytes of the value; of a table, its header.
    pub origin: Span,
    /// The bytes of the key that holds it; none for items of arrays and the root.
    pub key: Option<Span>,
}

/// A TOML value whose arrays and tables hold `T`; dates are refused when loading.
#[derive(Clone, Debug)]
pub enum Value<T> {
    Bool(bool),
    Int(i64),
    /// Finite.
    Float(f64),
    String(Arc<str>),
    Array(Vec<T>),
    Table(Table<T>),
}

/// The entries of a table, sorted by key. Most tables have few, for which the nodes of a tree would stand half empty.
pub type Table<T> = LiteMap<Arc<str>, T>;

impl<T> Value<T> {
    /// The entries of a table.
    pub fn table(&self) -> Option<&Table<T>> {
        match self {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of a table.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.table()?.get(key)
    }

    /// The value itself, if it is a single one.
    pub fn leaf<U>(&self) -> Option<Value<U>> {
        Some(match self {
            Value::Bool(flag) => Value::Bool(*flag),
            Value::Int(number) => Value::Int(*number),
            Value::Float(number) => Value::Float(*number),
            Value::String(text) => Value::String(Arc::clone(text)),
            Value::Array(_) | Value::Table(_) => return None,
        })
    }

    /// The type's name, in TOML's words.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "float",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Table(_) => "table",
        }
    }
}

impl Tree {
    /// Where to point at: the key, or else the value.
    pub fn place(&self) -> Span {
        self.key.unwrap_or(self.origin)
    }
}
