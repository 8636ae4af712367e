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
use crate::diag::{Code, Diagnostic, Label, Sink, Span};
use crate::model::Shape;

/// The names in scope with their types, and the optional paths that a condition has shown to be there.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    bound: Vec<(Arc<str>, Shape)>,
    present: BTreeSet<String>,
    /// Of a fragment's names: which fragment, and where it is included.
    included: Option<Rc<(String, Span)>>,
    /// Names that were used, to find arguments that were not.
    used: Rc<RefCell<BTreeSet<Arc<str>>>>,
}

impl Names {
    /// A scope of its own, with nothing outside of it.
    pub(super) fn of(bound: Vec<(Arc<str>, Shape)>) -> Self {
        Self { bound, ..Self::default() }
    }

    /// The scope of a fragment: its arguments alone.
    pub(super) fn of_fragment(bound: Vec<(Arc<str>, Shape)>, fragment: &str, include: Span) -> Self {
        Self { bound, included: Some(Rc::new((fragment.to_owned(), include))), ..Self::default() }
    }

    /// The scope with one more name, which must not hide another.
    pub(super) fn bind(&mut self, name: &Arc<str>, shape: Shape, span: Span, sink: &mut Sink) {
        if self.bound.iter().any(|(known, _)| known == name) {
            sink.push(
                Diagnostic::error(Code::TemplateShadowing, format!("`{name}` hides another `{name}`"))
                    .at(span, "choose another name"),
            );
        }
        self.bound.push((Arc::clone(name), shape));
    }

    /// Whether a name was used in any expression so far.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// The scope where `test` holds: what it asks for is there.
    pub(super) fn where_true(&self, test: &Expression) -> Self {
        let mut names = self.clone();
        if let Ok(tree) = parse_expr(&test.source) {
            names.narrow(&tree);
        }
        names
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
    fn refuse(&mut self, code: Code, at: &Expr<'_>, title: String, label: &str) -> Diagnostic {
        let whole = self.expression.span;
        // Offsets into the source are offsets into the file where the expression was found literally.
        let exact = whole.range().len() == self.expression.source.len();
        let (start, end) = (at.span().start_offset, at.span().end_offset);
        let span =
            if exact { Span { start: whole.start + start, end: whole.start + end, ..whole } } else { whole };
        Diagnostic::error(code, title).at(span, label)
    }

    fn report(&mut self, code: Code, at: &Expr<'_>, title: &str, label: &str) -> Shape {
        let found = self.refuse(code, at, title.to_owned(), label);
        self.sink.push(found);
        Shape::Any
    }

    fn shape(&mut self, expression: &Expr<'_>, names: &Names) -> Shape {
        let shape = self.bare_shape(expression, names);
        match shape {
            Shape::Optional(inner) if path(expression).is_some_and(|path| names.present.contains(&path)) => {
                *inner
            }
            shape => shape,
        }
    }

    fn bare_shape(&mut self, expression: &Expr<'_>, names: &Names) -> Shape {
        match expression {
            Expr::Var(variable) => self.variable(variable.id, expression, names),
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::Bool => Shape::Bool,
                ValueKind::Number if constant.value.is_integer() => Shape::Int,
                ValueKind::String => Shape::Text,
                ValueKind::None => Shape::Optional(Box::new(Shape::Any)),
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
                self.shape(&comparison.expr, names);
                for operand in &comparison.ops {
                    self.shape(&operand.expr, names);
                }
                Shape::Bool
            }
            Expr::IfExpr(choice) => {
                self.shape(&choice.test_expr, names);
                let mut inside = names.clone();
                inside.narrow(&choice.test_expr);
                let yes = self.shape(&choice.true_expr, &inside);
                match &choice.false_expr {
                    Some(no) => union(yes, self.shape(no, names)),
                    None => self.report(
                        Code::TemplateExpression,
                        expression,
                        "`if` without `else`",
                        "say what it is otherwise, such as `none`",
                    ),
                }
            }
            Expr::Filter(filter) => self.filter(filter, expression, names),
            Expr::Test(test) => {
                self.shape(&test.expr, names);
                if !TESTS.contains(&test.name) {
                    self.missing("test", test.name, expression, TESTS.iter().copied());
                }
                Shape::Bool
            }
            Expr::List(list) => {
                let shapes: Vec<Shape> = list.items.iter().map(|item| self.shape(item, names)).collect();
                Shape::List(Box::new(shapes.into_iter().reduce(union).unwrap_or(Shape::Any)))
            }
            Expr::Call(_) | Expr::GetItem(_) | Expr::Map(_) | Expr::Slice(_) | Expr::Tuple(_) => self.report(
                Code::TemplateExpression,
                expression,
                &format!("a {} is not part of the language", expression.description()),
                "decisions belong in the model",
            ),
        }
    }

    fn operation(&mut self, operation: &BinOp<'_>, names: &Names) -> Shape {
        let (left, right) = (&operation.left, &operation.right);
        match operation.op {
            BinOpKind::ScAnd => {
                let mut inside = names.clone();
                inside.narrow(left);
                union(self.shape(left, names), self.shape(right, &inside))
            }
            BinOpKind::ScOr => match self.shape(left, names) {
                Shape::Optional(inner) => union(*inner, self.shape(right, names)),
                left => union(left, self.shape(right, names)),
            },
            BinOpKind::Concat => {
                for side in [left, right] {
                    self.operand(side, names, &[Shape::Text, Shape::Int, Shape::Bool]);
                }
                Shape::Text
            }
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow => {
                for side in [left, right] {
                    self.operand(side, names, &[Shape::Int]);
                }
                // A quotient or a power may be a fraction.
                if matches!(operation.op, BinOpKind::Div | BinOpKind::Pow) { Shape::Any } else { Shape::Int }
            }
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => {
                for side in [left, right] {
                    self.operand(side, names, &[Shape::Int]);
                }
                Shape::Bool
            }
            BinOpKind::Eq | BinOpKind::Ne | BinOpKind::In => {
                self.shape(left, names);
                self.shape(right, names);
                Shape::Bool
            }
        }
    }

    /// The type of an operand, which must be one of `wanted`: minijinja would make text of anything.
    fn operand(&mut self, operand: &Expr<'_>, names: &Names, wanted: &[Shape]) -> Shape {
        let shape = self.shape(operand, names);
        if shape != Shape::Any && !wanted.contains(&shape) {
            let label = if matches!(shape, Shape::Optional(_)) { "may be `none`" } else { "of another type" };
            self.report(Code::TemplateValue, operand, "this cannot be computed with", label);
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
        let fits = match (filter.name, &of) {
            (_, Shape::Any) => true,
            ("join", of) => matches!(of, Shape::List(_)),
            ("length", of) => matches!(of, Shape::List(_) | Shape::Map(_) | Shape::Text),
            (_, of) => *of == Shape::Text,
        };
        match FILTERS.iter().find(|(name, _)| *name == filter.name) {
            Some((_, result)) if fits => result.clone(),
            Some((name, _)) => {
                let title = format!("`{name}` cannot be applied to this");
                self.report(Code::TemplateValue, at, &title, "of another type, or may be `none`")
            }
            None => self.missing("filter", filter.name, at, FILTERS.iter().map(|(name, _)| *name)),
        }
    }

    fn variable(&mut self, name: &str, at: &Expr<'_>, names: &Names) -> Shape {
        // The innermost of equal names, so that a name that hides another is reported once, where it does.
        if let Some((name, shape)) = names.bound.iter().rev().find(|(known, _)| &**known == name) {
            names.used.borrow_mut().insert(Arc::clone(name));
            return shape.clone();
        }
        if let Some(include) = &names.included {
            let here = self.refuse(Code::TemplateInclude, at, String::new(), "").primary;
            let title = format!("`{}` needs `{name}`", include.0);
            let mut found =
                Diagnostic::error(Code::TemplateInclude, title).at(include.1, "not among the arguments");
            found.context.extend(here.map(|label| Label { text: "used here".to_owned(), ..label }));
            self.sink.push(found.help(format!("add `{name}: …` beside `$include`")));
            return Shape::Any;
        }
        let found = self
            .refuse(Code::TemplateUnknownName, at, format!("nothing is called `{name}` here"), "unknown name")
            .suggest(name, names.bound.iter().map(|(known, _)| &**known));
        self.sink.push(found);
        Shape::Any
    }

    fn attribute(&mut self, of: &Shape, name: &str, at: &Expr<'_>) -> Shape {
        match of {
            Shape::Struct(fields) => match fields.get(name) {
                Some(shape) => shape.clone(),
                None => {
                    let fields: Vec<&str> = fields.keys().copied().collect();
                    let found = self
                        .refuse(
                            Code::TemplateUnknownName,
                            at,
                            format!("it has no attribute `{name}`"),
                            "unknown attribute",
                        )
                        .suggest(name, fields.iter().copied())
                        .note(format!("it has {}", fields.join(", ")));
                    self.sink.push(found);
                    Shape::Any
                }
            },
            Shape::Optional(_) => self.report(
                Code::TemplateUnknownName,
                at,
                "what may be `none` has no attributes",
                "ask first, with `$if` or `a and a.b`",
            ),
            Shape::Any => Shape::Any,
            Shape::Map(_) => self.report(
                Code::TemplateUnknownName,
                at,
                "a map's keys are not known before the data is",
                "iterate it with `$for`",
            ),
            _ => {
                self.report(Code::TemplateUnknownName, at, "only structures have attributes", "this has none")
            }
        }
    }

    fn missing<'n>(
        &mut self,
        what: &str,
        name: &str,
        at: &Expr<'_>,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> Shape {
        let list: Vec<&str> = known.clone().collect();
        let found = self
            .refuse(Code::TemplateExpression, at, format!("no {what} is called `{name}`"), "unknown")
            .suggest(name, known)
            .note(format!("there are {}", list.join(", ")));
        self.sink.push(found);
        Shape::Any
    }
}

/// The type of what may be the one or the other.
pub(super) fn union(a: Shape, b: Shape) -> Shape {
    match (a, b) {
        (a, b) if a == b => a,
        (Shape::Optional(a), Shape::Optional(b)) => optional(union(*a, *b)),
        // `none` alone, written as a constant.
        (Shape::Optional(a), b) | (b, Shape::Optional(a)) => {
            optional(if *a == Shape::Any { b } else { union(*a, b) })
        }
        _ => Shape::Any,
    }
}

fn optional(shape: Shape) -> Shape {
    match shape {
        Shape::Optional(_) => shape,
        shape => Shape::Optional(Box::new(shape)),
    }
}
