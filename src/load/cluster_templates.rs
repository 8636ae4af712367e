//! Templates of clusters: `cluster.template = "staging"` lays `clusters/staging.toml` under all layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::environments::{Layer, layer};
use super::{Tree, Value, toml};
use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::workspace::{CLUSTERS, Workspace, WorkspaceError};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/clusters");

/// The table that a template is about.
const TABLE: &str = "cluster";
/// The key that names one.
const KEY: &str = "template";

/// The templates that were asked for, each read once.
pub struct ClusterTemplates<'w> {
    workspace: &'w Workspace,
    known: BTreeMap<String, Option<Layer>>,
}

impl<'w> ClusterTemplates<'w> {
    /// Those built in and a workspace's own; nothing is read yet.
    pub fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, known: BTreeMap::new() }
    }

    /// The template that some layers name, the lowest layer first; none when they name none, or one that is not there,
    /// which is reported.
    pub fn of(
        &mut self,
        layers: &[Layer],
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Option<Layer>, WorkspaceError> {
        let Some(named) = named(layers) else { return Ok(None) };
        // What is no text is reported with all else that has the wrong type.
        let Value::String(name) = &named.value else { return Ok(None) };
        if !self.known.contains_key(&**name) {
            let read = self.read(name, sources)?;
            self.known.insert(name.to_string(), read);
        }
        let Some(layer) = self.known.get(&**name).cloned().flatten() else {
            let known = self.names()?;
            let title = format!("no template of clusters is called `{name}`");
            let found = Diagnostic::error(Code::UnknownReference, title).at(named.origin, "not found");
            let found = found.suggest(name, known.iter().map(String::as_str));
            sink.push(
                found.note(format!(
                    "there are {}; a file `{CLUSTERS}/<name>.toml` adds one",
                    known.join(", ")
                )),
            );
            return Ok(None);
        };
        sink.extend(layer.syntax.clone());
        Ok(Some(layer))
    }

    /// The workspace's own, or else the built-in one.
    fn read(&self, name: &str, sources: &mut Sources) -> Result<Option<Layer>, WorkspaceError> {
        // A name that leads to another folder is none.
        if name.contains(['/', '\\']) {
            return Ok(None);
        }
        let (path, mut syntax) = (format!("{CLUSTERS}/{name}.toml"), Sink::default());
        let own = self.workspace.read_if_there(&path, sources, &mut syntax)?;
        let built_in = || BUILT_IN.get_file(format!("{name}.toml"))?.contents_utf8();
        let file = own.or_else(|| built_in().map(|text| sources.add(format!("builtin:{path}"), text)));
        Ok(file.map(|file| {
            let mut tree = toml::parse(file, sources, &mut syntax);
            only_cluster(&mut tree, &mut syntax);
            layer(&path, tree, syntax)
        }))
    }

    /// What there is, sorted.
    fn names(&self) -> Result<Vec<String>, WorkspaceError> {
        let built_in = BUILT_IN.files().filter_map(|file| file.path().file_stem()?.to_str());
        let mut names: Vec<String> = built_in.map(ToOwned::to_owned).collect();
        names.extend(self.workspace.cluster_files()?);
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// What the uppermost layer says that says it.
fn named(layers: &[Layer]) -> Option<&Tree> {
    for layer in layers.iter().rev() {
        if let Some(named) = layer.tree.value.get(TABLE).and_then(|table| table.value.get(KEY)) {
            return Some(named);
        }
        let is_unset = |path: &[Arc<str>]| match path {
            [table] => **table == *TABLE,
            [table, key] => **table == *TABLE && **key == *KEY,
            _ => false,
        };
        if layer.unset.iter().any(|(path, _)| is_unset(path)) {
            return None;
        }
    }
    None
}

/// A template says nothing but of the cluster.
fn only_cluster(tree: &mut Tree, sink: &mut Sink) {
    let Value::Table(entries) = &mut tree.value else { return };
    entries.retain(|key, entry| {
        let is_ours = **key == *TABLE;
        if !is_ours {
            let found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}`"));
            let found = found.at(entry.place(), "not part of a template of clusters").suggest(key, [TABLE]);
            sink.push(found.note("a template has one table, `[cluster]`"));
        }
        is_ours
    });
}
