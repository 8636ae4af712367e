//! Laying layers over each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Input, InputInfo, InputSet, Inputs, Sourced};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::load::{Layer, Path, Table, Tree as FileTree, Value};

/// A node of the merged tree.
#[derive(Clone, Debug)]
pub struct Tree {
    pub value: Value<Tree>,
    /// Its entry in the [`Inputs`] table.
    pub input: Input,
}

impl Tree {
    /// A value that stands for one that was refused: no input gave it.
    pub fn stand_in(value: Value<Tree>) -> Self {
        Self { value, input: Input::NONE }
    }

    /// The plain data.
    pub fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Bool(flag) => (*flag).into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::String(text) => (&**text).into(),
            Value::Array(items) => items.iter().map(Self::json).collect(),
            Value::Table(entries) => {
                entries.iter().map(|(key, tree)| (key.to_string(), tree.json())).collect()
            }
        }
    }

    /// Whether it is one of those.
    pub fn is_stand_in(&self) -> bool {
        self.input == Input::NONE
    }
}

/// The layers of an environment as one tree.
#[derive(Debug)]
pub struct Merged {
    /// The root table.
    pub tree: Tree,
    /// Where each node comes from.
    pub inputs: Inputs,
    /// Whether every layer could be read whole; if not, what is missing may have been written.
    pub is_whole: bool,
}

impl Merged {
    /// Where a value was written: its first input. A stand-in has none.
    pub fn place<T>(&self, value: &Sourced<T>) -> Option<Span> {
        self.first(value.inputs())
    }

    /// Where the first of some inputs was written.
    pub fn first(&self, inputs: &InputSet) -> Option<Span> {
        inputs.iter().next().map(|input| self.inputs.get(input).origin)
    }
}

/// Lays the layers over each other, the lowest first; they are never empty.
pub fn merge(mut layers: Vec<Layer>, sink: &mut Sink) -> Merged {
    let _room = tracing::debug_span!(target: "p8fs-gen.merge", "laid layers over each other").entered();
    for upper in 1..=layers.len() {
        let (below, rest) = layers.split_at_mut(upper - 1);
        for (path, span) in &rest[0].unset {
            if let Some(found) = nothing_to_unset(path, *span, below) {
                sink.push(found);
            }
            for layer in below.iter_mut() {
                remove(Arc::make_mut(&mut layer.tree), path);
            }
        }
    }
    let (tree, inputs) = lay(&layers);
    Merged { tree, inputs, is_whole: layers.iter().all(|layer| layer.syntax.errors() == 0) }
}

fn lay(layers: &[Layer]) -> (Tree, Inputs) {
    let mut builder = Builder::default();
    let stack: Vec<&FileTree> = layers.iter().rev().map(|layer| &*layer.tree).collect();
    let tree = builder.build(String::new(), &stack);
    (tree, Inputs { nodes: builder.nodes })
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

/// What is wrong when the layers below, laid over each other, have no value at the path.
fn nothing_to_unset(path: &Path, span: Span, below: &[Layer]) -> Option<Diagnostic> {
    let (last, parents) = path.split_last()?;
    let laid = (!below.is_empty()).then(|| lay(below).0);
    let parent =
        laid.as_ref().and_then(|root| parents.iter().try_fold(root, |tree, key| tree.value.get(key)));
    let siblings = parent.and_then(|parent| parent.value.table());
    if siblings.is_some_and(|siblings| siblings.contains_key(last)) {
        return None;
    }
    let title = format!("`unset` removes `{}`, which no layer below sets", path.join("."));
    let siblings = siblings.into_iter().flatten().map(|(key, _)| &**key);
    Some(Diagnostic::error(Code::UnsetNothing, title).at(span, "nothing to remove").suggest(last, siblings))
}

#[derive(Default)]
struct Builder {
    nodes: Vec<InputInfo>,
}

impl Builder {
    /// Builds the node that the stack of equal paths makes, the uppermost layer first.
    fn build(&mut self, path: String, stack: &[&FileTree]) -> Tree {
        let top = stack[0];
        // Tables merge with the tables right beneath them; anything else hides all that is below.
        let tables = stack.iter().map_while(|tree| tree.value.table()).collect::<Vec<_>>();
        let below = if tables.is_empty() { &stack[1..] } else { &stack[1..tables.len()] };
        let place = |tree: &&FileTree| if tables.is_empty() { tree.origin } else { tree.place() };
        let shadowed = below.iter().map(place).collect();

        let place = self.nodes.len();
        let input = u32::try_from(place).map_or(Input::NONE, Input);
        let info = InputInfo {
            path: String::new(),
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
                    items.map(|(index, item)| self.build(format!("{path}[{index}]"), &[item])).collect(),
                )
            }
            (None, _) => Value::Table(self.table(&path, &tables)),
        };
        self.nodes[place].path = path;
        Tree { value, input }
    }

    fn table(&mut self, path: &str, tables: &[&Table<FileTree>]) -> Table<Tree> {
        let path_of = |key: &str| match path {
            "" => key.to_owned(),
            path => [path, ".", key].concat(),
        };
        if let [only] = tables {
            let build = |(key, tree): (&Arc<str>, _)| (Arc::clone(key), self.build(path_of(key), &[tree]));
            return only.iter().map(build).collect();
        }
        let mut stacks: BTreeMap<&Arc<str>, Vec<&FileTree>> = BTreeMap::new();
        for (key, tree) in tables.iter().copied().flatten() {
            stacks.entry(key).or_default().push(tree);
        }
        let build = |(key, stack): (&Arc<str>, Vec<_>)| (Arc::clone(key), self.build(path_of(key), &stack));
        stacks.into_iter().map(build).collect()
    }
}
