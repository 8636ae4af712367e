//! The only reader of files and of the process's surroundings.
//!
//! A workspace is a folder with `environments/` or a `p8fs-gen.toml`, found from any folder below it.

mod files;
mod git;
mod kind;
mod manifests;
mod process;
mod watch;

use std::path::{Path, PathBuf};

use files::Disk;
pub use files::Files;
#[cfg(any(test, feature = "fuzz"))]
pub use files::Memory;
pub use git::{GitError, Repository};
pub use kind::{Kind, KindError};
pub use manifests::manifests;
pub use process::{answer, correlation_id, variable, variables};
pub use watch::Watch;

use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};

/// The largest file that is read, in bytes; an environment file or template of this size is a mistake.
pub const MAX_FILE: u64 = 16 << 20;

/// Where environments and their layers are.
pub const ENVIRONMENTS: &str = "environments";

/// Where a workspace's own templates are.
pub const TEMPLATES: &str = "templates";

/// Where a workspace's own kinds of stores are.
pub const STORES: &str = "stores";

/// Where what it knows of Helm charts is.
pub const CHARTS: &str = "charts";

/// Where its templates of clusters are.
pub const CLUSTERS: &str = "clusters";

/// Where its changes of rendered objects are.
pub const PATCHES: &str = "patches";

/// What a workspace says about itself.
pub const SETTINGS: &str = "p8fs-gen.toml";

/// Variables for local work, which count for `settings` alone.
pub const ENV_FILE: &str = ".env";

/// Everything that is read in a workspace.
const INPUTS: [&str; 7] = [SETTINGS, ENVIRONMENTS, CLUSTERS, TEMPLATES, STORES, CHARTS, PATCHES];

/// Why a workspace cannot be read. Paths are as the user would type them.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("no folder {}", .0.display())]
    NoFolder(PathBuf),
    #[error("no workspace in {} or any folder above it (looked for {SETTINGS} and {ENVIRONMENTS}/)", .0.display())]
    NotFound(PathBuf),
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    #[error("no file or folder {0}")]
    NoFile(String),
}

/// A folder of environments and templates.
pub struct Workspace {
    files: Box<dyn Files>,
    /// Where it lies below the folder that the process was started in: empty, or with a `/` at its end.
    pub below: String,
}

impl Workspace {
    /// Finds the workspace that a folder lies in.
    pub fn find(folder: &Path) -> Result<Self, WorkspaceError> {
        let root = Self::root(folder)?;
        Ok(Self { below: below(&root).unwrap_or_default(), files: Box::new(Disk::new(&root)) })
    }

    /// Finds the root of the workspace that a folder lies in.
    pub fn root(folder: &Path) -> Result<PathBuf, WorkspaceError> {
        let start = folder.canonicalize().map_err(|_| WorkspaceError::NoFolder(folder.to_owned()))?;
        let is_root = |folder: &&Path| folder.join(SETTINGS).is_file() || folder.join(ENVIRONMENTS).is_dir();
        let root = start.ancestors().find(is_root).ok_or_else(|| WorkspaceError::NotFound(start.clone()))?;
        Ok(root.to_owned())
    }

    /// A workspace of the given files, wherever they are.
    #[cfg(any(test, feature = "fuzz"))]
    pub fn open(files: Box<dyn Files>) -> Self {
        Self { files, below: String::new() }
    }

    /// Adds the text of a file to the sources, or none when there is no such file. What is wrong with the file
    /// itself is reported; of its text, what can be read is there.
    pub fn read_if_there(
        &self,
        path: &str,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Option<FileId>, WorkspaceError> {
        if self.files.leads_out(path) {
            let file = sources.add(path, "");
            let title = format!("`{path}` leads out of the workspace");
            let found = Diagnostic::error(Code::OutsideWorkspace, title).at(Span::new(file, 0..0), "");
            sink.push(found.help("copy it, or link to a file of the workspace"));
            return Ok(Some(file));
        }
        let bytes = match self.files.read(path, MAX_FILE + 1) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| WorkspaceError::Read { path: path.to_owned(), source })?,
        };
        Ok(Some(add(path, &bytes, MAX_FILE, sources, sink)))
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

    /// The names of the files in a folder, such as the kinds of stores that the workspace describes itself, without
    /// `.toml`, sorted.
    pub fn descriptions(&self, folder: &str) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(folder)?;
        Ok(files.iter().filter_map(|path| path.strip_suffix(".toml")).map(ToOwned::to_owned).collect())
    }

    /// The names of the files in `clusters/`, without `.toml`, sorted.
    pub fn cluster_files(&self) -> Result<Vec<String>, WorkspaceError> {
        let files = self.list(CLUSTERS)?;
        Ok(files.iter().filter_map(|path| path.strip_suffix(".toml")).map(ToOwned::to_owned).collect())
    }

    /// Every file below `patches/`, relative to it, sorted.
    pub fn patch_files(&self) -> Result<Vec<String>, WorkspaceError> {
        self.list(PATCHES)
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

/// Where a folder lies below the one that the process was started in.
fn below(folder: &Path) -> Option<String> {
    let start = std::env::current_dir().ok()?.canonicalize().ok()?;
    let steps = folder.strip_prefix(start).ok()?.iter();
    steps.map(|step| Some(format!("{}/", step.to_str()?))).collect()
}

/// Adds what a file says. One that is larger than `limit` or is no text is reported, and stands for as much as can be
/// read.
fn add(path: &str, bytes: &[u8], limit: u64, sources: &mut Sources, sink: &mut Sink) -> FileId {
    if bytes.len() as u64 > limit {
        let file = sources.add(path, "");
        let title = format!("`{path}` is larger than {} MiB", limit >> 20);
        sink.push(Diagnostic::error(Code::NotText, title).at(Span::new(file, 0..0), ""));
        return file;
    }
    let wrong = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
    let text = String::from_utf8_lossy(bytes);
    let file = sources.add(path, text);
    if let Some(start) = wrong {
        // Here stands the character that replaces what is none.
        let at = Span::new(file, start..start + char::REPLACEMENT_CHARACTER.len_utf8());
        let title = format!("`{path}` is not UTF-8");
        sink.push(Diagnostic::error(Code::NotText, title).at(at, "the first byte that is not"));
    }
    file
}
