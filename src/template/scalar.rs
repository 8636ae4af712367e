//! What the plain scalars of a template mean.

use std::sync::Arc;

use crate::k8s::Value;
use crate::yaml::ScalarStyle;

/// Resolves a scalar by YAML 1.2's core schema; what other YAML readers take for another number is refused.
pub(super) fn scalar(text: &str, style: ScalarStyle) -> Result<Value, &'static str> {
    let plain = style == ScalarStyle::Plain;
    let digits = text.trim_start_matches(['+', '-']);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(match text {
        _ if !plain => Value::String(Arc::from(text)),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_integer && digits.len() > 1 && digits.starts_with('0') => {
            return Err("octal to some readers and decimal to others: write `0o644` or `420`, or quote it");
        }
        _ if is_integer => Value::Int(text.parse().map_err(|_| "does not fit 64 bits")?),
        _ => {
            let radix =
                |prefix: &str, radix: u32| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
            // `inf`, `nan` and `infinity` are words here, although Rust reads them as numbers.
            let numeric = digits.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
            match (radix("0o", 8).or_else(|| radix("0x", 16)), text.parse::<f64>()) {
                (Some(number), _) => Value::Int(number),
                (None, Ok(number)) if numeric && number.is_finite() => Value::Float(number),
                _ => Value::String(Arc::from(text)),
            }
        }
    })
}
