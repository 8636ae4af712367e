//! Inputs: the nodes of the merged tree, as everything derived from them refers to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Tree, Value};
use crate::diag::Span;
use crate::load::{is_literal, is_secret};

/// A node of the merged tree; an index into [`Inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Input(pub(super) u32);

impl Input {
    /// Of a value that stands for one that was refused: no input gave it.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// Set in what refers to a table because of a key that it lacks.
    const ABSENCE: u32 = 1 << 31;

    /// Of a table: that it lacks a key. Of anything else: what it says.
    #[must_use]
    pub fn absence(self) -> Self {
        Self(self.0 | Self::ABSENCE)
    }

    /// The node itself.
    #[must_use]
    pub fn node(self) -> Self {
        Self(self.0 & !Self::ABSENCE)
    }

    fn index(self) -> usize {
        self.node().0 as usize
    }
}

/// What is known of an input.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// `services.api.replicas.min`; items of arrays as `[0]`.
    pub path: String,
    /// The key; none for items of arrays and the root.
    pub key: Option<Span>,
    pub origin: Span,
    /// The values that it replaced, the nearest first; of a table, where lower layers add to it.
    pub shadowed: Vec<Span>,
    /// Its value; none for tables and arrays.
    pub leaf: Option<Value<Tree>>,
}

impl InputInfo {
    /// Whether what it says is shown to nobody.
    pub fn is_secret(&self) -> bool {
        is_secret(&self.path, self.leaf.as_ref())
    }

    /// Where to point at: the key, or else the value.
    pub fn place(&self) -> Span {
        self.key.unwrap_or(self.origin)
    }
}

/// Every node of a merged tree, in the order of its keys.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub(super) nodes: Vec<InputInfo>,
}

impl Inputs {
    pub fn get(&self, input: Input) -> &InputInfo {
        &self.nodes[input.index()]
    }

    /// A node and all within it.
    pub fn within(&self, input: Input) -> impl Iterator<Item = Input> {
        let holder = self.get(input).path.clone();
        let is_within = move |info: &&InputInfo| {
            info.path
                .strip_prefix(&*holder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let nodes = self.nodes.get(input.index()..).unwrap_or_default();
        (input.node().0..).map(Input).zip(nodes.iter().take_while(is_within)).map(|(input, _)| input)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Input, &InputInfo)> {
        (0..).map(Input).zip(&self.nodes)
    }
}

/// A sorted set of inputs. Most have one or two members and need no memory of their own; the others share it.
#[derive(Clone, Debug, Default)]
pub struct InputSet(Members);

#[derive(Clone, Debug)]
enum Members {
    /// The first so many of the array.
    Few(u8, [Input; FEW]),
    Many(Arc<Vec<Input>>),
}

/// As many as fit beside a length into the place of a pointer and a tag.
const FEW: usize = 3;

impl Default for Members {
    fn default() -> Self {
        Self::Few(0, [Input::NONE; FEW])
    }
}

impl InputSet {
    fn members(&self) -> &[Input] {
        match &self.0 {
            Members::Few(count, inputs) => &inputs[..usize::from(*count)],
            Members::Many(inputs) => inputs,
        }
    }

    /// Adds the members of `other`.
    pub fn extend(&mut self, other: &InputSet) {
        if self.is_empty() {
            self.clone_from(other);
        } else if !other.members().iter().all(|input| self.members().binary_search(input).is_ok()) {
            *self = self.iter().chain(other.iter()).collect();
        }
    }

    /// Its members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Input> {
        self.members().iter().copied()
    }

    /// What decided that something is not there: the same, but of tables, that they lack a key.
    #[must_use]
    pub fn absence(&self) -> Self {
        self.iter().map(Input::absence).collect()
    }

    /// Whether it has none: what has no inputs is a default or a literal.
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }
}

impl FromIterator<Input> for InputSet {
    fn from_iter<I: IntoIterator<Item = Input>>(inputs: I) -> Self {
        let mut inputs = inputs.into_iter();
        let (mut count, mut few) = (0, [Input::NONE; FEW]);
        while let Some(input) = inputs.next() {
            match few[..count].binary_search(&input) {
                Ok(_) => {}
                Err(place) if count < FEW => {
                    few[place..=count].rotate_right(1);
                    few[place] = input;
                    count += 1;
                }
                Err(_) => {
                    let mut many: Vec<Input> = few.into_iter().chain([input]).chain(inputs).collect();
                    many.sort_unstable();
                    many.dedup();
                    return Self(Members::Many(Arc::new(many)));
                }
            }
        }
        Self(Members::Few(u8::try_from(count).unwrap_or_default(), few))
    }
}

impl PartialEq for InputSet {
    fn eq(&self, other: &Self) -> bool {
        self.members() == other.members()
    }
}

impl Eq for InputSet {}

/// Where a value of the output comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What gave the value.
    pub value: InputSet,
    /// What decided that it is there: conditions, loops, the existence of tables.
    pub because: InputSet,
    /// What stood in it in the template and was left out.
    pub left_out: Vec<LeftOut>,
}

/// A field or an item that data left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The field; none for an item of a list.
    pub key: Option<Arc<str>>,
    /// The expression that gave none, or the condition that did not hold.
    pub at: Span,
    /// What decided so.
    pub from: Arc<Provenance>,
}

/// Which inputs were looked at. Marking needs no exclusive access: objects are evaluated in parallel.
#[derive(Debug)]
pub struct Reads {
    marks: Vec<AtomicBool>,
    secrets: BTreeMap<Input, SecretInput>,
}

/// The value of a secret.
#[derive(Debug)]
pub struct SecretInput {
    /// Where it is declared: `secrets.database.literal.password`.
    pub path: String,
    /// Its key.
    pub place: Span,
}

impl Reads {
    /// Nothing read yet.
    pub fn of(inputs: &Inputs) -> Self {
        let secrets = inputs.iter().filter(|(_, info)| info.leaf.is_some() && is_literal(&info.path));
        let secret = |info: &InputInfo| SecretInput { path: info.path.clone(), place: info.place() };
        Self {
            marks: inputs.nodes.iter().map(|_| AtomicBool::new(false)).collect(),
            secrets: secrets.map(|(input, info)| (input, secret(info))).collect(),
        }
    }

    /// The secret that an input is.
    pub fn secret(&self, input: Input) -> Option<&SecretInput> {
        self.secrets.get(&input.node())
    }

    pub fn mark(&self, inputs: impl IntoIterator<Item = Input>) {
        for input in inputs {
            let read = &self.marks[input.index()];
            // Writing takes the place away from other threads' caches, and most are marked again and again.
            if !read.load(Ordering::Relaxed) {
                read.store(true, Ordering::Relaxed);
            }
        }
    }

    pub fn contains(&self, input: Input) -> bool {
        self.marks[input.index()].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, InputSet};

    #[test]
    fn a_set_is_sorted_without_repetitions_whatever_its_size() {
        assert!(size_of::<InputSet>() <= 16, "{}", size_of::<InputSet>());
        for count in 0..8 {
            let inputs = (0..count).map(Input);
            let set: InputSet = inputs.clone().rev().chain(inputs.clone()).collect();
            assert!(set.iter().eq(inputs.clone()), "{set:?}");
            for split in 0..count {
                let mut halves: InputSet = inputs.clone().skip(split as usize).collect();
                halves.extend(&inputs.clone().take(split as usize + 1).collect());
                assert_eq!(halves, set);
            }
        }
    }
}
