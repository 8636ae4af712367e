//! What differs between two outputs, leaf by leaf, with the least that can be said to differ.

use std::collections::BTreeMap;

use crate::k8s::{Identity, Node, Object, Value};

/// A leaf that is not the same on both sides, or stands on one of them only.
pub struct Change<'n> {
    /// The object and the field, on the side where it is.
    pub place: String,
    pub before: Option<&'n Node>,
    pub after: Option<&'n Node>,
}

/// The leaves that differ. Objects of one identity are one object; of the others, those of a kind that are most alike.
pub fn changes<'n>(before: &'n [Object], after: &'n [Object]) -> Vec<Change<'n>> {
    let by_identity = |objects: &'n [Object]| -> BTreeMap<&'n Identity, &'n Node> {
        objects.iter().map(|o| (&o.identity, &o.root)).collect()
    };
    let (mut old, mut new) = (by_identity(before), by_identity(after));
    let mut found = Vec::new();
    old.retain(|identity, node| match new.remove(identity) {
        Some(other) => {
            differ(&identity.to_string(), Some(node), Some(other), &mut found);
            false
        }
        None => true,
    });
    // A job whose name a digest completes is the same job under another digest.
    let job = |identity: &Identity| {
        (identity.kind == "Job").then(|| identity.name.rsplit_once('-').map(|(name, _)| name.to_owned()))
    };
    old.retain(|identity, node| {
        let same = new.keys().find(|other| job(identity).is_some() && job(other) == job(identity)).copied();
        match same.and_then(|same| new.remove(same)) {
            Some(other) => {
                differ(&identity.to_string(), Some(node), Some(other), &mut found);
                false
            }
            None => true,
        }
    });
    let mut kinds: BTreeMap<&str, (Vec<&'n Node>, Vec<&'n Node>)> = BTreeMap::new();
    for (identity, node) in old {
        kinds.entry(&identity.kind).or_default().0.push(node);
    }
    for (identity, node) in new {
        kinds.entry(&identity.kind).or_default().1.push(node);
    }
    for (kind, (old, new)) in kinds {
        for (before, after) in align(&old, &new) {
            let node = before.or(after).and_then(|node| node.path(&["metadata", "name"])?.as_str());
            differ(&format!("{kind} {}", node.unwrap_or_default()), before, after, &mut found);
        }
    }
    found
}

/// The leaves of a node: single values, and lists and mappings without any.
pub fn leaves<'n>(place: &str, node: &'n Node, found: &mut Vec<(String, &'n Node)>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, node) in entries {
                leaves(&format!("{place} {key}"), node, found);
            }
        }
        Value::List(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, node)| leaves(&format!("{place} {index}"), node, found));
        }
        _ => found.push((place.to_owned(), node)),
    }
}

fn differ<'n>(place: &str, before: Option<&'n Node>, after: Option<&'n Node>, found: &mut Vec<Change<'n>>) {
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Node { value: Value::Map(a), .. }), Some(Node { value: Value::Map(b), .. })) => {
            let old: BTreeMap<_, _> = a.iter().map(|(key, node)| (&**key, node)).collect();
            let new: BTreeMap<_, _> = b.iter().map(|(key, node)| (&**key, node)).collect();
            for (key, node) in &old {
                differ(&format!("{place} {key}"), Some(node), new.get(key).copied(), found);
            }
            for (key, node) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                differ(&format!("{place} {key}"), None, Some(node), found);
            }
        }
        (Some(Node { value: Value::List(a), .. }), Some(Node { value: Value::List(b), .. })) => {
            let (a, b): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
            for (index, (old, new)) in align(&a, &b).into_iter().enumerate() {
                differ(&format!("{place} {index}"), old, new, found);
            }
        }
        (Some(before), Some(after)) if is_single(before) && is_single(after) => {
            found.push(Change { place: place.to_owned(), before: Some(before), after: Some(after) });
        }
        (before, after) => {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            for (side, leaves_of) in [(before, &mut old), (after, &mut new)] {
                if let Some(node) = side {
                    leaves(place, node, leaves_of);
                }
            }
            found.extend(old.into_iter().map(|(place, node)| Change {
                place,
                before: Some(node),
                after: None,
            }));
            found.extend(new.into_iter().map(|(place, node)| Change {
                place,
                before: None,
                after: Some(node),
            }));
        }
    }
}

fn is_single(node: &Node) -> bool {
    !matches!(node.value, Value::Map(_) | Value::List(_))
}

/// How many leaves differ.
fn distance(a: &Node, b: &Node) -> usize {
    if a == b {
        return 0;
    }
    match (&a.value, &b.value) {
        (Value::Map(old), Value::Map(new)) => {
            let kept = old
                .iter()
                .map(|(key, node)| b.get(key).map_or_else(|| size(node), |other| distance(node, other)));
            let added = new.iter().filter(|(key, _)| a.get(key).is_none()).map(|(_, node)| size(node));
            kept.sum::<usize>() + added.sum::<usize>()
        }
        (Value::List(old), Value::List(new)) => {
            let (old, new): (Vec<_>, Vec<_>) = (old.iter().collect(), new.iter().collect());
            *table(&old, &new).last().and_then(|row| row.last()).unwrap_or(&0)
        }
        _ if is_single(a) && is_single(b) => 1,
        _ => size(a) + size(b),
    }
}

fn size(node: &Node) -> usize {
    let mut found = Vec::new();
    leaves("", node, &mut found);
    found.len()
}

/// The least distances of all beginnings of two lists.
fn table(old: &[&Node], new: &[&Node]) -> Vec<Vec<usize>> {
    let mut rows = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in 0..=old.len() {
        for j in 0..=new.len() {
            let removed = (i > 0).then(|| rows[i - 1][j] + size(old[i - 1]));
            let added = (j > 0).then(|| rows[i][j - 1] + size(new[j - 1]));
            let kept = (i > 0 && j > 0).then(|| rows[i - 1][j - 1] + distance(old[i - 1], new[j - 1]));
            rows[i][j] = [removed, added, kept].into_iter().flatten().min().unwrap_or(0);
        }
    }
    rows
}

type Pair<'n> = (Option<&'n Node>, Option<&'n Node>);

/// Which item of a list became which of another: as few leaves as possible differ.
fn align<'n>(old: &[&'n Node], new: &[&'n Node]) -> Vec<Pair<'n>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (&old[start..], &new[start..]);
    let end = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&rest.0[..rest.0.len() - end], &rest.1[..rest.1.len() - end]);
    let rows = table(a, b);
    let (mut i, mut j) = (a.len(), b.len());
    let mut pairs: Vec<Pair<'n>> = Vec::new();
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && rows[i][j] == rows[i - 1][j - 1] + distance(a[i - 1], b[j - 1]) {
            (i, j) = (i - 1, j - 1);
            pairs.push((Some(a[i]), Some(b[j])));
        } else if i > 0 && rows[i][j] == rows[i - 1][j] + size(a[i - 1]) {
            i -= 1;
            pairs.push((Some(a[i]), None));
        } else {
            j -= 1;
            pairs.push((None, Some(b[j])));
        }
    }
    pairs.reverse();
    pairs
}
