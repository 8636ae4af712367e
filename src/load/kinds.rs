//! Kinds of stores: `stores/<kind>.toml` is a layer below everything that says something of such a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::{Layer, Table, Tree, Value, toml};
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::workspace::{STORES, Workspace, WorkspaceError};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stores");

/// The files of kinds, each read once.
#[derive(Default)]
pub(super) struct Kinds {
    files: BTreeMap<String, Option<(Tree, Sink)>>,
}

impl Kinds {
    /// One layer for each store that says of which kind it is, to be laid below all others.
    pub(super) fn layers(
        &mut self,
        above: &[Layer],
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Vec<Layer>, WorkspaceError> {
        let mut layers = Vec::new();
        for (store, (kind, at)) in kinds(above) {
            let path = format!("{STORES}/{kind}.toml");
            match self.file(&path, workspace, sources)? {
                Some((tree, syntax)) => {
                    sink.extend(syntax.clone());
                    layers.push(below(path, &store, tree.clone()));
                }
                None => sink.push(unknown(&kind, at, workspace)?),
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
                let name = path.strip_prefix(STORES)?.trim_start_matches('/');
                let text = BUILT_IN.get_file(name)?.contents_utf8()?;
                Some(sources.add(format!("builtin:{path}"), text))
            };
            let read = own.or_else(built_in).map(|file| (toml::parse(file, sources, &mut syntax), syntax));
            self.files.insert(path.to_owned(), read);
        }
        Ok(self.files.get(path).and_then(Option::as_ref))
    }
}

/// The kind that the highest layer gives each store.
fn kinds(layers: &[Layer]) -> BTreeMap<Arc<str>, (Arc<str>, Span)> {
    let stores = layers.iter().filter_map(|layer| layer.tree.value.get("stores")?.value.table());
    let said = stores.flatten().filter_map(|(name, store)| match store.value.get("kind") {
        Some(Tree { value: Value::String(kind), origin, .. }) => {
            Some((Arc::clone(name), (Arc::clone(kind), *origin)))
        }
        _ => None,
    });
    said.collect()
}

fn below(file: String, store: &Arc<str>, tree: Tree) -> Layer {
    let table = |key: &str, tree: Tree| {
        let (origin, entries) = (tree.origin, Table::from_iter([(Arc::from(key), tree)]));
        Tree { value: Value::Table(entries), origin, key: None }
    };
    let tree = table("stores", table(store, tree));
    Layer { file, tree: Arc::new(tree), extends: Vec::new(), unset: Vec::new(), syntax: Sink::default() }
}

fn unknown(kind: &str, at: Span, workspace: &Workspace) -> Result<Diagnostic, WorkspaceError> {
    let built_in =
        BUILT_IN.files().filter_map(|file| file.path().file_stem()?.to_str().map(ToOwned::to_owned));
    let mut known: Vec<String> = built_in.chain(workspace.store_files()?).collect();
    known.sort();
    known.dedup();
    Ok(Diagnostic::error(Code::UnknownReference, format!("no kind of store is called `{kind}`"))
        .at(at, format!("no file `{STORES}/{kind}.toml`, and none built in"))
        .suggest(kind, known.iter().map(String::as_str))
        .note(format!("there are {}", known.join(", "))))
}
