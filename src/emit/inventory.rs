//! The list of the files we wrote, kept among them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The inventory's path in a folder of ours.
pub(super) const INVENTORY: &str = ".p8fs-gen.json";

/// What we wrote; tells our files from others', and edited ones from untouched ones.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventory {
    /// Path → [`hash`] of its content.
    pub(super) sha256: BTreeMap<String, String>,
}

impl Inventory {
    pub(super) fn of(files: &BTreeMap<String, Vec<u8>>) -> Self {
        Self { sha256: files.iter().map(|(path, content)| (path.clone(), hash(content))).collect() }
    }

    /// We wrote something below that folder; the empty path is the folder of the inventory.
    pub(super) fn is_ours(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        folder.is_empty()
            || self.sha256.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// The inventory as written: sorted, one file a line.
    pub(super) fn render(&self) -> Vec<u8> {
        // Strings and maps of strings always have a JSON form.
        (serde_json::to_string_pretty(self).unwrap_or_default() + "\n").into_bytes()
    }
}

/// The SHA-256 in hexadecimal.
pub(super) fn hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// Lower-case hexadecimal digits, two for a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
