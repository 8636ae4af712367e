//! Putting a folder in another's place, at once or by a journal.
//!
//! Everything happens beside the target, in names that start with `.<target>.p8fs-gen-`, and under a lock on the
//! parent folder itself: it needs no lock file that would have to be left or raced for, works on a file
//! system that is full, and the kernel drops it with its process. So a leftover found under the lock belongs to nobody.

#[cfg(test)]
mod tests;

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::error::{Context, FolderError};
use super::survey::Survey;

/// How many random letters and digits end the name of a build folder.
const RANDOM: usize = 12;
/// Ends the name under which a former folder waits for its successor, where there is no exchange.
const FORMER: &str = "former";

/// The place where a target stands, locked.
pub(super) struct Site {
    parent: PathBuf,
    name: String,
    _lock: File,
}

/// A replacement in two renames: names beside the target.
#[derive(Serialize, Deserialize)]
struct Journal {
    /// The complete successor.
    new: String,
    /// Where the target was moved to make room.
    former: String,
}

impl Site {
    /// Creates the parent folder if need be, and waits until nobody else reads or writes in it.
    pub(super) fn to_write(target: &Path) -> Result<Self, FolderError> {
        let (parent, name) = split(target)?;
        match fs::create_dir_all(&parent) {
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
                return Err(FolderError::NotAFolder { path: parent });
            }
            created => created.context("create", &parent)?,
        }
        let lock = File::open(&parent).context("open", &parent)?;
        lock.lock().context("lock", &parent)?;
        Ok(Self { parent, name, _lock: lock })
    }

    /// Waits until nobody writes there; None if there is not even a parent folder.
    pub(super) fn to_read(target: &Path) -> Result<Option<Self>, FolderError> {
        let (parent, name) = split(target)?;
        let lock = match File::open(&parent) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            lock => lock.context("open", &parent)?,
        };
        lock.lock_shared().context("lock", &parent)?;
        Ok(Some(Self { parent, name, _lock: lock }))
    }

    pub(super) fn target(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    /// Where the target's content is: elsewhere only if a run was killed between two renames.
    pub(super) fn current(&self) -> Result<PathBuf, FolderError> {
        Ok(self.interrupted()?.unwrap_or_else(|| self.target()))
    }

    /// Finishes what a killed run left: completes its exchange, removes its folders.
    pub(super) fn recover(&self) -> Result<(), FolderError> {
        if let Some(new) = self.interrupted()? {
            let target = self.target();
            fs::rename(new, &target).context("complete", &target)?;
            sync(&self.parent)?;
        }
        self.remove_journal()?;
        for entry in fs::read_dir(&self.parent).context("read", &self.parent)? {
            let entry = entry.context("read", &self.parent)?;
            if entry.file_name().to_str().is_some_and(|name| self.is_ours(name))
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
            {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// An empty folder beside the target; it goes with the value.
    pub(super) fn build(&self) -> Result<TempDir, FolderError> {
        tempfile::Builder::new()
            .prefix(&self.beside(""))
            .rand_bytes(RANDOM)
            // As any new folder, not private as temporary ones; the umask still counts.
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(&self.parent)
            .context("create a folder in", &self.parent)
    }

    /// Puts the build in the target's place and removes what was there, unless that is no longer as surveyed.
    pub(super) fn install(&self, build: TempDir, before: &Survey) -> Result<(), FolderError> {
        let target = self.target();
        if !before.exists() {
            fs::rename(build.path(), &target).context("create", &target)?;
            // It has another name now.
            let _ = build.keep();
            return sync(&self.parent);
        }
        self.exchange(build.path())?;
        if !Survey::of(build.path()).is_ok_and(|after| after.same(before)) {
            self.exchange(build.path())?;
            return Err(FolderError::Changed { path: target });
        }
        sync(&self.parent)?;
        remove(&build.keep())
    }

    fn exchange(&self, other: &Path) -> Result<(), FolderError> {
        let target = self.target();
        match renameat_with(CWD, other, CWD, &target, RenameFlags::EXCHANGE) {
            Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => self.exchange_by_journal(other),
            result => result.context("replace", &target),
        }
    }

    /// Does the same in steps that [`Self::recover`] completes from the first rename on.
    fn exchange_by_journal(&self, other: &Path) -> Result<(), FolderError> {
        let target = self.target();
        let former = self.write_journal(other)?;
        fs::rename(&target, &former).context("replace", &target)?;
        if let Err(error) = fs::rename(other, &target) {
            fs::rename(&former, &target).context("restore", &target)?;
            self.remove_journal()?;
            return Err(error).context("replace", &target);
        }
        sync(&self.parent)?;
        self.remove_journal()?;
        fs::rename(&former, other).context("rename", &former)
    }

    /// On disk before the first rename. Returns the path to which the target has to move.
    fn write_journal(&self, new: &Path) -> Result<PathBuf, FolderError> {
        let path = self.journal();
        let new = new.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let journal = Journal { new, former: self.beside(FORMER) };
        let former = self.parent.join(&journal.former);
        serde_json::to_vec(&journal)
            .map_err(io::Error::from)
            .and_then(|bytes| {
                let mut file = File::create(&path)?;
                file.write_all(&bytes)?;
                file.sync_all()
            })
            .context("write", &path)?;
        sync(&self.parent)?;
        Ok(former)
    }

    fn remove_journal(&self) -> Result<(), FolderError> {
        let path = self.journal();
        // Asked first, because a read-only file system refuses even to remove what is not there.
        if path.exists() { fs::remove_file(&path).context("remove", &path) } else { Ok(()) }
    }

    /// The successor, complete, of a target that was moved away and not yet replaced.
    fn interrupted(&self) -> Result<Option<PathBuf>, FolderError> {
        let path = self.journal();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.context("read", &path)?,
        };
        // A torn journal was never followed by a rename.
        let Ok(journal) = serde_json::from_slice::<Journal>(&bytes) else { return Ok(None) };
        if ![&journal.new, &journal.former].into_iter().all(|name| self.is_ours(name)) {
            return Ok(None);
        }
        let [new, former] = [journal.new, journal.former].map(|name| self.parent.join(name));
        Ok((new.is_dir() && former.is_dir()).then_some(new))
    }

    fn journal(&self) -> PathBuf {
        self.parent.join(self.beside("journal"))
    }

    fn beside(&self, end: &str) -> String {
        format!(".{}.p8fs-gen-{end}", self.name)
    }

    /// The name of a folder that only we make.
    fn is_ours(&self, name: &str) -> bool {
        name.strip_prefix(&self.beside("")).is_some_and(|end| {
            end == FORMER || end.len() == RANDOM && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }
}

fn split(target: &Path) -> Result<(PathBuf, String), FolderError> {
    let name = target.file_name().and_then(|name| name.to_str());
    match (target.parent(), name) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => Ok((".".into(), name.to_owned())),
        (Some(parent), Some(name)) => Ok((parent.to_owned(), name.to_owned())),
        _ => Err(FolderError::Name { path: target.to_owned() }),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), FolderError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // The file system has nothing to sync for folders.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result.context("sync", folder),
    }
}

/// Removes a folder with all it holds, write-protected folders as well.
fn remove(folder: &Path) -> Result<(), FolderError> {
    let result = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unprotect(folder).and_then(|()| fs::remove_dir_all(folder))
        }
        result => result,
    };
    result.context("remove", folder)
}

fn unprotect(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unprotect(&entry.path())?;
        }
    }
    Ok(())
}
