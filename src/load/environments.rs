//! The files of `environments/`: which are environments, and which layers make one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::described::{self, Described};
use super::{Tree, Value, toml};
use crate::diag::{Code, Diagnostic, Sink, Sources, Span};
use crate::workspace::{ENVIRONMENTS, Workspace, WorkspaceError};

/// Keys from the root to a value: `services`, `api`, `scale`.
pub type Path = Vec<Arc<str>>;

/// One file of an environment.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its file, below `environments/`.
    pub file: String,
    /// Its table, without `extends` and `unset`. The environments on top of the file share it.
    pub tree: Arc<Tree>,
    /// The layers below it, by file name, each with the place that says so.
    pub extends: Vec<(String, Span)>,
    /// The paths it removes from the layers below, each with the place that says so.
    pub unset: Vec<(Path, Span)>,
    /// What was wrong with its text or its `extends`; the tree is what could be read nevertheless.
    pub syntax: Sink,
}

impl Layer {
    /// Whether the file is an environment: it has an `[environment]` table.
    pub fn is_environment(&self) -> bool {
        self.tree.value.get("environment").is_some()
    }

    /// What is wrong with the file where an environment is wanted.
    pub fn not_an_environment(&self, wanted: &str) -> Diagnostic {
        let title = format!("`{wanted}` is a layer: it has no `[environment]` table");
        let found = Diagnostic::error(Code::UnknownEnvironment, title);
        match self.misspelt() {
            Some(at) => found.at(at, "did you mean `environment`?"),
            None => found,
        }
    }

    /// The table that may be meant to make it an environment.
    fn misspelt(&self) -> Option<Span> {
        let mut tables = self.tree.value.table().into_iter().flatten();
        let misspelt = tables.find(|(key, _)| crate::diag::closest(key, ["environment"]).is_some());
        misspelt.map(|(_, tree)| tree.place())
    }
}

/// The files of a workspace's environments, each read once.
pub struct Environments<'w> {
    workspace: &'w Workspace,
    files: BTreeMap<String, Option<Layer>>,
    kinds: Described,
    charts: Described,
}

impl<'w> Environments<'w> {
    /// The environments of a workspace; nothing is read yet.
    pub fn new(workspace: &'w Workspace) -> Self {
        let (kinds, charts) = (described::kinds(), described::charts());
        Self { workspace, files: BTreeMap::new(), kinds, charts }
    }

    /// Where they are.
    pub fn workspace(&self) -> &'w Workspace {
        self.workspace
    }

    /// The names of the environments: files with an `[environment]` table, sorted.
    pub fn names(&mut self, sources: &mut Sources) -> Result<Vec<String>, WorkspaceError> {
        let mut names = Vec::new();
        for name in self.workspace.environment_files()? {
            let layer = self.file(&format!("{name}.toml"), sources)?;
            if layer.is_some_and(Layer::is_environment) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// What can be compiled: each environment, or each of its clusters as `environment/cluster` where it has several.
    pub fn targets(&mut self, sources: &mut Sources) -> Result<Vec<String>, WorkspaceError> {
        let mut targets = Vec::new();
        for name in self.names(sources)? {
            // What is wrong with the layers is said when they are compiled.
            let layers = self.layers(&name, sources, &mut Sink::default())?.unwrap_or_default();
            match super::clusters::names(&layers).as_slice() {
                [] => targets.push(name),
                clusters => targets.extend(clusters.iter().map(|cluster| format!("{name}/{cluster}"))),
            }
        }
        Ok(targets)
    }

    /// Reports files that are neither environments nor extended by one: with a misspelt `[environment]`, a file
    /// would otherwise not be looked at by anybody.
    pub fn strays(&mut self, sources: &mut Sources, sink: &mut Sink) -> Result<(), WorkspaceError> {
        // Reads all of them.
        self.names(sources)?;
        let layers = || self.files.values().flatten();
        let is_used = |layer: &Layer| {
            let mut extended = layers().flat_map(|layer| &layer.extends);
            layer.is_environment() || extended.any(|(below, _)| *below == layer.file)
        };
        for layer in layers().filter(|layer| !is_used(layer)) {
            if layer.syntax.errors() == 0 {
                sink.push(stray(layer));
            }
            sink.extend(layer.syntax.clone());
        }
        for file in self.workspace.beside_environments()? {
            if !self.files.contains_key(&file) {
                let title = format!("`{ENVIRONMENTS}/{file}` is neither an environment nor a layer of one");
                let help =
                    "environments end in `.toml` and lie in this folder itself; move the file elsewhere";
                sink.push(Diagnostic::error(Code::StrayFile, title).help(help));
            }
        }
        Ok(())
    }

    /// The layers of an environment or a layer, the lowest first; none when there is no such file. A file that several
    /// layers extend is laid once, where it is first met.
    pub fn layers(
        &mut self,
        environment: &str,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Option<Vec<Layer>>, WorkspaceError> {
        let _room = tracing::debug_span!(target: "p8fs-gen.load", "read layers").entered();
        let mut layers = Vec::new();
        let name = format!("{environment}.toml");
        if !is_file_name(&name) {
            return Ok(None);
        }
        let found = self.follow(&name, &mut vec![], &mut layers, sources, sink)?;
        Ok(found.then_some(layers))
    }

    /// The layers that lie below these: what is said of each store's kind, and below it, of each chart.
    pub fn described(
        &mut self,
        above: &[Layer],
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Vec<Layer>, WorkspaceError> {
        let kinds = self.kinds.layers(&described::stores(above), self.workspace, sources, sink)?;
        let charts = described::releases(&[&kinds, above].concat());
        let charts = self.charts.layers(&charts, self.workspace, sources, sink)?;
        Ok(charts.into_iter().chain(kinds).collect())
    }

    /// Adds a file and what it extends; false when there is no such file.
    fn follow(
        &mut self,
        name: &str,
        open: &mut Vec<String>,
        layers: &mut Vec<Layer>,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<bool, WorkspaceError> {
        let Some(mut layer) = self.file(name, sources)?.cloned() else { return Ok(false) };
        open.push(name.to_owned());
        for (below, span) in &layer.extends {
            if let Some(start) = open.iter().position(|open| open == below) {
                let circle: Vec<&str> = open[start..].iter().chain([below]).map(String::as_str).collect();
                layer.syntax.push(
                    Diagnostic::error(Code::ExtendsCycle, format!("`{below}` extends itself"))
                        .at(*span, "closes the circle")
                        .note(circle.join(" → ")),
                );
            } else if is_outside(below) {
                layer.syntax.push(
                    Diagnostic::error(
                        Code::OutsideWorkspace,
                        format!("`{below}` lies outside of `{ENVIRONMENTS}/`"),
                    )
                    .at(*span, "leads out")
                    .help("name a file of this folder; copy the layer here if it is elsewhere"),
                );
            } else if !layers.iter().any(|done| done.file == *below)
                && (!is_file_name(below) || !self.follow(below, open, layers, sources, sink)?)
            {
                let files = self.workspace.environment_files()?;
                let names: Vec<String> = files.iter().map(|name| format!("{name}.toml")).collect();
                layer.syntax.push(
                    Diagnostic::error(Code::UnknownLayer, format!("no layer `{below}` in `{ENVIRONMENTS}/`"))
                        .at(*span, "the name of a file in this folder is wanted")
                        .suggest(below, names.iter().map(String::as_str))
                        .note(format!("there are {}", names.join(", "))),
                );
            }
        }
        open.pop();
        sink.extend(layer.syntax.clone());
        layers.push(layer);
        Ok(true)
    }

    fn file(&mut self, name: &str, sources: &mut Sources) -> Result<Option<&Layer>, WorkspaceError> {
        if !self.files.contains_key(name) {
            let path = format!("{ENVIRONMENTS}/{name}");
            let mut syntax = Sink::default();
            let file = self.workspace.read_if_there(&path, sources, &mut syntax)?;
            let layer = file.map(|file| {
                let tree = toml::parse(file, sources, &mut syntax);
                layer(name, tree, syntax)
            });
            self.files.insert(name.to_owned(), layer);
        }
        Ok(self.files.get(name).and_then(Option::as_ref))
    }
}

/// Layers lie in the folder itself or below it, and have one name each, which a file can have.
fn is_file_name(name: &str) -> bool {
    let plain =
        |part: &str| !matches!(part, "" | "." | "..") && part.len() < 256 && !part.contains(char::is_control);
    name.strip_suffix(".toml").is_some_and(|stem| stem.split('/').all(plain))
}

fn is_outside(name: &str) -> bool {
    name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..")
}

fn stray(layer: &Layer) -> Diagnostic {
    let title = format!("`{}` is neither an environment nor a layer of one", layer.file);
    let found = Diagnostic::error(Code::StrayFile, title);
    let mut tables = layer.tree.value.table().into_iter().flatten();
    let first = tables.next().map_or(&*layer.tree, |(_, tree)| tree);
    match layer.misspelt() {
        Some(at) => found.at(at, "did you mean `environment`?"),
        None => found
            .at(first.place(), "no environment is made of this")
            .help("give it an `[environment]` table, name it in an `extends`, or move it elsewhere"),
    }
}

/// Takes a file's tree apart; `syntax` holds what is wrong with the file already.
pub(super) fn layer(name: &str, mut tree: Tree, mut syntax: Sink) -> Layer {
    let extends = strings(&mut tree, "extends", &mut syntax);
    let unset = strings(&mut tree, "unset", &mut syntax);
    let paths = unset.into_iter().filter_map(|(path, span)| match toml::path(&path) {
        Some(path) => Some((path, span)),
        None => {
            let found = Diagnostic::error(Code::UnsetNothing, format!("`{path}` is not a path"));
            syntax.push(found.at(span, "keys joined by dots, such as `services.api.scale`"));
            None
        }
    });
    let unset = paths.collect();
    Layer { file: name.to_owned(), tree: Arc::new(tree), extends, unset, syntax }
}

/// Takes a list of strings out of the root table.
fn strings(tree: &mut Tree, key: &str, sink: &mut Sink) -> Vec<(String, Span)> {
    let Value::Table(entries) = &mut tree.value else { return Vec::new() };
    // Misspelt, it is followed nevertheless: without it, everything seems to be missing.
    let meant = |(name, entry): &(&Arc<str>, &Tree)| {
        crate::diag::closest(name, [key]).is_some() && entry.value.table().is_none()
    };
    let misspelt = entries.iter().find(meant).map(|(name, _)| Arc::clone(name));
    let (Some(entry), name) = (match misspelt.filter(|_| !entries.contains_key(key)) {
        None => (entries.remove(key), None),
        Some(name) => (entries.remove(&name), Some(name)),
    }) else {
        return Vec::new();
    };
    if let Some(name) = name {
        let found = Diagnostic::error(Code::UnknownKey, format!("unknown key `{name}`"));
        sink.push(found.at(entry.place(), "not a key of this table").suggest(&name, [key]));
    }
    let items = match entry.value {
        Value::Array(items) => items,
        value => {
            let found = Diagnostic::error(Code::WrongType, format!("`{key}` is a list of strings"))
                .at(entry.origin, format!("expected array, found {}", value.type_name()));
            // A single name is followed, so that what it leads to is checked.
            if let Value::String(text) = value {
                sink.push(found.help(format!("in brackets: `{key} = [\"{text}\"]`")));
                return vec![(text.to_string(), entry.origin)];
            }
            sink.push(found);
            return Vec::new();
        }
    };
    let mut strings = Vec::new();
    for item in items {
        match item.value {
            Value::String(text) => strings.push((text.to_string(), item.origin)),
            _ => sink.push(
                Diagnostic::error(Code::WrongType, format!("`{key}` is a list of strings"))
                    .at(item.origin, "not a string"),
            ),
        }
    }
    strings
}
