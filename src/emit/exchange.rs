//! Putting a folder in another's place, in one step or in two that the next run completes.
//!
//! Everything happens beside the target, in two names that start with `.<target>.p8fs-gen-`, and under a lock on
//! the parent folder itself: it needs no lock file that would have to be left or raced for, works on a file
//! system that is full, and the kernel drops it with its process. So a leftover found under the lock belongs to nobody.
//!
//! Where the file system cannot exchange, the two names are the journal: both are taken only while the former
//! folder has left the target and its successor, complete, has not yet come.

#[cfg(test)]
pub(super) mod tests;

use std::ffi::OsString;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::error::{Context, FolderError};

/// The place where a target stands, locked.
pub(super) struct Site {
    parent: PathBuf,
    pub(super) target: PathBuf,
    /// Where the successor is built; after an exchange the former folder stands here.
    pub(super) build: PathBuf,
    /// Where the former folder waits for its successor, where there is no exchange.
    former: PathBuf,
    _lock: File,
}

impl Site {
    /// Creates the parent folder if need be, and waits until nobody else reads or writes in it.
    pub(super) fn to_write(target: &Path) -> Result<Self, FolderError> {
        let parent = parent(target);
        match fs::create_dir_all(parent) {
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
                return Err(FolderError::not_a_folder(parent));
            }
            created => created.context("create", parent)?,
        }
        let lock = File::open(parent).context("open", parent)?;
        lock.lock().context("lock", parent)?;
        Ok(Self::locked(target, lock))
    }

    /// Waits until nobody writes there; None if there is not even a parent folder.
    pub(super) fn to_read(target: &Path) -> Result<Option<Self>, FolderError> {
        let parent = parent(target);
        let lock = match File::open(parent) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            lock => lock.context("open", parent)?,
        };
        if !is_folder(parent)? {
            return Err(FolderError::not_a_folder(parent));
        }
        lock.lock_shared().context("lock", parent)?;
        Ok(Some(Self::locked(target, lock)))
    }

    fn locked(target: &Path, lock: File) -> Self {
        let beside = |end: &str| {
            let mut name = OsString::from(".");
            name.push(target.file_name().unwrap_or_default());
            name.push(end);
            target.with_file_name(name)
        };
        Self {
            parent: parent(target).to_owned(),
            target: target.to_owned(),
            build: beside(".p8fs-gen-build"),
            former: beside(".p8fs-gen-former"),
            _lock: lock,
        }
    }

    /// Where the target's content is: elsewhere only if a run was killed between two renames.
    pub(super) fn current(&self) -> Result<&Path, FolderError> {
        Ok(if self.is_interrupted()? { &self.build } else { &self.target })
    }

    /// Finishes what a killed run left: completes its exchange, removes its folders.
    pub(super) fn recover(&self) -> Result<(), FolderError> {
        if self.is_interrupted()? {
            fs::rename(&self.build, &self.target).context("complete", &self.target)?;
            sync(&self.parent)?;
        }
        self.sweep()
    }

    /// Puts the complete build in the target's place. Returns where the former folder stands now, if there was one.
    pub(super) fn install(&self) -> Result<Option<&Path>, FolderError> {
        let former = if !is_there(&self.target)? {
            fs::rename(&self.build, &self.target).context("create", &self.target)?;
            None
        } else if self.exchange()? {
            Some(&*self.build)
        } else {
            self.replace_in_two_steps()?;
            Some(&*self.former)
        };
        sync(&self.parent)?;
        Ok(former)
    }

    /// Puts the former folder back, which [`Self::install`] put aside.
    pub(super) fn undo(&self, former: &Path) -> Result<(), FolderError> {
        if former == self.build {
            self.exchange()?;
            return Ok(());
        }
        fs::rename(&self.target, &self.build).context("replace", &self.target)?;
        fs::rename(&self.former, &self.target).context("restore", &self.target)
    }

    /// Removes what is neither the target nor needed to complete it.
    pub(super) fn sweep(&self) -> Result<(), FolderError> {
        for leftover in [&self.build, &self.former] {
            if is_folder(leftover)? {
                remove(leftover).context("remove", leftover)?;
            }
        }
        Ok(())
    }

    /// False if the file system has no such step.
    fn exchange(&self) -> Result<bool, FolderError> {
        match renameat_with(CWD, &self.build, CWD, &self.target, RenameFlags::EXCHANGE) {
            Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => Ok(false),
            result => result.context("replace", &self.target).map(|()| true),
        }
    }

    /// Killed after the first rename, [`Self::recover`] completes it.
    fn replace_in_two_steps(&self) -> Result<(), FolderError> {
        sync(&self.parent)?;
        fs::rename(&self.target, &self.former).context("replace", &self.target)?;
        fs::rename(&self.build, &self.target).context("replace", &self.target).inspect_err(|_| {
            // That error counts; should this fail too, the next run completes what this one began.
            let _ = fs::rename(&self.former, &self.target);
        })
    }

    /// The target was moved away and not yet replaced.
    fn is_interrupted(&self) -> Result<bool, FolderError> {
        Ok(is_folder(&self.build)? && is_folder(&self.former)?)
    }
}

/// A folder itself; a link to one is none.
fn is_folder(path: &Path) -> Result<bool, FolderError> {
    metadata_of(path).map(|found| found.is_some_and(|found| found.is_dir()))
}

/// Anything at all, even a link that leads nowhere.
fn is_there(path: &Path) -> Result<bool, FolderError> {
    metadata_of(path).map(|found| found.is_some())
}

/// What stands at `path` itself. Only an answer counts as one: a disk that fails does not make folders vanish.
pub(super) fn metadata_of(path: &Path) -> Result<Option<Metadata>, FolderError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.context("read", path).map(Some),
    }
}

/// Removes a folder with all in it, also where a mode forbids its owner to.
fn remove(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder).or_else(|_| {
        open_up(folder)?;
        fs::remove_dir_all(folder)
    })
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

fn parent(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), FolderError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // The file system has nothing to sync for folders.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result.context("sync", folder),
    }
}
