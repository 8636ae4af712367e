//! New files among what a folder already holds, all of them or none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::error::{Context, FolderError};
use super::exchange::sync;

/// Where the files are made before each takes its place.
const BUILD: &str = ".p8fs-gen-build";

/// What already stands in `folder` where one of `files` would.
pub fn in_the_way(files: &BTreeMap<&str, String>, folder: &Path) -> Vec<PathBuf> {
    let places = tops(files).map(|top| folder.join(top));
    places.filter(|path| fs::symlink_metadata(path).is_ok()).collect()
}

/// Creates the files in `folder`, which is made if need be. What cannot be completed is undone.
///
/// # Errors
/// The operating system's, and a refusal where one of the names is taken.
pub fn create_new(files: &BTreeMap<&str, String>, folder: &Path) -> Result<(), FolderError> {
    fs::create_dir_all(folder).context("create", folder)?;
    let lock = File::open(folder).context("open", folder)?;
    lock.lock().context("lock", folder)?;
    let build = folder.join(BUILD);
    if build.is_dir() {
        // A killed run left it; under the lock it is nobody's.
        fs::remove_dir_all(&build).context("remove", &build)?;
    }
    let mut placed = Vec::new();
    let result = fill(files, &build).context("create", &build).and_then(|()| {
        tops(files).try_for_each(|top| {
            place(&build.join(top), &folder.join(top))?;
            placed.push(folder.join(top));
            Ok(())
        })
    });
    // The first error counts.
    let _ = fs::remove_dir_all(&build);
    if result.is_err() {
        for path in placed {
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
    result?;
    sync(folder)
}

/// The files and folders directly in the folder that hold everything, each once.
fn tops<'f>(files: &'f BTreeMap<&str, String>) -> impl Iterator<Item = &'f str> {
    let mut tops: Vec<&str> = files.keys().filter_map(|path| path.split('/').next()).collect();
    tops.dedup();
    tops.into_iter()
}

fn fill(files: &BTreeMap<&str, String>, build: &Path) -> io::Result<()> {
    for (path, content) in files {
        let path = build.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = File::create_new(path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
    }
    Ok(())
}

fn place(from: &Path, to: &Path) -> Result<(), FolderError> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot refuse by itself.
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) if fs::symlink_metadata(to).is_err() => {
            fs::rename(from, to).context("create", to)
        }
        Err(Errno::EXIST) => Err(FolderError::refused(to, "is there already")),
        result => result.context("create", to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<&'static str, String> {
        BTreeMap::from([("a/one", "1".to_owned()), ("a/two", "2".to_owned()), ("z", "3".to_owned())])
    }

    #[test]
    fn all_files_come_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let entries = || {
            let mut names: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        fs::write(folder.path().join("z"), "somebody's").unwrap();
        assert_eq!(in_the_way(&files(), folder.path()), [folder.path().join("z")]);
        let refused = create_new(&files(), folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with("z is there already"), "{refused}");
        assert_eq!(entries(), ["z"]);
        assert_eq!(fs::read_to_string(folder.path().join("z")).unwrap(), "somebody's");

        fs::remove_file(folder.path().join("z")).unwrap();
        // What a killed run leaves.
        fs::create_dir(folder.path().join(BUILD)).unwrap();
        create_new(&files(), folder.path()).unwrap();
        assert_eq!(entries(), ["a", "z"]);
        assert_eq!(fs::read_to_string(folder.path().join("a/two")).unwrap(), "2");
    }
}
