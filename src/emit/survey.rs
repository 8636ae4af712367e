//! A folder as found before it is written or compared, and the reasons to refuse it.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::{Context, FolderError};
use super::exchange::metadata_of;
use super::inventory::{INVENTORY, Inventory};

/// What stands in a folder of ours.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) root: PathBuf,
    /// Relative path → what stands there, parents first, the folder itself as the empty path. Empty when
    /// there is no folder.
    pub(super) entries: BTreeMap<PathBuf, Metadata>,
    /// What we wrote there last.
    pub(super) inventory: Inventory,
}

impl Survey {
    /// Looks through the folder; refuses what must not be exchanged.
    pub(super) fn of(root: &Path) -> Result<Self, FolderError> {
        let Some(metadata) = metadata_of(root)? else { return Ok(Self::default()) };
        if metadata.is_symlink() {
            let reason = "is a link: remove it, or choose the folder that it leads to as output folder";
            return Err(FolderError::refused(root, reason));
        }
        if !metadata.is_dir() {
            return Err(FolderError::not_a_folder(root));
        }
        if metadata_of(&root.join(".git"))?.is_some() {
            return Err(FolderError::refused(root, "is the root of a repository: choose a folder below it"));
        }
        let mut survey =
            Self { root: root.to_owned(), entries: walk(root)?, inventory: Inventory::default() };
        if let Some(bytes) = survey.read(INVENTORY)? {
            let damaged = "is damaged: restore it, or remove the folder to write it anew";
            survey.inventory = serde_json::from_slice(&bytes)
                .map_err(|_| FolderError::refused(&root.join(INVENTORY), damaged))?;
        } else if survey.entries.len() > 1 {
            let reason =
                "was not written by p8fs-gen and is not empty: empty it or choose another output folder";
            return Err(FolderError::refused(root, reason));
        }
        Ok(survey)
    }

    /// Nobody changed anything there since, wherever the folder stands now.
    pub(super) fn still_describes(&self, root: &Path) -> Result<bool, FolderError> {
        let now = walk(root)?;
        let is_same = |((then_at, then), (now_at, now))| then_at == now_at && is_unchanged(then, now);
        Ok(self.entries.len() == now.len() && self.entries.iter().zip(&now).all(is_same))
    }

    /// The content of a regular file; None for everything else.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        if !self.entries.get(Path::new(path)).is_some_and(Metadata::is_file) {
            return Ok(None);
        }
        let path = self.root.join(path);
        fs::read(&path).context("read", &path).map(Some)
    }
}

/// The same thing with the same content, where that counts: a file that has a second name by now was taken over as
/// it is, with whatever is still being written to it.
fn is_unchanged(then: &Metadata, now: &Metadata) -> bool {
    let thing = |data: &Metadata| (data.ino(), data.mode());
    let content = |data: &Metadata| (data.size(), data.mtime(), data.mtime_nsec());
    thing(then) == thing(now) && (now.nlink() > 1 || content(then) == content(now))
}

/// Everything below the folder `root`, and `root` itself as the empty path; symbolic links are not followed.
pub(super) fn walk(root: &Path) -> Result<BTreeMap<PathBuf, Metadata>, FolderError> {
    let above = fs::metadata(root.join("..")).context("read", root)?;
    let mut entries = BTreeMap::new();
    enter(root, PathBuf::new(), &above, &mut entries)?;
    Ok(entries)
}

/// Adds what stands at `place`, with all below. Refuses mount points, because they cannot be exchanged, and
/// removing them would empty what is mounted there.
fn enter(
    place: &Path,
    relative: PathBuf,
    above: &Metadata,
    entries: &mut BTreeMap<PathBuf, Metadata>,
) -> Result<(), FolderError> {
    let metadata = fs::symlink_metadata(place).context("read", place)?;
    if is_mount_point(place, &metadata, above).context("read", place)? {
        let reason = "is a mount point: unmount it, or write to a folder below a mounted one";
        return Err(FolderError::refused(place, reason));
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(place).context("read", place)? {
            let name = entry.context("read", place)?.file_name();
            enter(&place.join(&name), relative.join(&name), &metadata, entries)?;
        }
    }
    entries.insert(relative, metadata);
    Ok(())
}

/// Asks the kernel, which knows bind mounts of the same device too. Where it cannot say, a folder on another
/// device than its parent is one; files do not count there, because overlay file systems mix their devices.
fn is_mount_point(path: &Path, metadata: &Metadata, above: &Metadata) -> rustix::io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        use rustix::io::Errno;
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        match statx(CWD, path, flags, StatxFlags::empty()) {
            Ok(found) if found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) => {
                return Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
            }
            // Old kernels do not know the call, and sandboxes forbid what they do not know.
            Ok(_) | Err(Errno::NOSYS | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(metadata.is_dir() && metadata.dev() != above.dev())
}
