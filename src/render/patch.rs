//! Patches laid over rendered objects, as Kubernetes' strategic merge does: mappings by key, lists of the schema's
//! list-maps by the keys of their items, other lists whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, FileId, Sink, Span};
use crate::k8s::{Catalog, Cursor, Made, Node, Object, Value, empty_means_all, item_identity, missing_key};
use crate::template::{Change, Target};

/// What came of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// No object is what it is for.
    NoTarget,
    /// All that it says is so already.
    NoChange,
    /// It changed an object.
    Changed,
}

/// Lays a change over the objects that are meant. `patches` are the files of all patches.
pub(super) fn apply(
    objects: &mut [Object],
    target: &Target,
    change: &Change,
    patches: &BTreeSet<FileId>,
    catalog: &Catalog,
    sink: &mut Sink,
) -> Effect {
    let mut effect = Effect::NoTarget;
    let root = catalog.cursor(&target.api_version, &target.kind);
    for object in objects {
        let is_kind =
            *object.identity.kind == *target.kind && *object.identity.api_version == *target.api_version;
        let is_meant = |object: &Object| {
            let metadata = object.root.get("metadata");
            metadata.is_some_and(|metadata| holds(metadata, &change.metadata))
        };
        if is_kind && is_meant(object) {
            let mut layer = Layer { patches, changed: false, sink };
            layer.lay(&mut object.root, &change.body, root);
            effect = effect.max(if layer.changed { Effect::Changed } else { Effect::NoChange });
        }
    }
    effect
}

/// Drops what patches took away, after the last of them.
pub(super) fn settle(object: &mut Object, catalog: &Catalog, sink: &mut Sink) {
    let root = catalog.cursor(&object.identity.api_version, &object.identity.kind);
    sweep(&mut object.root, root, sink);
}

/// Whether a mapping has all that is asked for, at any depth.
fn holds(node: &Node, wanted: &Node) -> bool {
    match &wanted.value {
        Value::Map(entries) => {
            entries.iter().all(|(key, wanted)| node.get(key).is_some_and(|node| holds(node, wanted)))
        }
        _ => node == wanted,
    }
}

struct Layer<'a> {
    patches: &'a BTreeSet<FileId>,
    changed: bool,
    sink: &'a mut Sink,
}

impl Layer<'_> {
    fn lay(&mut self, below: &mut Node, above: &Node, at: Option<Cursor<'_>>) {
        if above.made == Made::Removed {
            if below.made != Made::Removed {
                self.replace(below, above);
            }
            return;
        }
        if below.made == Made::Removed {
            return self.conflict(below.at, above.at);
        }
        if is_same(below, above) {
            return;
        }
        match (&mut below.value, &above.value) {
            (Value::Map(entries), Value::Map(upper)) => {
                for (key, above) in upper {
                    let at = at.and_then(|at| at.field(key));
                    match entries.iter_mut().find(|(known, _)| known == key) {
                        Some((_, below)) => self.lay(below, above, at),
                        None => self.add(above, |node| entries.push((Arc::clone(key), node))),
                    }
                }
            }
            (Value::List(items), Value::List(upper)) if has_keys(at) => {
                for (above, list) in upper.iter().filter_map(|above| Some((above, at?))) {
                    if let Some(key) = missing_key(above, list) {
                        let title = format!("an item of this list is told from others by its `{key}`");
                        let found = Diagnostic::error(Code::TemplateSchema, title);
                        self.sink.push(found.at(above.at, "does not say which item it changes"));
                        continue;
                    }
                    let wanted = item_identity(above, list);
                    match items.iter_mut().find(|below| item_identity(below, list) == wanted) {
                        Some(below) => self.lay(below, above, list.item()),
                        None => self.add(above, |node| items.push(node)),
                    }
                }
            }
            (Value::List(items), Value::List(upper)) if is_set(at) => {
                for above in upper {
                    if !items.contains(above) {
                        self.add(above, |node| items.push(node));
                    }
                }
            }
            _ => self.replace(below, above),
        }
    }

    /// Places what was not there before.
    fn add(&mut self, above: &Node, place: impl FnOnce(Node)) {
        if let Some(node) = without_removed(above) {
            self.changed = true;
            place(node);
        }
    }

    fn replace(&mut self, below: &mut Node, above: &Node) {
        if let Some(at) = self.patched(below) {
            return self.conflict(at, above.at);
        }
        self.changed = true;
        match above.made {
            // What tells an item from others stays until all patches are laid over it.
            Made::Removed => {
                below.made = Made::Removed;
                below.at = above.at;
            }
            _ => *below = above.clone(),
        }
    }

    /// Where a patch has set the node, or something in it.
    fn patched(&self, node: &Node) -> Option<Span> {
        let here = Some(node.at).filter(|at| self.patches.contains(&at.file));
        let within = || {
            let children = node.entries().iter().map(|(_, child)| child).chain(node.items());
            children.into_iter().find_map(|child| self.patched(child))
        };
        here.or_else(within)
    }

    fn conflict(&mut self, first: Span, second: Span) {
        let found = Diagnostic::error(Code::PatchConflict, "two patches change one field differently");
        let found = found.at(second, "the second").context(first, "the first");
        self.sink.push(found.help("say it in one of them"));
    }
}

fn has_keys(at: Option<Cursor<'_>>) -> bool {
    at.is_some_and(|at| !at.list_map_keys().is_empty())
}

fn is_set(at: Option<Cursor<'_>>) -> bool {
    at.is_some_and(|at| at.schema().list_type.as_deref() == Some("set"))
}

/// Equal whatever the order of keys.
fn is_same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(entries), Value::Map(others)) => {
            entries.len() == others.len()
                && entries.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (Value::List(items), Value::List(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(a, b)| is_same(a, b))
        }
        (a, b) => a == b,
    }
}

/// A new node, without what it would take away; none when that is all of it.
fn without_removed(node: &Node) -> Option<Node> {
    if node.made == Made::Removed {
        return None;
    }
    let value = match &node.value {
        Value::Map(entries) => {
            let entry = |(key, child): &(Arc<str>, Node)| Some((Arc::clone(key), without_removed(child)?));
            Value::Map(entries.iter().filter_map(entry).collect())
        }
        Value::List(items) => Value::List(items.iter().filter_map(without_removed).collect()),
        value => value.clone(),
    };
    Some(Node { value, ..node.clone() })
}

/// Drops what was removed; refuses a removal that leaves nothing where that means "all".
fn sweep(node: &mut Node, at: Option<Cursor<'_>>, sink: &mut Sink) -> Option<Span> {
    let mut removed = None;
    match &mut node.value {
        Value::Map(entries) => {
            entries.retain(|(_, child)| {
                removed = removed.or((child.made == Made::Removed).then_some(child.at));
                child.made != Made::Removed
            });
            for (key, child) in &mut *entries {
                let emptied = sweep(child, at.and_then(|at| at.field(key)), sink);
                if let Some(place) =
                    emptied.filter(|_| at.is_some_and(|at| empty_means_all(at.definition(), key)))
                {
                    let title = format!("`{key}` would be empty, which Kubernetes reads as \"all\"");
                    let found = Diagnostic::error(Code::EmptyMeansAll, title).at(place, "the last of it");
                    sink.push(found.help(format!("if all is meant, remove `{key}` itself")));
                }
            }
            removed.filter(|_| entries.is_empty())
        }
        Value::List(items) => {
            items.retain(|child| {
                removed = removed.or((child.made == Made::Removed).then_some(child.at));
                child.made != Made::Removed
            });
            for item in &mut *items {
                sweep(item, at.and_then(Cursor::item), sink);
            }
            removed.filter(|_| items.is_empty())
        }
        _ => None,
    }
}
