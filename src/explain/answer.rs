//! What is answered: the shape that `--format json` prints, documented in `docs/explain.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::field::{Found, field};
use super::target::Question;
use crate::diag::{Diagnostic, HIDDEN, Sources, Span};
use crate::k8s::{FieldPath, Identity, Made, Node, Object, Step, Value};
use crate::merge::{Input, InputSet, Inputs, LeftOut, Provenance};
use crate::verify::Verified;

/// Why a part of an object is as it is.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The object.
    pub object: Subject,
    /// The field that was asked for; empty for all of it.
    pub field: String,
    /// Whether the field is a single value, a part with fields of its own, or not there.
    pub found: Kind,
    /// The single values at or below the field, and its empty lists and mappings.
    pub leaves: Vec<Leaf>,
    /// What the template has at or below the field, and data left out.
    pub left_out: Vec<Missing>,
}

/// An object.
#[derive(Debug, Serialize)]
pub struct Subject {
    pub api_version: String,
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
}

/// What a question leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Value,
    Part,
    LeftOut,
}

/// What gave a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Lines of environment files or arguments.
    Inputs,
    /// Nothing that was declared.
    Default,
    /// The template's text.
    Template,
}

/// A value.
#[derive(Debug, Serialize)]
pub struct Leaf {
    pub field: String,
    pub value: Json,
    pub source: Source,
    /// What gave it.
    pub value_from: Vec<Line>,
    /// What decided that it is there.
    pub because: Vec<Line>,
    /// Where it stands in a template.
    pub template: Place,
}

/// A field or an item that is not there.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// The field, or the list that lacks an item.
    pub field: String,
    pub is_item: bool,
    /// The expression that gave nothing, or the condition that did not hold.
    pub template: Place,
    /// What decided so.
    pub decided_by: Vec<Line>,
    /// What decided that the template came there at all.
    pub because: Vec<Line>,
}

/// A line of an environment file, or an argument.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Of the key: `services.api.replicas`.
    pub path: String,
    #[serde(flatten)]
    pub place: Place,
    /// The table matters for a key that it does not have.
    pub lacks_key: bool,
    /// Whether layers below are replaced, or, being tables, added to.
    pub is_table: bool,
    /// What layers below say, the nearest first.
    pub shadowed: Vec<Place>,
}

/// A line of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub text: String,
}

/// What answers are made from.
pub struct Explainer<'a> {
    pub sources: &'a Sources,
    pub inputs: &'a Inputs,
    pub objects: &'a Verified,
}

impl Explainer<'_> {
    /// The answer, or what is wrong with the question.
    pub fn answer(&self, question: &Question<'_>) -> Result<Answer, Box<Diagnostic>> {
        let object = super::object(question, self.objects)?;
        let Identity { api_version, kind, .. } = &object.identity;
        let found = field(&object, &question.field, self.objects.catalog().cursor(api_version, kind))?;
        let mut answer = Answer {
            object: subject(&object),
            field: String::new(),
            found: Kind::Part,
            leaves: Vec::new(),
            left_out: Vec::new(),
        };
        match found {
            Found::LeftOut(path, left_out) => {
                (answer.field, answer.found) = (path.to_string(), Kind::LeftOut);
                answer.left_out.push(self.missing(path.to_string(), left_out));
            }
            Found::There(mut path, node) => {
                answer.field = path.to_string();
                if !matches!(node.value, Value::Map(_) | Value::List(_)) {
                    answer.found = Kind::Value;
                }
                self.below(&mut path, node, &mut answer);
            }
        }
        Ok(answer)
    }

    fn below(&self, path: &mut FieldPath, node: &Node, answer: &mut Answer) {
        let children: Vec<(Step, &Node)> = match &node.value {
            Value::Map(entries) => {
                entries.iter().map(|(key, child)| (Step::Key(Arc::clone(key)), child)).collect()
            }
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, child)| match child.get("name").and_then(Node::as_str) {
                    Some(name) => (Step::Item("name".to_owned(), name.to_owned()), child),
                    None => (Step::Index(index), child),
                })
                .collect(),
            _ => Vec::new(),
        };
        if children.is_empty() {
            let mut leaf = self.leaf(path.to_string(), node);
            if holds_values(&answer.object.kind, path.0.first()) {
                leaf.value = Json::from(HIDDEN);
            }
            answer.leaves.push(leaf);
        }
        for left_out in node.from.iter().flat_map(|from| &from.left_out) {
            let is_there = left_out.key.as_deref().is_some_and(|key| node.get(key).is_some());
            if !is_there {
                path.0.extend(left_out.key.clone().map(Step::Key));
                answer.left_out.push(self.missing(path.to_string(), left_out));
                path.0.truncate(path.0.len() - usize::from(left_out.key.is_some()));
            }
        }
        for (step, child) in children {
            path.0.push(step);
            self.below(path, child, answer);
            path.0.pop();
        }
    }

    fn leaf(&self, field: String, node: &Node) -> Leaf {
        let from = node.from.as_deref().cloned().unwrap_or_default();
        let says =
            from.value.iter().any(|input| input == input.node() || self.inputs.get(input).leaf.is_some());
        let is_secret = from.value.iter().any(|input| self.inputs.get(input).is_secret());
        let source = match node.made {
            _ if says => Source::Inputs,
            Made::Data => Source::Default,
            Made::Literal | Made::Removed => Source::Template,
        };
        Leaf {
            field,
            value: if is_secret { Json::from(HIDDEN) } else { json(node) },
            source,
            value_from: self.lines(&from.value),
            because: self.lines(&reasons(&from)),
            template: self.place(node.at),
        }
    }

    fn missing(&self, field: String, LeftOut { key, at, from }: &LeftOut) -> Missing {
        Missing {
            field,
            is_item: key.is_none(),
            template: self.place(*at),
            decided_by: self.lines(&from.value),
            because: self.lines(&reasons(from)),
        }
    }

    /// The lines of inputs, each once.
    fn lines(&self, set: &InputSet) -> Vec<Line> {
        let mut nodes: BTreeMap<Input, bool> = BTreeMap::new();
        for input in set.iter() {
            *nodes.entry(input.node()).or_insert(true) &= input != input.node();
        }
        let line = |(input, is_absence): (Input, bool)| {
            let info = self.inputs.get(input);
            let is_table = info.leaf.is_none();
            let place = self.place(info.key.unwrap_or(info.origin));
            let shadowed = info.shadowed.iter().map(|span| self.place(*span)).collect();
            Line { path: info.path.clone(), place, lacks_key: is_absence && is_table, is_table, shadowed }
        };
        nodes.into_iter().map(line).collect()
    }

    fn place(&self, span: Span) -> Place {
        Place {
            file: self.sources.path(span).to_owned(),
            line: self.sources.line_column(span).0,
            text: self.sources.line(span).to_owned(),
        }
    }
}

/// Whether a field of an object holds what nobody is shown.
fn holds_values(kind: &str, field: Option<&Step>) -> bool {
    kind == "Secret" && matches!(field, Some(Step::Key(key)) if matches!(&**key, "data" | "stringData"))
}

/// What decided that it is there, and did not give its value.
fn reasons(from: &Provenance) -> InputSet {
    from.because.iter().filter(|input| from.value.iter().all(|value| value.node() != input.node())).collect()
}

fn subject(object: &Object) -> Subject {
    let Identity { api_version, kind, namespace, name } = object.identity.clone();
    Subject { api_version, kind, namespace, name }
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::from(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::String(text) => Json::from(&**text),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, node)| (key.to_string(), json(node))).collect(),
    }
}
