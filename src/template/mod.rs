//! The template language: parse, check before any data is seen, evaluate.
//!
//! A template is a YAML document whose scalars may hold expressions, `${{ … }}`; structure is never text. See
//! `docs/templates.md` for the language. [`parse`] gives a [`Template`] or a [`Fragment`], [`check`] proves every
//! branch against the context's types and the Kubernetes schema, [`evaluate`] makes objects.

mod check;
mod evaluate;
mod expression;
mod infer;
mod omission;
mod parse;
mod scope;
mod value;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Span;
use crate::k8s::Value;

pub use check::check;
pub use evaluate::{Recording, evaluate};
pub use expression::Expression;
pub use parse::{fragment, template};

/// A template: one object per item of its loops.
#[derive(Debug)]
pub struct Template {
    /// What its objects are filed under: `family:` of the header, else its folder.
    pub family: Arc<str>,
    /// The header's loops, outermost first.
    pub loops: Vec<Loop>,
    /// The header's filter.
    pub condition: Option<Expression>,
    /// The object.
    pub body: Part,
}

/// A piece of structure that templates include.
#[derive(Debug)]
pub struct Fragment {
    /// What stands for it.
    pub body: Part,
}

/// Every fragment, by its path below `templates/`.
pub type Fragments = BTreeMap<String, Fragment>;

/// `name in list`, `value in map` or `key, value in map`.
#[derive(Debug)]
pub struct Loop {
    /// Bound to the key of a map's entry, when two names are given.
    pub key: Option<Arc<str>>,
    /// Bound to the item, or to the value of a map's entry.
    pub item: Arc<str>,
    /// What is iterated.
    pub over: Expression,
    /// The whole clause.
    pub span: Span,
}

/// A node of a template.
#[derive(Debug)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it was written.
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
    /// A list.
    List(Vec<Part>),
    /// A mapping.
    Map(Vec<Entry>),
    /// `$if` and `$else`
    If(Box<Condition>),
    /// `$for`: items where a list's item stands, entries elsewhere.
    For(Box<(Loop, Part)>),
    /// `$merge`: the second laid over the first.
    Merge(Box<(Part, Part)>),
    /// `$include`
    Include(Box<Include>),
}

/// A choice.
#[derive(Debug)]
pub struct Condition {
    /// What decides.
    pub test: Expression,
    /// Placed when it is true.
    pub then: Part,
    /// Placed when it is false; nothing is placed without it.
    pub otherwise: Option<Part>,
}

/// An inclusion.
#[derive(Debug)]
pub struct Include {
    /// The fragment's path below `templates/`.
    pub fragment: String,
    /// Where it is named.
    pub span: Span,
    /// What the fragment's names stand for; it sees no others.
    pub arguments: Vec<Argument>,
}

/// A named argument of an inclusion.
#[derive(Debug)]
pub struct Argument {
    /// The name in the fragment.
    pub name: Arc<str>,
    /// Where the name is written.
    pub span: Span,
    /// What it stands for.
    pub value: Part,
}

/// An entry of a mapping.
#[derive(Debug)]
pub struct Entry {
    /// The key; text without expressions is a splice of one literal.
    pub key: Key,
    /// Where it is written.
    pub span: Span,
    /// What it holds.
    pub value: Part,
}

/// The key of an entry.
#[derive(Debug)]
pub enum Key {
    /// As written.
    Literal(Arc<str>),
    /// Made from expressions.
    Splice(Vec<Chunk>),
}

/// A piece of text.
#[derive(Debug)]
pub enum Chunk {
    /// As written.
    Text(String),
    /// To be replaced by its value.
    Expression(Expression),
}
