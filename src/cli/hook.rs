//! `p8fs-gen hook`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use crate::emit::{self, Mode};
use crate::workspace::{Repository, Workspace, WorkspaceError};

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen hook install\n  p8fs-gen hook print"))]
pub(super) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install it, keeping a former hook, which it calls first
    ///
    /// Before each commit, `p8fs-gen check` runs on what is staged of this workspace, and `p8fs-gen render --check`
    /// on its rendered folders, if some are committed. Other workspaces of the repository can be added likewise.
    #[command(after_help = exit::help!("p8fs-gen hook install\n  p8fs-gen -C deploy hook install"))]
    Install {
        /// Install even where other repositories would run it, and in the place of a former hook already kept
        #[arg(long)]
        force: bool,
    },
    /// Remove it, and put the former hook back
    #[command(after_help = exit::help!("p8fs-gen hook uninstall"))]
    Uninstall,
    /// Print it
    #[command(after_help = exit::help!("p8fs-gen hook print > .husky/pre-commit"))]
    Print,
}

const SCRIPT: &str = include_str!("hook/pre-commit.sh");

const NAME: &str = "pre-commit";
const FORMER: &str = "pre-commit.before-p8fs-gen";

/// What every hook of ours, of any version, has in its second line.
const MARK: &str = "# p8fs-gen: checks what is staged.";

pub(super) fn run(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let repository = Repository::of(&Workspace::root(directory)?)?;
    let hook = Hook::of(&repository)?;
    match options.verb {
        Verb::Install { force } => {
            if !force {
                hook.object(&repository)?;
            }
            hook.install(&repository.prefix, reporter)
        }
        Verb::Uninstall => hook.uninstall(reporter),
        Verb::Print => {
            report::output(&script(&[line(&repository.prefix)]))?;
            Ok(Exit::Success)
        }
    }
}

/// The hook's place, and what stands there.
struct Hook {
    path: PathBuf,
    former: PathBuf,
    is_former_there: bool,
    found: Found,
}

enum Found {
    Nothing,
    /// Ours, with a line for each workspace.
    Ours(Vec<String>),
    Others,
}

impl Hook {
    fn of(repository: &Repository) -> Result<Self, Failure> {
        let read = |name: &str| {
            let path = repository.hooks.join(name);
            let text = repository.hook(name);
            text.map_err(|source| WorkspaceError::Read { path: path.display().to_string(), source })
        };
        Ok(Self {
            path: repository.hooks.join(NAME),
            found: read(NAME)?.map_or(Found::Nothing, |text| of_text(&text)),
            former: repository.hooks.join(FORMER),
            is_former_there: read(FORMER)?.is_some(),
        })
    }

    /// What speaks against installing.
    fn object(&self, repository: &Repository) -> Result<(), Failure> {
        let hooks = &repository.hooks;
        let objection = if !hooks.starts_with(&repository.common) && !hooks.starts_with(&repository.top) {
            format!("`core.hooksPath` is {}, where other repositories may look too", hooks.display())
        } else if matches!(self.found, Found::Others) && self.is_former_there {
            format!("{} would be overwritten by the hook that is there now", self.former.display())
        } else {
            return Ok(());
        };
        Err(Failure::Usage(format!("{objection}; --force installs nevertheless")))
    }

    fn install(&self, prefix: &str, reporter: &Reporter) -> Result<Exit, Failure> {
        let mut lines = match &self.found {
            Found::Ours(lines) => lines.clone(),
            Found::Nothing => Vec::new(),
            Found::Others => {
                emit::rename(&self.path, &self.former)?;
                reporter
                    .note(&format!("kept the former hook as {}; it is called first", self.former.display()));
                Vec::new()
            }
        };
        lines.push(line(prefix));
        lines.sort();
        lines.dedup();
        emit::put(&self.path, script(&lines).as_bytes(), Mode::Program)?;
        reporter.note(&format!("installed {}", self.path.display()));
        Ok(Exit::Success)
    }

    fn uninstall(&self, reporter: &Reporter) -> Result<Exit, Failure> {
        if !matches!(self.found, Found::Ours(_)) {
            reporter.note(&format!("{} is no hook of p8fs-gen; nothing to do", self.path.display()));
        } else if self.is_former_there {
            emit::rename(&self.former, &self.path)?;
            reporter.note(&format!("put the former hook back in {}", self.path.display()));
        } else {
            emit::remove(&self.path)?;
            reporter.note(&format!("removed {}", self.path.display()));
        }
        Ok(Exit::Success)
    }
}

fn of_text(text: &str) -> Found {
    if text.lines().nth(1).is_some_and(|second| second.starts_with(MARK)) {
        Found::Ours(
            text.lines().filter(|line| line.starts_with("workspace '")).map(ToOwned::to_owned).collect(),
        )
    } else {
        Found::Others
    }
}

/// The call that checks the workspace at `prefix`.
fn line(prefix: &str) -> String {
    format!("workspace '{}'", prefix.replace('\'', r"'\''"))
}

fn script(lines: &[String]) -> String {
    format!("{SCRIPT}{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_of_ours_is_known_by_its_second_line() {
        let lines = [line("."), line("it's here")];
        assert_eq!(lines[1], r"workspace 'it'\''s here'");
        assert!(matches!(of_text(&script(&lines)), Found::Ours(found) if found == lines));
        assert!(matches!(of_text("#!/bin/sh\nexit 0\n"), Found::Others));
    }
}
