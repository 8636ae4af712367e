//! `extends`: which files make an environment, in which order.

use std::sync::Arc;

use super::{Tree, Value, toml};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::workspace::{ENVIRONMENTS, Workspace, WorkspaceError};

/// Keys from the root to a value: `services`, `api`, `scale`.
pub type Path = Vec<Arc<str>>;

/// One file of an environment.
#[derive(Debug)]
pub struct Layer {
    /// The file.
    pub file: FileId,
    /// Its table, without `extends` and `unset`.
    pub tree: Tree,
    /// The paths it removes from the layers below, each with the place that says so.
    pub unset: Vec<(Path, Span)>,
}

/// The names of the workspace's environments: its files with an `[environment]` table, sorted.
///
/// # Errors
/// When a file cannot be read; of one that cannot be parsed, what can be counts.
pub fn environments(workspace: &Workspace) -> Result<Vec<String>, WorkspaceError> {
    let mut names = Vec::new();
    for name in workspace.environment_files()? {
        let text = workspace.read_if_there(&path_of(&format!("{name}.toml")))?.unwrap_or_default();
        if toml::has_key(&text, "environment") {
            names.push(name);
        }
    }
    Ok(names)
}

/// The layers of an environment, the lowest first; none when there is no such environment.
///
/// A file that several layers extend is laid once, where it is first met.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn layers(
    workspace: &Workspace,
    environment: &str,
    sources: &mut Sources,
    sink: &mut Sink,
) -> Result<Option<Vec<Layer>>, WorkspaceError> {
    let mut loader =
        Loader { workspace, sources, sink, open: Vec::new(), done: Vec::new(), layers: Vec::new() };
    let found = loader.load(&format!("{environment}.toml"))?;
    Ok(found.then_some(loader.layers))
}

fn path_of(file: &str) -> String {
    format!("{ENVIRONMENTS}/{file}")
}

struct Loader<'a> {
    workspace: &'a Workspace,
    sources: &'a mut Sources,
    sink: &'a mut Sink,
    /// The files whose layers are being followed, outermost first.
    open: Vec<String>,
    done: Vec<String>,
    layers: Vec<Layer>,
}

impl Loader<'_> {
    /// Loads a file and what it extends; false when there is no such file.
    fn load(&mut self, name: &str) -> Result<bool, WorkspaceError> {
        let path = path_of(name);
        // A layer of several environments is one file with one handle.
        let file = match self.sources.find(&path) {
            Some(file) => file,
            None => match self.workspace.read_if_there(&path)? {
                Some(text) => self.sources.add(path, text),
                None => return Ok(false),
            },
        };
        let mut tree = toml::parse(file, self.sources, self.sink);
        let extends = self.strings(&mut tree, "extends");
        let unset = self.strings(&mut tree, "unset");

        self.open.push(name.to_owned());
        for (below, span) in extends {
            self.extend(&below, span)?;
        }
        self.open.pop();
        self.done.push(name.to_owned());
        let unset =
            unset.into_iter().map(|(path, span)| (path.split('.').map(Arc::from).collect(), span)).collect();
        self.layers.push(Layer { file, tree, unset });
        Ok(true)
    }

    fn extend(&mut self, below: &str, span: Span) -> Result<(), WorkspaceError> {
        if self.open.iter().any(|open| open == below) {
            let circle = self.open.iter().map(String::as_str).chain([below]).collect::<Vec<_>>();
            self.sink.push(
                Diagnostic::error(Code::ExtendsCycle, format!("`{below}` extends itself"))
                    .at(span, "closes the circle")
                    .note(circle.join(" → ")),
            );
        } else if below.starts_with('/') || below.split('/').any(|part| part == "..") {
            self.sink.push(
                Diagnostic::error(
                    Code::UnknownLayer,
                    format!("layer `{below}` is outside `{ENVIRONMENTS}/`"),
                )
                .at(span, ""),
            );
        } else if !self.done.iter().any(|done| done == below) && !self.load(below)? {
            let files = self.workspace.environment_files()?;
            let names: Vec<String> = files.iter().map(|name| format!("{name}.toml")).collect();
            self.sink.push(
                Diagnostic::error(Code::UnknownLayer, format!("no layer `{below}` in `{ENVIRONMENTS}/`"))
                    .at(span, "not found")
                    .suggest(below, names.iter().map(String::as_str)),
            );
        }
        Ok(())
    }

    /// Takes a list of strings out of the root table.
    fn strings(&mut self, tree: &mut Tree, key: &str) -> Vec<(String, Span)> {
        let Value::Table(entries) = &mut tree.value else { return Vec::new() };
        let Some(entry) = entries.remove(key) else { return Vec::new() };
        let items = match entry.tree.value {
            Value::Array(items) => items,
            other => vec![Tree { value: other, origin: entry.tree.origin }],
        };
        let mut strings = Vec::new();
        for item in items {
            match item.value {
                Value::String(text) => strings.push((text.to_string(), item.origin)),
                _ => self.sink.push(
                    Diagnostic::error(Code::WrongType, format!("`{key}` is a list of strings"))
                        .at(item.origin, "not a string"),
                ),
            }
        }
        strings
    }
}
