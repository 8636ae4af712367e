//! `p8fs-gen settings`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::emit::{self, Mode};
use crate::pipeline::{Compiler, EnvFile};
use crate::settings::{Endpoint, Places, Report, Reveal, endpoints, probe};
use crate::workspace::{ENV_FILE, Workspace};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, after_help = exit::help!(
    "p8fs-gen settings prod --sources
  p8fs-gen settings dev --reveal --out .env.local
  p8fs-gen settings prod --format json | jq -r .P8FS_LOG_LEVEL
  p8fs-gen settings check dev"
))]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The environment
    #[arg(required = true, add = ArgValueCompleter::new(complete::environments))]
    environment: Option<String>,
    /// How they are written
    #[arg(long, value_name = "FORMAT", default_value = "env")]
    format: Format,
    /// Say where each value comes from
    #[arg(long)]
    sources: bool,
    /// Show secrets, as far as they are known here
    #[arg(long)]
    reveal: bool,
    /// Write a file that nobody else can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Ask every server that settings tell of; exits with 3 if one does not answer
    #[command(after_help = exit::help!("p8fs-gen settings check dev --timeout 500"))]
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// How long each may take to answer, in milliseconds
    #[arg(long, value_name = "MS", default_value = "3000", value_parser = clap::value_parser!(u64).range(1..=600_000))]
    timeout: u64,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines `NAME=value`, as in `.env`
    Env,
    /// One JSON object
    Json,
    /// A `[settings]` table
    Toml,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    if let Some(Verb::Check(options)) = &options.verb {
        return check(workspace, options, reporter);
    }
    let mut compiler = Compiler::without_templates(workspace);
    compiler.set(&options.overrides.set);
    // What is written anew is not made of what was written before.
    let env_file = match &options.out {
        Some(path) if path.file_name().is_some_and(|name| name == ENV_FILE) => EnvFile::Ignored,
        _ => EnvFile::Read,
    };
    let found = compiler.settings(options.environment.as_deref().unwrap_or_default(), env_file)?;
    let text = found.map(|(declared, settings)| {
        let reveal = if options.reveal { Reveal::Secrets } else { Reveal::Nothing };
        let places = if options.sources { Places::Shown } else { Places::LeftOut };
        let report = Report::of(&declared, &settings, &compiler.sources, reveal, places);
        match options.format {
            Format::Env => report.env(),
            Format::Toml => report.toml(),
            Format::Json => format!("{:#}\n", report.json()),
        }
    });
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(text) = text.filter(|_| exit == Exit::Success) else { return Ok(exit) };
    match &options.out {
        None => report::output(&text)?,
        Some(path) => {
            emit::put(path, text.as_bytes(), Mode::Private)?;
            reporter.note(&format!("wrote {}", path.display()));
        }
    }
    Ok(exit)
}

fn check(workspace: &Workspace, options: &Check, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::without_templates(workspace);
    compiler.set(&options.overrides.set);
    let found = compiler.settings(&options.environment, EnvFile::Read)?;
    let found = found.map(|(declared, settings)| endpoints(&declared, &settings));
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(endpoints) = found.filter(|_| exit == Exit::Success) else { return Ok(exit) };
    let answers = probe(&endpoints, Duration::from_millis(options.timeout));
    let mut text = String::new();
    for (Endpoint { variable, protocol, host, port, .. }, answer) in endpoints.iter().zip(&answers) {
        let said = match answer {
            Ok(said) if said.is_empty() => "answers".to_owned(),
            Ok(said) => format!("answers: {}", said.escape_default()),
            Err(why) => format!("does not answer: {why}"),
        };
        text.extend([&*format!("{variable} {host}:{port} ({protocol}) {said}"), "\n"]);
    }
    report::output(&text)?;
    Ok(if answers.iter().all(Result::is_ok) { Exit::Success } else { Exit::System })
}
