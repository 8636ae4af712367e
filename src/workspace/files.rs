//! Where a workspace's files come from.

#[cfg(test)]
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A set of files. Paths are relative to the workspace and use `/`.
pub trait Files: Send + Sync {
    /// At most `limit` bytes of the file at `path`.
    /// A missing file is `NotFound`.
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>>;

    /// Every file below `folder`, at any depth, as paths that [`Files::read`] takes; in no certain order.
    /// A missing folder is `NotFound`.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// Files on disk.
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

impl Files for Disk {
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(self.root.join(path))?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                // A name that is not UTF-8 cannot be meant for us.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = format!("{folder}/{name}");
                if entry.file_type()?.is_dir() {
                    open.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }
}

/// Files in memory.
#[cfg(test)]
#[derive(Default)]
pub struct Memory {
    files: BTreeMap<String, String>,
}

#[cfg(test)]
impl Memory {
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }
}

#[cfg(test)]
impl Files for Memory {
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let text = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(text.len());
        Ok(text.as_bytes()[..limit].to_vec())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        Ok(self.files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect())
    }
}
