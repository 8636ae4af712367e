//! Laying layers over each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Input, InputInfo, Inputs};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::load::{Layer, Path, Tree as FileTree, Value};

/// A node of the merged tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What stands here.
    pub value: Value<Tree>,
    /// Its entry in the [`Inputs`] table.
    pub input: Input,
}

impl Tree {
    /// A value that stands for one that was refused: no input gave it.
    pub fn stand_in(value: Value<Tree>) -> Self {
        Self { value, input: Input(u32::MAX) }
    }
}

/// The layers of an environment as one tree.
#[derive(Debug)]
pub struct Merged {
    /// The root table.
    pub tree: Tree,
    /// Where each node comes from.
    pub inputs: Inputs,
    /// Whether a layer could not be read whole, so that what is missing may have been written.
    pub completeness: Completeness,
}

/// Whether everything that was written is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every layer was read whole.
    Whole,
    /// A layer has syntax errors.
    Partial,
}

/// Lays the layers over each other, the lowest first; they are never empty.
pub fn merge(mut layers: Vec<Layer>, sink: &mut Sink) -> Merged {
    for upper in 1..=layers.len() {
        let (below, rest) = layers.split_at_mut(upper - 1);
        for (path, span) in &rest[0].unset {
            if !is_set(below, path) {
                sink.push(nothing_to_unset(path, *span, below));
            }
            for layer in below.iter_mut() {
                remove(&mut layer.tree, path);
            }
        }
    }
    let mut builder = Builder::default();
    let stack: Vec<&FileTree> = layers.iter().rev().map(|layer| &layer.tree).collect();
    let tree = builder.build("", &stack);
    let whole = layers.iter().all(|layer| layer.syntax.is_empty());
    let completeness = if whole { Completeness::Whole } else { Completeness::Partial };
    Merged { tree, inputs: Inputs { nodes: builder.nodes }, completeness }
}

/// Whether the layers, laid over each other, have a value at the path: where an upper one has something other than
/// a table on the way, those beneath do not count.
fn is_set(below: &[Layer], path: &[Arc<str>]) -> bool {
    for layer in below.iter().rev() {
        let mut tree = &layer.tree;
        let mut rest = path;
        while let ([first, after @ ..], Some(entries)) = (rest, tree.value.table()) {
            let Some(next) = entries.get(first) else { break };
            (tree, rest) = (next, after);
        }
        match (rest, tree.value.table()) {
            ([], _) => return true,
            (_, None) => return false,
            (_, Some(_)) => {}
        }
    }
    false
}

fn remove(tree: &mut FileTree, path: &[Arc<str>]) {
    let Value::Table(entries) = &mut tree.value else { return };
    match path {
        [] => {}
        [last] => drop(entries.remove(last)),
        [first, rest @ ..] => {
            if let Some(entry) = entries.get_mut(first) {
                remove(entry, rest);
            }
        }
    }
}

fn nothing_to_unset(path: &Path, span: Span, below: &[Layer]) -> Diagnostic {
    let name = path.join(".");
    let (parents, last) = path.split_at(path.len().saturating_sub(1));
    let table = |layer: &Layer| -> Vec<String> {
        let parent = parents.iter().try_fold(&layer.tree, |tree, key| tree.get(key));
        match parent.map(|tree| &tree.value) {
            Some(Value::Table(entries)) => entries.keys().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    };
    let siblings: Vec<String> = below.iter().flat_map(table).collect();
    let wrong = last.first().map_or("", |last| last);
    Diagnostic::error(Code::UnsetNothing, format!("`unset` removes `{name}`, which no layer below sets"))
        .at(span, "nothing to remove")
        .suggest(wrong, siblings.iter().map(String::as_str))
}

#[derive(Default)]
struct Builder {
    nodes: Vec<InputInfo>,
}

impl Builder {
    /// Builds the node that the stack of equal paths makes, the uppermost layer first.
    fn build(&mut self, path: &str, stack: &[&FileTree]) -> Tree {
        let top = stack[0];
        // Tables merge with the tables right beneath them; anything else hides all that is below.
        let tables = stack.iter().map_while(|tree| tree.value.table()).collect::<Vec<_>>();
        let below = if tables.is_empty() { &stack[1..] } else { &stack[1..tables.len()] };
        let place = |tree: &&FileTree| tree.key.filter(|_| !tables.is_empty()).unwrap_or(tree.origin);
        let shadowed = below.iter().map(place).collect();

        let input = Input(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let info = InputInfo {
            path: path.to_owned(),
            key: top.key,
            origin: top.origin,
            shadowed,
            leaf: top.value.leaf(),
        };
        self.nodes.push(info);
        let value = match (top.value.leaf(), &top.value) {
            (Some(leaf), _) => leaf,
            (None, Value::Array(items)) => {
                let items = items.iter().enumerate();
                Value::Array(
                    items.map(|(index, item)| self.build(&format!("{path}[{index}]"), &[item])).collect(),
                )
            }
            (None, _) => Value::Table(self.table(path, &tables)),
        };
        Tree { value, input }
    }

    fn table(&mut self, path: &str, tables: &[&BTreeMap<Arc<str>, FileTree>]) -> BTreeMap<Arc<str>, Tree> {
        let mut stacks: BTreeMap<&Arc<str>, Vec<&FileTree>> = BTreeMap::new();
        for (key, tree) in tables.iter().copied().flatten() {
            stacks.entry(key).or_default().push(tree);
        }
        let mut build = |(key, stack): (&Arc<str>, Vec<&FileTree>)| {
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            (Arc::clone(key), self.build(&path, &stack))
        };
        stacks.into_iter().map(&mut build).collect()
    }
}
