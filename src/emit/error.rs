//! Why a folder was not written, or could not be compared.

use std::io;
use std::path::{Path, PathBuf};

/// A folder was left as it was.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `create`, `read`, …
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
    /// The folder must not be replaced before the user has cleared something up.
    #[error("{} {reason}", path.display())]
    Refused {
        /// What stands in the way.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

impl FolderError {
    pub(super) fn refused(path: &Path, reason: impl Into<String>) -> Self {
        Self::Refused { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn not_a_folder(path: &Path) -> Self {
        Self::refused(path, "is no folder: remove it or choose another output folder")
    }
}

/// Names the action and the path of a failed call.
pub(super) trait Context<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FolderError>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, FolderError> {
        self.map_err(|source| FolderError::Io { action, path: path.to_owned(), source: source.into() })
    }
}
