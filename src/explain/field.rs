//! The field that is meant.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::k8s::{Cursor, FieldPath, Node, Object, Step, Value};
use crate::merge::LeftOut;

/// What a path leads to.
pub(super) enum Found<'o> {
    There(FieldPath, &'o Node),
    /// The template has it, but data left it out.
    LeftOut(FieldPath, &'o LeftOut),
}

/// Follows a path; `containers[api]` is the item whose key is `api`.
pub(super) fn field<'o>(
    object: &'o Object,
    path: &FieldPath,
    mut cursor: Option<Cursor<'_>>,
) -> Result<Found<'o>, Box<Diagnostic>> {
    let mut node = &object.root;
    let mut reached = FieldPath::default();
    for step in &path.0 {
        match follow(node, step, cursor) {
            Some((step, next)) => {
                cursor = match &step {
                    Step::Key(key) => cursor.and_then(|at| at.field(key)),
                    _ => cursor.and_then(Cursor::item),
                };
                node = next;
                reached.0.push(step);
            }
            None => {
                let left_out = node.from.iter().flat_map(|from| &from.left_out);
                let left_out = left_out.into_iter().find(|left_out| left_out.key.as_deref() == key_of(step));
                return match left_out.filter(|left_out| left_out.key.is_some()) {
                    Some(left_out) => {
                        reached.0.extend(left_out.key.clone().map(Step::Key));
                        Ok(Found::LeftOut(reached, left_out))
                    }
                    None => Err(Box::new(unknown(object, &reached, node, step))),
                };
            }
        }
    }
    Ok(Found::There(reached, node))
}

/// The key that a step takes of a mapping: brackets need no quotes.
fn key_of(step: &Step) -> Option<&str> {
    match step {
        Step::Key(key) => Some(key),
        Step::Item(field, key) if field.is_empty() => Some(key),
        _ => None,
    }
}

fn follow<'o>(node: &'o Node, step: &Step, cursor: Option<Cursor<'_>>) -> Option<(Step, &'o Node)> {
    if let (Value::Map(_), Some(key)) = (&node.value, key_of(step)) {
        return node.get(key).map(|next| (Step::Key(Arc::from(key)), next));
    }
    match step {
        Step::Item(field, wanted) if field.is_empty() => {
            let keys = cursor.map_or(&[][..], Cursor::list_map_keys);
            let keys = keys.iter().map(String::as_str).chain(["name"]);
            keys.into_iter().find_map(|key| {
                let step = Step::Item(key.to_owned(), wanted.clone());
                step.take(node).map(|next| (step, next))
            })
        }
        // A key may be a number.
        Step::Index(number) if node.items().get(*number).is_none() => {
            follow(node, &Step::Item(String::new(), number.to_string()), cursor)
        }
        step => step.take(node).map(|next| (step.clone(), next)),
    }
}

fn unknown(object: &Object, reached: &FieldPath, node: &Node, step: &Step) -> Diagnostic {
    let wrong = FieldPath(vec![step.clone()]).to_string();
    let left_out =
        node.from.iter().flat_map(|from| &from.left_out).filter_map(|left_out| left_out.key.as_deref());
    let mut fields: Vec<&str> = node.entries().iter().map(|(key, _)| &**key).collect();
    let there = match &node.value {
        Value::Map(_) => format!("it has {}", fields.join(", ")),
        Value::List(items) => {
            let names: Vec<&str> = items.iter().filter_map(|item| item.get("name")?.as_str()).collect();
            match names.as_slice() {
                [] => format!("it is a list of {}", items.len()),
                names => format!("its items are {}", names.join(", ")),
            }
        }
        _ => "it is a single value".to_owned(),
    };
    fields.extend(left_out);
    let at = match reached.0.as_slice() {
        [] => object.identity.to_string(),
        _ => format!("`{reached}` of {}", object.identity),
    };
    let found = Diagnostic::error(Code::UnknownPath, format!("{at} has no `{wrong}`"));
    found.suggest(key_of(step).unwrap_or(&wrong), fields).note(there)
}
