//! Proves what can be proved about objects before a cluster sees them: one file per family of rules.
//!
//! [`Verified`] can be made here alone, and the rooms that write or apply take nothing else.

mod artifacts;
mod budgets;
mod identity;
mod pods;
mod scaling;
mod selectors;
mod structure;
mod triggers;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::{Catalog, Node, Object, Schemas, Value};
use crate::merge::{self, InputInfo, Inputs};
use crate::render::Artifact;

/// Objects, and files beside them, that passed every rule.
pub struct Verified {
    objects: Vec<Object>,
    artifacts: Vec<Artifact>,
    catalog: &'static Catalog,
}

impl Verified {
    /// The catalog that they were checked against.
    pub fn catalog(&self) -> &'static Catalog {
        self.catalog
    }

    /// The objects.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The files beside them.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }
}

/// Who wrote the objects.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// Our templates, from these inputs.
    Rendered(&'a Inputs),
    /// Somebody else: what an API server or kubectl fills in may be missing.
    Foreign,
}

/// Checks all objects together; none when there was an error.
pub fn verify(
    objects: Vec<Object>,
    artifacts: Vec<Artifact>,
    catalog: &'static Catalog,
    inputs: &Inputs,
    sink: &mut Sink,
) -> Option<Verified> {
    let _room = tracing::debug_span!(target: "p8fs-gen.verify", "verified objects").entered();
    let before = sink.errors();
    apply(&objects, Schemas::of(catalog), Origin::Rendered(inputs), sink);
    let mut findings = Findings { origin: Origin::Rendered(inputs), found: Vec::new() };
    artifacts::check_unique(&artifacts, &mut findings);
    sink.extend(findings.found);
    (sink.errors() == before).then_some(Verified { objects, artifacts, catalog })
}

/// Checks objects that were not rendered here.
pub fn verify_foreign(objects: &[Object], schemas: Schemas<'_>, sink: &mut Sink) {
    apply(objects, schemas, Origin::Foreign, sink);
}

/// Applies every rule.
fn apply(objects: &[Object], schemas: Schemas<'_>, origin: Origin<'_>, sink: &mut Sink) {
    let authentications = triggers::Authentications::of(objects);
    let found = objects.par_iter().map(|object| {
        let mut findings = Findings { origin, found: Vec::new() };
        structure::check(object, schemas, &mut findings);
        identity::check(object, schemas, &mut findings);
        selectors::check(object, &mut findings);
        scaling::check(object, &mut findings);
        triggers::check(object, &authentications, &mut findings);
        let about = |found: Diagnostic| match origin {
            Origin::Rendered(_) => found.about(&object.identity),
            Origin::Foreign => found,
        };
        findings.found.into_iter().map(about).collect::<Vec<_>>()
    });
    let unique = || {
        let mut findings = Findings { origin, found: Vec::new() };
        identity::check_unique(objects, &mut findings);
        scaling::check_targets(objects, &mut findings);
        budgets::check(objects, &mut findings);
        findings.found
    };
    let (found, found_twice) = rayon::join(|| found.collect::<Vec<_>>(), unique);
    sink.extend(found.into_iter().flatten());
    sink.extend(found_twice);
}

/// Where rules put what they find.
struct Findings<'a> {
    origin: Origin<'a>,
    found: Vec<Diagnostic>,
}

impl Findings<'_> {
    /// A finding about what stands where: the template's to change, with the inputs of what it placed beside.
    fn structure(&self, code: Code, title: String, node: &Node, label: &str) -> Diagnostic {
        let found = Diagnostic::error(code, title).at(node.at, label);
        match self.inputs_of(node).next() {
            Some(info) => found.context(info.origin, "from here"),
            None => found,
        }
    }

    /// A finding about a value: the environment file's to change if the value was placed as it stands there and the
    /// inputs are recorded; else the template's.
    fn value(&self, code: Code, title: String, node: &Node, label: &str) -> Diagnostic {
        let mut inputs = self.inputs_of(node);
        match (inputs.next(), inputs.next()) {
            (Some(info), None) if info.leaf.as_ref().is_some_and(|leaf| is_same(leaf, &node.value)) => {
                Diagnostic::error(code, title).at(info.origin, label).context(node.at, "placed here")
            }
            _ => self.structure(code, title, node, label),
        }
    }

    fn inputs_of<'n>(&'n self, node: &'n Node) -> impl Iterator<Item = &'n InputInfo> {
        let inputs = match self.origin {
            Origin::Rendered(inputs) => Some(inputs),
            Origin::Foreign => None,
        };
        let from = node.from.iter().flat_map(|from| from.value.iter());
        from.filter_map(move |input| Some(inputs?.get(input)))
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}

fn is_same(input: &merge::Value<merge::Tree>, output: &Value) -> bool {
    match (input, output) {
        (merge::Value::Bool(a), Value::Bool(b)) => a == b,
        (merge::Value::Int(a), Value::Int(b)) => a == b,
        (merge::Value::String(a), Value::String(b)) => a == b,
        _ => false,
    }
}
