//! `p8fs-gen check`, of environments and of manifests.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap_complete::ArgValueCompleter;

use super::exit::{self, Exit, Failure};
use super::report::Reporter;
use super::{Overrides, complete, watch};
use crate::k8s::{Catalog, MINORS};
use crate::pipeline::{Compiler, Coverage, Manifests, check_manifests};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen check\n  p8fs-gen check dev --watch\n  helm template . | p8fs-gen check -f -"))]
pub(super) struct Options {
    /// Only these environments; layers are then not searched for keys that nothing reads
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environments: Vec<String>,
    /// Check manifests that were not rendered here: a file, a folder, or `-` for standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE", conflicts_with = "environments")]
    pub(super) manifests: Vec<PathBuf>,
    /// The minor of Kubernetes that the manifests are for; the newest when left out
    #[arg(long, value_name = "MINOR", requires = "manifests", value_parser = PossibleValuesParser::new(MINORS))]
    kubernetes: Option<String>,
    /// A file or folder with CustomResourceDefinitions, to check custom resources against
    #[arg(long, value_name = "DIR", requires = "manifests")]
    schemas: Vec<PathBuf>,
    /// Check again whenever a file of the workspace is saved
    #[arg(long, conflicts_with = "manifests")]
    watch: bool,
    #[command(flatten)]
    overrides: Overrides,
}

/// Checks manifests, for which no workspace is needed.
pub(super) fn manifests(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let minor = options.kubernetes.as_deref().or(MINORS.last().copied()).unwrap_or_default();
    let catalog =
        Catalog::of(minor).ok_or_else(|| Failure::Usage(format!("no schemas of Kubernetes {minor}")))?;
    let (names, definitions) = (&*options.manifests, &*options.schemas);
    let checked = check_manifests(&Manifests { directory, names, definitions, catalog })?;
    let exit = reporter.findings(checked.sink, &checked.sources);
    match (exit, checked.objects) {
        (Exit::Success, 0) => Err(Failure::Usage("no objects in what `-f` names".to_owned())),
        (Exit::Success, 1) => {
            reporter.note(&format!("checked 1 object against Kubernetes {minor}"));
            Ok(exit)
        }
        (Exit::Success, count) => {
            reporter.note(&format!("checked {count} objects against Kubernetes {minor}"));
            Ok(exit)
        }
        _ => Ok(exit),
    }
}

pub(super) fn run(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let once = || check(&Workspace::find(directory)?, options, reporter);
    if options.watch { watch::run(directory, reporter, once) } else { once() }
}

fn check(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&options.overrides.set);
    let (names, coverage) = match options.environments.as_slice() {
        [] => (compiler.environments()?, Coverage::Every),
        names => (names.to_vec(), Coverage::Some),
    };
    let progress = reporter.progress();
    for name in &names {
        progress.step(&format!("checking {name}"));
        compiler.compile(name, Recording::Reads)?;
    }
    drop(progress);
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
