//! Files → a folder, complete or untouched.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;

use super::error::{Context, FolderError};
use super::exchange::{Site, sync};
use super::inventory::{INVENTORY, Inventory};
use super::plan::Plan;
use super::survey::Survey;

/// Path, relative to the folder and with `/` → content.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// How often a folder that another program keeps changing is built.
const ATTEMPTS: usize = 3;

/// What [`write()`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The folder is new, or another one than before.
    Written {
        /// The files that were there and are different now, or gone, with what they held.
        former: Files,
        /// Files that we wrote once, that are no longer part of the output, and that stay because somebody
        /// edited them; worth a warning. From now on they count as somebody else's.
        kept: Vec<String>,
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
/// The target is refused if it is no folder, not ours, a mount point or a repository, if something of somebody
/// else's is in the way or a file of ours was edited, or if another program keeps changing it; the operating system
/// may refuse as well. The target is then as it was, except that a failure to remove the former folder is left for
/// the next run to finish.
pub fn write(files: &Files, target: &Path) -> Result<Outcome, FolderError> {
    let _room = tracing::debug_span!(target: "p8fs-gen.emit", "wrote the folder").entered();
    let site = Site::to_write(target)?;
    site.recover()?;
    for _ in 0..ATTEMPTS {
        let survey = Survey::of(&site.target)?;
        let differing = differences(files, &survey)?;
        if differing.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let plan = Plan::of(files, &survey)?;
        let former = build(files, &survey, &plan, &site.build).and_then(|()| site.install());
        let former = former.inspect_err(|_| {
            // That error counts; should this fail too, the next run does it.
            let _ = site.recover();
        })?;
        let written = Outcome::Written { former: differing, kept: plan.kept };
        let Some(former) = former else { return Ok(written) };
        if survey.still_describes(former)? {
            site.sweep()?;
            return Ok(written);
        }
        site.undo(former)?;
        site.sweep()?;
    }
    let reason = "is being changed by another program: wait until it is done, then run again";
    Err(FolderError::refused(target, reason))
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
    differences(files, &Survey::of(site.current()?)?)
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
fn build(files: &Files, survey: &Survey, plan: &Plan<'_>, build: &Path) -> Result<(), FolderError> {
    for folder in &plan.folders {
        let folder = build.join(folder);
        fs::create_dir(&folder).context("create", &folder)?;
    }
    let inventory = (INVENTORY, &Inventory::of(files).render());
    for (path, content) in files.iter().map(|(path, content)| (&**path, content)).chain([inventory]) {
        let path = build.join(path);
        create(&path, content).context("create", &path)?;
    }
    for (path, metadata) in &plan.carried {
        let from = survey.root.join(path);
        link(&from, &build.join(path), metadata).context("take over", &from)?;
    }
    // Inner ones first, because a mode may forbid to go on.
    for folder in plan.folders.iter().rev() {
        seal(&build.join(folder), survey.entries.get(*folder))?;
    }
    Ok(())
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

/// Writes a new file and waits for the disk.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Waits for the disk, and gives the folder the owner and the mode of the former one.
fn seal(folder: &Path, former: Option<&Metadata>) -> Result<(), FolderError> {
    sync(folder)?;
    let Some(former) = former.filter(|former| former.is_dir()) else { return Ok(()) };
    let new = fs::symlink_metadata(folder).context("read", folder)?;
    if (former.uid(), former.gid()) != (new.uid(), new.gid()) {
        // Not everybody may give folders away, and then it is ours as any that we make.
        let _ = chown(folder, Some(former.uid()), Some(former.gid()));
    }
    if former.mode() != new.mode() {
        fs::set_permissions(folder, former.permissions()).context("set the mode of", folder)?;
    }
    Ok(())
}
