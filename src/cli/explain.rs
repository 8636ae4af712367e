//! `p8fs-gen explain`

use std::fmt::Write as _;

use clap::Args;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::k8s::{FieldPath, Made, Node, Object, Step, Value};
use crate::merge::{InputSet, Inputs};
use crate::pipeline::{Compiled, Compiler, Target};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The environment
    environment: String,
    /// The object, as `deployment/p8fs-api`
    object: String,
    /// A field of it, as `spec.template.spec.containers[name=api].image`; all of it when left out
    field: Option<FieldPath>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let compiled =
        compiler.compile(Target { environment: &options.environment, recording: Recording::Leaves })?;
    let text = compiled.and_then(|compiled| {
        let (object, node) = find(options, &compiled, &mut compiler.sink)?;
        let path = options.field.clone().unwrap_or_default();
        Some(Explanation { sources: &compiler.sources, inputs: &compiled.inputs }.of(object, &path, node))
    });
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    Reporter::output(&text.unwrap_or_default())?;
    Ok(exit)
}

fn find<'c>(options: &Options, compiled: &'c Compiled, sink: &mut Sink) -> Option<(&'c Object, &'c Node)> {
    let catalog = compiled.objects.catalog();
    let (kind, name) = options.object.split_once('/').unwrap_or((&options.object, ""));
    let kind = kind.to_lowercase();
    let is_kind = |object: &Object| {
        let plural =
            catalog.kind(&object.identity.api_version, &object.identity.kind).map(|known| known.plural);
        object.identity.kind.to_lowercase() == kind || plural == Some(&*kind)
    };
    let name_of =
        |object: &Object| format!("{}/{}", object.identity.kind.to_lowercase(), object.identity.name);
    let objects = compiled.objects.objects();
    let Some(object) = objects.iter().find(|object| object.identity.name == name && is_kind(object)) else {
        let names: Vec<String> = objects.iter().map(name_of).collect();
        let title = format!("`{}` has no object `{}`", options.environment, options.object);
        let found = Diagnostic::error(Code::UnknownObject, title);
        let found = found.suggest(&options.object, names.iter().map(String::as_str));
        sink.push(found.note(format!("its objects are {}", names.join(", "))));
        return None;
    };
    let path = options.field.clone().unwrap_or_default();
    if let Some(node) = path.find(&object.root) {
        return Some((object, node));
    }
    // Follow it as far as it goes, to say what is there.
    let mut reached = FieldPath(path.0.clone());
    while reached.find(&object.root).is_none() {
        reached.0.pop();
    }
    let node = reached.find(&object.root)?;
    let wrong =
        path.0.get(reached.0.len()).map(|step| FieldPath(vec![step.clone()]).to_string()).unwrap_or_default();
    let fields: Vec<&str> = node.entries().iter().map(|(key, _)| &**key).collect();
    let there = match &node.value {
        Value::Map(_) => format!("it has {}", fields.join(", ")),
        Value::List(items) => format!("it is a list of {}", items.len()),
        _ => "it is a single value".to_owned(),
    };
    let at = if reached.0.is_empty() {
        object.identity.to_string()
    } else {
        format!("`{reached}` of {}", object.identity)
    };
    sink.push(
        Diagnostic::error(Code::UnknownPath, format!("{at} has no `{wrong}`"))
            .suggest(&wrong, fields)
            .note(there),
    );
    None
}

struct Explanation<'a> {
    sources: &'a Sources,
    inputs: &'a Inputs,
}

impl Explanation<'_> {
    fn of(&self, object: &Object, path: &FieldPath, node: &Node) -> String {
        let mut text = String::new();
        match &node.value {
            Value::Map(_) | Value::List(_) => {
                let _ = writeln!(text, "{}", object.identity);
                self.subtree(&mut path.clone(), node, &mut text);
            }
            value => {
                let _ = writeln!(text, "{} {path} = {}", object.identity, literal(value));
                self.leaf(node, &mut text);
            }
        }
        text
    }

    /// A line for each leaf: its value, and the first place that gave it.
    fn subtree(&self, path: &mut FieldPath, node: &Node, text: &mut String) {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => {
                for (key, child) in entries {
                    path.0.push(Step::Key(key.to_string()));
                    self.subtree(path, child, text);
                    path.0.pop();
                }
            }
            Value::List(items) if !items.is_empty() => {
                for (index, child) in items.iter().enumerate() {
                    let name = child.get("name").and_then(Node::as_str);
                    path.0.push(
                        name.map_or(Step::Index(index), |name| {
                            Step::Item("name".to_owned(), name.to_owned())
                        }),
                    );
                    self.subtree(path, child, text);
                    path.0.pop();
                }
            }
            value => {
                let input = node.from.as_ref().and_then(|from| from.value.iter().next());
                let place = input.map_or(node.at, |input| self.inputs.get(input).origin);
                let _ = writeln!(text, "  {path} = {}  ({})", literal(value), self.sources.place(place));
            }
        }
    }

    fn leaf(&self, node: &Node, text: &mut String) {
        let from = node.from.as_deref().cloned().unwrap_or_default();
        if from.value.is_empty() {
            let whence = match node.made {
                Made::Data => "a default; no environment file sets it",
                Made::Literal => "written in the template",
            };
            let _ = writeln!(text, "  value: {whence}");
        } else {
            let _ = writeln!(text, "  value:");
            self.inputs_of(&from.value, text);
        }
        let _ = writeln!(text, "  template:");
        self.place(node.at, text);
        let because: InputSet =
            from.because.iter().filter(|input| !from.value.iter().any(|value| value == *input)).collect();
        if !because.is_empty() {
            let _ = writeln!(text, "  because of:");
            self.inputs_of(&because, text);
        }
    }

    fn inputs_of(&self, set: &InputSet, text: &mut String) {
        for input in set.iter() {
            let info = self.inputs.get(input);
            self.place(info.key.unwrap_or(info.origin), text);
            let word = if info.leaf.is_some() { "instead of" } else { "with" };
            for shadowed in &info.shadowed {
                let _ = writeln!(
                    text,
                    "      {word} {}: {}",
                    self.sources.place(*shadowed),
                    self.line(*shadowed)
                );
            }
        }
    }

    fn place(&self, span: Span, text: &mut String) {
        let _ = writeln!(text, "    {}: {}", self.sources.place(span), self.line(span));
    }

    fn line(&self, span: Span) -> &str {
        let source = &self.sources.get(span.file).text;
        let start = source[..span.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
        source[start..].lines().next().unwrap_or_default().trim()
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
    }
}
