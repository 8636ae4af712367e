//! Which templates there are: those built in, and a workspace's own, which add to them or take their place.

use std::collections::BTreeSet;

use super::overrides;
use super::texts::{Entry, Origin, Texts, built_in_text, is_text, is_yaml};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::k8s::Catalog;
use crate::model::Shape;
use crate::template::{self, Fragments, Patch, Template};

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

impl Catalogue {
    /// Parses everything.
    pub fn parse(texts: Texts, sources: &Sources, sink: &mut Sink) -> Self {
        let _room = tracing::debug_span!(target: "p8fs-gen.template", "parsed templates").entered();
        let Texts { entries, patches, unreadable } = texts;
        let mut catalogue = Self { broken: unreadable, ..Self::default() };
        for Entry { path, file, origin } in &entries {
            if !catalogue.broken.contains(path) && !catalogue.add(path, *file, *origin, sources, sink) {
                catalogue.broken.push(path.clone());
            }
        }
        for (path, file) in patches {
            match template::patch(file, sources, sink) {
                Some(patch) => catalogue.patches.push(patch),
                None => catalogue.broken.push(path),
            }
        }
        catalogue.entries = entries;
        catalogue
    }

    /// Parses a file; false when that cannot be done.
    fn add(&mut self, path: &str, file: FileId, origin: Origin, sources: &Sources, sink: &mut Sink) -> bool {
        let replaced = built_in_text(path).filter(|_| origin == Origin::Overriding);
        if is_text(path) {
            let text = template::text_file(path, file, sources, sink);
            text.map(|text| self.fragments.files.insert(path.to_owned(), text)).is_some()
        } else if !is_yaml(path) {
            let title = format!("`{path}` is not a template");
            sink.push(Diagnostic::error(Code::TemplateSyntax, title).help("templates end in `.yaml`"));
            false
        } else if !path.contains('/') {
            let title = format!("`{path}` stands in no family");
            let help = "templates lie in a folder of `templates/`, which is their family";
            sink.push(Diagnostic::error(Code::TemplateSyntax, title).help(help));
            false
        } else if path.starts_with(FRAGMENTS) {
            let fragment = template::fragment(path, file, sources, sink);
            let insert = |fragment: Template| {
                overrides::check(&fragment, file, replaced, sink);
                self.fragments.parts.insert(path.to_owned(), fragment.body)
            };
            fragment.map(insert).is_some()
        } else {
            let template = template::template(path, file, sources, sink);
            let push = |template: Template| {
                overrides::check(&template, file, replaced, sink);
                self.templates.push(template);
            };
            template.map(push).is_some()
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::MINORS;
    use crate::model;
    use crate::workspace::{Memory, Workspace};

    fn load(files: Memory) -> Catalogue {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let workspace = Workspace::open(Box::new(files));
        let texts = Texts::read(&workspace, &mut sources, &mut sink).unwrap();
        let catalogue = Catalogue::parse(texts, &sources, &mut sink);
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
