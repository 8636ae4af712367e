//! The command line: flags → an options struct → one call → a printed result.

mod check;
mod exit;
mod explain;
mod render;
mod report;
mod schema;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use exit::Exit;
use report::Reporter;

use crate::diag::Code;
use crate::workspace::Workspace;

/// Compiles one declaration per environment into everything a Kubernetes deployment needs.
#[derive(Debug, Parser)]
#[command(name = "p8fs-gen", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    /// Print the page about a diagnostic's code
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Args)]
struct Global {
    /// Work as if started in this folder
    #[arg(short = 'C', value_name = "DIR", default_value = ".", global = true)]
    directory: PathBuf,
    /// How findings are printed, on standard error
    #[arg(long, value_name = "FORMAT", default_value = "human", global = true)]
    message_format: MessageFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MessageFormat {
    /// With the text underlined, coloured on a terminal
    Human,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Render an environment as a stream of objects, or into a folder
    Render(render::Options),
    /// Check every environment, without a cluster
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
    let reporter = Reporter::new(arguments.global.message_format);
    let outcome = match (&arguments.explain, &arguments.verb) {
        (Some(code), _) => page(code),
        (None, Some(Verb::Schema)) => schema::run(),
        (None, Some(verb)) => in_workspace(&arguments.global.directory, verb, &reporter),
        (None, None) => Err(exit::Failure::Usage("no verb; `p8fs-gen --help` lists them".to_owned())),
    };
    outcome.unwrap_or_else(|error| reporter.fail(&error))
}

fn in_workspace(directory: &Path, verb: &Verb, reporter: &Reporter) -> Result<Exit, exit::Failure> {
    let workspace = Workspace::find(directory)?;
    match verb {
        Verb::Render(options) => render::run(&workspace, directory, options, reporter),
        Verb::Check(options) => check::run(&workspace, options, reporter),
        Verb::Explain(options) => explain::run(&workspace, options, reporter),
        Verb::Schema => schema::run(),
    }
}

fn page(code: &str) -> Result<Exit, exit::Failure> {
    if let Ok(code) = code.parse::<Code>() {
        let page: String =
            code.page().lines().flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect();
        Reporter::output(&page)?;
        return Ok(Exit::Success);
    }
    let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let hint = match crate::diag::closest(code, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Err(exit::Failure::Usage(format!("no diagnostic has the code `{code}`; {hint}")))
}
