//! `p8fs-gen requires`

use std::collections::BTreeMap;
use std::io;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use serde::Serialize;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::k8s::Identity;
use crate::pipeline::Compiler;
use crate::template::Recording;
use crate::verify::Verified;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen requires prod
  p8fs-gen requires prod --format json | jq -r '.[] | select(.install) | .crd'"
))]
pub(super) struct Options {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// How the list is written: a line for each kind, or one JSON list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A kind that the cluster must know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Requirement<'a> {
    api_version: &'a str,
    kind: &'a str,
    /// Whether it has to be installed first: neither plain Kubernetes nor the environment itself defines it.
    install: bool,
    /// The name of that `CustomResourceDefinition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    crd: Option<String>,
    /// The release of a chart that brings it.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    /// The objects, as `namespace/name` or `name`.
    objects: Vec<String>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&options.overrides.set);
    let compiled = compiler.compile(&options.environment, Recording::Reads)?;
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(compiled) = compiled else { return Ok(exit) };
    let found = requirements(&compiled.objects, &compiled.brought);
    let text = match options.format {
        Format::Json => serde_json::to_string_pretty(&found).map_err(io::Error::from)? + "\n",
        Format::Text => text(&found, compiled.objects.catalog().minor),
    };
    report::output(&text)?;
    Ok(exit)
}

/// Every kind of the objects, those that plain Kubernetes has first.
fn requirements<'v>(verified: &'v Verified, brought: &BTreeMap<String, String>) -> Vec<Requirement<'v>> {
    let mut kinds: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for Identity { api_version, kind, namespace, name } in verified.objects().iter().map(|it| &it.identity) {
        let object = namespace.as_ref().map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
        kinds.entry((api_version, kind)).or_default().push(object);
    }
    let defined = kinds.get(&("apiextensions.k8s.io/v1", "CustomResourceDefinition")).cloned();
    let defined = defined.unwrap_or_default();
    let requirement = |((api_version, kind), mut objects): ((_, _), Vec<String>)| {
        let custom = verified.catalog().kind(api_version, kind).filter(|known| !known.is_built_in());
        let crd = custom.and_then(|custom| Some(format!("{}.{}", custom.plural, custom.group()?)));
        let install = crd.as_ref().is_some_and(|crd| !defined.contains(crd));
        let release = crd.as_ref().filter(|_| install).and_then(|crd| brought.get(crd).cloned());
        objects.sort();
        Requirement { api_version, kind, install, crd, release, objects }
    };
    let mut found: Vec<_> = kinds.into_iter().map(requirement).collect();
    found.sort_by_key(|requirement| requirement.crd.is_some());
    found
}

fn text(found: &[Requirement<'_>], minor: &str) -> String {
    let mut text = String::new();
    let mut section = |title: &str, wanted: &dyn Fn(&Requirement<'_>) -> bool| {
        let mut lines = found.iter().filter(|it| wanted(it)).peekable();
        if lines.peek().is_some() {
            text.extend([title, "\n"]);
        }
        for Requirement { api_version, kind, objects, crd, release, .. } in lines {
            text.extend(["  ", api_version, " ", kind]);
            text.extend(crd.iter().flat_map(|crd| [" (", crd, ")"]));
            text.extend(release.iter().flat_map(|release| [", by the chart release ", release]));
            text.extend([": ", &objects.join(", "), "\n"]);
        }
    };
    section("To be installed first:", &|it| it.install);
    section("Defined by the environment itself:", &|it| it.crd.is_some() && !it.install);
    section(&format!("Part of Kubernetes {minor}:"), &|it| it.crd.is_none());
    text
}
