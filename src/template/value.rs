//! What an expression gives: a node of the model itself, or a new one computed from what it read.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::Value as Jinja;
use minijinja::value::ValueKind;

use super::evaluate::{Failure, wrong};
use super::scope::{self, Scope};
use super::{Chunk, Expression};
use crate::diag::Span;
use crate::merge::InputSet;
use crate::model::{Context, Leaf, Structure};

/// Evaluates an expression. A plain path leads to its node without minijinja; anything else is computed, and the
/// result's inputs are all that was read.
pub(super) fn value<'s>(expression: &Expression, scope: &'s Arc<Scope>) -> Result<Cow<'s, Context>, Failure> {
    if let Some(context) = expression.path().and_then(|path| scope.resolve(path)) {
        if matches!(context.value, Structure::Leaf(_)) {
            scope::note(&context.inputs);
        }
        return Ok(Cow::Borrowed(context));
    }
    let mark = scope::mark();
    let value = expression
        .evaluate(Jinja::from_dyn_object(Arc::clone(scope)))
        .map_err(|error| failed(&error, expression.span))?;
    match value.downcast_object_ref::<Context>() {
        // What chose it decided that it is there as well.
        Some(context) => {
            let mut inputs = scope::since(mark);
            inputs.extend(&context.inputs);
            Ok(Cow::Owned(Context { value: context.value.clone(), inputs }))
        }
        None => computed(&value, &scope::since(mark), expression.span).map(Cow::Owned),
    }
}

/// Whether a condition holds.
pub(super) fn truth(expression: &Expression, scope: &Arc<Scope>) -> Result<bool, Failure> {
    Ok(scope::is_true(&*value(expression, scope)?))
}

/// The text of a scalar with expressions in it.
pub(super) fn splice(chunks: &[Chunk], scope: &Arc<Scope>) -> Result<String, Failure> {
    let mut text = String::new();
    for chunk in chunks {
        let expression = match chunk {
            Chunk::Text(literal) => {
                text.push_str(literal);
                continue;
            }
            Chunk::Expression(expression) => expression,
        };
        let refuse = |what| Err(wrong(expression.span, "cannot stand within text", what));
        match &value(expression, scope)?.value {
            Structure::Leaf(Leaf::Text(part)) => text.push_str(part),
            Structure::Leaf(Leaf::Int(number)) => text.push_str(&number.to_string()),
            Structure::Leaf(Leaf::Bool(flag)) => text.push_str(&flag.to_string()),
            Structure::Leaf(Leaf::Float(_)) => return refuse("this is a fraction"),
            Structure::Leaf(Leaf::None) => return refuse("this is `none`"),
            Structure::List(_) | Structure::Map(_) | Structure::Struct(..) => {
                return refuse("this is a structure");
            }
        }
    }
    Ok(text)
}

fn computed(value: &Jinja, inputs: &InputSet, span: Span) -> Result<Context, Failure> {
    let leaf = match value.kind() {
        ValueKind::None => Leaf::None,
        ValueKind::Bool => Leaf::Bool(value.is_true()),
        ValueKind::String => Leaf::Text(Arc::from(value.as_str().unwrap_or_default())),
        ValueKind::Number => match value.as_i64().filter(|_| value.is_integer()) {
            Some(number) => Leaf::Int(number),
            None => match f64::try_from(value.clone()) {
                Ok(number) if number.is_finite() && number.abs() < 2f64.powi(53) => Leaf::Float(number),
                _ => return Err(wrong(span, "not a number that YAML can hold", value.to_string())),
            },
        },
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| failed(&error, span))?;
            let item = |item: Jinja| match item.downcast_object_ref::<Context>() {
                Some(context) => Ok(context.clone()),
                None => computed(&item, inputs, span),
            };
            let items = items.map(item).collect::<Result<_, _>>()?;
            return Ok(Context { value: Structure::List(items), inputs: inputs.clone() });
        }
        kind => {
            return Err(wrong(
                span,
                "the expression gave nothing that can be placed",
                format!("this is {kind}"),
            ));
        }
    };
    Ok(Context { value: Structure::Leaf(leaf), inputs: inputs.clone() })
}

fn failed(error: &minijinja::Error, span: Span) -> Failure {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    wrong(span, "the expression failed", detail)
}
