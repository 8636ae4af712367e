//! The type of an expression, found from its syntax tree and the types of the names it uses.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use minijinja::machinery::ast::{BinOp, BinOpKind, CallArg, Expr, Filter, UnaryOpKind};
use minijinja::machinery::parse_expr;
use minijinja::value::ValueKind;

use super::Expression;
use super::expression::{FILTERS, TESTS};
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::Shape;

/// The names in scope with their types, and the optional paths that a condition has shown to be there.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    bound: Vec<(Arc<str>, Shape)>,
    present: BTreeSet<String>,
    /// Of a fragment's names: which fragment, and where it is included.
    included: Option<(Arc<str>, Span)>,
    /// Names that were used, to find arguments that were not.
    used: Rc<RefCell<BTreeSet<Arc<str>>>>,
}

impl Names {
    /// A scope of its own, with nothing outside of it.
    pub(super) fn of(bound: Vec<(Arc<str>, Shape)>) -> Self {
        Self { bound, ..Self::default() }
    }

    /// The scope of a fragment: its arguments alone.
    pub(super) fn of_fragment(bound: Vec<(Arc<str>, Shape)>, fragment: &Arc<str>, include: Span) -> Self {
        Self { bound, included: Some((Arc::clone(fragment), include)), ..Self::default() }
    }

    /// The scope with one more name, which must not hide another.
    pub(super) fn bind(&mut self, name: &Arc<str>, shape: Shape, span: Span, sink: &mut Sink) {
        if self.bound.iter().any(|(known, _)| known == name) {
            let title = format!("`{name}` hides another `{name}`");
            sink.push(Diagnostic::error(Code::TemplateShadowing, title).at(span, "choose another name"));
        }
        self.bound.push((Arc::clone(name), shape));
    }

    /// Whether a name was used in any expression so far.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// The scope where `test` holds: what it asks for is there.
    pub(super) fn where_true(&self, test: &Expression) -> Self {
        parse_expr(&test.source).map_or_else(|_| self.clone(), |tree| self.narrowed(&tree))
    }

    fn narrowed(&self, test: &Expr<'_>) -> Self {
        let mut names = self.clone();
        names.narrow(test);
        names
    }

    /// The names, for people.
    fn list(&self) -> String {
        self.bound.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ")
    }

    fn narrow(&mut self, test: &Expr<'_>) {
        match test {
            Expr::BinOp(operation) if matches!(operation.op, BinOpKind::ScAnd) => {
                self.narrow(&operation.left);
                self.narrow(&operation.right);
            }
            _ => self.present.extend(path(test)),
        }
    }
}

/// `service.scale` of the expression that says just this.
fn path(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Var(name) => Some(name.id.to_owned()),
        Expr::GetAttr(attribute) => Some(format!("{}.{}", path(&attribute.expr)?, attribute.name)),
        _ => None,
    }
}

/// The type of an expression; what it refers to wrongly is reported and taken as [`Shape::Any`].
pub(super) fn infer(expression: &Expression, names: &Names, sink: &mut Sink) -> Shape {
    match parse_expr(&expression.source) {
        Ok(tree) => Inference { expression, sink }.shape(&tree, names),
        Err(_) => Shape::Any,
    }
}

struct Inference<'a> {
    expression: &'a Expression,
    sink: &'a mut Sink,
}

impl Inference<'_> {
    fn place(&self, at: &Expr<'_>) -> Span {
        let whole = self.expression.span;
        // Offsets into the source are offsets into the file where the expression was found literally.
        let exact = whole.range().len() == self.expression.source.len();
        let (start, end) = (at.span().start_offset, at.span().end_offset);
        if exact { Span { start: whole.start + start, end: whole.start + end, ..whole } } else { whole }
    }

    fn report(&mut self, found: Diagnostic) -> Shape {
        self.sink.push(found);
        Shape::Any
    }

    fn refuse(&mut self, code: Code, at: &Expr<'_>, title: impl Into<String>, label: &str) -> Shape {
        self.report(Diagnostic::error(code, title).at(self.place(at), label))
    }

    fn shape(&mut self, expression: &Expr<'_>, names: &Names) -> Shape {
        match self.bare_shape(expression, names) {
            Shape::Optional(inner) if path(expression).is_some_and(|path| names.present.contains(&path)) => {
                *inner
            }
            shape => shape,
        }
    }

    /// The type as it is declared, whatever conditions have shown.
    fn bare_shape(&mut self, expression: &Expr<'_>, names: &Names) -> Shape {
        match expression {
            Expr::Var(variable) => self.variable(variable.id, expression, names),
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::Bool => Shape::Bool,
                ValueKind::Number if constant.value.is_integer() => Shape::Int,
                ValueKind::String => Shape::Text,
                ValueKind::None => optional(Shape::Any),
                _ => Shape::Any,
            },
            Expr::GetAttr(attribute) => {
                let of = self.shape(&attribute.expr, names);
                self.attribute(&of, attribute.name, expression)
            }
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOpKind::Not => {
                    self.shape(&operation.expr, names);
                    Shape::Bool
                }
                UnaryOpKind::Neg => self.operand(&operation.expr, names, &[Shape::Int]),
            },
            Expr::BinOp(operation) => self.operation(operation, names),
            Expr::Compare(comparison) => {
                let first = self.shape(&comparison.expr, names);
                comparison.ops.iter().fold((&comparison.expr, first), |(left, left_shape), operand| {
                    let shape = self.shape(&operand.expr, names);
                    self.alternatives(&left_shape, &operand.expr);
                    self.alternatives(&shape, left);
                    (&operand.expr, shape)
                });
                Shape::Bool
            }
            Expr::IfExpr(choice) => {
                self.shape(&choice.test_expr, names);
                let yes = self.shape(&choice.true_expr, &names.narrowed(&choice.test_expr));
                match &choice.false_expr {
                    Some(no) => union(yes, self.shape(no, names)),
                    None => {
                        let label = "say what it is otherwise, such as `none`";
                        self.refuse(Code::TemplateExpression, expression, "`if` without `else`", label)
                    }
                }
            }
            Expr::Filter(filter) => self.filter(filter, expression, names),
            Expr::Test(test) => {
                self.shape(&test.expr, names);
                if !TESTS.contains(&test.name) {
                    self.missing("test", test.name, expression, TESTS);
                }
                Shape::Bool
            }
            Expr::List(list) => {
                let shapes: Vec<Shape> = list.items.iter().map(|item| self.shape(item, names)).collect();
                Shape::List(Box::new(shapes.into_iter().reduce(union).unwrap_or(Shape::Any)))
            }
            Expr::Call(_) | Expr::GetItem(_) | Expr::Map(_) | Expr::Slice(_) | Expr::Tuple(_) => {
                let what = match expression {
                    Expr::GetItem(_) | Expr::Slice(_) => "indexing with `[…]`",
                    Expr::Call(_) => "calling a function",
                    _ => "a literal structure",
                };
                let title = format!("{what} is not part of the language");
                self.refuse(Code::TemplateExpression, expression, title, "decisions belong in the model")
            }
        }
    }

    fn operation(&mut self, operation: &BinOp<'_>, names: &Names) -> Shape {
        let (left, right) = (&operation.left, &operation.right);
        let (wanted, result): (&[Shape], Shape) = match operation.op {
            BinOpKind::ScAnd => {
                return union(self.shape(left, names), self.shape(right, &names.narrowed(left)));
            }
            BinOpKind::ScOr => {
                let left = match self.shape(left, names) {
                    Shape::Optional(inner) => *inner,
                    left => left,
                };
                return union(left, self.shape(right, names));
            }
            BinOpKind::Eq | BinOpKind::Ne | BinOpKind::In => {
                let (left_shape, right_shape) = (self.shape(left, names), self.shape(right, names));
                self.alternatives(&left_shape, right);
                self.alternatives(&right_shape, left);
                return Shape::Bool;
            }
            BinOpKind::Concat => (&[Shape::Text, Shape::Int, Shape::Bool], Shape::Text),
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => (&[Shape::Int], Shape::Bool),
            BinOpKind::Div | BinOpKind::Pow => {
                let title = "`/` and `**` are not part of the language";
                return self.refuse(Code::TemplateExpression, left, title, "`//` divides whole numbers");
            }
            BinOpKind::Add | BinOpKind::Sub | BinOpKind::Mul | BinOpKind::FloorDiv | BinOpKind::Rem => {
                (&[Shape::Int], Shape::Int)
            }
        };
        self.operand(left, names, wanted);
        self.operand(right, names, wanted);
        result
    }

    /// Refuses the comparison of a fixed set of texts with one that it does not have, which would never hold.
    fn alternatives(&mut self, shape: &Shape, other: &Expr<'_>) {
        let known = match shape {
            Shape::Choice(known) => *known,
            Shape::Optional(inner) => return self.alternatives(inner, other),
            _ => return,
        };
        match other {
            Expr::List(list) => list.items.iter().for_each(|item| self.alternatives(shape, item)),
            Expr::Const(constant) => {
                let Some(text) = constant.value.as_str().filter(|text| !known.contains(text)) else { return };
                let title = format!("this is never `{text}`");
                let found = Diagnostic::error(Code::TemplateValue, title);
                let found = found.at(self.place(other), format!("one of {}", known.join(", ")));
                self.sink.push(found.suggest(text, known.iter().copied()));
            }
            _ => {}
        }
    }

    /// The type of an operand, which must be one of `wanted`: minijinja would make text of anything.
    fn operand(&mut self, operand: &Expr<'_>, names: &Names, wanted: &[Shape]) -> Shape {
        let shape = self.shape(operand, names);
        let plain = if matches!(shape, Shape::Choice(_)) { Shape::Text } else { shape.clone() };
        if plain != Shape::Any && !wanted.contains(&plain) {
            let label = if matches!(shape, Shape::Optional(_)) { "may be `none`" } else { "of another type" };
            self.refuse(Code::TemplateValue, operand, "this cannot be computed with", label);
        }
        shape
    }

    fn filter(&mut self, filter: &Filter<'_>, at: &Expr<'_>, names: &Names) -> Shape {
        for argument in &filter.args {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.shape(value, names);
        }
        let of = filter.expr.as_ref().map_or(Shape::Any, |of| self.shape(of, names));
        let Some((name, result)) = FILTERS.iter().find(|(name, _)| *name == filter.name) else {
            let known: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
            return self.missing("filter", filter.name, at, &known);
        };
        let fits = match (*name, &of) {
            (_, Shape::Any) => true,
            ("join", Shape::List(item)) => {
                matches!(**item, Shape::Text | Shape::Choice(_) | Shape::Int | Shape::Any)
            }
            ("join", _) => false,
            ("length", of) => matches!(of, Shape::List(_) | Shape::Map(_) | Shape::Text | Shape::Choice(_)),
            (_, of) => matches!(of, Shape::Text | Shape::Choice(_)),
        };
        if fits {
            return result.clone();
        }
        let title = format!("`{name}` cannot be applied to this");
        self.refuse(Code::TemplateValue, at, title, "of another type, or may be `none`")
    }

    fn variable(&mut self, name: &str, at: &Expr<'_>, names: &Names) -> Shape {
        // The innermost of equal names, so that a name that hides another is reported once, where it does.
        if let Some((name, shape)) = names.bound.iter().rev().find(|(known, _)| &**known == name) {
            names.used.borrow_mut().insert(Arc::clone(name));
            return shape.clone();
        }
        let here = self.place(at);
        self.report(match &names.included {
            Some((fragment, include)) => {
                Diagnostic::error(Code::TemplateInclude, format!("`{fragment}` needs `{name}`"))
                    .at(*include, "not among the arguments")
                    .context(here, "used here")
                    .help(format!("add `{name}: …` beside it"))
            }
            None => Diagnostic::error(Code::TemplateUnknownName, format!("nothing is called `{name}` here"))
                .at(here, "unknown name")
                .suggest(name, names.bound.iter().map(|(known, _)| &**known))
                .note(format!("there are {}", names.list())),
        })
    }

    fn attribute(&mut self, of: &Shape, name: &str, at: &Expr<'_>) -> Shape {
        let (title, label) = match of {
            Shape::Any => return Shape::Any,
            Shape::Struct(fields) => {
                let known = || fields.keys().map(AsRef::as_ref);
                return fields.get(name).cloned().unwrap_or_else(|| {
                    let title = format!("it has no attribute `{name}`");
                    self.report(
                        Diagnostic::error(Code::TemplateUnknownName, title)
                            .at(self.place(at), "unknown attribute")
                            .suggest(name, known())
                            .note(format!("it has {}", known().collect::<Vec<_>>().join(", "))),
                    )
                });
            }
            Shape::Optional(_) => {
                ("what may be `none` has no attributes", "ask first, with `$if` or `a and a.b`")
            }
            Shape::Map(_) => ("a map's keys are not known before the data is", "iterate it with `$for`"),
            _ => ("only structures have attributes", "this has none"),
        };
        self.refuse(Code::TemplateUnknownName, at, title, label)
    }

    fn missing(&mut self, what: &str, name: &str, at: &Expr<'_>, known: &[&str]) -> Shape {
        let title = format!("no {what} is called `{name}`");
        self.report(
            Diagnostic::error(Code::TemplateExpression, title)
                .at(self.place(at), "unknown")
                .suggest(name, known.iter().copied())
                .note(format!("there are {}", known.join(", "))),
        )
    }
}

/// The type of what may be the one or the other.
pub(super) fn union(a: Shape, b: Shape) -> Shape {
    match (a, b) {
        (a, b) if a == b => a,
        (Shape::Optional(a), Shape::Optional(b)) => optional(union(*a, *b)),
        (Shape::Text, Shape::Choice(_)) | (Shape::Choice(_), Shape::Text | Shape::Choice(_)) => Shape::Text,
        // `none` alone, written as a constant.
        (Shape::Optional(a), b) | (b, Shape::Optional(a)) => {
            optional(if *a == Shape::Any { b } else { union(*a, b) })
        }
        _ => Shape::Any,
    }
}

pub(super) fn optional(shape: Shape) -> Shape {
    match shape {
        Shape::Optional(_) => shape,
        shape => Shape::Optional(Box::new(shape)),
    }
}
