//! `p8fs-gen render`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{io, slice};

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::report::{self, Reporter};
use crate::diff::unified;
use crate::emit::{self, Format, Outcome};
use crate::pipeline::{Compiled, Compiler, Coverage};
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
    /// How the stream is written
    #[arg(long, value_name = "FORMAT", default_value = "yaml", conflicts_with = "out")]
    format: StreamFormat,
    /// Write nothing; show what differs in the folder, and exit with 1 if anything does
    #[arg(long, requires = "out")]
    check: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StreamFormat {
    /// Documents with `---` between them
    Yaml,
    /// One JSON object a line
    Json,
}

impl From<StreamFormat> for Format {
    fn from(format: StreamFormat) -> Self {
        match format {
            StreamFormat::Yaml => Self::Yaml,
            StreamFormat::Json => Self::Json,
        }
    }
}

pub(super) fn run(
    workspace: &Workspace,
    directory: &Path,
    options: &Options,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    let compiled = compiler.compile(&options.environment, Recording::Reads)?;
    compiler.without_effect(slice::from_ref(&options.environment), Coverage::Some)?;
    let families = compiler.families();
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    let Some(Compiled { objects, .. }) = compiled.filter(|_| exit == Exit::Success) else { return Ok(exit) };

    let Some(out) = &options.out else {
        if let Some(only) = options.only.as_ref().filter(|only| !families.contains(*only)) {
            let known = families.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Failure::Usage(format!("no family is called `{only}`; there are {known}")));
        }
        emit::stream(&objects, options.only.as_deref(), options.format.into(), &mut io::stdout())?;
        return Ok(Exit::Success);
    };
    let files = emit::files(&objects);
    // Said as the user said it where that is right.
    let out = if directory == Path::new(".") { out.clone() } else { directory.join(out) };
    let target = out.join(&options.environment);
    if options.check { compare(&files, &target, reporter) } else { write(&files, &target, reporter) }
}

type Files = BTreeMap<String, Vec<u8>>;

fn write(files: &Files, target: &Path, reporter: &Reporter) -> Result<Exit, Failure> {
    let verb = match emit::write(files, target)? {
        Outcome::Unchanged => "unchanged",
        Outcome::Written { kept, overwritten } => {
            for kept in kept {
                reporter.line("warning", &format!("kept {kept}: no longer rendered, but edited by hand"));
            }
            for overwritten in overwritten {
                reporter.line("warning", &format!("overwrote {overwritten}, which was edited by hand"));
            }
            "wrote"
        }
    };
    reporter.note(&format!("{verb} {} ({} files)", target.display(), files.len()));
    Ok(Exit::Success)
}

fn compare(files: &Files, target: &Path, reporter: &Reporter) -> Result<Exit, Failure> {
    let differences = emit::compare(files, target)?;
    let mut text = String::new();
    for (path, old) in &differences {
        let text_of = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let old = Some(old).filter(|old| !old.is_empty()).map(text_of);
        let new = files.get(path).map(text_of);
        text.push_str(&unified(path, old.as_deref(), new.as_deref()));
    }
    report::output(&text)?;
    let differ = match differences.len() {
        0 => return Ok(Exit::Success),
        1 => "1 file differs".to_owned(),
        count => format!("{count} files differ"),
    };
    reporter.note(&format!("{differ} in {}", target.display()));
    Ok(Exit::Differences)
}
