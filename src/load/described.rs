//! What files of their own say of a thing: `stores/<kind>.toml` is a layer below everything that says something of such a
//! store, `charts/<chart>.toml` below everything that says something of a release of the chart.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::{Layer, Table, Tree, Value, toml};
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::workspace::{CHARTS, STORES, Workspace, WorkspaceError};

static KINDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stores");
static KNOWN_CHARTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/charts");

/// Of all kinds of stores.
pub(super) fn kinds() -> Described {
    Described { what: "kind of store", folder: STORES, built_in: &KINDS, files: BTreeMap::new() }
}

/// Of all Helm charts.
pub(super) fn charts() -> Described {
    Described { what: "chart", folder: CHARTS, built_in: &KNOWN_CHARTS, files: BTreeMap::new() }
}

/// The files of a folder, built in or the workspace's own, each read once.
pub(super) struct Described {
    /// The noun for what a file describes.
    what: &'static str,
    folder: &'static str,
    built_in: &'static Dir<'static>,
    files: BTreeMap<String, Option<(Tree, Sink)>>,
}

/// A table, and what the highest layer says that it is.
pub(super) struct Said {
    /// The keys that lead to the table.
    path: Vec<Arc<str>>,
    name: Arc<str>,
    at: Span,
}

impl Described {
    /// One layer for each table that says what it is, to be laid below all others.
    pub(super) fn layers(
        &mut self,
        said: &[Said],
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Vec<Layer>, WorkspaceError> {
        let mut layers = Vec::new();
        for Said { path: table, name, at } in said {
            let path = format!("{}/{name}.toml", self.folder);
            match self.file(&path, workspace, sources)? {
                Some((tree, syntax)) => {
                    sink.extend(syntax.clone());
                    layers.push(below(path, table, tree.clone()));
                }
                None => sink.push(self.unknown(name, *at, workspace)?),
            }
        }
        Ok(layers)
    }

    fn file(
        &mut self,
        path: &str,
        workspace: &Workspace,
        sources: &mut Sources,
    ) -> Result<Option<&(Tree, Sink)>, WorkspaceError> {
        if !self.files.contains_key(path) {
            let mut syntax = Sink::default();
            let own = workspace.read_if_there(path, sources, &mut syntax)?;
            let built_in = || {
                let name = path.strip_prefix(self.folder)?.trim_start_matches('/');
                let text = self.built_in.get_file(name)?.contents_utf8()?;
                Some(sources.add(format!("builtin:{path}"), text))
            };
            let read = own.or_else(built_in).map(|file| (toml::parse(file, sources, &mut syntax), syntax));
            self.files.insert(path.to_owned(), read);
        }
        Ok(self.files.get(path).and_then(Option::as_ref))
    }

    fn unknown(&self, name: &str, at: Span, workspace: &Workspace) -> Result<Diagnostic, WorkspaceError> {
        let Self { what, folder, built_in, .. } = self;
        let built_in =
            built_in.files().filter_map(|file| file.path().file_stem()?.to_str().map(ToOwned::to_owned));
        let mut known: Vec<String> = built_in.chain(workspace.descriptions(folder)?).collect();
        known.sort();
        known.dedup();
        Ok(Diagnostic::error(Code::UnknownReference, format!("no {what} is called `{name}`"))
            .at(at, format!("no file `{folder}/{name}.toml`, and none built in"))
            .suggest(name, known.iter().map(String::as_str))
            .note(format!("there are {}", known.join(", "))))
    }
}

/// The stores, and of which kind each is.
pub(super) fn stores(layers: &[Layer]) -> Vec<Said> {
    let mut said = BTreeMap::new();
    for (name, store) in tables(layers, "stores") {
        said.extend(text(store, "kind").map(|kind| (name, kind)));
    }
    let path = |name: &Arc<str>| vec![Arc::from("stores"), Arc::clone(name)];
    said.into_iter().map(|(name, (kind, at))| Said { path: path(name), name: kind, at }).collect()
}

/// What Helm installs, and of which chart each release is: those of `[charts]`, and stores that can be had so.
pub(super) fn releases(layers: &[Layer]) -> Vec<Said> {
    let mut said = BTreeMap::new();
    for (name, release) in tables(layers, "charts") {
        let path = vec![Arc::from("charts"), Arc::clone(name)];
        said.extend(text(release, "chart").map(|chart| (path, chart)));
    }
    for (name, store) in tables(layers, "stores") {
        let path = vec![Arc::from("stores"), Arc::clone(name), Arc::from("chart")];
        said.extend(
            store.value.get("chart").and_then(|chart| text(chart, "chart")).map(|chart| (path, chart)),
        );
    }
    said.into_iter().map(|(path, (name, at))| Said { path, name, at }).collect()
}

/// The entries of a table, the lowest layer first.
fn tables<'l>(layers: &'l [Layer], key: &'static str) -> impl Iterator<Item = (&'l Arc<str>, &'l Tree)> {
    let tables = layers.iter().filter_map(move |layer| layer.tree.value.get(key)?.value.table());
    tables.flatten()
}

fn text(table: &Tree, key: &str) -> Option<(Arc<str>, Span)> {
    match table.value.get(key) {
        Some(Tree { value: Value::String(text), origin, .. }) => Some((Arc::clone(text), *origin)),
        _ => None,
    }
}

fn below(file: String, path: &[Arc<str>], tree: Tree) -> Layer {
    let table = |tree: Tree, key: &Arc<str>| {
        let (origin, entries) = (tree.origin, Table::from_iter([(Arc::clone(key), tree)]));
        Tree { value: Value::Table(entries), origin, key: None }
    };
    let tree = path.iter().rev().fold(tree, table);
    Layer { file, tree: Arc::new(tree), extends: Vec::new(), unset: Vec::new(), syntax: Sink::default() }
}
