//! What data left out or left empty: allowed, except where Kubernetes reads it as "all".

use std::sync::Arc;

use super::evaluate::{Failure, add_left_out, left_out};
use crate::diag::{Code, Diagnostic};
use crate::k8s::{Cursor, Made, Node, Value, empty_means_all, may_mean_all};

/// Removes the places that data left out (nulls, which templates cannot write) and refuses omissions that would
/// widen what the object allows, as far as there is a schema, whose root is given.
pub(super) fn settle(node: &mut Node, root: Option<Cursor<'_>>) -> Result<(), Failure> {
    within(node, &Place::Root(root))
}

/// A place in the schema, looked up only where it matters: few fields are left out, and fewer of those mean anything.
enum Place<'p, 's> {
    Root(Option<Cursor<'s>>),
    Field(&'p Place<'p, 's>, &'p str),
    Item(&'p Place<'p, 's>),
}

impl<'s> Place<'_, 's> {
    fn look_up(&self) -> Option<Cursor<'s>> {
        match self {
            Place::Root(root) => *root,
            Place::Field(holder, key) => holder.look_up()?.field(key),
            Place::Item(list) => list.look_up()?.item(),
        }
    }
}

fn within(node: &mut Node, place: &Place<'_, '_>) -> Result<(), Failure> {
    match &mut node.value {
        Value::Map(entries) => {
            let before = entries.len();
            for (key, child) in entries.iter_mut() {
                within(child, &Place::Field(place, key))?;
                if is_omission(child)
                    && may_mean_all(key)
                    && place.look_up().is_some_and(|at| empty_means_all(at.definition(), key))
                {
                    return Err(Box::new(finding(key, child)));
                }
            }
            let nulls = entries.iter().filter(|(_, child)| child.value == Value::Null);
            let fields = nulls.filter_map(|(key, child)| left_out(Some(Arc::clone(key)), child)).collect();
            entries.retain(|(_, child)| child.value != Value::Null);
            if entries.is_empty() && before > 0 {
                node.made = Made::Data;
            }
            add_left_out(node, fields);
        }
        Value::List(items) => {
            for item in items {
                within(item, &Place::Item(place))?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_omission(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::List(items) => items.is_empty() && node.made == Made::Data,
        Value::Map(entries) => entries.is_empty() && node.made == Made::Data,
        _ => false,
    }
}

fn finding(field: &str, node: &Node) -> Diagnostic {
    let title = format!("`{field}` would be empty, which Kubernetes reads as \"all\"");
    Diagnostic::error(Code::EmptyMeansAll, title)
        .at(node.at, "nothing came of this")
        .help("leave out the whole rule or object in this case (`$if` around it)")
        .help("if all is meant, write a literal `[]` or `{}`")
}
