//! Canonical YAML: one object has one text, which YAML 1.1 and 1.2 readers understand alike.

mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::order::Position;
use crate::k8s::{Cursor, Node, Value};

/// What a key may be long, as written, before it has to be announced with `?`: readers look no further than 1,024
/// characters for the colon that makes a text a key.
const LONGEST_KEY: usize = 1000;

/// Appends an object, or any other mapping, as one YAML document, without a separator.
///
/// `schema` is the object's; it tells which keys identify the items of a list and so come first in them.
pub fn write(root: &Node, schema: Option<Cursor<'_>>, out: &mut String) {
    if root.entries().is_empty() {
        out.push_str("{}\n");
    }
    mapping(root.entries(), At { column: 0, position: Position::object(schema) }, out);
}

/// A mapping as a text of its own.
pub fn document(root: &Node) -> String {
    let mut text = String::new();
    write(root, None, &mut text);
    text
}

/// Where a collection stands.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The column of its keys or dashes.
    column: usize,
    /// Its place in the object.
    position: Position<'a>,
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
fn mapping(entries: &[(Arc<str>, Node)], at: At<'_>, out: &mut String) {
    for (index, (key, node, position)) in at.position.entries(entries).enumerate() {
        if index > 0 {
            indent(at.column, out);
        }
        let start = out.len();
        scalar::line(key, out);
        if out.len() - start > LONGEST_KEY {
            out.insert_str(start, "? ");
            out.push('\n');
            indent(at.column, out);
        }
        out.push(':');
        value(node, After::Key, At { position, ..at }, out);
    }
}

fn list(items: &[Node], at: At<'_>, out: &mut String) {
    let position = at.position.item();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            indent(at.column, out);
        }
        out.push('-');
        value(item, After::Dash, At { position, ..at }, out);
    }
}

/// Writes a value behind its key or dash, to the end of its last line; `at` is where that key or dash stands,
/// with the value's own position.
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
    const SPACES: &str = "                                ";
    let mut left = columns;
    while left > 0 {
        let some = left.min(SPACES.len());
        out.push_str(&SPACES[..some]);
        left -= some;
    }
}
