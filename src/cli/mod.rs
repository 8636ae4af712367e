//! The command line: flags → an options struct → one call → a printed result.

mod check;
mod complete;
mod compose;
mod cost;
mod env;
mod exit;
mod explain;
mod globals;
mod hook;
mod init;
mod kind;
mod log;
mod man;
mod progress;
mod render;
mod report;
mod requires;
mod settings;
mod templates;
mod watch;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub use exit::Exit;
use exit::Failure;
use globals::Globals;
use report::{Reporter, Stream};

use crate::declare::published_schema;
use crate::diag::{Code, closest};
use crate::workspace::Workspace;

/// Compiles one declaration per environment into everything a Kubernetes deployment needs.
#[derive(Debug, Parser)]
#[command(name = "p8fs-gen", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    /// Print the page about a diagnostic's code
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What is laid over an environment's files.
#[derive(Debug, Args)]
struct Overrides {
    /// Set a value over all layers, as `services.api.replicas=3`; several are laid over each other
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a new workspace
    Init(init::Options),
    /// Render an environment as a stream of objects, or into a folder
    Render(render::Options),
    /// Check every environment, or manifests of any origin, without a cluster
    Check(check::Options),
    /// Say which lines of which files gave a field its value
    Explain(explain::Options),
    /// Show what environments declare, and compare it
    #[command(subcommand, after_help = exit::help!("p8fs-gen env show prod --origins", differences))]
    Env(env::Verb),
    /// Estimate what an environment's cluster costs a month
    Cost(cost::Options),
    /// Print an environment's embedded stores as a Compose file
    Compose(compose::Options),
    /// Print an environment's settings
    Settings(settings::Options),
    /// List the kinds of objects that a cluster must know
    Requires(requires::Options),
    /// List, show and override templates
    Templates(templates::Options),
    /// Make, fill and remove the kind cluster of an environment, with an installed kind
    Kind(kind::Options),
    /// Print the JSON Schema of environment files
    #[command(after_help = exit::help!("p8fs-gen schema > schemas/environment.schema.json"))]
    Schema,
    /// Check what is staged before each Git commit
    Hook(hook::Options),
    /// Print what makes a shell complete names of environments, objects and options
    Completions(complete::Options),
    /// Print the manual page, or write those of all verbs
    Man(man::Options),
}

/// Runs the command line of this process.
pub fn run() -> Exit {
    complete::answer(Arguments::command);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Input } else { Exit::Success };
            // Nothing is left to be done about a closed terminal.
            let _ = error.print();
            return exit;
        }
    };
    arguments.globals.color.apply();
    log::start(&arguments.globals);
    // Nothing else of `check` goes to standard output.
    let document = if let Some(Verb::Check(_)) = arguments.verb { Stream::Output } else { Stream::Error };
    let reporter = Reporter::new(&arguments.globals, document);
    let exit = dispatch(&arguments, &reporter).unwrap_or_else(|failure| reporter.fail(&failure));
    reporter.finish();
    exit
}

fn dispatch(arguments: &Arguments, reporter: &Reporter) -> Result<Exit, Failure> {
    if let Some(code) = &arguments.explain {
        return page(code);
    }
    let directory = &arguments.globals.directory;
    let workspace = || Workspace::find(directory);
    match &arguments.verb {
        Some(Verb::Init(options)) => init::run(directory, options, reporter),
        Some(Verb::Render(options)) => render::run(directory, options, reporter),
        Some(Verb::Check(options)) if !options.manifests.is_empty() => {
            check::manifests(directory, options, reporter)
        }
        Some(Verb::Check(options)) => check::run(directory, options, reporter),
        Some(Verb::Explain(options)) => explain::run(&workspace()?, options, reporter),
        Some(Verb::Env(verb)) => env::run(&workspace()?, verb, reporter),
        Some(Verb::Cost(options)) => cost::run(&workspace()?, options, reporter),
        Some(Verb::Compose(options)) => compose::run(&workspace()?, options, reporter),
        Some(Verb::Settings(options)) => settings::run(&workspace()?, options, reporter),
        Some(Verb::Requires(options)) => requires::run(&workspace()?, options, reporter),
        Some(Verb::Templates(options)) => templates::run(|| Ok(workspace()?), options, reporter),
        Some(Verb::Kind(options)) => kind::run(directory, options, reporter),
        Some(Verb::Schema) => {
            report::output(&format!("{:#}\n", published_schema()))?;
            Ok(Exit::Success)
        }
        Some(Verb::Hook(options)) => hook::run(directory, options, reporter),
        Some(Verb::Completions(options)) => complete::run(options),
        Some(Verb::Man(options)) => man::run(Arguments::command(), directory, options, reporter),
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
