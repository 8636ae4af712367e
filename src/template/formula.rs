//! Expressions outside of templates: a text of a declaration that gives a value.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::evaluate::Failure;
use super::expression::split;
use super::infer::{Names, infer};
use super::scope::{self, Scope};
use super::value::{splice, value};
use super::{Chunk, Expression};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::merge::InputSet;
use crate::model::{Context, Leaf, Shape, Structure};

/// A text with expressions between `${{` and `}}`. One that is nothing but an expression gives a value of its type; any
/// other gives text.
#[derive(Debug)]
pub struct Formula {
    chunks: Vec<Chunk>,
    span: Span,
}

impl Formula {
    /// Reads the text of a value that stands at `span`; none when it cannot be read, which is reported.
    pub fn parse(text: &str, span: Span, sink: &mut Sink) -> Option<Self> {
        let before = sink.errors();
        let chunks = split(text, span, "", sink);
        (sink.errors() == before).then_some(Self { chunks, span })
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.chunks.iter().filter_map(|chunk| match chunk {
            Chunk::Expression(expression) => Some(expression),
            Chunk::Text(_) => None,
        })
    }

    /// The paths that it reads, such as `stores.nats.host`.
    pub fn paths(&self) -> BTreeSet<String> {
        self.expressions().flat_map(Expression::reads).collect()
    }

    /// Reports what cannot be evaluated with names of these types.
    pub fn check(&self, names: Vec<(Arc<str>, Shape)>, sink: &mut Sink) {
        let names = Names::of(names);
        for expression in self.expressions() {
            let shape = infer(expression, &names, sink);
            let (title, label) = match shape {
                _ if self.chunks.len() == 1 => continue,
                Shape::Optional(_) => ("what may be `none` cannot stand within text", "may be `none`"),
                Shape::List(_) | Shape::Map(_) | Shape::Struct(_) => {
                    ("a structure cannot stand within text", "not a single value")
                }
                _ => continue,
            };
            sink.push(Diagnostic::error(Code::TemplateValue, title).at(expression.span, label));
        }
    }

    /// What it gives, with all that was read for it.
    pub fn evaluate(&self, names: Vec<(Arc<str>, Context)>) -> Result<Context, Failure> {
        scope::take();
        let scope = Scope::root(names);
        let given = match &*self.chunks {
            [Chunk::Expression(expression)] => value(expression, &scope)?,
            chunks => {
                let text = Structure::Leaf(Leaf::Text(splice(chunks, &scope)?.into()));
                std::borrow::Cow::Owned(Context { value: text, inputs: InputSet::default() })
            }
        };
        let mut inputs: InputSet = scope::take().into_iter().collect();
        inputs.extend(&given.inputs);
        Ok(Context { value: given.value.clone(), inputs })
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.span
    }
}
