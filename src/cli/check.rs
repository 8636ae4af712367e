//! `p8fs-gen check`

use clap::Args;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::pipeline::{Compiler, Coverage};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only these environments; layers are then not searched for keys that nothing reads
    environments: Vec<String>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let (names, coverage) = match options.environments.as_slice() {
        [] => (compiler.environments()?, Coverage::Every),
        names => (names.to_vec(), Coverage::Some),
    };
    for name in &names {
        compiler.compile(name, Recording::Reads)?;
    }
    compiler.without_effect(&names, coverage)?;
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    if exit != Exit::Success {
        return Ok(exit);
    }
    if names.is_empty() {
        let title =
            "no environments: an environment is a file in `environments/` with an `[environment]` table";
        return Err(Failure::Usage(title.to_owned()));
    }
    reporter.note(&format!("checked {}", names.join(", ")));
    Ok(exit)
}
