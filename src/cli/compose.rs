//! `p8fs-gen compose`

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::ArgValueCompleter;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::emit::{self, Mode};
use crate::pipeline::Compiler;
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen settings dev --reveal --out .env
  p8fs-gen compose dev --out compose.yaml && docker compose up"
))]
pub(super) struct Options {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// Write a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&options.overrides.set);
    let compiled = compiler.compile(&options.environment, Recording::Reads)?;
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(compiled) = compiled.filter(|_| exit == Exit::Success) else { return Ok(exit) };
    let Some((file, left_out)) = compiled.compose() else {
        reporter.line(
            "error",
            &format!("`{}` has no embedded stores that run without a cluster", options.environment),
        );
        return Ok(Exit::Input);
    };
    for name in left_out {
        reporter.note(&format!("left out {name}, which asks the API server of a cluster"));
    }
    let text = emit::document(&file);
    match &options.out {
        None => report::output(&text)?,
        Some(path) => {
            emit::put(path, text.as_bytes(), Mode::Text)?;
            reporter.note(&format!("wrote {}", path.display()));
        }
    }
    Ok(exit)
}
