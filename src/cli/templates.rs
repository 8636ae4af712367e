//! `p8fs-gen templates`

use std::collections::BTreeMap;
use std::io;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use crate::diag::closest;
use crate::diff::unified;
use crate::k8s::Value;
use crate::pipeline::Compiler;
use crate::render::{Catalogue, Entry, Origin, built_in_paths, built_in_text, to_override};
use crate::template::{Key, Loop, Part, PartKind, Template, resolved};
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen templates list
  p8fs-gen templates show workload/deployment.yaml --resolved
  mkdir -p templates/fragments
  p8fs-gen templates override fragments/pod.yaml > templates/fragments/pod.yaml"
))]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List templates, fragments and files, with what they make and whose they are
    #[command(after_help = exit::help!("p8fs-gen templates list --format json"))]
    List {
        /// How the list is written
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Print a template, fragment or file: the workspace's, or else the built-in one
    #[command(after_help = exit::help!("p8fs-gen templates show workload/deployment.yaml --resolved"))]
    Show {
        /// The path below `templates/`
        path: String,
        /// With what it includes in its place
        #[arg(long)]
        resolved: bool,
    },
    /// Print a built-in template or fragment as a workspace overrides it: with a line that says what it was made from
    #[command(after_help = exit::help!("p8fs-gen templates override fragments/pod.yaml > templates/fragments/pod.yaml"))]
    Override {
        /// The path below `templates/`
        path: String,
    },
    /// Compare a built-in template, fragment or file with the workspace's
    #[command(after_help = exit::help!("p8fs-gen templates diff fragments/pod.yaml"))]
    Diff {
        /// The path below `templates/`
        path: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line for each
    Text,
    /// One JSON list
    Json,
}

pub(super) fn run(
    workspace: impl Fn() -> Result<Workspace, Failure>,
    options: &Options,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    if let Verb::Override { path } = &options.verb {
        let text = built_in_text(path).ok_or_else(|| unknown(path, &built_in_paths()))?;
        report::output(&to_override(text))?;
        return Ok(Exit::Success);
    }
    let workspace = workspace()?;
    let mut compiler = Compiler::new(&workspace)?;
    compiler.parsed();
    let mut text = String::new();
    if let Some(catalogue) = compiler.catalogue() {
        let entry = |path: &str| {
            let known: Vec<String> = catalogue.entries().iter().map(|entry| entry.path.clone()).collect();
            let entry = catalogue.entries().iter().find(|entry| entry.path == path);
            entry.ok_or_else(|| unknown(path, &known))
        };
        let source = |entry: &Entry| compiler.sources.get(entry.file).text.to_string();
        text = match &options.verb {
            Verb::List { format: Format::Json } => {
                let rows: Vec<Row<'_>> = rows(catalogue);
                serde_json::to_string_pretty(&rows).map_err(io::Error::from)? + "\n"
            }
            Verb::List { format: Format::Text } => table(&rows(catalogue)),
            Verb::Show { path, resolved: true } => {
                let template = catalogue.templates().iter().find(|template| *template.path == **path);
                match template {
                    Some(template) => resolved(template, catalogue.fragments()),
                    None => source(entry(path)?),
                }
            }
            Verb::Show { path, .. } => source(entry(path)?),
            Verb::Diff { path } => {
                let own = entry(path)?;
                let built_in = built_in_text(path);
                unified(&format!("templates/{path}"), built_in, Some(&source(own)))
            }
            Verb::Override { .. } => String::new(),
        };
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    report::output(&text)?;
    Ok(exit)
}

fn unknown(path: &str, known: &[String]) -> Failure {
    let hint = match closest(path, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`p8fs-gen templates list` lists them".to_owned(),
    };
    Failure::Usage(format!("no template is called `{path}`; {hint}"))
}

/// A file of the catalogue.
#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    /// `built-in`, `workspace` or `overridden`
    source: &'static str,
    /// What it makes; none for fragments and files.
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    /// What it is repeated for.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "for")]
    loops: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "if")]
    condition: Option<&'a str>,
}

fn rows(catalogue: &Catalogue) -> Vec<Row<'_>> {
    let templates: BTreeMap<&str, &Template> =
        catalogue.templates().iter().map(|template| (&*template.path, template)).collect();
    let source = |origin| match origin {
        Origin::BuiltIn => "built-in",
        Origin::Workspace => "workspace",
        Origin::Overriding => "overridden",
    };
    catalogue
        .entries()
        .iter()
        .map(|entry| {
            let template = templates.get(&*entry.path);
            Row {
                path: &entry.path,
                source: source(entry.origin),
                family: template.map(|template| &*template.family),
                kind: template.and_then(|template| kind(&template.body)),
                loops: template.iter().flat_map(|template| template.loops.iter().map(clause)).collect(),
                condition: template.and_then(|template| Some(&*template.condition.as_ref()?.source)),
            }
        })
        .collect()
}

fn kind(body: &Part) -> Option<&str> {
    let PartKind::Map(entries) = &body.kind else { return None };
    entries.iter().find_map(|entry| match (&entry.key, &entry.value.kind) {
        (Key::Literal(key), PartKind::Literal(Value::String(kind))) if &**key == "kind" => Some(&**kind),
        _ => None,
    })
}

fn clause(clause: &Loop) -> String {
    match &clause.key {
        Some(key) => format!("{key}, {} in {}", clause.item, clause.over.source),
        None => format!("{} in {}", clause.item, clause.over.source),
    }
}

fn table(rows: &[Row<'_>]) -> String {
    let width = rows.iter().map(|row| row.path.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Row { path, source, family, kind, loops, condition } in rows {
        let mut line = format!("{path:width$}  {source:10}");
        line.extend(kind.map(|kind| format!("  {kind}")));
        let folder = path.split('/').next();
        line.extend(
            family.filter(|family| Some(*family) != folder).map(|family| format!("  family {family}")),
        );
        line.extend(loops.iter().map(|clause| format!("  for {clause}")));
        line.extend(condition.map(|test| format!("  if {test}")));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
