//! The template language: parse, check before any data is seen, evaluate.
//!
//! A template is a YAML document whose scalars may hold expressions, `${{ … }}`; structure is never text. See
//! `docs/templates.md` for the language. [`parse`] gives a [`Template`] or a fragment, [`check`] proves every
//! branch against the context's types and the Kubernetes schema, [`evaluate`] makes objects.

mod check;
mod directive;
mod evaluate;
mod expression;
mod formula;
mod infer;
mod language;
mod omission;
mod parse;
mod resolve;
mod scalar;
mod scope;
mod text;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diag::{FileId, Span};
use crate::k8s::Value;

pub use check::{check, check_patch};
pub use evaluate::{Change, Evaluated, Globals, Output, Recording, evaluate, evaluate_patch, items};
pub use expression::Expression;
pub use formula::Formula;
pub use language::Language;
pub use parse::{fragment, patch, template};
pub use resolve::resolved;
pub use text::{Piece, TextFile, text_file};

/// A template: one object per item of its loops.
#[derive(Debug)]
pub struct Template {
    /// Its path below `templates/`.
    pub path: Arc<str>,
    /// What its objects are filed under: `family:` of the header, else its folder.
    pub family: Arc<str>,
    /// The built-in text that the header says it was made from: a digest, and where it stands.
    pub overrides: Option<(Arc<str>, Span)>,
    /// The header's loops, outermost first.
    pub loops: Vec<Loop>,
    /// The header's filter.
    pub condition: Option<Expression>,
    /// `file:` of the header: the path of a file of the output that the body is, and no object.
    pub file: Option<Part>,
    /// The object, or the content of the file.
    pub body: Part,
}

/// A change of rendered objects.
#[derive(Debug)]
pub struct Patch {
    /// Where it is written.
    pub file: FileId,
    pub target: Target,
    /// The environments it is for, and where they are named; none for all.
    pub environments: Vec<(Arc<str>, Span)>,
    /// The header's loops and filter; its body is a part of an object.
    pub change: Template,
}

/// Which objects a patch changes.
#[derive(Debug)]
pub struct Target {
    pub api_version: Arc<str>,
    pub kind: Arc<str>,
    /// Where the target is written.
    pub span: Span,
    /// A mapping of `name`, `namespace` and `labels`, as far as they are asked for.
    pub metadata: Part,
}

/// What templates include, by path below `templates/`.
#[derive(Debug, Default)]
pub struct Fragments {
    /// Structure, for `$include`.
    pub parts: BTreeMap<String, Part>,
    /// Text, for `$file`.
    pub files: BTreeMap<String, TextFile>,
}

/// `name in list`, `value in map` or `key, value in map`.
#[derive(Debug)]
pub struct Loop {
    pub key: Option<Arc<str>>,
    pub item: Arc<str>,
    pub over: Expression,
    /// The whole clause.
    pub span: Span,
}

/// A node of a template.
#[derive(Debug)]
pub struct Part {
    pub kind: PartKind,
    pub span: Span,
}

/// What a node of a template is.
#[derive(Debug)]
pub enum PartKind {
    /// A scalar without expressions.
    Literal(Value),
    /// `${{ … }}` alone: its value keeps its type.
    Expression(Expression),
    /// Text with expressions in it.
    Splice(Vec<Chunk>),
    List(Vec<Part>),
    Map(Vec<Entry>),
    /// `$if` and `$else`
    If(Box<Condition>),
    /// `$for`: items where a list's item stands, entries elsewhere.
    For(Box<(Loop, Part)>),
    /// `$merge`: the second laid over the first.
    Merge(Box<(Part, Part)>),
    /// `$include`
    Include(Box<Include>),
    /// `$file`: a text.
    File(Box<Include>),
    /// `$remove` of a patch; beside it stands what tells the item of a list from others.
    Remove(Box<Part>),
}

impl Part {
    /// Adds the paths of all fragments and files that it includes itself.
    pub fn included<'p>(&'p self, found: &mut BTreeSet<&'p str>) {
        match &self.kind {
            PartKind::Literal(_) | PartKind::Expression(_) | PartKind::Splice(_) => {}
            PartKind::List(items) => items.iter().for_each(|item| item.included(found)),
            PartKind::Map(entries) => entries.iter().for_each(|entry| entry.value.included(found)),
            PartKind::If(condition) => {
                condition.then.included(found);
                condition.otherwise.iter().for_each(|part| part.included(found));
            }
            PartKind::For(each) => each.1.included(found),
            PartKind::Merge(layers) => {
                layers.0.included(found);
                layers.1.included(found);
            }
            PartKind::Include(include) | PartKind::File(include) => {
                found.insert(&include.path);
                include.arguments.iter().for_each(|argument| argument.value.included(found));
            }
            PartKind::Remove(item) => item.included(found),
        }
    }
}

/// A choice.
#[derive(Debug)]
pub struct Condition {
    pub test: Expression,
    pub then: Part,
    /// Nothing is placed without it.
    pub otherwise: Option<Part>,
}

/// An inclusion.
#[derive(Debug)]
pub struct Include {
    /// The path below `templates/` of what is included.
    pub path: Arc<str>,
    /// Where it is named.
    pub span: Span,
    /// What its names stand for; it sees no others.
    pub arguments: Vec<Argument>,
}

/// A named argument of an inclusion.
#[derive(Debug)]
pub struct Argument {
    pub name: Arc<str>,
    /// Where the name is written.
    pub span: Span,
    pub value: Part,
}

/// An entry of a mapping.
#[derive(Debug)]
pub struct Entry {
    pub key: Key,
    /// Where the key is written.
    pub span: Span,
    pub value: Part,
}

/// The key of an entry.
#[derive(Debug)]
pub enum Key {
    Literal(Arc<str>),
    /// Made from expressions.
    Splice(Vec<Chunk>),
}

/// A piece of text.
#[derive(Debug)]
pub enum Chunk {
    Text(String),
    /// To be replaced by its value.
    Expression(Expression),
}
