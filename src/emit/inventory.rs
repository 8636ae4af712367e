//! The list of the files we wrote, kept among them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The inventory's path in a folder of ours.
pub const INVENTORY: &str = ".p8fs-gen.json";

/// What we wrote; tells our files from others', and edited ones from untouched ones.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventory {
    /// Path → SHA-256 of its content, in hexadecimal.
    sha256: BTreeMap<String, String>,
}

impl Inventory {
    pub(super) fn of(files: &BTreeMap<String, Vec<u8>>) -> Self {
        Self { sha256: files.iter().map(|(path, content)| (path.clone(), hash(content))).collect() }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The inventory as written: sorted, one file a line.
    pub(super) fn render(&self) -> String {
        // Strings and maps of strings always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The paths we wrote, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.sha256.keys().map(String::as_str)
    }

    /// We wrote a file at `path`.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.sha256.contains_key(path)
    }

    /// We wrote something in the folder `path`.
    pub(super) fn lists_below(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.sha256.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }

    /// We wrote exactly this at `path`.
    pub(super) fn wrote(&self, path: &str, content: &[u8]) -> bool {
        self.sha256.get(path).is_some_and(|recorded| *recorded == hash(content))
    }
}

fn hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// Lower-case hexadecimal digits, two for a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
