//! `p8fs-gen completions`, and the answers that a shell gets while somebody types.

use std::env::args_os;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Args, Command, ValueEnum};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, CompletionCandidate};

use super::exit::{self, Exit, Failure};
use super::report;
use crate::pipeline::Compiler;
use crate::template::Recording;
use crate::workspace::Workspace;

/// By this variable a shell tells that it asks for completions.
const VARIABLE: &str = "P8FS_GEN_COMPLETE";

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "source <(p8fs-gen completions bash)         # in ~/.bashrc; zsh likewise
  p8fs-gen completions fish > ~/.config/fish/completions/p8fs-gen.fish"
))]
pub(super) struct Options {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

pub(super) fn run(options: &Options) -> Result<Exit, Failure> {
    let name = match options.shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(name) {
        shell.write_registration(VARIABLE, "p8fs-gen", "p8fs-gen", "p8fs-gen", &mut script)?;
    }
    report::output(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// Answers a shell, if it is one that asks, and ends the process then.
pub(super) fn answer(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The names of environments.
pub(super) fn environments(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, |compiler| compiler.environments().unwrap_or_default())
}

/// The families of templates.
pub(super) fn families(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, |compiler| compiler.families().into_iter().collect())
}

/// The objects of all environments: which one was typed before is not known here.
pub(super) fn objects(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(typed, |compiler| {
        let mut objects = Vec::new();
        for environment in compiler.environments().unwrap_or_default() {
            let Ok(Some(compiled)) = compiler.compile(&environment, Recording::Reads) else { continue };
            let identities = compiled.objects.objects().iter().map(|object| &object.identity);
            objects.extend(identities.map(|it| format!("{}/{}", it.kind.to_lowercase(), it.name)));
        }
        objects.sort();
        objects.dedup();
        objects
    })
}

/// What begins with what was typed; nothing where the workspace cannot be read.
fn candidates(typed: &OsStr, names: impl Fn(&mut Compiler) -> Vec<String>) -> Vec<CompletionCandidate> {
    let arguments: Vec<OsString> = args_os().collect();
    let directory =
        arguments.windows(2).find(|pair| pair[0] == "-C").map_or(OsStr::new("."), |pair| &pair[1]);
    let Ok(workspace) = Workspace::find(Path::new(directory)) else { return Vec::new() };
    let Ok(mut compiler) = Compiler::new(&workspace) else { return Vec::new() };
    let typed = typed.to_string_lossy();
    let fitting = names(&mut compiler).into_iter().filter(|name| name.starts_with(&*typed));
    fitting.map(CompletionCandidate::new).collect()
}
