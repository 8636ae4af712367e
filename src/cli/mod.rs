//! The command line: flags → an options struct → one call → a printed result.

mod check;
mod exit;
mod explain;
mod render;
mod report;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use exit::Exit;
use exit::Failure;
use report::{Reporter, Stream};

use crate::declare::published_schema;
use crate::diag::{Code, closest};
use crate::workspace::Workspace;

/// Compiles one declaration per environment into everything a Kubernetes deployment needs.
#[derive(Debug, Parser)]
#[command(name = "p8fs-gen", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    /// Work as if started in this folder
    #[arg(short = 'C', value_name = "DIR", default_value = ".", global = true)]
    directory: PathBuf,
    /// How findings are printed, on standard error; `check` prints SARIF on standard output
    #[arg(long, value_name = "FORMAT", default_value = "human", global = true)]
    message_format: MessageFormat,
    /// Print the page about a diagnostic's code
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MessageFormat {
    /// With the text underlined, coloured on a terminal
    Human,
    /// One JSON object a line
    Json,
    /// One SARIF 2.1.0 document, for code scanning services
    Sarif,
    /// Workflow commands of GitHub Actions, which annotate the changed lines
    Github,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Render an environment as a stream of objects, or into a folder
    Render(render::Options),
    /// Check every environment, or manifests of any origin, without a cluster
    Check(check::Options),
    /// Say which lines of which files gave a field its value
    Explain(explain::Options),
    /// Print the JSON Schema of environment files
    Schema,
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Input } else { Exit::Success };
            // Nothing is left to be done about a closed terminal.
            let _ = error.print();
            return exit;
        }
    };
    // Nothing else of `check` goes to standard output.
    let document = if let Some(Verb::Check(_)) = arguments.verb { Stream::Output } else { Stream::Error };
    let reporter = Reporter::new(arguments.message_format, document);
    let exit = dispatch(&arguments, &reporter).unwrap_or_else(|failure| reporter.fail(&failure));
    reporter.finish();
    exit
}

fn dispatch(arguments: &Arguments, reporter: &Reporter) -> Result<Exit, Failure> {
    if let Some(code) = &arguments.explain {
        return page(code);
    }
    let directory = &arguments.directory;
    let workspace = || Workspace::find(directory);
    match &arguments.verb {
        Some(Verb::Render(options)) => render::run(&workspace()?, directory, options, reporter),
        Some(Verb::Check(options)) if !options.manifests.is_empty() => {
            check::manifests(directory, options, reporter)
        }
        Some(Verb::Check(options)) => check::run(&workspace()?, options, reporter),
        Some(Verb::Explain(options)) => explain::run(&workspace()?, options, reporter),
        Some(Verb::Schema) => {
            report::output(&format!("{:#}\n", published_schema()))?;
            Ok(Exit::Success)
        }
        None => Err(Failure::Usage("no verb; `p8fs-gen --help` lists them".to_owned())),
    }
}

fn page(code: &str) -> Result<Exit, Failure> {
    if let Ok(code) = code.parse::<Code>() {
        let lines = code.page().lines();
        let page: String = lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect();
        report::output(&page)?;
        return Ok(Exit::Success);
    }
    let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let hint = match closest(code, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Err(Failure::Usage(format!("no diagnostic has the code `{code}`; {hint}")))
}
