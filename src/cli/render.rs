//! `p8fs-gen render`

use std::collections::BTreeMap;
use std::io;
use std::mem::{forget, take};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete, watch};
use crate::diag::{Sink, Sources, closest};
use crate::diff::{self, unified};
use crate::emit::{self, Format, Outcome};
use crate::pipeline::{Compiler, Coverage};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen render prod | kubectl apply --server-side -f -
  p8fs-gen render prod --only network --format json | jq .metadata.name
  p8fs-gen render --all --out out/
  p8fs-gen render dev --out out/ --watch",
    differences
))]
pub(super) struct Options {
    /// The environment: the name of a file in `environments/`, without `.toml`
    #[arg(required_unless_present = "all", add = ArgValueCompleter::new(complete::environments))]
    environment: Option<String>,
    /// Every environment, each into its folder; none is written if one has an error
    #[arg(long, requires = "out", conflicts_with = "environment")]
    all: bool,
    /// Write the folder DIR/<ENVIRONMENT> instead of a stream
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the stream is written: documents between `---`, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "yaml", conflicts_with = "out")]
    format: StreamFormat,
    /// Print only the objects of this family: the folder of their template, or its `family:`
    #[arg(long, value_name = "FAMILY", conflicts_with = "out", add = ArgValueCompleter::new(complete::families))]
    only: Option<String>,
    /// Write nothing; show what differs in the folder, and exit with 1 if anything does
    #[arg(long, requires = "out")]
    check: bool,
    /// Render again whenever a file of the workspace is saved
    #[arg(long, conflicts_with = "check")]
    watch: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StreamFormat {
    Yaml,
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

pub(super) fn run(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let once = || render(&Workspace::find(directory)?, directory, options, reporter);
    if options.watch { watch::run(directory, reporter, once) } else { once() }
}

fn render(
    workspace: &Workspace,
    directory: &Path,
    options: &Options,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&options.overrides.set);
    let (names, coverage) = match &options.environment {
        Some(name) => (vec![name.clone()], Coverage::Some),
        None => (compiler.environments()?, Coverage::Every),
    };
    let mut compiled = Vec::new();
    let progress = reporter.progress();
    for name in &names {
        progress.step(&format!("rendering {name}"));
        compiled.extend(compiler.compile(name, Recording::Reads)?.map(|compiled| (name, compiled)));
    }
    drop(progress);
    compiler.without_effect(&names, coverage)?;
    let families = compiler.families();
    let exit = reporter.findings(take(&mut compiler.sink), &compiler.sources);
    if exit != Exit::Success {
        return Ok(exit);
    }
    let Some(out) = &options.out else {
        if let Some(only) = options.only.as_ref().filter(|only| !families.contains(*only)) {
            return Err(Failure::Usage(match closest(only, families.iter().map(String::as_str)) {
                Some(near) => format!("no family is called `{only}`; did you mean `{near}`?"),
                None => {
                    let known = families.into_iter().collect::<Vec<_>>().join(", ");
                    format!("no family is called `{only}`; there are {known}")
                }
            }));
        }
        for (_, compiled) in &compiled {
            emit::stream(
                &compiled.objects,
                options.only.as_deref(),
                options.format.into(),
                &mut io::stdout(),
            )?;
        }
        // The process ends anyway: freeing every node of every object takes longer than verifying them.
        if !options.watch {
            forget((compiled, compiler));
        }
        return Ok(Exit::Success);
    };
    if compiled.is_empty() {
        return Err(Failure::Usage("no environments to render".to_owned()));
    }
    // Said as the user said it where that is right.
    let out = if directory == Path::new(".") { out.clone() } else { directory.join(out) };
    let mut exit = Exit::Success;
    for (name, compiled) in &compiled {
        let objects = &compiled.objects;
        let (files, target) = (emit::files(objects), out.join(name));
        let former = if options.check {
            let former = compare(&files, &target, reporter)?;
            exit = exit.max(if former.is_empty() { Exit::Success } else { Exit::Differences });
            former
        } else {
            write(&files, &target, reporter)?
        };
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        diff::immutable(&former, &target, objects.objects(), &mut sources, &mut sink);
        reporter.findings(sink, &sources);
    }
    Ok(exit)
}

type Files = BTreeMap<String, Vec<u8>>;

/// Writes a folder; gives what held something else before.
fn write(files: &Files, target: &Path, reporter: &Reporter) -> Result<Files, Failure> {
    let (verb, former) = match emit::write(files, target)? {
        Outcome::Unchanged => ("unchanged", Files::new()),
        Outcome::Written { former, kept } => {
            for kept in kept {
                reporter.line("warning", &format!("kept {kept}: no longer rendered, but edited by hand"));
            }
            ("wrote", former)
        }
    };
    reporter.note(&format!("{verb} {} ({} files)", target.display(), files.len()));
    Ok(former)
}

/// Shows what writing would change, and gives what the files hold.
fn compare(files: &Files, target: &Path, reporter: &Reporter) -> Result<Files, Failure> {
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
        0 => return Ok(differences),
        1 => "1 file differs".to_owned(),
        count => format!("{count} files differ"),
    };
    reporter.note(&format!("{differ} in {}", target.display()));
    Ok(differences)
}
