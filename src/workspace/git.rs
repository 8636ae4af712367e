//! The git repository that a workspace lies in, asked through git itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("cannot run git")]
    Run(#[source] io::Error),
    /// It refused; this is what it said.
    #[error("git: {0}")]
    Refused(String),
}

/// A repository, as seen from a folder of its work tree.
pub struct Repository {
    /// The root of the work tree.
    pub top: PathBuf,
    /// Where its hooks are: shared by all its work trees, and wherever `core.hooksPath` says.
    pub hooks: PathBuf,
    /// The repository's own folder, which its work trees share.
    pub common: PathBuf,
    /// The folder, from the root of the work tree; `.` for the root itself.
    pub prefix: String,
}

impl Repository {
    /// The repository of a folder's work tree.
    pub fn of(folder: &Path) -> Result<Self, GitError> {
        let ask = |question: &[&str]| {
            let mut git = Command::new("git");
            git.arg("-C").arg(folder).args(["rev-parse", "--path-format=absolute"]).args(question);
            let answer = git.output().map_err(GitError::Run)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
            if answer.status.success() {
                Ok(text(&answer.stdout))
            } else {
                let said = text(&answer.stderr);
                Err(GitError::Refused(said.strip_prefix("fatal: ").unwrap_or(&said).to_owned()))
            }
        };
        let prefix = ask(&["--show-prefix"])?;
        Ok(Self {
            top: ask(&["--show-toplevel"])?.into(),
            hooks: ask(&["--git-path", "hooks"])?.into(),
            common: ask(&["--git-common-dir"])?.into(),
            prefix: match prefix.trim_end_matches('/') {
                "" => ".".to_owned(),
                prefix => prefix.to_owned(),
            },
        })
    }

    /// The text of a hook; none when there is no such file.
    pub fn hook(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read(self.hooks.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            bytes => Ok(Some(String::from_utf8_lossy(&bytes?).into_owned())),
        }
    }
}
