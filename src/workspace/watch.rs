//! Waiting until somebody saves a file of a workspace.
//!
//! By looking again and again, and not by asking the kernel to tell: this works the same on every system, over
//! networks and in containers' mounts, and sees a file that an editor puts in the place of another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::{INPUTS, Workspace, WorkspaceError};

/// How often to look.
const PAUSE: Duration = Duration::from_millis(20);

/// How long nothing may change before a save counts as complete; longer than the steps of file systems' clocks, so
/// that no change hides behind another.
const SETTLE: Duration = Duration::from_millis(12);

/// At most one part in so many of the time is spent looking.
const SHARE: u32 = 20;

/// What a file looked like from outside.
#[derive(PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    #[cfg(unix)]
    inode: u64,
}

/// Sees the files of a workspace change.
pub struct Watch {
    root: PathBuf,
    seen: BTreeMap<PathBuf, Stamp>,
}

impl Watch {
    /// From now on, in the workspace that a folder lies in.
    pub fn start(folder: &Path) -> Result<Self, WorkspaceError> {
        let root = Workspace::root(folder)?;
        let seen = look(&root);
        Ok(Self { root, seen })
    }

    /// Waits until a file is changed, added or removed, and a moment longer for the save to be complete.
    pub fn wait(&mut self) {
        let mut pause = PAUSE;
        loop {
            thread::sleep(pause);
            let started = Instant::now();
            let mut now = look(&self.root);
            pause = PAUSE.max(started.elapsed() * SHARE);
            if now == self.seen {
                continue;
            }
            loop {
                thread::sleep(SETTLE);
                let again = look(&self.root);
                if again == now {
                    break;
                }
                now = again;
            }
            self.seen = now;
            return;
        }
    }
}

fn look(root: &Path) -> BTreeMap<PathBuf, Stamp> {
    let mut seen = BTreeMap::new();
    let mut open: Vec<PathBuf> = INPUTS.iter().map(|input| root.join(input)).collect();
    while let Some(path) = open.pop() {
        // What cannot be read now is reported by who reads it.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            open.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
        seen.insert(path, Stamp::of(&metadata));
    }
    seen
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            size: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(metadata),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_save_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let environments = folder.path().join("environments");
        let file = environments.join("dev.toml");
        fs::create_dir(&environments).unwrap();
        fs::write(&file, "a").unwrap();
        let mut watch = Watch::start(folder.path()).unwrap();
        let saves: [&dyn Fn(); 5] = [
            &|| fs::write(&file, "b").unwrap(),
            // As editors do: beside it, then in its place.
            &|| {
                fs::write(environments.join(".dev.swp"), "c").unwrap();
                fs::rename(environments.join(".dev.swp"), &file).unwrap();
            },
            &|| {
                fs::create_dir_all(folder.path().join("templates/x")).unwrap();
                fs::write(folder.path().join("templates/x/y.yaml"), "d").unwrap();
            },
            &|| fs::remove_file(&file).unwrap(),
            &|| fs::write(folder.path().join("p8fs-gen.toml"), "").unwrap(),
        ];
        for save in saves {
            save();
            // Hangs if it is not seen.
            watch.wait();
        }
        // Output folders and whatever else stands there are none of the workspace's.
        fs::write(folder.path().join("notes"), "e").unwrap();
        assert!(look(&watch.root) == watch.seen);
    }
}
