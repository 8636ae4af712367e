//! The names an expression sees, and the record of what it read.
//!
//! Context nodes are minijinja objects; handing out a leaf, or asking whether a list or map is there, writes
//! the node's inputs into this thread's record. An object is evaluated by one thread from start to end.

use std::cell::RefCell;
use std::sync::Arc;

use minijinja::Value as Jinja;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::merge::{Input, InputSet};
use crate::model::{Context, Leaf, Structure};

thread_local! {
    static RECORD: RefCell<Vec<Input>> = const { RefCell::new(Vec::new()) };
}

/// Notes that inputs were read.
pub(super) fn note(inputs: &InputSet) {
    RECORD.with_borrow_mut(|record| record.extend(inputs.iter()));
}

/// How much has been read so far.
pub(super) fn mark() -> usize {
    RECORD.with_borrow(Vec::len)
}

/// What has been read since a mark.
pub(super) fn since(mark: usize) -> InputSet {
    RECORD.with_borrow(|record| record[mark.min(record.len())..].iter().copied().collect())
}

/// Empties the record and returns it.
pub(super) fn take() -> Vec<Input> {
    RECORD.take()
}

/// A name and what it stands for, in front of the names outside of it.
#[derive(Debug)]
pub(super) struct Scope {
    names: Vec<(Arc<str>, Context)>,
    outer: Option<Arc<Scope>>,
}

impl Scope {
    /// The names of the whole environment, or of an inclusion's arguments.
    pub(super) fn root(names: Vec<(Arc<str>, Context)>) -> Arc<Self> {
        Arc::new(Self { names, outer: None })
    }

    /// The scope with more names.
    pub(super) fn with(self: &Arc<Self>, names: Vec<(Arc<str>, Context)>) -> Arc<Self> {
        Arc::new(Self { names, outer: Some(Arc::clone(self)) })
    }

    /// The node at the end of a path of names.
    pub(super) fn resolve(&self, path: &[String]) -> Option<&Context> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.find(first)?, |context, name| context.get(name))
    }

    fn find(&self, name: &str) -> Option<&Context> {
        let here = self.names.iter().find(|(known, _)| &**known == name).map(|(_, context)| context);
        here.or_else(|| self.outer.as_deref()?.find(name))
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.find(key.as_str()?).map(to_value)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        self.find(key).map(to_value)
    }
}

/// The test `is none`; asking whether a list or map is there reads that it is.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "minijinja hands tests a reference")]
pub(super) fn is_none(value: &Jinja) -> bool {
    if let Some(context) = value.downcast_object_ref::<Context>() {
        note(&context.inputs);
    }
    value.is_none()
}

/// A context node as an expression sees it; a leaf is read by this.
fn to_value(context: &Context) -> Jinja {
    let Structure::Leaf(leaf) = &context.value else {
        return Jinja::from_dyn_object(Arc::new(context.clone()));
    };
    note(&context.inputs);
    match leaf {
        Leaf::None => Jinja::from(()),
        Leaf::Bool(flag) => Jinja::from(*flag),
        Leaf::Int(number) => Jinja::from(*number),
        Leaf::Float(number) => Jinja::from(*number),
        Leaf::Text(text) => Jinja::from(Arc::clone(text)),
    }
}

impl Object for Context {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.value {
            Structure::List(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match &self.value {
            Structure::List(items) => items.get(key.as_usize()?).map(to_value),
            // Asked whether a key is in it; what is there is by the entry, what is not by the lack of it.
            Structure::Map(_) => {
                let entry = self.get(key.as_str()?);
                note(&entry.map_or_else(|| self.inputs.absence(), |entry| entry.inputs.clone()));
                entry.map(to_value)
            }
            _ => self.get(key.as_str()?).map(to_value),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        self.get(key).map(to_value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        note(&self.inputs);
        let keys = || self.entries().into_iter().map(|(key, _)| Jinja::from(key)).collect();
        // How many there are is read as well.
        match &self.value {
            Structure::List(items) => {
                items.iter().for_each(|item| note(&item.inputs));
                Enumerator::Seq(items.len())
            }
            Structure::Struct(..) => Enumerator::Values(keys()),
            Structure::Map(entries) => {
                entries.iter().for_each(|(_, item)| note(&item.inputs));
                Enumerator::Values(keys())
            }
            Structure::Leaf(_) => Enumerator::NonEnumerable,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        is_true(self)
    }
}

/// Whether a condition on it holds: it is there, true, and not empty or zero. A leaf was read by whoever asks.
pub(super) fn is_true(context: &Context) -> bool {
    // That it is not empty is by any of its members; the first stands for all. That it is, by what is not there.
    let first = match &context.value {
        Structure::Leaf(leaf) => return is_true_leaf(leaf),
        Structure::Struct(..) => {
            note(&context.inputs);
            return true;
        }
        Structure::List(items) => items.first(),
        Structure::Map(entries) => entries.first().map(|(_, item)| item),
    };
    match first {
        Some(_) => note(&context.inputs),
        None => note(&context.inputs.absence()),
    }
    first.inspect(|first| note(&first.inputs)).is_some()
}

fn is_true_leaf(leaf: &Leaf) -> bool {
    match leaf {
        Leaf::None => false,
        Leaf::Bool(flag) => *flag,
        Leaf::Int(number) => *number != 0,
        Leaf::Float(number) => *number != 0.0,
        Leaf::Text(text) => !text.is_empty(),
    }
}
