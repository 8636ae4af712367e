//! Proves what can be proved about objects before a cluster sees them: one file per family of rules.
//!
//! [`Verified`] can be made here alone, and the rooms that write or apply take nothing else.

mod identity;
mod selectors;
mod structure;

use crate::diag::{Code, Diagnostic, Sink};
use crate::k8s::{Catalog, Node, Object};
use crate::merge::Inputs;

/// Objects that passed every rule.
#[derive(Debug)]
pub struct Verified {
    objects: Vec<Object>,
}

impl Verified {
    /// The objects.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }
}

/// Checks all objects together; none when there was an error.
pub fn verify(objects: Vec<Object>, catalog: &Catalog, inputs: &Inputs, sink: &mut Sink) -> Option<Verified> {
    let before = sink.errors();
    let mut findings = Findings { inputs, sink };
    for object in &objects {
        structure::check(object, catalog, &mut findings);
        identity::check(object, catalog, &mut findings);
        selectors::check(object, &mut findings);
    }
    identity::check_unique(&objects, &mut findings);
    (sink.errors() == before).then_some(Verified { objects })
}

/// Where rules put what they find.
struct Findings<'a> {
    inputs: &'a Inputs,
    sink: &'a mut Sink,
}

impl Findings<'_> {
    /// A finding about a node: points at the environment file if the node's inputs are recorded and there are
    /// any, with the template beside; else at the template.
    fn at(&self, code: Code, title: String, node: &Node, label: String) -> Diagnostic {
        let input = node.from.as_ref().and_then(|from| from.value.iter().next());
        let found = Diagnostic::error(code, title);
        match input.map(|input| self.inputs.get(input)) {
            Some(info) => found.at(info.origin, label).context(node.at, "placed here"),
            None => found.at(node.at, label),
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }
}
