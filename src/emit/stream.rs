//! All objects of an environment, as one stream or as one file each.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{inventory::hex, yaml};
use crate::k8s::{Catalog, Identity, Object, Wave};
use crate::verify::Verified;

/// The longest path component written; file systems take 255 bytes, and editors add endings.
const LONGEST_NAME: usize = 240;

/// Folder names that Windows keeps for devices.
const DEVICES: [&str; 6] = ["aux", "con", "nul", "prn", "com", "lpt"];

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
/// identities share one: where two kinds of one name would, both are written `<kind>.<version>.<group>-<name>`.
pub fn files(verified: &Verified) -> BTreeMap<String, Vec<u8>> {
    files_of(verified.objects(), verified.catalog())
}

fn files_of(objects: &[Object], catalog: &Catalog) -> BTreeMap<String, Vec<u8>> {
    let mut claims: BTreeMap<String, usize> = BTreeMap::new();
    for object in objects {
        for path in [short_path(&object.identity), full_path(&object.identity)] {
            *claims.entry(path).or_default() += 1;
        }
    }
    let usable = |path: &String| {
        claims.get(path) == Some(&1) && path.rsplit('/').next().is_some_and(|name| name.len() <= LONGEST_NAME)
    };
    let path = |identity| {
        [short_path(identity), full_path(identity)]
            .into_iter()
            .find(usable)
            .unwrap_or_else(|| hashed_path(identity))
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
    let kind = safe(&identity.kind.to_lowercase());
    format!("{}/{kind}-{}.yaml", folder(identity), safe(&identity.name))
}

/// With the version and the group, as `kubectl get service.v1.serving.knative.dev` has them.
fn full_path(identity: &Identity) -> String {
    let kind = safe(&identity.kind.to_lowercase());
    let (group, version) = identity.api_version.split_once('/').unwrap_or(("", &identity.api_version));
    let dot = if group.is_empty() { "" } else { "." };
    let api = safe(&format!("{version}{dot}{group}"));
    format!("{}/{kind}.{api}-{}.yaml", folder(identity), safe(&identity.name))
}

/// For names too long for a file system, and for kinds that differ in case alone. No other path has a `__`.
fn hashed_path(identity: &Identity) -> String {
    let Identity { api_version, kind, name, .. } = identity;
    let hash = Sha256::digest(format!("{api_version}\n{kind}\n{name}"));
    let start = safe(&format!("{}-{name}", kind.to_lowercase()));
    format!("{}/{start:.160}__{}.yaml", folder(identity), hex(&hash[..16]))
}

fn folder(identity: &Identity) -> String {
    let Some(namespace) = &identity.namespace else { return "manifests/_cluster".to_owned() };
    let device = namespace.trim_end_matches(|c: char| c.is_ascii_digit());
    let mark = if DEVICES.contains(&device) { "_" } else { "" };
    format!("manifests/{mark}{}", safe(namespace))
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
