//! All objects of an environment, as one stream or as one file each.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::inventory::{hash, hex};
use super::yaml;
use crate::k8s::{Catalog, Identity, Object, Wave};
use crate::verify::Verified;

/// The longest path component written; file systems take 255 bytes, and editors add endings.
const LONGEST_NAME: usize = 240;

/// The objects, or those of one family, as `kubectl apply -f -` reads them, in the order in which they are to be
/// installed.
pub fn stream(verified: &Verified, family: Option<&str>) -> String {
    let wanted = |object: &&Object| family.is_none_or(|family| *object.family == *family);
    stream_of(verified.objects().iter().filter(wanted).collect(), verified.catalog())
}

fn stream_of(mut objects: Vec<&Object>, catalog: &Catalog) -> String {
    objects.sort_by_cached_key(|object| {
        let Identity { api_version, kind, namespace, name } = &object.identity;
        (Wave::of(api_version, kind), kind, namespace, name, api_version)
    });
    let documents: Vec<String> = objects.into_par_iter().map(|object| document(object, catalog)).collect();
    documents.join("---\n")
}

/// Path → content: `manifests/<namespace>/<kind>-<name>.yaml`, with `_cluster` for what has no namespace.
///
/// Paths are lower-case letters, digits, `.`, `-` and `_`, so every file system keeps them apart. No two
/// identities share one: where two would, and where a name is too long for a file system, a hash tells them apart.
pub fn files(verified: &Verified) -> BTreeMap<String, Vec<u8>> {
    files_of(verified.objects(), verified.catalog())
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
        .map(|object| (path(&object.identity), document(object, catalog).into_bytes()))
        .collect()
}

fn document(object: &Object, catalog: &Catalog) -> String {
    let Identity { api_version, kind, .. } = &object.identity;
    let mut out = String::new();
    yaml::write(object, catalog.cursor(api_version, kind), &mut out);
    out
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
