//! The catalogue of templates, and an environment's objects made from it.

mod catalogue;
mod dead;

use std::sync::Arc;

use rayon::prelude::*;

pub use catalogue::Catalogue;
pub use dead::DeadKeys;

use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::{Catalog, Identity, Node, Object};
use crate::merge::Reads;
use crate::model::Context;
use crate::template::{self, Recording};

/// Evaluates every template of the catalogue. Templates are independent of each other and run in parallel; the
/// order of the result is that of the catalogue.
pub fn render(
    catalogue: &Catalogue,
    context: &Arc<Context>,
    catalog: &Catalog,
    recording: Recording,
    reads: &Reads,
    sink: &mut Sink,
) -> Vec<Object> {
    let _room = tracing::debug_span!(target: "p8fs-gen.render", "evaluated templates").entered();
    let templates = catalogue.templates();
    let evaluated = templates
        .par_iter()
        .map(|template| template::evaluate(template, catalogue.fragments(), context, catalog, recording));
    let mut objects = Vec::new();
    for (template, evaluated) in templates.iter().zip(evaluated.collect::<Vec<_>>()) {
        reads.mark(evaluated.reads);
        for outcome in evaluated.objects {
            match outcome.and_then(|root| object(root, &template.family)) {
                Ok(object) => objects.push(object),
                Err(failure) => sink.push(*failure),
            }
        }
    }
    objects
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
        name: text(&["metadata", "name"])?,
    };
    Ok(Object { identity, family: Arc::clone(family), root })
}
