//! A file beside the objects → bytes.

use std::path::Path;

use super::json::{self, Layout};
use super::{Format, yaml};
use crate::k8s::Value;
use crate::render::Artifact;

/// The file as it stands in the folder.
pub(super) fn content(artifact: &Artifact) -> Vec<u8> {
    let is_json = Path::new(&*artifact.path).extension().is_some_and(|extension| extension == "json");
    if !is_json || matches!(artifact.root.value, Value::String(_)) {
        return document(artifact, Format::Yaml);
    }
    let mut out = Vec::new();
    json::write(&artifact.root, None, Layout::Pretty, &mut out);
    out
}

/// The file as part of a stream; text is what it is.
pub(super) fn document(artifact: &Artifact, format: Format) -> Vec<u8> {
    match (&artifact.root.value, format) {
        (Value::String(text), _) => text.as_bytes().to_vec(),
        (_, Format::Yaml) => {
            let mut out = String::new();
            yaml::write(&artifact.root, None, &mut out);
            out.into_bytes()
        }
        (_, Format::Json) => {
            let mut out = Vec::new();
            json::write(&artifact.root, None, Layout::Line, &mut out);
            out
        }
    }
}
