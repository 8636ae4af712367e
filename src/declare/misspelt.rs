//! What is misspelt, read as what was meant.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::findings::{child_mut, example, holder, steps};
use super::report::Reporter;
use crate::diag::{Sink, closest};
use crate::merge::{Tree, Value};

/// Whether a round of [`rename`] changed the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Renamed {
    None,
    Some,
}

/// Reports keys and names that are misspelt and reads them as what was meant, so that one slip is one finding.
pub(super) fn rename(
    tree: &mut Tree,
    errors: &[ValidationError<'_>],
    reporter: &mut Reporter<'_>,
    sink: &mut Sink,
) -> Renamed {
    let keys = errors.iter().map(|error| keys(tree, error, reporter, sink)).max();
    keys.filter(|keys| *keys == Renamed::Some).unwrap_or_else(|| names(tree, errors, reporter, sink))
}

fn at<'t>(tree: &'t mut Tree, steps: &[String]) -> Option<&'t mut Tree> {
    steps.iter().try_fold(tree, |tree, step| child_mut(tree, step))
}

/// Keys that the schema does not have, and has nearly.
fn keys(
    tree: &mut Tree,
    error: &ValidationError<'_>,
    reporter: &mut Reporter<'_>,
    sink: &mut Sink,
) -> Renamed {
    let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() else { return Renamed::None };
    let holder = holder(reporter.schema, error);
    let Some(node) = at(tree, &steps(error)) else { return Renamed::None };
    let mut renamed = Renamed::None;
    for key in unexpected {
        let known = holder["properties"].as_object().into_iter().flatten().map(|(known, _)| known.as_str());
        let Some(meant) = closest(key, known) else { continue };
        reporter.unknown_key(node, key, holder, sink);
        let Value::Table(entries) = &mut node.value else { continue };
        let Some(misspelt) = entries.remove(key.as_str()) else { continue };
        reporter.refuse(&misspelt);
        match entries.get_mut(meant) {
            None => drop(entries.insert(Arc::from(meant), misspelt)),
            Some(there) if there.value.table().is_some() && misspelt.value.table().is_some() => {
                fill(there, misspelt);
            }
            // Which of the two is meant is not known.
            Some(there) => *there = example(&holder["properties"][meant]),
        }
        renamed = Renamed::Some;
    }
    renamed
}

/// Names of things that lack what one of nearly the same name has: a layer means to add to that one.
fn names(
    tree: &mut Tree,
    errors: &[ValidationError<'_>],
    reporter: &Reporter<'_>,
    sink: &mut Sink,
) -> Renamed {
    let mut lacking: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for error in errors {
        let place = error.schema_path().to_string();
        let is_named = place.rsplit('/').nth(2) == Some("patternProperties");
        if let (ValidationErrorKind::Required { property }, true) = (error.kind(), is_named) {
            lacking.entry(steps(error)).or_default().extend(property.as_str());
        }
    }
    let mut most: Vec<(&Vec<String>, &Vec<&str>)> = lacking.iter().collect();
    let required =
        |error: &&ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Required { .. });
    let missing: Vec<Vec<String>> = errors.iter().filter(required).map(steps).collect();
    most.sort_by_key(|(entry, _)| Reverse(missing.iter().filter(|steps| steps.starts_with(entry)).count()));
    for (steps, keys) in most {
        let Some((name, above)) = steps.split_last() else { continue };
        let Some(Value::Table(entries)) = at(tree, above).map(|table| &mut table.value) else { continue };
        let has_them = |there: &&Arc<str>| {
            let entry = entries.get(&**there).filter(|entry| !entry.is_stand_in());
            let entry = entry.and_then(|entry| entry.value.table());
            is_slip(name, there) && entry.is_some_and(|entry| keys.iter().all(|key| entry.contains_key(*key)))
        };
        let Some(meant) = entries.keys().find(has_them).cloned() else { continue };
        let Some(misspelt) = entries.remove(name.as_str()).filter(|entry| !entry.is_stand_in()) else {
            continue;
        };
        if let Some(there) = entries.get_mut(&meant) {
            reporter.incomplete(&misspelt, keys, (&meant, there), sink);
            fill(there, misspelt);
        }
        return Renamed::Some;
    }
    Renamed::None
}

/// Whether one name is the other but for a slip of the fingers; numbers tell names apart on purpose.
fn is_slip(name: &str, other: &str) -> bool {
    let digits = |name: &str| name.contains(|c: char| c.is_ascii_digit());
    !digits(name)
        && !digits(other)
        && name.len().max(other.len()) > 2
        && strsim::osa_distance(name, other) == 1
}

/// Adds to a table what another one has besides.
fn fill(table: &mut Tree, other: Tree) {
    let (Value::Table(entries), Value::Table(others)) = (&mut table.value, other.value) else { return };
    for (key, tree) in others {
        match entries.get_mut(&key) {
            None => drop(entries.insert(key, tree)),
            Some(there) if there.value.table().is_some() && tree.value.table().is_some() => fill(there, tree),
            // Which of the two counts is not known.
            Some(there) => *there = Tree::stand_in(there.value.clone()),
        }
    }
}
