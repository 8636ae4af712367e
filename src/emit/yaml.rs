//! Canonical YAML: one object has one text, which YAML 1.1 and 1.2 readers understand alike.

mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::k8s::{Cursor, Node, Object, Value};

/// Appends the object as one YAML document, without a separator.
///
/// `schema` is the object's; it tells which keys identify the items of a list and so come first in them.
pub fn write(object: &Object, schema: Option<Cursor<'_>>, out: &mut String) {
    mapping(object.root.entries(), At { column: 0, order: Order::Root, schema }, out);
}

/// Where a collection stands.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The column of its keys or dashes.
    column: usize,
    /// How its keys are sorted.
    order: Order<'a>,
    /// What is known about it.
    schema: Option<Cursor<'a>>,
}

/// Which keys of a mapping come first; equal ranks are sorted by key.
#[derive(Clone, Copy)]
enum Order<'a> {
    /// The object itself.
    Root,
    /// The object's metadata.
    Metadata,
    /// Any other mapping, with the keys that identify it in its list.
    Inner(&'a [String]),
}

impl Order<'_> {
    fn rank(self, key: &str) -> usize {
        let place = |first: &[&str]| first.iter().position(|name| *name == key).unwrap_or(first.len());
        match self {
            Self::Root if key == "status" => usize::MAX,
            Self::Root => place(&["apiVersion", "kind", "metadata"]),
            Self::Metadata => place(&["name", "namespace", "labels", "annotations"]),
            Self::Inner(keys) => {
                let first = keys.iter().position(|name| name == key);
                first.unwrap_or(keys.len() + usize::from(key != "name"))
            }
        }
    }
}

/// What stands before a value on its line.
#[derive(Clone, Copy)]
enum After {
    /// A key: a collection starts on the next line, a list in the key's own column.
    Key,
    /// A dash: a collection starts right behind it.
    Dash,
}

impl After {
    fn open(self, at: At<'_>, out: &mut String) {
        match self {
            Self::Key => {
                out.push('\n');
                indent(at.column, out);
            }
            Self::Dash => out.push(' '),
        }
    }
}

/// Writes the entries; the first one where the text stands, the others on lines of their own.
///
/// Every key stands on one line: those of Kubernetes are far below the 1,024 characters that readers take.
fn mapping(entries: &[(Arc<str>, Node)], at: At<'_>, out: &mut String) {
    let mut sorted: Vec<_> = entries.iter().map(|(key, node)| (at.order.rank(key), &**key, node)).collect();
    sorted.sort_unstable_by_key(|(rank, key, _)| (*rank, *key));
    for (index, (_, name, node)) in sorted.into_iter().enumerate() {
        if index > 0 {
            indent(at.column, out);
        }
        scalar::line(name, out);
        out.push(':');
        let order = match (at.order, name) {
            (Order::Root, "metadata") => Order::Metadata,
            _ => Order::Inner(&[]),
        };
        let schema = at.schema.and_then(|schema| schema.field(name));
        value(node, After::Key, At { order, schema, ..at }, out);
    }
}

fn list(items: &[Node], at: At<'_>, out: &mut String) {
    let order = Order::Inner(at.schema.map_or(&[], Cursor::list_map_keys));
    let schema = at.schema.and_then(Cursor::item);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            indent(at.column, out);
        }
        out.push('-');
        value(item, After::Dash, At { order, schema, ..at }, out);
    }
}

/// Writes a value behind its key or dash, to the end of its last line; `at` is where that key or dash stands,
/// with the value's own order and schema.
fn value(node: &Node, after: After, at: At<'_>, out: &mut String) {
    let nested = At { column: at.column + 2, ..at };
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            after.open(nested, out);
            mapping(entries, nested, out);
        }
        Value::List(items) if !items.is_empty() => {
            let at = match after {
                After::Key => at,
                After::Dash => nested,
            };
            after.open(at, out);
            list(items, at, out);
        }
        Value::String(text) => {
            out.push(' ');
            scalar::text(text, at.column, out);
        }
        simple => {
            out.push(' ');
            match simple {
                Value::Map(_) => out.push_str("{}"),
                Value::List(_) => out.push_str("[]"),
                Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
                Value::Int(number) => out.push_str(&number.to_string()),
                Value::Float(number) => scalar::float(*number, out),
                Value::Null | Value::String(_) => out.push_str("null"),
            }
            out.push('\n');
        }
    }
}

fn indent(columns: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', columns));
}
