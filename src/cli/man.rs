//! `p8fs-gen man`

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use crate::emit::{self, Mode};

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen man | man -l -
  p8fs-gen man ~/.local/share/man/man1"
))]
pub(super) struct Options {
    /// Write the pages of all verbs into this folder
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(
    command: Command,
    directory: &Path,
    options: &Options,
    reporter: &Reporter,
) -> Result<Exit, Failure> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = BTreeMap::new();
    collect(&command, &mut pages)?;
    let Some(folder) = &options.folder else {
        let page = pages.get("p8fs-gen.1").map(Vec::as_slice).unwrap_or_default();
        report::output(&String::from_utf8_lossy(page))?;
        return Ok(Exit::Success);
    };
    let folder = directory.join(folder);
    for (name, page) in &pages {
        emit::put(&folder.join(name), page, Mode::Text)?;
    }
    reporter.note(&format!("wrote {} pages to {}", pages.len(), folder.display()));
    Ok(Exit::Success)
}

/// Adds the page of a command and those of its verbs.
fn collect(command: &Command, pages: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        collect(verb, pages)?;
    }
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.insert(man.get_filename(), page);
    Ok(())
}
