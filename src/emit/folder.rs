//! Files → a folder, complete or untouched.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::error::{Context, FolderError};
use super::exchange::{Site, sync};
use super::inventory::{INVENTORY, Inventory};
use super::survey::{Survey, walk};

/// What [`write()`] did. Both lists are worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether anything was written at all.
    pub outcome: Outcome,
    /// Files that we wrote once, that are no longer part of the output, and that stay because somebody edited
    /// them. From now on they count as somebody else's.
    pub kept: Vec<String>,
    /// Files that somebody had edited, and that now have our content again.
    pub overwritten: Vec<String>,
}

/// Whether a folder was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The folder is new, or another one than before.
    Written,
    /// All was there already; not even a time stamp changed.
    Unchanged,
}

/// How a folder differs from what [`write()`] would make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file is not there.
    Missing {
        /// Relative to the folder.
        path: String,
    },
    /// The file has other content.
    Changed {
        /// Relative to the folder.
        path: String,
        /// What it holds now; empty if it is no regular file.
        old: Vec<u8>,
    },
    /// We wrote the file once, and it is no longer part of the output.
    Stale {
        /// Relative to the folder.
        path: String,
        /// What it holds now.
        old: Vec<u8>,
    },
}

/// Makes `target` hold `files` (relative path, with `/` → content), an inventory of them, and what others put there.
///
/// The new folder is built beside the target and takes its place in one step, so that a process killed at any
/// point leaves the old folder or the new one, never a mixture; where the file system has no such step, the
/// next run completes it. Two runs at once wait for each other.
///
/// # Errors
///
/// The target is refused if it is no folder, not ours, a mount point or a repository, or if something of
/// somebody else's is in the way; the operating system may refuse as well. The target is then as it was, except
/// that a failure to remove the former folder, named in the error, leaves it beside the new one until the next run.
pub fn write(files: &BTreeMap<String, Vec<u8>>, target: &Path) -> Result<Report, FolderError> {
    if let Some(path) = files.keys().find(|path| !is_writable_path(path)) {
        return Err(FolderError::Name { path: path.into() });
    }
    let site = Site::to_write(target)?;
    site.recover()?;
    let survey = Survey::of(&site.target())?;
    if differences(files, &survey)?.is_empty() {
        return Ok(Report { outcome: Outcome::Unchanged, kept: Vec::new(), overwritten: Vec::new() });
    }
    let build = site.build()?;
    for (path, content) in files {
        create(&build.path().join(path), content)?;
    }
    create(&build.path().join(INVENTORY), Inventory::of(files).render().as_bytes())?;
    let mut report = Report { outcome: Outcome::Written, kept: Vec::new(), overwritten: Vec::new() };
    for (path, metadata) in &survey.entries {
        carry(path, metadata, files, &survey, build.path(), &mut report)?;
    }
    seal(build.path(), &survey)?;
    site.install(build, &survey)?;
    Ok(report)
}

/// What [`write()`] would change in `target`, sorted by path; changes nothing.
///
/// The inventory is named only where it alone differs.
///
/// # Errors
///
/// As for [`write()`], as far as they show without writing.
pub fn compare(files: &BTreeMap<String, Vec<u8>>, target: &Path) -> Result<Vec<Difference>, FolderError> {
    let Some(site) = Site::to_read(target)? else { return differences(files, &Survey::default()) };
    differences(files, &Survey::of(&site.current()?)?)
}

fn differences(files: &BTreeMap<String, Vec<u8>>, survey: &Survey) -> Result<Vec<Difference>, FolderError> {
    let there = |path: &str| survey.entries.contains_key(Path::new(path));
    let mut found = BTreeMap::new();
    let difference = |path: &str, content: &[u8]| {
        let path = path.to_owned();
        Ok(match survey.read(&path)? {
            Some(old) if old == content => None,
            None if !there(&path) => Some(Difference::Missing { path }),
            old => Some(Difference::Changed { path, old: old.unwrap_or_default() }),
        })
    };
    for (path, content) in files {
        found.extend(difference(path, content)?.map(|difference| (path.as_str(), difference)));
    }
    for path in survey.inventory.paths().filter(|path| !files.contains_key(*path) && there(path)) {
        let old = survey.read(path)?.unwrap_or_default();
        found.insert(path, Difference::Stale { path: path.to_owned(), old });
    }
    if found.is_empty() {
        let inventory = Inventory::of(files).render();
        found.extend(difference(INVENTORY, inventory.as_bytes())?.map(|difference| (INVENTORY, difference)));
    }
    Ok(found.into_values().collect())
}

/// Names a file below the folder, and not the inventory.
fn is_writable_path(path: &str) -> bool {
    path != INVENTORY && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Writes a new file, with the folders above it, and waits for the disk.
fn create(path: &Path, content: &[u8]) -> Result<(), FolderError> {
    let above = path.parent().map_or(Ok(()), fs::create_dir_all);
    above.and_then(|()| create_file(path, content)).context("create", path)
}

fn create_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Takes an entry of the former folder over into the build, unless it was ours and untouched.
fn carry(
    path: &Path,
    metadata: &Metadata,
    files: &BTreeMap<String, Vec<u8>>,
    survey: &Survey,
    build: &Path,
    report: &mut Report,
) -> Result<(), FolderError> {
    let place = survey.place(path);
    let result = if metadata.is_dir() {
        match path.to_str() {
            Some(path) if survey.inventory.lists_below(path) => return Ok(()),
            _ => fs::create_dir_all(build.join(path)),
        }
    } else {
        if let Some(path) = path.to_str()
            && is_replaced(path, files, survey, report)?
        {
            return Ok(());
        }
        build
            .join(path)
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| link(&place, &build.join(path)))
    };
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) => {
            Err(FolderError::Foreign { path: place })
        }
        result => result.context("carry over", &place),
    }
}

/// The file is ours, or just like ours: what is in the build, or not in it, is right.
fn is_replaced(
    path: &str,
    files: &BTreeMap<String, Vec<u8>>,
    survey: &Survey,
    report: &mut Report,
) -> Result<bool, FolderError> {
    if path == INVENTORY {
        return Ok(true);
    }
    let old = survey.read(path)?;
    let untouched = old.as_ref().is_some_and(|old| survey.inventory.wrote(path, old));
    let listed = survey.inventory.lists(path);
    Ok(match files.get(path) {
        Some(new) if old.as_ref() == Some(new) => true,
        Some(_) if listed => {
            if !untouched {
                report.overwritten.push(path.to_owned());
            }
            true
        }
        None if listed && !untouched => {
            report.kept.push(path.to_owned());
            false
        }
        Some(_) | None => untouched,
    })
}

/// A second name for the same file, so that owner, times and whatever else it has stay, and a program that is
/// writing to it goes on doing so; a copy where the file system or its rules have no such thing.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let Err(error) = fs::hard_link(from, to) else { return Ok(()) };
    let metadata = fs::symlink_metadata(from)?;
    if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) {
        return Err(error);
    } else if metadata.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    } else if !metadata.is_file() {
        return Err(error);
    }
    create_file(to, &fs::read(from)?)?;
    fs::set_permissions(to, metadata.permissions())
}

/// Gives the folders the modes that they had, and waits for the disk; inner ones first, because a mode may
/// forbid to go on.
fn seal(build: &Path, survey: &Survey) -> Result<(), FolderError> {
    let folders = walk(build)?.into_iter().filter(|(_, metadata)| metadata.is_dir());
    for (relative, _) in folders.collect::<Vec<(PathBuf, _)>>().into_iter().rev() {
        let folder = build.join(&relative);
        sync(&folder)?;
        if let Some(former) = survey.entries.get(&relative).filter(|former| former.is_dir()) {
            fs::set_permissions(&folder, former.permissions()).context("set the mode of", &folder)?;
        }
    }
    Ok(())
}
