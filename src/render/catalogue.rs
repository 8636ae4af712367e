//! Which templates there are: those built in, and a workspace's own, which add to them or take their place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::overrides;
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::k8s::Catalog;
use crate::model::Shape;
use crate::template::{self, Fragments, Patch, Template};
use crate::workspace::{PATCHES, TEMPLATES, Workspace, WorkspaceError};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

const FRAGMENTS: &str = "fragments/";

/// Parsed templates and fragments, by path.
#[derive(Debug, Default)]
pub struct Catalogue {
    templates: Vec<Template>,
    fragments: Fragments,
    patches: Vec<Patch>,
    /// The texts of all of them, and of the files beside them.
    entries: Vec<Entry>,
    /// The files that could not be parsed.
    broken: Vec<String>,
}

/// A file of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Below `templates/`.
    pub path: String,
    /// The text in force.
    pub file: FileId,
    /// Whose it is.
    pub origin: Origin,
}

/// Whose a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program.
    BuiltIn,
    /// The workspace's alone.
    Workspace,
    /// The workspace's, in the place of one that is part of the program.
    Overriding,
}

impl Catalogue {
    /// Reads and parses everything.
    pub fn load(
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Self, WorkspaceError> {
        let _room = tracing::debug_span!(target: "p8fs-gen.template", "parsed templates").entered();
        let mut paths: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
        built_in(&BUILT_IN, &mut paths);
        let known: BTreeMap<String, &'static str> =
            paths.iter().filter_map(|(path, text)| Some((path.clone(), (*text)?))).collect();
        let own = workspace.template_files()?.into_iter().filter(|path| !is_hidden(path));
        paths.extend(own.map(|path| (path, None)));
        let mut catalogue = Self::default();
        for (path, built_in) in paths {
            let before = sink.errors();
            let file = match built_in {
                Some(text) => Some(sources.add(format!("builtin:{path}"), text)),
                None => workspace.read_if_there(&format!("{TEMPLATES}/{path}"), sources, sink)?,
            };
            let Some(file) = file else { continue };
            let known = known.get(&path).copied();
            // A copy that says the same is as good as the built-in one.
            let replaced = known.filter(|text| *sources.get(file).text != **text);
            let origin = match (known, replaced) {
                (None, _) => Origin::Workspace,
                (Some(_), None) => Origin::BuiltIn,
                (Some(_), Some(_)) => Origin::Overriding,
            };
            catalogue.entries.push(Entry { path: path.clone(), file, origin });
            if sink.errors() > before {
                catalogue.broken.push(path);
                continue;
            }
            let is_parsed = if is_text(&path) {
                let text = template::text_file(&path, file, sources, sink);
                text.map(|text| catalogue.fragments.files.insert(path.clone(), text)).is_some()
            } else if !is_yaml(&path) {
                let title = format!("`{path}` is not a template");
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help("templates end in `.yaml`"));
                false
            } else if !path.contains('/') {
                let title = format!("`{path}` stands in no family");
                let help = "templates lie in a folder of `templates/`, which is their family";
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help(help));
                false
            } else if path.starts_with(FRAGMENTS) {
                let fragment = template::fragment(&path, file, sources, sink);
                let insert = |fragment: Template| {
                    overrides::check(&fragment, file, replaced, sink);
                    catalogue.fragments.parts.insert(path.clone(), fragment.body)
                };
                fragment.map(insert).is_some()
            } else {
                let template = template::template(&path, file, sources, sink);
                let push = |template: Template| {
                    overrides::check(&template, file, replaced, sink);
                    catalogue.templates.push(template);
                };
                template.map(push).is_some()
            };
            if !is_parsed {
                catalogue.broken.push(path);
            }
        }
        for path in workspace.patch_files()?.into_iter().filter(|path| !is_hidden(path)) {
            let full = format!("{PATCHES}/{path}");
            let patch = if is_yaml(&path) {
                let Some(file) = workspace.read_if_there(&full, sources, sink)? else { continue };
                template::patch(file, sources, sink)
            } else {
                let title = format!("`{full}` is not a patch");
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help("patches end in `.yaml`"));
                None
            };
            match patch {
                Some(patch) => catalogue.patches.push(patch),
                None => catalogue.broken.push(full),
            }
        }
        Ok(catalogue)
    }

    /// The templates, by path.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The fragments, by path.
    pub fn fragments(&self) -> &Fragments {
        &self.fragments
    }

    /// Every file, by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The patches, by path.
    pub fn patches(&self) -> &[Patch] {
        &self.patches
    }

    /// Checks what the workspace changes against the types of the context and the schemas; true when all templates can
    /// be evaluated: a test checks those built in. Where a fragment is broken, nothing is known of the templates that
    /// include it.
    pub fn check(&self, context: &Shape, catalog: &Catalog, sink: &mut Sink) -> bool {
        let _room = tracing::debug_span!(target: "p8fs-gen.template", "checked templates").entered();
        if self.broken.iter().any(|path| path.starts_with(FRAGMENTS) || is_text(path)) {
            return false;
        }
        let before = sink.errors();
        let changed = self.changed();
        for template in self.templates.iter().filter(|template| changed.contains(&*template.path)) {
            template::check(template, &self.fragments, context, catalog, sink);
        }
        for patch in &self.patches {
            template::check_patch(patch, &self.fragments, context, catalog, sink);
        }
        self.unused(sink);
        self.broken.is_empty() && sink.errors() == before
    }
}

impl Catalogue {
    /// The paths of the workspace's own files, and of everything built in that includes one of them.
    fn changed(&self) -> BTreeSet<&str> {
        let own = self.entries.iter().filter(|entry| entry.origin != Origin::BuiltIn);
        let mut changed: BTreeSet<&str> = own.map(|entry| &*entry.path).collect();
        let mut before = 0;
        while changed.len() > before {
            before = changed.len();
            let templates = self.templates.iter().map(|template| (&*template.path, &template.body));
            let fragments = self.fragments.parts.iter().map(|(path, part)| (&**path, part));
            for (path, part) in templates.chain(fragments) {
                let mut included = BTreeSet::new();
                part.included(&mut included);
                if !included.is_disjoint(&changed) {
                    changed.insert(path);
                }
            }
        }
        changed
    }

    /// Warns of the workspace's fragments and files that nothing includes.
    fn unused(&self, sink: &mut Sink) {
        let templates = self.templates.iter().map(|template| &template.body);
        let patches = self.patches.iter().map(|patch| &patch.change.body);
        let mut included = BTreeSet::new();
        for part in templates.chain(patches).chain(self.fragments.parts.values()) {
            part.included(&mut included);
        }
        let is_included = |path: &str| path.starts_with(FRAGMENTS) || is_text(path);
        let own = self.entries.iter().filter(|entry| entry.origin == Origin::Workspace);
        for Entry { path, file, .. } in own.filter(|entry| is_included(&entry.path)) {
            if !included.contains(&**path) {
                let found = Diagnostic::warning(Code::TemplateInclude, format!("nothing includes `{path}`"));
                sink.push(found.at(Span::new(*file, 0..0), "has no effect"));
            }
        }
    }
}

/// The text of a built-in template, fragment or file.
pub fn built_in_text(path: &str) -> Option<&'static str> {
    BUILT_IN.get_file(path)?.contents_utf8()
}

/// The paths of all that is built in.
pub fn built_in_paths() -> Vec<String> {
    let mut texts = BTreeMap::new();
    built_in(&BUILT_IN, &mut texts);
    texts.into_keys().collect()
}

/// `store/files/nats.conf`: text that a template of the family places.
fn is_text(path: &str) -> bool {
    path.split('/').nth(1) == Some("files")
}

fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "yaml")
}

/// Names that begin with a dot are editors' and git's.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

fn built_in(folder: &Dir<'static>, texts: &mut BTreeMap<String, Option<&'static str>>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            texts.insert(path.replace('\\', "/"), Some(text));
        }
    }
    folder.dirs().for_each(|folder| built_in(folder, texts));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::MINORS;
    use crate::model;
    use crate::workspace::Memory;

    fn load(files: Memory) -> Catalogue {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let workspace = Workspace::open(Box::new(files));
        let catalogue = Catalogue::load(&workspace, &mut sources, &mut sink).unwrap();
        assert_eq!(sink.errors(), 0);
        catalogue
    }

    #[test]
    fn what_is_built_in_fits_every_minor() {
        let catalogue = load(Memory::default());
        assert!(!catalogue.templates.is_empty());
        for catalog in MINORS.iter().filter_map(|minor| Catalog::of(minor)) {
            let mut sink = Sink::default();
            for template in &catalogue.templates {
                template::check(template, &catalogue.fragments, &model::shape(), catalog, &mut sink);
            }
            let found: Vec<_> = sink.into_sorted().into_iter().map(|found| found.title).collect();
            assert_eq!(found, Vec::<String>::new(), "{}", catalog.minor);
        }
    }

    #[test]
    fn a_changed_fragment_changes_all_that_includes_it() {
        assert!(load(Memory::default()).changed().is_empty());
        let probe = "templates/fragments/probe.yaml";
        let changed = load(Memory::default().with(probe, "exec: { command: [\"true\"] }"));
        for path in ["fragments/probe.yaml", "fragments/pod.yaml", "workload/deployment.yaml"] {
            assert!(changed.changed().contains(path), "{path}");
        }
        assert!(!changed.changed().contains("network/service.yaml"));
    }
}
