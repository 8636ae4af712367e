//! Options of every verb.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every verb")]
pub(super) struct Globals {
    /// Work as if started in this folder
    #[arg(short = 'C', value_name = "DIR", default_value = ".", global = true)]
    pub(super) directory: PathBuf,
    /// How findings are printed; `github`: as commands of GitHub Actions
    #[arg(long, value_name = "FORMAT", default_value = "human", global = true)]
    pub(super) message_format: MessageFormat,
    /// When to colour; `auto` also heeds `NO_COLOR` and `CLICOLOR_FORCE`
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: Color,
    /// Log what is done, on standard error; -vv: each room, with its time
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Print results, findings and failures only
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub(super) quiet: bool,
    /// How the log is written: `TIME | LEVEL | LOGGER | MESSAGE | KEY=VALUE`, or JSON lines
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub(super) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum MessageFormat {
    Human,
    Json,
    Sarif,
    Github,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// From now on, for everything this process prints.
    pub(super) fn apply(self) {
        match self {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}
