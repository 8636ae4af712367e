//! Exit codes, and the failures that lead to them.

use std::process::ExitCode;

use crate::emit::FolderError;
use crate::workspace::{GitError, KindError, WorkspaceError};

/// How the process ends. Scripts may rely on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Fine, perhaps with warnings.
    Success = 0,
    /// There are differences (`--check`).
    Differences = 1,
    /// The user's input is wrong.
    Input = 2,
    /// The system failed.
    System = 3,
}

/// Printed beneath `--help`.
pub(super) const HELP: &str = "\
Examples:
  p8fs-gen init demo
  p8fs-gen render prod | kubectl apply --server-side -f -

Exit codes:
  0    fine, perhaps with warnings
  1    there are differences (--check, env diff)
  2    the input is wrong
  3    the system failed
  130  interrupted";

/// Printed beneath the `--help` of a verb: examples of it, and how it may end.
macro_rules! help {
    ($example:literal) => {
        concat!("Examples:\n  ", $example, "\n\nExit codes: 0 fine, 2 wrong input, 3 the system failed")
    };
    ($example:literal, differences) => {
        concat!(
            "Examples:\n  ",
            $example,
            "\n\nExit codes: 0 fine, 1 differences, 2 wrong input, 3 the system failed"
        )
    };
}
pub(super) use help;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What ends a verb early and is no finding about the input's text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The workspace cannot be read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The output folder cannot be written, or must not be.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Git cannot be asked.
    #[error(transparent)]
    Git(#[from] GitError),
    /// kind, or its container engine, failed or is not there.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// Standard output cannot be written to.
    #[error("cannot write to standard output")]
    Output(#[from] std::io::Error),
    /// The arguments do not fit the workspace.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            // Whoever closed the pipe has read enough.
            Failure::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Success,
            Failure::Workspace(WorkspaceError::Read { .. })
            | Failure::Folder(FolderError::Io { .. })
            | Failure::Git(GitError::Run(_))
            | Failure::Kind(_)
            | Failure::Output(_) => Exit::System,
            Failure::Workspace(_) | Failure::Folder(_) | Failure::Git(_) | Failure::Usage(_) => Exit::Input,
        }
    }
}
