//! `p8fs-gen render`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::diff::unified;
use crate::emit::{self, Difference, FolderError};
use crate::pipeline::{Compiler, Target};
use crate::render::DeadKeys;
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The environment: the name of a file in `environments/`, without `.toml`
    environment: String,
    /// Write the folder DIR/<ENVIRONMENT> instead of a stream
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print only the objects of this family: the folder of their template, or its `family:`
    #[arg(long, value_name = "FAMILY", conflicts_with = "out")]
    only: Option<String>,
    /// Write nothing; show what differs in the folder, and exit with 1 if anything does
    #[arg(long, requires = "out")]
    check: bool,
}

pub(super) fn run(
    workspace: &Workspace,
    directory: &Path,
    options: &Options,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let compiled =
        compiler.compile(Target { environment: &options.environment, recording: Recording::Reads })?;
    if let Some(compiled) = &compiled {
        let mut dead = DeadKeys::default();
        dead.add(&compiled.inputs, &compiled.reads);
        let own = format!("environments/{}.toml", options.environment);
        let found = dead.findings(|span| compiler.sources.path(span) == own);
        compiler.sink.extend(found);
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(compiled) = compiled.filter(|_| exit == Exit::Success) else { return Ok(exit) };

    let Some(out) = &options.out else {
        let families: BTreeSet<&str> =
            compiled.objects.objects().iter().map(|object| &*object.family).collect();
        if let Some(only) = options.only.as_deref().filter(|only| !families.contains(only)) {
            let known: Vec<&str> = families.into_iter().collect();
            return Err(Failure::Usage(format!(
                "no family is called `{only}`; there are {}",
                known.join(", ")
            )));
        }
        Reporter::output(&emit::stream(&compiled.objects, options.only.as_deref()))?;
        return Ok(Exit::Success);
    };
    let files = emit::files(&compiled.objects);
    // Said as the user said it where that is right.
    let out = if directory == Path::new(".") { out.clone() } else { directory.join(out) };
    let target = out.join(&options.environment);
    if options.check {
        return compare(&files, &target, reporter);
    }
    let report = match emit::write(&files, &target) {
        Ok(report) => report,
        Err(error) => return refused(error, reporter),
    };
    for kept in &report.kept {
        reporter.warn(&format!("kept {kept}: no longer rendered, but edited by hand"));
    }
    for overwritten in &report.overwritten {
        reporter.warn(&format!("overwrote {overwritten}, which was edited by hand"));
    }
    let verb = match report.outcome {
        emit::Outcome::Unchanged => "unchanged",
        emit::Outcome::Written => "wrote",
    };
    reporter.note(&format!("{verb} {} ({} files)", target.display(), files.len()));
    Ok(Exit::Success)
}

/// A folder that must not be replaced is the user's to clear up; anything else is the system's failure.
fn refused(error: FolderError, reporter: &Reporter) -> Result<Exit, Failure> {
    if error.is_system() {
        return Err(Failure::Folder(error));
    }
    let mut sink = Sink::default();
    sink.push(Diagnostic::error(Code::OutputRefused, error.to_string()));
    Ok(reporter.findings(sink, &Sources::default()))
}

type Files = BTreeMap<String, Vec<u8>>;

fn compare(files: &Files, target: &Path, reporter: &Reporter) -> Result<Exit, Failure> {
    let differences = match emit::compare(files, target) {
        Ok(differences) => differences,
        Err(error) => return refused(error, reporter),
    };
    let mut text = String::new();
    for difference in &differences {
        let (path, old) = match difference {
            Difference::Missing { path } | Difference::Stale { path } => (path, ""),
            Difference::Changed { path, old } => (path, std::str::from_utf8(old).unwrap_or_default()),
        };
        let new = files.get(path).map_or("", |bytes| std::str::from_utf8(bytes).unwrap_or_default());
        text.push_str(&unified(path, old, new));
    }
    Reporter::output(&text)?;
    if differences.is_empty() {
        return Ok(Exit::Success);
    }
    let count = differences.len();
    reporter.note(&format!(
        "{count} {} in {}",
        if count == 1 { "file differs" } else { "files differ" },
        target.display()
    ));
    Ok(Exit::Differences)
}
