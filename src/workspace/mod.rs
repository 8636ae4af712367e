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
    #[error("no folder {}", .0.display())]
    NoFolder(PathBuf),
    #[error("no workspace in {} or any folder above it (looked for {SETTINGS} and {ENVIRONMENTS}/)", .0.display())]
    NotFound(PathBuf),
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    #[error("{0} is larger than {limit} MiB", limit = MAX_FILE >> 20)]
    TooLarge(String),
    #[error("{path} is not UTF-8 (byte {offset} is not valid)")]
    NotUtf8 { path: String, offset: usize },
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
    pub fn find(folder: &Path) -> Result<Self, WorkspaceError> {
        let start = folder.canonicalize().map_err(|_| WorkspaceError::NoFolder(folder.to_owned()))?;
        let is_root = |folder: &&Path| folder.join(SETTINGS).is_file() || folder.join(ENVIRONMENTS).is_dir();
        let root = start.ancestors().find(is_root).ok_or_else(|| WorkspaceError::NotFound(start.clone()))?;
        Self::open(Box::new(Disk::new(root)))
    }

    /// A workspace of the given files, wherever they are.
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
    pub fn read_if_there(&self, path: &str) -> Result<Option<String>, WorkspaceError> {
        let bytes = match self.files.read(path, MAX_FILE + 1) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| WorkspaceError::Read { path: path.to_owned(), source })?,
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
    pub fn environment_files(&self) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(ENVIRONMENTS)?;
        let own = files.iter().filter(|path| !path.contains('/'));
        Ok(own.filter_map(|path| path.strip_suffix(".toml")).map(ToOwned::to_owned).collect())
    }

    /// The other files there, but for notes and what editors and git leave: those with another ending, or in a folder.
    pub fn beside_environments(&self) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(ENVIRONMENTS)?;
        let is_aside =
            |path: &String| path.starts_with("README") || path.split('/').any(|part| part.starts_with('.'));
        let is_own = |path: &String| path.strip_suffix(".toml").is_some_and(|stem| !stem.contains('/'));
        Ok(files.into_iter().filter(|path| !is_aside(path) && !is_own(path)).collect())
    }

    /// Every file below `templates/`, relative to it, sorted.
    pub fn template_files(&self) -> Result<Vec<String>, WorkspaceError> {
        self.list(TEMPLATES)
    }

    /// The files below a folder, relative to it, sorted; none when there is no such folder.
    fn list(&self, folder: &str) -> Result<Vec<String>, WorkspaceError> {
        let files = match self.files.list(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files.map_err(|source| WorkspaceError::Read { path: folder.to_owned(), source })?,
        };
        let relative = |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
        let mut files: Vec<String> = files.iter().filter_map(relative).collect();
        files.sort();
        Ok(files)
    }
}
