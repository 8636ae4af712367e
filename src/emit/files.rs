//! The environment's files, by path.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::artifact;
use super::inventory::{hash, hex};
use super::stream::{Format, document};
use crate::k8s::{Catalog, Identity, Object};
use crate::verify::Verified;

/// The longest path component written; file systems take 255 bytes, and editors add endings.
const LONGEST_NAME: usize = 240;

/// Path → content: `manifests/<namespace>/<kind>-<name>.yaml`, with `_cluster` for what has no namespace, and what else
/// there is under its own path.
///
/// Paths of objects are lower-case letters, digits, `.`, `-` and `_`, so every file system keeps them apart. No two
/// identities share one: where two would, and where a name is too long for a file system, a hash tells them apart.
pub fn files(verified: &Verified) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_of(verified.objects(), verified.catalog());
    files.extend(
        verified.artifacts().iter().map(|artifact| (artifact.path.to_string(), artifact::content(artifact))),
    );
    files
}

fn files_of(objects: &[Object], catalog: &Catalog) -> BTreeMap<String, Vec<u8>> {
    let mut claims: BTreeMap<String, usize> = BTreeMap::new();
    for object in objects {
        *claims.entry(short_path(&object.identity)).or_default() += 1;
    }
    let path = |identity| {
        let short = short_path(identity);
        let name = short.rsplit('/').next().unwrap_or_default();
        if claims[&short] == 1 && name.len() <= LONGEST_NAME { short } else { hashed_path(identity) }
    };
    objects
        .par_iter()
        .map(|object| (path(&object.identity), document(object, catalog, Format::Yaml)))
        .collect()
}

fn short_path(identity: &Identity) -> String {
    format!("{}/{}.yaml", folder(identity), kind_and_name(identity))
}

/// No short path has a `__`.
fn hashed_path(identity: &Identity) -> String {
    let Identity { api_version, kind, name, .. } = identity;
    let hash = hash(format!("{api_version}\n{kind}\n{name}").as_bytes());
    format!("{}/{:.160}__{hash:.32}.yaml", folder(identity), kind_and_name(identity))
}

fn folder(identity: &Identity) -> String {
    format!("manifests/{}", identity.namespace.as_deref().map_or("_cluster".to_owned(), safe))
}

fn kind_and_name(Identity { kind, name, .. }: &Identity) -> String {
    format!("{}-{}", safe(&kind.to_lowercase()), safe(name))
}

/// Writes what is not a lower-case letter, a digit, `-` or an inner `.` as `_` and two hexadecimal digits:
/// `system:node` becomes `system_3anode`. Different texts stay different.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => out.push(char::from(byte)),
            b'.' if index > 0 => out.push('.'),
            _ => {
                out.push('_');
                out.push_str(&hex(&[byte]));
            }
        }
    }
    out
}
