//! Manifests that were not rendered here, through the rooms that they need.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{FileId, Sink, Sources};
use crate::k8s::{Catalog, CustomResources, Object, Schemas};
use crate::manifest;
use crate::verify;
use crate::workspace::{self, WorkspaceError};

/// Which manifests are checked, and against what. Paths are relative to `directory`.
pub struct Manifests<'a> {
    /// Where the work is done.
    pub directory: &'a Path,
    /// Files, folders, and `-` for standard input.
    pub names: &'a [PathBuf],
    /// Files and folders with definitions of custom resources.
    pub definitions: &'a [PathBuf],
    /// What Kubernetes itself has.
    pub catalog: &'static Catalog,
}

/// What became of a check of manifests.
pub struct Checked {
    /// How many objects there were.
    pub objects: usize,
    /// Every text that was read.
    pub sources: Sources,
    /// Everything that was found.
    pub sink: Sink,
}

/// Checks manifests. Custom resources are checked against the definitions among them as well.
pub fn check_manifests(manifests: &Manifests<'_>) -> Result<Checked, WorkspaceError> {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let mut custom = CustomResources::default();
    for definition in read(manifests, manifests.definitions, &mut sources, &mut sink)? {
        custom.add(&definition);
    }
    let objects = read(manifests, manifests.names, &mut sources, &mut sink)?;
    for object in &objects {
        custom.add(object);
    }
    let schemas = Schemas { catalog: manifests.catalog, custom: &custom };
    verify::verify_foreign(&objects, schemas, &mut sink);
    Ok(Checked { objects: objects.len(), sources, sink })
}

fn read(
    manifests: &Manifests<'_>,
    names: &[PathBuf],
    sources: &mut Sources,
    sink: &mut Sink,
) -> Result<Vec<Object>, WorkspaceError> {
    let mut documents = Vec::new();
    for file in workspace::manifests(manifests.directory, names, sources, sink)? {
        documents.extend(manifest::documents(file, sources, sink));
    }
    let read: Vec<_> = documents.par_iter().map(|document| manifest::objects(document, sources)).collect();
    let mut objects = Vec::new();
    let mut secrets: BTreeMap<FileId, Vec<Range<usize>>> = BTreeMap::new();
    for (document, (found, findings)) in documents.iter().zip(read) {
        let hidden = manifest::secrets(document, &found, findings.is_empty(), sources);
        if !hidden.is_empty() {
            secrets.entry(document.file).or_default().extend(hidden);
        }
        objects.extend(found);
        sink.extend(findings);
    }
    for (file, hidden) in secrets {
        sources.conceal_secrets(file, &hidden);
    }
    Ok(objects)
}
