//! `p8fs-gen explain`

use std::sync::Arc;

use clap::Args;
use clap_complete::ArgValueCompleter;

use super::complete;
use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::k8s::{FieldPath, Identity, Made, Node, Object, Step, Value};
use crate::merge::{InputSet, Inputs};
use crate::pipeline::{Compiled, Compiler};
use crate::template::Recording;
use crate::verify::Verified;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen explain prod deployment/p8fs-api spec.replicas
  p8fs-gen explain prod networkpolicy/p8fs-api"
))]
pub(super) struct Options {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// The object, as `deployment/p8fs-api`
    #[arg(add = ArgValueCompleter::new(complete::objects))]
    object: String,
    /// A field of it, as `spec.template.spec.containers[name=api].image`; all of it when left out
    field: Option<FieldPath>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let compiled = compiler.compile(&options.environment, Recording::Leaves)?;
    let mut text = String::new();
    if let Some(Compiled { objects, inputs }) = &compiled {
        let path = options.field.clone().unwrap_or_default();
        let found = object(options, objects).and_then(|object| Ok((object, field(object, &path)?)));
        let explanation = Explanation { sources: &compiler.sources, inputs, text: String::new() };
        match found {
            Ok((object, node)) => text = explanation.of(object, path, node),
            Err(finding) => compiler.sink.push(*finding),
        }
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    report::output(&text)?;
    Ok(exit)
}

fn object<'v>(options: &Options, verified: &'v Verified) -> Result<&'v Object, Box<Diagnostic>> {
    let (kind, name) = options.object.split_once('/').unwrap_or((&options.object, ""));
    let kind = kind.to_lowercase();
    let is_meant = |Identity { api_version, kind: its_kind, name: its_name, .. }: &Identity| {
        let plural = || verified.catalog().kind(api_version, its_kind).map(|known| known.plural);
        its_name == name && (its_kind.to_lowercase() == kind || plural() == Some(&*kind))
    };
    let objects = verified.objects();
    objects.iter().find(|object| is_meant(&object.identity)).ok_or_else(|| {
        let name = |Identity { kind, name, .. }: &Identity| format!("{}/{name}", kind.to_lowercase());
        let names: Vec<String> = objects.iter().map(|object| name(&object.identity)).collect();
        let title = format!("`{}` has no object `{}`", options.environment, options.object);
        let found = Diagnostic::error(Code::UnknownObject, title);
        let found = found.suggest(&options.object, names.iter().map(String::as_str));
        Box::new(found.note(format!("its objects are {}", names.join(", "))))
    })
}

fn field<'o>(object: &'o Object, path: &FieldPath) -> Result<&'o Node, Box<Diagnostic>> {
    let (taken, node) = path.reach(&object.root);
    let (reached, rest) = path.0.split_at(taken);
    let Some(wrong) = rest.first() else { return Ok(node) };
    let wrong = FieldPath(vec![wrong.clone()]).to_string();
    let fields: Vec<&str> = node.entries().iter().map(|(key, _)| &**key).collect();
    let there = match &node.value {
        Value::Map(_) => format!("it has {}", fields.join(", ")),
        Value::List(items) => format!("it is a list of {}", items.len()),
        _ => "it is a single value".to_owned(),
    };
    let at = match reached {
        [] => object.identity.to_string(),
        reached => format!("`{}` of {}", FieldPath(reached.to_vec()), object.identity),
    };
    let found = Diagnostic::error(Code::UnknownPath, format!("{at} has no `{wrong}`"));
    Err(Box::new(found.suggest(&wrong, fields).note(there)))
}

struct Explanation<'a> {
    sources: &'a Sources,
    inputs: &'a Inputs,
    text: String,
}

impl Explanation<'_> {
    fn of(mut self, object: &Object, mut path: FieldPath, node: &Node) -> String {
        match &node.value {
            Value::Map(_) | Value::List(_) => {
                self.line(&object.identity.to_string());
                self.subtree(&mut path, node);
            }
            value => {
                self.line(&format!("{} {path} = {}", object.identity, literal(value)));
                self.leaf(node);
            }
        }
        self.text
    }

    /// A line for each leaf: its value, and the first place that gave it.
    fn subtree(&mut self, path: &mut FieldPath, node: &Node) {
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
            let input = node.from.as_ref().and_then(|from| from.value.iter().next());
            let place = input.map_or(node.at, |input| self.inputs.get(input).origin);
            self.line(&format!("  {path} = {}  ({})", literal(&node.value), self.sources.place(place)));
        }
        for (step, child) in children {
            path.0.push(step);
            self.subtree(path, child);
            path.0.pop();
        }
    }

    fn leaf(&mut self, node: &Node) {
        let from = node.from.as_deref().cloned().unwrap_or_default();
        match node.made {
            _ if !from.value.is_empty() => {
                self.line("  value:");
                self.inputs_of(&from.value);
            }
            Made::Data => self.line("  value: a default; no environment file sets it"),
            Made::Literal | Made::Removed => self.line("  value: written in the template"),
        }
        self.line("  template:");
        self.place("    ", node.at);
        let because: InputSet =
            from.because.iter().filter(|input| !from.value.iter().any(|value| value == *input)).collect();
        if !because.is_empty() {
            self.line("  because of:");
            self.inputs_of(&because);
        }
    }

    fn inputs_of(&mut self, set: &InputSet) {
        for input in set.iter() {
            let info = self.inputs.get(input);
            self.place("    ", info.key.unwrap_or(info.origin));
            let word = if info.leaf.is_some() { "      instead of " } else { "      with " };
            info.shadowed.iter().for_each(|shadowed| self.place(word, *shadowed));
        }
    }

    fn place(&mut self, before: &str, span: Span) {
        self.line(&format!("{before}{}: {}", self.sources.place(span), self.sources.line(span)));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
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
