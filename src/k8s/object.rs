//! A Kubernetes object as data: a tree whose every node knows where it was written.

use std::sync::Arc;

use crate::diag::Span;
use crate::merge::Provenance;

/// A node of an object.
#[derive(Clone, Debug)]
pub struct Node {
    /// What stands here.
    pub value: Value,
    /// The text that put it here: a place in a template, or in a manifest.
    pub at: Span,
    /// How many bytes before `at` the key begins that leads here; 0 where that is not known.
    pub lead: u16,
    /// Whether the text says it, or data does.
    pub made: Made,
    /// The inputs that made it; recorded only when asked for (`explain`, errors).
    pub from: Option<Arc<Provenance>>,
}

/// What a node's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It stands in the text as it is.
    Literal,
    /// An expression gave it, or a list or mapping became empty by one.
    Data,
    /// A patch takes away what stands here; nothing of an object that is rendered is of this kind.
    Removed,
}

/// A value of an object; the JSON data model with integers kept apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; always finite.
    Float(f64),
    /// Text.
    String(Arc<str>),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written; keys are unique.
    Map(Vec<(Arc<str>, Node)>),
}

/// Two nodes are equal when their values are: where they were written does not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// Where the key `key` stands that leads to this node; the node's own place where that is not known.
    pub fn key_at(&self, key: &str) -> Span {
        match self.lead {
            0 => self.at,
            lead => {
                let start = self.at.start.saturating_sub(lead.into());
                let end = start.saturating_add(key.len().try_into().unwrap_or(u32::MAX)).min(self.at.start);
                Span { start, end, ..self.at }
            }
        }
    }

    /// The entry `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| &**name == key).map(|(_, node)| node)
    }

    /// The entry reached by following `keys`.
    pub fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping; empty for anything else.
    pub fn entries(&self) -> &[(Arc<str>, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; empty for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(flag) => (*flag).into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::String(text) => (&**text).into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, node)| (key.to_string(), node.to_json())).collect()
            }
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Value {
    /// The value's type, in the words of JSON Schema.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }

    /// Whether this is the same value as one of a schema.
    pub fn is(&self, other: &serde_json::Value) -> bool {
        match (self, other) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Value::Int(a), b) if b.is_i64() => Some(*a) == b.as_i64(),
            (Value::Float(a), serde_json::Value::Number(b)) => Some(*a) == b.as_f64(),
            (Value::String(a), serde_json::Value::String(b)) => **a == **b,
            (Value::List(a), serde_json::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.value.is(b))
            }
            (Value::Map(a), serde_json::Value::Object(b)) => {
                let is_there = |(key, a): &(Arc<str>, Node)| b.get(&**key).is_some_and(|b| a.value.is(b));
                a.len() == b.len() && a.iter().all(is_there)
            }
            _ => false,
        }
    }
}

/// What makes an object itself: two objects of one identity are one object to the API server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// `apps/v1`, or `v1` for the core group.
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// None for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// `metadata.name`, or the beginning of the one that the API server is to make up; empty where there is neither.
    pub name: String,
}

/// `Kind namespace/name`, as diagnostics name an object.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        if self.name.is_empty() {
            return Ok(());
        }
        f.write_str(" ")?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// One object of the output.
#[derive(Clone, Debug)]
pub struct Object {
    /// Read from the tree once, so that later rooms need not look for it.
    pub identity: Identity,
    /// The family that filed it (`workload`, `network`, …).
    pub family: Arc<str>,
    /// The whole object; always a mapping.
    pub root: Node,
}
