//! Why a folder was not written, or could not be compared.

use std::io;
use std::path::{Path, PathBuf};

/// A folder was left as it was; each variant says what to do.
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
    /// The target's name, or that of a file for it, is no plain name in UTF-8 (such as `..`).
    #[error("{} cannot be written: name a folder, and files below it, without `.` or `..`", path.display())]
    Name {
        /// The path as given.
        path: PathBuf,
    },
    /// Something other than a folder stands at the target.
    #[error("{} is no folder: remove it or choose another output folder", path.display())]
    NotAFolder {
        /// The target.
        path: PathBuf,
    },
    /// The target, or something in it, is a mount point: it cannot be exchanged, and removing it would empty
    /// what is mounted there.
    #[error("{} is a mount point: unmount it, or write to a folder below a mounted one", path.display())]
    MountPoint {
        /// The mount point.
        path: PathBuf,
    },
    /// The target is the root of a git repository.
    #[error("{} is the root of a repository: choose a folder below it", path.display())]
    Repository {
        /// The target.
        path: PathBuf,
    },
    /// The target has files and no inventory.
    #[error(
        "{} was not written by p8fs-gen and is not empty: empty it or choose another output folder",
        path.display()
    )]
    NotOurs {
        /// The target.
        path: PathBuf,
    },
    /// The inventory cannot be understood.
    #[error("{} is damaged: restore it, or remove the folder to write it anew", path.display())]
    Inventory {
        /// The inventory file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A file of somebody else, or one of ours that was edited, stands where something of ours belongs.
    #[error(
        "{} is in the way, and p8fs-gen did not write it as it is: move or remove it, then run again",
        path.display()
    )]
    Foreign {
        /// The other's file or folder.
        path: PathBuf,
    },
    /// Somebody changed the folder while its successor was being built; their change is kept.
    #[error("{} was changed by another program meanwhile: run again", path.display())]
    Changed {
        /// The target.
        path: PathBuf,
    },
}

impl FolderError {
    /// Whether the system failed, rather than that the folder was refused.
    pub fn is_system(&self) -> bool {
        matches!(self, FolderError::Io { .. })
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
