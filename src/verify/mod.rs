//! Proves what can be proved about objects before a cluster sees them: one file per family of rules.
//!
//! [`Verified`] can be made here alone, and the rooms that write or apply take nothing else.

mod identity;
mod selectors;
mod structure;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::{Catalog, Node, Object, Value};
use crate::merge::{self, InputInfo, Inputs};

/// Objects that passed every rule.
pub struct Verified {
    objects: Vec<Object>,
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
}

/// Checks all objects together; none when there was an error.
pub fn verify(
    objects: Vec<Object>,
    catalog: &'static Catalog,
    inputs: &Inputs,
    sink: &mut Sink,
) -> Option<Verified> {
    let before = sink.errors();
    let found = objects.par_iter().map(|object| {
        let mut findings = Findings { inputs, found: Vec::new() };
        structure::check(object, catalog, &mut findings);
        identity::check(object, catalog, &mut findings);
        selectors::check(object, &mut findings);
        findings.found
    });
    sink.extend(found.collect::<Vec<_>>().into_iter().flatten());
    let mut findings = Findings { inputs, found: Vec::new() };
    identity::check_unique(&objects, &mut findings);
    sink.extend(findings.found);
    (sink.errors() == before).then_some(Verified { objects, catalog })
}

/// Where rules put what they find.
struct Findings<'a> {
    inputs: &'a Inputs,
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
        node.from.iter().flat_map(|from| from.value.iter()).map(|input| self.inputs.get(input))
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
