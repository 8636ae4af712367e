//! The only reader of files and of the process's surroundings.
//!
//! A workspace is a folder with `environments/` or a `p8fs-gen.toml`, found from any folder below it.

mod files;

use std::path::{Path, PathBuf};

use serde::Deserialize;

#[cfg(test)]
pub use files::Memory;
pub use files::{Disk, Files};

/// The largest file that is read, in bytes; an environment file or template of this size is a mistake.
pub const MAX_FILE: u64 = 16 << 20;

/// Where environments and their layers are.
pub const ENVIRONMENTS: &str = "environments";

/// Where a workspace's own templates are.
pub const TEMPLATES: &str = "templates";

const SETTINGS: &str = "p8fs-gen.toml";

/// Why a workspace cannot be read. Paths are as the user would type them.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The folder to start from is not there.
    #[error("no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// Neither marker in the folder or above it.
    #[error("no workspace in {} or any folder above it (looked for {SETTINGS} and {ENVIRONMENTS}/)", .0.display())]
    NotFound(PathBuf),
    /// Reading failed.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Larger than [`MAX_FILE`].
    #[error("{0} is larger than {limit} MiB", limit = MAX_FILE >> 20)]
    TooLarge(String),
    /// Not text.
    #[error("{path} is not UTF-8 (byte {offset} is not valid)")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The first byte that is not UTF-8.
        offset: usize,
    },
    /// The settings file itself is wrong.
    #[error("{SETTINGS}: {0}")]
    Settings(String),
}

/// `p8fs-gen.toml`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The only version of the tool that may compile this workspace.
    version: Option<String>,
}

/// A folder of environments and templates.
pub struct Workspace {
    files: Box<dyn Files>,
    /// The version that the workspace asks for, if it pins one.
    pub pinned: Option<String>,
}

impl Workspace {
    /// Finds the workspace that a folder lies in.
    ///
    /// # Errors
    /// When there is no such folder, no workspace, or its settings cannot be read.
    pub fn find(folder: &Path) -> Result<Self, WorkspaceError> {
        let start = folder.canonicalize().map_err(|_| WorkspaceError::NoFolder(folder.to_owned()))?;
        let is_root = |folder: &&Path| folder.join(SETTINGS).is_file() || folder.join(ENVIRONMENTS).is_dir();
        let root = start.ancestors().find(is_root).ok_or_else(|| WorkspaceError::NotFound(start.clone()))?;
        Self::open(Box::new(Disk::new(root)))
    }

    /// A workspace of the given files, wherever they are.
    ///
    /// # Errors
    /// When its settings cannot be read.
    pub fn open(files: Box<dyn Files>) -> Result<Self, WorkspaceError> {
        let mut workspace = Self { files, pinned: None };
        if let Some(text) = workspace.read_if_there(SETTINGS)? {
            let settings: Settings = toml::from_str(&text)
                .map_err(|error| WorkspaceError::Settings(error.message().to_owned()))?;
            workspace.pinned = settings.version;
        }
        Ok(workspace)
    }

    /// The text of a file, or none when there is no such file.
    ///
    /// # Errors
    /// When it is there and cannot be read as text.
    pub fn read_if_there(&self, path: &str) -> Result<Option<String>, WorkspaceError> {
        let bytes = match self.files.read(path, MAX_FILE + 1) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(WorkspaceError::Read { path: path.to_owned(), source }),
        };
        if bytes.len() as u64 > MAX_FILE {
            return Err(WorkspaceError::TooLarge(path.to_owned()));
        }
        String::from_utf8(bytes).map(Some).map_err(|error| WorkspaceError::NotUtf8 {
            path: path.to_owned(),
            offset: error.utf8_error().valid_up_to(),
        })
    }

    /// The names of all files in `environments/`, without `.toml`, sorted.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn environment_files(&self) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(ENVIRONMENTS)?;
        let stem = |path: &String| {
            let name = path.strip_prefix(ENVIRONMENTS)?.strip_prefix('/')?.strip_suffix(".toml")?;
            (!name.contains('/')).then(|| name.to_owned())
        };
        Ok(files.iter().filter_map(stem).collect())
    }

    /// Every file below `templates/`, relative to it, sorted.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn template_files(&self) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(TEMPLATES)?;
        let relative = |path: &String| Some(path.strip_prefix(TEMPLATES)?.strip_prefix('/')?.to_owned());
        Ok(files.iter().filter_map(relative).collect())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, WorkspaceError> {
        match self.files.list(folder) {
            Ok(mut files) => {
                files.sort();
                Ok(files)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(WorkspaceError::Read { path: folder.to_owned(), source }),
        }
    }
}
