//! What becomes of what stands in a folder when its successor is made.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::Path;

use super::error::FolderError;
use super::folder::Files;
use super::inventory::{INVENTORY, hash};
use super::survey::Survey;

/// What the new folder is made of, besides our files.
pub(super) struct Plan<'a> {
    /// All folders, parents first; the folder itself is the empty path.
    pub(super) folders: BTreeSet<&'a Path>,
    /// What is no folder and is taken over.
    pub(super) carried: Vec<(&'a Path, &'a Metadata)>,
    /// Those among them that we wrote once.
    pub(super) kept: Vec<String>,
}

impl<'a> Plan<'a> {
    /// Refuses what would cost somebody else's work.
    pub(super) fn of(files: &'a Files, survey: &'a Survey) -> Result<Self, FolderError> {
        let folders = files.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
        let mut plan = Self { folders: folders.collect(), carried: Vec::new(), kept: Vec::new() };
        plan.folders.insert(Path::new(""));
        let mut edited = Vec::new();
        for (path, metadata) in &survey.entries {
            // A name that is not UTF-8 is none of ours, and neither is what it becomes here.
            let name = path.to_string_lossy();
            let (recorded, new) = (survey.inventory.sha256.get(&*name), files.get(&*name));
            if metadata.is_dir() {
                if survey.inventory.is_ours(&name) {
                    continue;
                }
            } else if name == INVENTORY {
                continue;
            } else if recorded.is_some() || new.is_some() {
                let old = survey.read(&name)?;
                let is_as_now = old.is_some() && old.as_ref() == new;
                let is_as_then = recorded.is_some() && old.as_deref().map(hash).as_ref() == recorded;
                match (recorded, new) {
                    _ if is_as_now || is_as_then => continue,
                    (Some(_), Some(_)) => {
                        edited.push(name);
                        continue;
                    }
                    (Some(_), None) => plan.kept.push(name.into_owned()),
                    (None, _) => {}
                }
            }
            plan.carry(path, metadata, files, &survey.root)?;
        }
        if edited.is_empty() {
            return Ok(plan);
        }
        let reason = format!(
            "holds what p8fs-gen wrote and somebody edited: move or remove {}, then run again",
            edited.join(", ")
        );
        Err(FolderError::refused(&survey.root, reason))
    }

    fn carry(
        &mut self,
        path: &'a Path,
        metadata: &'a Metadata,
        files: &Files,
        root: &Path,
    ) -> Result<(), FolderError> {
        let is_ours = |path: &Path| path.to_str().is_some_and(|path| files.contains_key(path));
        if path.ancestors().any(is_ours) || !metadata.is_dir() && self.folders.contains(path) {
            let reason =
                "is in the way, and p8fs-gen did not write it as it is: move or remove it, then run again";
            return Err(FolderError::refused(&root.join(path), reason));
        }
        if metadata.is_dir() {
            self.folders.insert(path);
        } else {
            self.carried.push((path, metadata));
        }
        self.folders.extend(path.ancestors().skip(1));
        Ok(())
    }
}
