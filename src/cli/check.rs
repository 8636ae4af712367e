//! `p8fs-gen check`

use clap::Args;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::load;
use crate::pipeline::{Compiler, Target};
use crate::render::{DeadKeys, dead_key};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only these environments; layers are then not searched for keys that nothing reads
    environments: Vec<String>,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let all = options.environments.is_empty();
    let names = if all { load::environments(workspace)? } else { options.environments.clone() };
    if names.is_empty() {
        return Err(Failure::Usage(
            "no environments: none of the files in `environments/` has an `[environment]` table".to_owned(),
        ));
    }
    let mut compiler = Compiler::new(workspace)?;
    let mut dead = DeadKeys::default();
    let mut own = Vec::new();
    let mut complete = true;
    for name in &names {
        match compiler.compile(Target { environment: name, recording: Recording::Reads })? {
            Some(compiled) => dead.add(&compiled.inputs, &compiled.reads),
            None => complete = false,
        }
        own.push(format!("environments/{name}.toml"));
    }
    // With an environment missing from the picture, a layer's key may be read there.
    for info in dead.iter() {
        if all && complete || own.iter().any(|path| path == compiler.sources.path(info.origin)) {
            compiler.sink.push(dead_key(info));
        }
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    if exit == Exit::Success {
        reporter.note(&format!("checked {}", names.join(", ")));
    }
    Ok(exit)
}
