//! `p8fs-gen env`: what environments declare, before anything is derived.

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCompleter;
use serde_json::json;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::explain::{Declaration, Difference, Entry, Origins, differences};
use crate::load::path;
use crate::pipeline::Compiler;
use crate::workspace::Workspace;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print the names of the environments
    #[command(after_help = exit::help!("p8fs-gen env list"))]
    List,
    /// Print what an environment declares, its layers laid over each other
    Show(Show),
    /// Print where the declarations of two environments differ; exits with 1 if they do
    Diff(Diff),
}

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen env show prod services.api --origins"))]
pub(super) struct Show {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// Only what lies at this path, as `services.api`
    path: Option<String>,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "toml")]
    format: ShowFormat,
    /// With the place that says each value, and what it stands instead of
    #[arg(long)]
    origins: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShowFormat {
    /// A file that declares the same
    Toml,
    /// One JSON document; with `--origins` a list of paths with value, file and line
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen env diff staging prod", differences))]
pub(super) struct Diff {
    /// The one environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    before: String,
    /// The other
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    after: String,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: DiffFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DiffFormat {
    /// For people
    Text,
    /// A list of paths with both values, files and lines
    Json,
}

pub(super) fn run(workspace: &Workspace, verb: &Verb, reporter: &Reporter) -> Result<Exit, Failure> {
    match verb {
        Verb::List => list(workspace, reporter),
        Verb::Show(options) => show(workspace, options, reporter),
        Verb::Diff(options) => diff(workspace, options, reporter),
    }
}

fn list(workspace: &Workspace, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::without_templates(workspace);
    let names = compiler.environments()?;
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    report::output(&names.iter().flat_map(|name| [name, "\n"]).collect::<String>())?;
    Ok(exit)
}

fn show(workspace: &Workspace, options: &Show, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::without_templates(workspace);
    compiler.set(&options.overrides.set);
    let wanted = options.path.as_deref().map_or(Some(Vec::new()), path).ok_or_else(|| {
        let text = options.path.as_deref().unwrap_or_default();
        Failure::Usage(format!("`{text}` is not a path, such as `services.api`"))
    })?;
    let mut printed = String::new();
    if let Some(merged) = compiler.merged(&options.environment)? {
        let origins = if options.origins { Origins::Shown } else { Origins::Hidden };
        match Declaration::of(&merged, &wanted, &compiler.sources) {
            Ok(declaration) => {
                printed = match (options.format, origins) {
                    (ShowFormat::Toml, origins) => declaration.toml(origins),
                    (ShowFormat::Json, Origins::Hidden) => format!("{:#}\n", declaration.json()),
                    (ShowFormat::Json, Origins::Shown) => format!("{:#}\n", json!(declaration.entries())),
                }
            }
            Err(finding) => compiler.sink.push(*finding),
        }
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    if exit == Exit::Success {
        report::output(&printed)?;
    }
    Ok(exit)
}

fn diff(workspace: &Workspace, options: &Diff, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::without_templates(workspace);
    let mut sides = Vec::new();
    for name in [&options.before, &options.after] {
        if let Some(merged) = compiler.merged(name)? {
            match Declaration::of(&merged, &Vec::new(), &compiler.sources) {
                Ok(declaration) => sides.push(declaration.entries()),
                Err(finding) => compiler.sink.push(*finding),
            }
        }
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let (Exit::Success, Some(after), Some(before)) = (exit, sides.pop(), sides.pop()) else {
        return Ok(exit);
    };
    let found = differences(before, after);
    report::output(&match options.format {
        DiffFormat::Text => found.iter().map(text).collect(),
        DiffFormat::Json => format!("{:#}\n", json!(found)),
    })?;
    Ok(if found.is_empty() { Exit::Success } else { Exit::Differences })
}

fn text(difference: &Difference) -> String {
    let side = |sign: char, entry: &Option<Entry>| match entry {
        Some(Entry { value, place, .. }) => format!("  {sign} {value}  ({}:{})\n", place.file, place.line),
        None => String::new(),
    };
    format!("{}\n{}{}", difference.path, side('-', &difference.before), side('+', &difference.after))
}
