//! `p8fs-gen check`

use clap::Args;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::pipeline::{Compiler, Target};
use crate::render::DeadKeys;
use crate::template::Recording;
use crate::workspace::{ENVIRONMENTS, Workspace};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only these environments; layers are then not searched for keys that nothing reads
    environments: Vec<String>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let all = options.environments.is_empty();
    let names = if all { compiler.environments()? } else { options.environments.clone() };
    let mut dead = DeadKeys::default();
    let mut complete = all;
    for name in &names {
        match compiler.compile(Target { environment: name, recording: Recording::Reads })? {
            Some(compiled) => dead.add(&compiled.inputs, &compiled.reads),
            None => complete = false,
        }
    }
    if all {
        compiler.strays()?;
    }
    // With an environment missing from the picture, a layer's key may be read there.
    let own =
        |span| names.iter().any(|name| compiler.sources.path(span) == format!("{ENVIRONMENTS}/{name}.toml"));
    let found = dead.findings(|span| complete || own(span));
    compiler.sink.extend(found);
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
