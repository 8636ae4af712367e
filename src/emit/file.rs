//! Single files outside of rendered folders: hooks, manual pages.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::{Context, FolderError};

/// Who may do what with a new file.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Everybody reads it.
    Text,
    /// Everybody runs it.
    Program,
    /// Nobody but the owner reads it.
    Private,
}

/// Puts a file in its place, complete or not at all; the folder above it is made if need be.
///
/// # Errors
/// The operating system's.
pub fn put(path: &Path, content: &[u8], mode: Mode) -> Result<(), FolderError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).context("create", folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".p8fs-gen-new");
    let build = path.with_file_name(name);
    let written = write(&build, content, mode).and_then(|()| fs::rename(&build, path));
    written.context("write", path).inspect_err(|_| {
        // That error counts.
        let _ = fs::remove_file(&build);
    })
}

fn write(path: &Path, content: &[u8], mode: Mode) -> io::Result<()> {
    let bits = match mode {
        Mode::Text => 0o644,
        Mode::Program => 0o755,
        Mode::Private => 0o600,
    };
    // What another run left there may be open to others.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(bits).open(path)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(bits))?;
    file.sync_all()
}

/// Gives a file another name; what had that name is replaced.
///
/// # Errors
/// The operating system's.
pub fn rename(from: &Path, to: &Path) -> Result<(), FolderError> {
    fs::rename(from, to).context("rename", from)
}

/// Removes a file.
///
/// # Errors
/// The operating system's.
pub fn remove(path: &Path) -> Result<(), FolderError> {
    fs::remove_file(path).context("remove", path)
}
