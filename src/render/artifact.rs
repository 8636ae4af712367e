//! Files of the output that are no Kubernetes objects.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::k8s::{Node, Value};

/// A file of the output that is no Kubernetes object: Helm values, what another program is set up with, …
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Below the environment's folder, with `/`. Every file system takes it and keeps it apart from others.
    pub path: Arc<str>,
    /// The family that filed it.
    pub family: Arc<str>,
    /// A mapping, to be written in the format of the path's extension, or the text of the file.
    pub root: Node,
}

/// The longest part of a path; file systems take 255 bytes, and editors add endings.
const LONGEST_NAME: usize = 240;

impl Artifact {
    pub(super) fn new(path: &Node, root: Node, family: &Arc<str>) -> Result<Self, Box<Diagnostic>> {
        let wrong = |node: &Node, title: String, label| {
            Box::new(Diagnostic::error(Code::TemplateValue, title).at(node.at, label))
        };
        let Value::String(text) = &path.value else {
            return Err(wrong(
                path,
                format!("a path is text, not {}", path.value.type_name()),
                "`file` of the header",
            ));
        };
        if !is_portable(text) {
            let label = "lower-case letters, digits, `.`, `-`, `_` and `/`, and not in `manifests/`";
            return Err(wrong(path, format!("`{text}` is no path for a file of the output"), label));
        }
        match root.value {
            Value::Map(_) | Value::String(_) => {
                Ok(Self { path: Arc::clone(text), family: Arc::clone(family), root })
            }
            _ => Err(wrong(&root, "a file is a mapping or text".to_owned(), "neither")),
        }
    }
}

/// Relative, the same on every file system, and in no place of the objects or of our own.
fn is_portable(path: &str) -> bool {
    let is_name = |name: &str| {
        name.len() <= LONGEST_NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
    };
    path.split('/').all(is_name) && path.split('/').next() != Some("manifests")
}
