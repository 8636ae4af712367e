//! Paths to a place in an object: `spec.template.spec.containers[name=api].image`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Node, Value};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A key of a mapping.
    Key(Arc<str>),
    /// An item of a list, from 0.
    Index(usize),
    /// The item of a list whose field has this value; without a field's name, the one whose key it is.
    Item(String, String),
}

/// A path from the root of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<Step>);

impl Step {
    /// The node that the step leads to; by a key alone, if the list is keyed by `name`.
    pub fn take<'a>(&self, node: &'a Node) -> Option<&'a Node> {
        match self {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().get(*index),
            Step::Item(field, wanted) => node.items().iter().find(|item| {
                item.get(if field.is_empty() { "name" } else { field }).is_some_and(|found| {
                    match &found.value {
                        Value::Int(number) => number.to_string() == *wanted,
                        _ => found.as_str() == Some(wanted),
                    }
                })
            }),
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if !key.is_empty() && !key.contains(['.', '[', ']', '"']) => {
                    write!(f, "{}{key}", if place == 0 { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Item(field, value) if field.is_empty() => write!(f, "[{value}]")?,
                Step::Item(field, value) => write!(f, "[{field}={value}]")?,
            }
        }
        Ok(())
    }
}

/// The text is not a path; holds the offset of what could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a field path (at byte {0}); like `spec.ports[0].name`, `containers[name=api]` or `labels[\"a.b/c\"]`"
)]
pub struct ParsePathError(usize);

impl FromStr for FieldPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, ParsePathError> {
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('.').unwrap_or(text);
        while !rest.is_empty() {
            let (step, after) = step(rest).ok_or(ParsePathError(text.len() - rest.len()))?;
            steps.push(step);
            rest = match after.strip_prefix('.') {
                Some("") => return Err(ParsePathError(text.len())),
                Some(after) => after,
                None => after,
            };
        }
        Ok(Self(steps))
    }
}

/// Reads a key, or in brackets an index, `field=value` or a quoted key; and gives what follows.
fn step(text: &str) -> Option<(Step, &str)> {
    let Some(inner) = text.strip_prefix('[') else {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        return (end > 0).then(|| (Step::Key(text[..end].into()), &text[end..]));
    };
    if inner.starts_with('"') {
        let mut stream = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let key = stream.next()?.ok()?;
        let after = inner[stream.byte_offset()..].strip_prefix(']')?;
        return Some((Step::Key(key.into()), after));
    }
    let (inside, after) = inner.split_once(']')?;
    let step = match inside.split_once('=') {
        Some((field, value)) => Step::Item(field.to_owned(), value.to_owned()),
        None if inside.is_empty() => return None,
        None => inside.parse().map_or_else(|_| Step::Item(String::new(), inside.to_owned()), Step::Index),
    };
    Some((step, after))
}

#[cfg(test)]
mod tests {
    use super::FieldPath;

    #[test]
    fn a_path_is_written_as_it_is_read() {
        for text in [
            "",
            "spec.replicas",
            "spec.containers[name=api].ports[0]",
            "metadata.labels[\"a.b/c\"]",
            "spec.containers[api]",
        ] {
            assert_eq!(text.parse::<FieldPath>().expect(text).to_string(), text);
        }
        for text in ["a..b", "a[", "a[]", "a."] {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }
}
