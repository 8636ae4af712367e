//! Files of other formats.

use super::super::infer::{Names, infer};
use super::{Check, Place};
use crate::diag::Code;
use crate::model::Shape;
use crate::template::{Include, Language, Piece};

impl Check<'_> {
    pub(super) fn file(&mut self, include: &Include, at: Place<'_>, names: &Names) -> Shape {
        let bound = self.arguments(include, names);
        let fragments = self.fragments;
        let Some(file) = fragments.files.get(&*include.path) else {
            return self.not_found("file", include, fragments.files.keys());
        };
        let inner = Names::of_fragment(bound, &include.path, include.span);
        self.pieces(&file.pieces, file.language, &inner);
        self.unused(include, &inner);
        self.fits(&Shape::Text, at.schema, include.span);
        Shape::Text
    }

    fn pieces(&mut self, pieces: &[Piece], language: Language, names: &Names) {
        for piece in pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Value(expression) => {
                    let (title, label) = match infer(expression, names, self.sink) {
                        Shape::List(_) | Shape::Map(_) | Shape::Struct(_) if !language.has_structures() => {
                            ("a structure cannot be written here", "not a single value")
                        }
                        Shape::Optional(_) => ("what may be `none` cannot be written", "may be `none`"),
                        _ => continue,
                    };
                    self.refuse(Code::TemplateValue, expression.span, title, label);
                }
                Piece::For(each) => {
                    let inner = self.bind(&each.0, names);
                    self.pieces(&each.1, language, &inner);
                }
                Piece::If(branches) => {
                    for (test, body) in branches {
                        match test {
                            Some(test) => {
                                infer(test, names, self.sink);
                                self.pieces(body, language, &names.where_true(test));
                            }
                            None => self.pieces(body, language, names),
                        }
                    }
                }
            }
        }
    }
}
