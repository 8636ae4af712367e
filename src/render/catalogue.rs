//! Which templates there are: those built in, and a workspace's own, which add to them or take their place.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::diag::{Code, Diagnostic, Sink, Sources};
use crate::k8s::Catalog;
use crate::model::Shape;
use crate::template::{self, Fragments, Template};
use crate::workspace::{TEMPLATES, Workspace, WorkspaceError};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

const FRAGMENTS: &str = "fragments/";

/// Parsed templates and fragments, by path.
#[derive(Debug, Default)]
pub struct Catalogue {
    templates: Vec<Template>,
    fragments: Fragments,
    /// The files that could not be parsed.
    broken: Vec<String>,
}

impl Catalogue {
    /// Reads and parses everything.
    pub fn load(
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Self, WorkspaceError> {
        let mut texts: BTreeMap<String, (String, String)> = BTreeMap::new();
        built_in(&BUILT_IN, &mut texts);
        // Names that begin with a dot are editors' and git's.
        let hidden = |path: &String| path.split('/').any(|part| part.starts_with('.'));
        for path in workspace.template_files()?.into_iter().filter(|path| !hidden(path)) {
            let full = format!("{TEMPLATES}/{path}");
            let Some(text) = workspace.read_if_there(&full)? else { continue };
            texts.insert(path, (full, text));
        }
        let mut catalogue = Self::default();
        for (path, (full, text)) in texts {
            let file = sources.add(full, text);
            let is_parsed = if Path::new(&path).extension().is_none_or(|extension| extension != "yaml") {
                let title = format!("`{path}` is not a template");
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help("templates end in `.yaml`"));
                false
            } else if !path.contains('/') {
                let title = format!("`{path}` stands in no family");
                let help = "templates lie in a folder of `templates/`, which is their family";
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help(help));
                false
            } else if path.starts_with(FRAGMENTS) {
                let fragment = template::fragment(file, sources, sink);
                fragment.map(|fragment| catalogue.fragments.insert(path.clone(), fragment)).is_some()
            } else {
                let template = template::template(&path, file, sources, sink);
                template.map(|template| catalogue.templates.push(template)).is_some()
            };
            if !is_parsed {
                catalogue.broken.push(path);
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

    /// Checks every template against the types of the context and the schemas; true when all of them can be
    /// evaluated. Where a fragment is broken, nothing is known of the templates that include it.
    pub fn check(&self, context: &Shape, catalog: &Catalog, sink: &mut Sink) -> bool {
        if self.broken.iter().any(|path| path.starts_with(FRAGMENTS)) {
            return false;
        }
        let before = sink.errors();
        for template in &self.templates {
            template::check(template, &self.fragments, context, catalog, sink);
        }
        self.broken.is_empty() && sink.errors() == before
    }
}

fn built_in(folder: &Dir<'_>, texts: &mut BTreeMap<String, (String, String)>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            let path = path.replace('\\', "/");
            texts.insert(path.clone(), (format!("builtin:{path}"), text.to_owned()));
        }
    }
    folder.dirs().for_each(|folder| built_in(folder, texts));
}
