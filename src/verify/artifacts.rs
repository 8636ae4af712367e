//! Files beside the objects: no two in one place.

use std::collections::BTreeMap;

use super::Findings;
use crate::diag::Code;
use crate::render::Artifact;

/// Refuses a file whose path another one has, or has as a folder.
pub(super) fn check_unique(artifacts: &[Artifact], findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<&str, &Artifact> = BTreeMap::new();
    for artifact in artifacts {
        let path = &*artifact.path;
        let above = path.match_indices('/').filter_map(|(end, _)| seen.get(&path[..end]));
        let below = format!("{path}/");
        let within = seen.range(&*below..).next().filter(|(other, _)| other.starts_with(&below));
        if let Some(first) = seen.get(path).or(above.into_iter().next()).or(within.map(|(_, other)| other)) {
            let title = format!("`{path}` is made twice");
            let found = findings.structure(Code::DuplicateObject, title, &artifact.root, "the second");
            findings.push(found.context(first.root.at, format!("the first, `{}`", first.path)));
        }
        seen.insert(path, artifact);
    }
}
