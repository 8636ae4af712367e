//! `p8fs-gen.toml`: what a workspace says about itself.

use super::{Value, toml};
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::workspace::{SETTINGS, Workspace, WorkspaceError};

const KEYS: [&str; 1] = ["version"];

/// A workspace's settings.
#[derive(Debug, Default)]
pub struct Settings {
    /// The only version of the tool that may compile the workspace, and the place that says so.
    pub version: Option<(String, Span)>,
}

impl Settings {
    /// Reads them; those of a workspace without the file are empty.
    pub fn read(
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Self, WorkspaceError> {
        let mut settings = Self::default();
        let Some(file) = workspace.read_if_there(SETTINGS, sources, sink)? else { return Ok(settings) };
        let tree = toml::parse(file, sources, sink);
        for (key, entry) in tree.value.table().into_iter().flatten() {
            match (&**key, &entry.value) {
                ("version", Value::String(version)) => {
                    settings.version = Some((version.to_string(), entry.origin));
                }
                ("version", other) => {
                    let label = format!("expected string, found {}", other.type_name());
                    let found = Diagnostic::error(Code::WrongType, "`version` has the wrong type");
                    sink.push(found.at(entry.origin, label));
                }
                _ => {
                    let found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`"));
                    let found = found.at(entry.place(), "not a setting").suggest(key, KEYS);
                    sink.push(found.note(format!("{SETTINGS} has `{}`", KEYS.join("`, `"))));
                }
            }
        }
        Ok(settings)
    }
}
