//! Files of other formats.

use std::sync::Arc;

use super::{Evaluator, Outcome, wrong};
use crate::diag::{Code, Diagnostic, Span};
use crate::k8s::{Made, Node, Value};
use crate::model::{Context, Structure};
use crate::template::scope::{self, Scope};
use crate::template::value::{truth, value};
use crate::template::{Include, Language, Piece};

impl<'t> Evaluator<'t> {
    /// The text of a file; everything that was read for it gave its value.
    pub(super) fn file(&mut self, include: &'t Include, scope: &Arc<Scope>, span: Span) -> Outcome<Node> {
        let file = self.fragments.files.get(&*include.path).ok_or_else(|| {
            Diagnostic::error(Code::TemplateInclude, "no such file").at(include.span, "not found")
        })?;
        let mark = scope::mark();
        let scope = self.arguments(include, scope)?;
        let mut text = String::new();
        self.pieces(&file.pieces, file.language, &scope, &mut text)?;
        if let Some(why) = file.language.refuses(&text) {
            let title = format!("what came of `{}` cannot be read", include.path);
            return Err(wrong(include.span, title, why));
        }
        Ok(self.node(Value::String(Arc::from(text)), span, Made::Data, || scope::since(mark)))
    }

    fn pieces(
        &mut self,
        pieces: &'t [Piece],
        language: Language,
        scope: &Arc<Scope>,
        text: &mut String,
    ) -> Outcome<()> {
        for piece in pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Value(expression) => {
                    let value = value(expression, scope)?;
                    note_all(&value);
                    language
                        .write(&value, text)
                        .map_err(|why| wrong(expression.span, "this value cannot be written here", why))?;
                }
                Piece::For(each) => {
                    let (clause, body) = &**each;
                    self.each(clause, scope, |evaluator, scope| {
                        evaluator.pieces(body, language, scope, text)
                    })?;
                }
                Piece::If(branches) => {
                    for (test, body) in branches {
                        if test.as_ref().map_or(Ok(true), |test| truth(test, scope))? {
                            self.pieces(body, language, scope, text)?;
                            break;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Everything in it is read.
fn note_all(context: &Context) {
    scope::note(&context.inputs);
    match &context.value {
        Structure::Leaf(_) => {}
        Structure::List(items) | Structure::Struct(_, items) => items.iter().for_each(note_all),
        Structure::Map(entries) => entries.iter().for_each(|(_, item)| note_all(item)),
    }
}
