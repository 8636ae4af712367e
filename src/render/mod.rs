//! The catalogue of templates, and an environment's objects made from it.

mod artifact;
mod catalogue;
mod dead;
mod digests;
mod effects;
mod generate_name;
mod overrides;
mod patch;
mod taint;
mod texts;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

pub use artifact::Artifact;
pub use catalogue::Catalogue;
pub use dead::DeadKeys;
pub use effects::PatchEffects;
pub use overrides::to_override;
pub use patch::Effect;
pub use texts::{Entry, Origin, Texts, built_in_paths, built_in_text};

use crate::diag::{Code, Diagnostic, FileId, Sink};
use crate::k8s::{Catalog, Identity, Node, Object};
use crate::merge::Reads;
use crate::template::{self, Evaluated, Globals, Output, Patch, Recording, Template};

/// What an environment is made of.
pub struct Rendered {
    /// In the order of the catalogue.
    pub objects: Vec<Object>,
    /// Files beside them, in the same order.
    pub artifacts: Vec<Artifact>,
    /// What came of the patches that are for the environment.
    pub effects: Vec<(FileId, Effect)>,
}

/// How many items of a template are evaluated at a time.
const SHARE: usize = 32;

/// Evaluates every template of the catalogue and lays its patches over the objects. Templates, and the items of their
/// outermost loops, are independent of each other and evaluated in parallel; the order of the result is that of the
/// catalogue.
pub fn render(
    catalogue: &Catalogue,
    environment: &str,
    globals: &Globals,
    catalog: &Catalog,
    recording: Recording,
    reads: &Reads,
    sink: &mut Sink,
) -> Rendered {
    let _room = tracing::debug_span!(target: "p8fs-gen.render", "evaluated templates").entered();
    let shares: Vec<(&Template, Range<usize>)> = catalogue
        .templates()
        .iter()
        .flat_map(|template| {
            // That there are none is found out by looking.
            let items = template::items(template, globals).max(1);
            (0..items).step_by(SHARE).map(move |start| (template, start..items.min(start + SHARE)))
        })
        .collect();
    let evaluated = shares.par_iter().map(|(template, items)| {
        let (items, fragments) = (items.clone(), catalogue.fragments());
        let Evaluated { made, failed } =
            template::evaluate(template, items, fragments, globals, catalog, recording, reads);
        let made: Vec<_> = made.into_iter().map(|made| made.and_then(|made| filed(made, template))).collect();
        (made, failed)
    });
    let (mut objects, mut artifacts) = (Vec::new(), Vec::new());
    let mut given_up = None;
    for ((template, _), (made, failed)) in shares.iter().zip(evaluated.collect::<Vec<_>>()) {
        if given_up == Some(&template.path) {
            continue;
        }
        for outcome in made {
            match outcome {
                Ok(Filed::Object(object)) => objects.push(object),
                Ok(Filed::Artifact(artifact)) => artifacts.push(artifact),
                Err(failure) => sink.push(*failure),
            }
        }
        if let Some(failure) = failed {
            sink.push(*failure);
            given_up = Some(&template.path);
        }
    }
    let before = sink.errors();
    let mut effects = Vec::new();
    let files: BTreeSet<FileId> = catalogue.patches().iter().map(|patch| patch.file).collect();
    let is_meant = |patch: &&Patch| {
        let mut named = patch.environments.iter();
        patch.environments.is_empty() || named.any(|(name, _)| &**name == environment)
    };
    for patch in catalogue.patches().iter().filter(is_meant) {
        let fragments = catalogue.fragments();
        let changes = template::evaluate_patch(patch, fragments, globals, catalog, recording, reads);
        let mut effect = Effect::NoTarget;
        for change in changes {
            match change {
                Ok(change) => {
                    let came = patch::apply(&mut objects, &patch.target, &change, &files, catalog, sink);
                    effect = effect.max(came);
                }
                Err(failure) => sink.push(*failure),
            }
        }
        effects.push((patch.file, effect));
    }
    if !effects.is_empty() && sink.errors() == before {
        for object in &mut objects {
            patch::settle(object, catalog, sink);
        }
    }
    taint::check(&objects, &artifacts, reads, sink);
    // Patches may have changed them.
    digests::complete(&mut objects);
    objects.iter_mut().for_each(generate_name::complete);
    Rendered { objects, artifacts, effects }
}

/// What a template made, with what is said of it.
enum Filed {
    Object(Object),
    Artifact(Artifact),
}

fn filed(Output { root, file }: Output, template: &Template) -> Result<Filed, Box<Diagnostic>> {
    match file {
        None => object(root, &template.family).map(Filed::Object),
        Some(path) => Artifact::new(&path, root, &template.family).map(Filed::Artifact),
    }
}

fn object(root: Node, family: &Arc<str>) -> Result<Object, Box<Diagnostic>> {
    let text = |path: &[&str]| {
        let node = root.path(path).and_then(Node::as_str).filter(|text| !text.is_empty());
        node.map(ToOwned::to_owned).ok_or_else(|| {
            let title = format!("the object has no `{}`", path.join("."));
            Box::new(Diagnostic::error(Code::MissingField, title).at(root.at, "made here"))
        })
    };
    let identity = Identity {
        api_version: text(&["apiVersion"])?,
        kind: text(&["kind"])?,
        namespace: root.path(&["metadata", "namespace"]).and_then(Node::as_str).map(ToOwned::to_owned),
        name: text(&["metadata", "generateName"]).or_else(|_| text(&["metadata", "name"]))?,
    };
    Ok(Object { identity, family: Arc::clone(family), root })
}
