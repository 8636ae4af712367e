//! Where a workspace's files come from.

#[cfg(any(test, feature = "fuzz"))]
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A set of files. Paths are relative to the workspace and use `/`.
pub trait Files: Send + Sync {
    /// At most `limit` bytes of the file at `path`.
    /// A missing file is `NotFound`.
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>>;

    /// Whether the file at `path` lies elsewhere: a link leads out of the set.
    fn leads_out(&self, path: &str) -> bool;

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
        let path = self.root.join(path);
        // Asked before it is opened: opening a pipe waits for somebody to write to it.
        if !std::fs::metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn leads_out(&self, path: &str) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        match (real(&self.root), real(&self.root.join(path))) {
            (Some(root), Some(path)) => !path.starts_with(root),
            // What is not there leads nowhere.
            _ => false,
        }
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
#[cfg(any(test, feature = "fuzz"))]
#[derive(Default)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
}

#[cfg(any(test, feature = "fuzz"))]
impl Memory {
    #[must_use]
    pub fn with(mut self, path: &str, text: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        self.files.insert(path.to_owned(), text.as_ref().to_owned());
        self
    }
}

#[cfg(any(test, feature = "fuzz"))]
impl Files for Memory {
    fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let text = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(text.len());
        Ok(text[..limit].to_vec())
    }

    fn leads_out(&self, _: &str) -> bool {
        false
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        Ok(self.files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect())
    }
}
