//! Files → a folder, complete or untouched.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use super::error::{Context, FolderError};
use super::exchange::{Site, sync};
use super::inventory::{INVENTORY, Inventory, hash};
use super::survey::{Survey, walk};

/// Path, relative to the folder and with `/` → content.
type Files = BTreeMap<String, Vec<u8>>;

/// What [`write()`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The folder is new, or another one than before. Both lists are worth a warning.
    Written {
        /// Files that we wrote once, that are no longer part of the output, and that stay because somebody
        /// edited them. From now on they count as somebody else's.
        kept: Vec<String>,
        /// Files that somebody had edited, and that now have our content again.
        overwritten: Vec<String>,
    },
    /// All was there already; not even a time stamp changed.
    Unchanged,
}

/// Makes `target` hold `files` (as [`super::files`] names them), an inventory of them, and the files that others
/// put there.
///
/// The new folder is built beside the target and takes its place in one step, so that a process killed at any
/// point leaves the old folder or the new one, never a mixture; where the file system has no such step, the
/// next run completes it. Two runs at once wait for each other.
///
/// # Errors
///
/// The target is refused if it is no folder, not ours, a mount point or a repository, or if something of
/// somebody else's is in the way; the operating system may refuse as well. The target is then as it was, except
/// that a failure in taking its place or in removing the former folder is left for the next run to finish.
pub fn write(files: &Files, target: &Path) -> Result<Outcome, FolderError> {
    let _room = tracing::debug_span!(target: "p8fs-gen.emit", "wrote the folder").entered();
    let site = Site::to_write(target)?;
    site.recover()?;
    let survey = Survey::of(&site.target)?;
    if differences(files, &survey)?.is_empty() {
        return Ok(Outcome::Unchanged);
    }
    let outcome = build(files, &survey, &site.build).inspect_err(|_| {
        // That error counts; should this fail too, the next run removes it.
        let _ = fs::remove_dir_all(&site.build);
    })?;
    site.install()?;
    Ok(outcome)
}

/// The files that [`write()`] would change in `target`, with what they hold now: nothing where there is no
/// regular file. Changes nothing itself.
///
/// The inventory is named only where it alone differs.
///
/// # Errors
///
/// As for [`write()`], as far as they show without writing.
pub fn compare(files: &Files, target: &Path) -> Result<Files, FolderError> {
    let Some(site) = Site::to_read(target)? else { return differences(files, &Survey::default()) };
    differences(files, &Survey::of(site.current())?)
}

fn differences(files: &Files, survey: &Survey) -> Result<Files, FolderError> {
    let mut found = Files::new();
    for (path, content) in files {
        let old = survey.read(path)?;
        if old.as_ref() != Some(content) {
            found.insert(path.clone(), old.unwrap_or_default());
        }
    }
    for path in survey.inventory.sha256.keys() {
        if !files.contains_key(path) && survey.entries.contains_key(Path::new(path)) {
            found.insert(path.clone(), survey.read(path)?.unwrap_or_default());
        }
    }
    if found.is_empty() {
        let old = survey.read(INVENTORY)?;
        if old.as_ref() != Some(&Inventory::of(files).render()) {
            found.insert(INVENTORY.to_owned(), old.unwrap_or_default());
        }
    }
    Ok(found)
}

/// Makes the complete successor of the surveyed folder at `build`.
fn build(files: &Files, survey: &Survey, build: &Path) -> Result<Outcome, FolderError> {
    fs::create_dir(build).context("create", build)?;
    for (path, content) in files {
        let path = build.join(path);
        create(&path, content).context("create", &path)?;
    }
    let path = build.join(INVENTORY);
    create(&path, &Inventory::of(files).render()).context("create", &path)?;

    let (mut kept, mut overwritten) = (Vec::new(), Vec::new());
    for (path, metadata) in survey.entries.iter().filter(|(_, metadata)| !metadata.is_dir()) {
        // A name that is not UTF-8 is none of ours, and neither is what it becomes here.
        let name = path.to_string_lossy().into_owned();
        let old = survey.read(&name)?;
        let new = files.get(&name);
        let recorded = survey.inventory.sha256.get(&name);
        let as_now = new.is_some() && new == old.as_ref();
        let as_then = recorded.is_some() && recorded == old.as_deref().map(hash).as_ref();
        if name == INVENTORY || as_now || as_then {
            continue;
        }
        match (recorded, new) {
            (Some(_), Some(_)) => {
                overwritten.push(name);
                continue;
            }
            (Some(_), None) => kept.push(name),
            (None, _) => {}
        }
        carry(&survey.root.join(path), &build.join(path), metadata)?;
    }
    seal(build, survey)?;
    Ok(Outcome::Written { kept, overwritten })
}

/// Takes a file of the former folder over into the build.
fn carry(from: &Path, to: &Path, metadata: &Metadata) -> Result<(), FolderError> {
    match create_folders_above(to).and_then(|()| link(from, to, metadata)) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            let reason =
                "is in the way, and p8fs-gen did not write it as it is: move or remove it, then run again";
            Err(FolderError::refused(from, reason))
        }
        result => result.context("carry over", from),
    }
}

/// A second name for the same file, so that owner, times and whatever else it has stay, and a program that is
/// writing to it goes on doing so; a copy where the file system or its rules have no such thing.
fn link(from: &Path, to: &Path, metadata: &Metadata) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(_) if metadata.is_symlink() => symlink(fs::read_link(from)?, to),
        Err(_) if metadata.is_file() => {
            create(to, &fs::read(from)?)?;
            fs::set_permissions(to, metadata.permissions())
        }
        result => result,
    }
}

/// Writes a new file, with the folders above it, and waits for the disk.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    create_folders_above(path)?;
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn create_folders_above(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Gives the folders the modes that they had, and waits for the disk; inner ones first, because a mode may
/// forbid to go on.
fn seal(build: &Path, survey: &Survey) -> Result<(), FolderError> {
    for (relative, _) in walk(build)?.iter().rev().filter(|(_, metadata)| metadata.is_dir()) {
        let folder = build.join(relative);
        sync(&folder)?;
        if let Some(former) = survey.entries.get(relative).filter(|former| former.is_dir()) {
            fs::set_permissions(&folder, former.permissions()).context("set the mode of", &folder)?;
        }
    }
    Ok(())
}
