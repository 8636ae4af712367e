//! The tree of one file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Span;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What was written.
    pub value: Value,
    /// The bytes of the value; of a table, its header.
    pub origin: Span,
}

/// A TOML value; dates are refused when loading.
#[derive(Clone, Debug)]
pub enum Value {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// `[…]`
    Array(Vec<Tree>),
    /// `{…}` or `[header]`
    Table(BTreeMap<Arc<str>, Entry>),
}

/// A key of a table and what it holds.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The bytes of the key.
    pub key: Span,
    /// Its value.
    pub tree: Tree,
}

impl Tree {
    /// The entry of a table.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.get(key),
            _ => None,
        }
    }
}
