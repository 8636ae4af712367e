//! Manifests that a user names, in a workspace or not.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{WorkspaceError, add};
use crate::diag::{FileId, Sink, Sources};

/// The largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 1 << 30;

/// The texts behind names that are relative to `directory`: of a file; of a folder all files that end in `.yaml`, `.yml`
/// or `.json`, at any depth and sorted, but for hidden ones; of `-` standard input. A file named twice is read once.
pub fn manifests(
    directory: &Path,
    names: &[PathBuf],
    sources: &mut Sources,
    sink: &mut Sink,
) -> Result<Vec<FileId>, WorkspaceError> {
    let mut paths = Vec::new();
    for name in names {
        if name.as_os_str() == "-" || !directory.join(name).is_dir() {
            paths.push(name.clone());
        } else {
            walk(directory, name, &mut paths)?;
        }
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(directory.join(path).canonicalize().unwrap_or_else(|_| path.clone())));
    paths.iter().map(|path| manifest(directory, path, sources, sink)).collect()
}

fn walk(directory: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), WorkspaceError> {
    let failed = |source| WorkspaceError::Read { path: folder.display().to_string(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory.join(folder)).map_err(failed)? {
        entries.push(entry.map_err(failed)?);
    }
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let is_manifest = path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known));
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(directory, &path, found)?;
        } else if is_manifest {
            found.push(path);
        }
    }
    Ok(())
}

fn manifest(
    directory: &Path,
    name: &Path,
    sources: &mut Sources,
    sink: &mut Sink,
) -> Result<FileId, WorkspaceError> {
    let (path, read): (String, Box<dyn Read>) = if name.as_os_str() == "-" {
        ("<stdin>".to_owned(), Box::new(std::io::stdin().lock()))
    } else {
        let path = name.display().to_string();
        match std::fs::File::open(directory.join(name)) {
            Ok(file) => (path, Box::new(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(WorkspaceError::NoFile(path)),
            Err(source) => return Err(WorkspaceError::Read { path, source }),
        }
    };
    let mut bytes = Vec::new();
    match read.take(MAX_MANIFEST + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(add(&path, &bytes, MAX_MANIFEST, sources, sink)),
        Err(source) => Err(WorkspaceError::Read { path, source }),
    }
}
