//! Canonical JSON: the values and the order of the YAML.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::order::Position;
use crate::k8s::{Cursor, Node, Value};

/// How JSON is laid out.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// On one line.
    Line,
    /// Indented.
    Pretty,
}

/// Appends an object, or any other value, with the end of its last line; `schema` is the object's.
pub(super) fn write(root: &Node, schema: Option<Cursor<'_>>, layout: Layout, out: &mut Vec<u8>) {
    let root = Placed { node: root, position: Position::object(schema) };
    // Text, finite numbers and keys that are text always have a JSON form, and memory takes it.
    let _ = match layout {
        Layout::Line => serde_json::to_writer(&mut *out, &root),
        Layout::Pretty => serde_json::to_writer_pretty(&mut *out, &root),
    };
    out.push(b'\n');
}

/// A node and where it stands.
struct Placed<'a> {
    node: &'a Node,
    position: Position<'a>,
}

impl Serialize for Placed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let position = self.position.item();
                serializer.collect_seq(items.iter().map(|node| Placed { node, position }))
            }
            Value::Map(entries) => {
                let entries = self.position.entries(entries);
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, node, position) in entries {
                    map.serialize_entry(key, &Placed { node, position })?;
                }
                map.end()
            }
        }
    }
}
