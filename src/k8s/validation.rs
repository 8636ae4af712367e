//! Rules about single values that the API server states in Go code, in the words of schemas.
//!
//! Source: `pkg/apis/*/validation` of `k8s.io/kubernetes`; `schemas/kubernetes/validation.tsv` holds definition, field and
//! keywords. They hold for every minor.

use serde::Deserialize;

use super::{Pattern, Schema, label_key};
use crate::diag::Code;

const RULES: &str = include_str!("../../schemas/kubernetes/validation.tsv");

/// The form of a label's value.
const LABEL_VALUE: &str = "^$|^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";

/// What the keys of a map have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keys {
    /// Keys of labels, whose values have a form as well.
    Labels,
    /// Names of files, for which a `ConfigMap` or a Secret can be mounted.
    Files,
}

impl Keys {
    /// Checks a key; the error says what it should be like.
    pub fn check(self, key: &str) -> Result<(), &'static str> {
        match self {
            Keys::Labels => label_key(key),
            Keys::Files => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
                let is_name = (1..=253).contains(&key.len()) && key.bytes().all(is_plain);
                (is_name && key != "." && !key.starts_with(".."))
                    .then_some(())
                    .ok_or("must be at most 253 letters, digits, `-`, `_` and `.`, and not begin with `..`")
            }
        }
    }

    /// What a finding about a key is called.
    pub fn code(self) -> Code {
        match self {
            Keys::Labels => Code::InvalidLabel,
            Keys::Files => Code::InvalidFieldValue,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<Box<Pattern>>,
    format: Option<Box<str>>,
    #[serde(rename = "enum")]
    choices: Option<Box<[serde_json::Value]>>,
    keys: Option<Keys>,
}

/// Adds to a definition's fields what Go code says of them.
pub(super) fn add(definition: &str, schema: &mut Schema) {
    for line in RULES.lines() {
        let mut columns = line.split('\t');
        if columns.next() != Some(definition) {
            continue;
        }
        let field = columns.next().and_then(|field| schema.properties.get_mut(field));
        // The lines are part of the program and read by a test.
        let rule = columns.next().and_then(|rule| serde_json::from_str::<Rule>(rule).ok());
        if let (Some(field), Some(rule)) = (field, rule) {
            field.minimum = rule.minimum.or(field.minimum);
            field.maximum = rule.maximum.or(field.maximum);
            field.min_length = rule.min_length.or(field.min_length);
            field.max_length = rule.max_length.or(field.max_length);
            field.pattern = rule.pattern.or_else(|| field.pattern.take());
            field.format = rule.format.or_else(|| field.format.take());
            if let Some(choices) = rule.choices {
                field.choices = choices;
            }
            field.keys = rule.keys;
            if let (Some(Keys::Labels), Some(value)) = (rule.keys, &mut field.additional_properties) {
                value.max_length = Some(63);
                value.pattern = Some(Box::new(LABEL_VALUE.to_owned().into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::{Catalog, MINORS};

    #[test]
    fn every_rule_is_readable_and_about_a_field_of_some_minor() {
        assert!(RULES.lines().is_sorted());
        for line in RULES.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let rule: Rule =
                serde_json::from_str(columns[2]).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(rule.pattern.is_none_or(|pattern| pattern.fits("").is_some()), "{line}");
            let has_field = |minor: &&str| {
                let at = Catalog::of(minor).and_then(|catalog| catalog.definition(columns[0]));
                at.is_some_and(|at| at.schema().properties.contains_key(columns[1]))
            };
            assert!(MINORS.iter().all(has_field), "{line}");
        }
    }

    #[test]
    fn keys_are_checked() {
        assert!(Keys::Files.check("nats.conf").is_ok());
        for bad in ["", ".", "..", "..a", "a b", "a/b"] {
            assert!(Keys::Files.check(bad).is_err(), "{bad}");
        }
        assert!(Keys::Labels.check("example.org/a").is_ok());
    }
}
