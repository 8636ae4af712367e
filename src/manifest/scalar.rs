//! What the scalars of a manifest mean: YAML 1.1 as `sigs.k8s.io/yaml` resolves it, and so kubectl and the API server.

use super::number::{float, integer};
use crate::k8s::Value;
use crate::yaml::{ScalarStyle, Tag};

/// The value of a scalar; the error completes "`x` …".
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, &'static str> {
    let is_plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else { return Ok(if is_plain { plain(text) } else { string(text) }) };
    let tag = match tag {
        Tag { handle, suffix } if handle == "!" && suffix.is_empty() => "str",
        tag if tag.is_yaml_core_schema() => &tag.suffix,
        _ => return Err("has a tag that manifests do not have"),
    };
    let wrong = "is not what its tag says";
    match (tag, plain(text)) {
        ("str", _) => Ok(string(text)),
        ("int", value @ Value::Int(_))
        | ("float", value @ (Value::Int(_) | Value::Float(_)))
        | ("bool", value @ Value::Bool(_))
        | ("null", value @ Value::Null)
        | ("timestamp", value @ Value::String(_)) => Ok(value),
        ("int" | "float" | "bool" | "null" | "timestamp", _) => Err(wrong),
        _ => Err("has a tag that manifests do not have"),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes()[0] {
            b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
            _ => string(text),
        },
    }
}

/// Digits may be grouped by underscores, wherever they stand.
fn number(text: &str) -> Value {
    let ungrouped;
    let digits = if text.contains('_') {
        ungrouped = text.replace('_', "");
        &ungrouped
    } else {
        text
    };
    let whole = integer(digits).map(Value::Int);
    whole.or_else(|| float(digits).map(Value::Float)).unwrap_or_else(|| string(text))
}

/// What becomes of a value on its way to JSON: a number without fraction is a whole one.
#[allow(clippy::cast_possible_truncation, reason = "bounded before")]
pub(super) fn json(value: Value) -> Result<Value, &'static str> {
    match value {
        Value::Float(number) if !number.is_finite() => Err("is a number that JSON does not have"),
        // 2^63; no field takes larger ones.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0 => {
            Ok(Value::Int(number as i64))
        }
        value => Ok(value),
    }
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

/// The text that a scalar becomes as a key.
pub(super) fn key(value: &Value) -> Option<std::sync::Arc<str>> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        // Go writes it with the precision of 32 bits.
        Value::Float(number) => super::number::short(*number).into(),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    })
}
