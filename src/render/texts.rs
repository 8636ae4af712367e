//! The texts of templates: those built in, and a workspace's own, which add to them or take their place.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::diag::{Code, Diagnostic, FileId, Sink, Sources};
use crate::workspace::{PATCHES, TEMPLATES, Workspace, WorkspaceError};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Texts to parse; they stand in the [`Sources`].
#[derive(Debug)]
pub struct Texts {
    /// Templates, fragments, and files beside them, by path.
    pub(super) entries: Vec<Entry>,
    /// Patches, by path.
    pub(super) patches: Vec<(String, FileId)>,
    /// The paths of those of which no text could be read.
    pub(super) unreadable: Vec<String>,
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

impl Texts {
    /// Reads everything.
    pub fn read(
        workspace: &Workspace,
        sources: &mut Sources,
        sink: &mut Sink,
    ) -> Result<Self, WorkspaceError> {
        let mut paths: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
        built_in(&BUILT_IN, &mut paths);
        let own = workspace.template_files()?.into_iter().filter(|path| !is_hidden(path));
        paths.extend(own.map(|path| (path, None)));
        let mut texts = Self { entries: Vec::new(), patches: Vec::new(), unreadable: Vec::new() };
        for (path, built_in) in paths {
            let before = sink.errors();
            let file = match built_in {
                Some(text) => Some(sources.add(format!("builtin:{path}"), text)),
                None => workspace.read_if_there(&format!("{TEMPLATES}/{path}"), sources, sink)?,
            };
            let Some(file) = file else { continue };
            let origin = match built_in_text(&path) {
                None => Origin::Workspace,
                // A copy that says the same is as good as the built-in one.
                Some(text) if *sources.get(file).text == *text => Origin::BuiltIn,
                Some(_) => Origin::Overriding,
            };
            if sink.errors() > before {
                texts.unreadable.push(path.clone());
            }
            texts.entries.push(Entry { path, file, origin });
        }
        for path in workspace.patch_files()?.into_iter().filter(|path| !is_hidden(path)) {
            let full = format!("{PATCHES}/{path}");
            if is_yaml(&path) {
                let file = workspace.read_if_there(&full, sources, sink)?;
                texts.patches.extend(file.map(|file| (full, file)));
            } else {
                let title = format!("`{full}` is not a patch");
                sink.push(Diagnostic::error(Code::TemplateSyntax, title).help("patches end in `.yaml`"));
                texts.unreadable.push(full);
            }
        }
        Ok(texts)
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
pub(super) fn is_text(path: &str) -> bool {
    path.split('/').nth(1) == Some("files")
}

pub(super) fn is_yaml(path: &str) -> bool {
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
