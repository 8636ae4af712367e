//! The rules that a schema cannot say, one file each.

mod addresses;
mod deploys_nothing;
mod duplicates;
mod folders;
mod kind;
mod pools;
mod probes;
mod quota;
mod references;
mod replicas_and_scale;
mod schedules;
mod secrets;
mod setting_definitions;
mod settings;
mod stores;
mod unused_store;
mod volumes;

use super::Declared;
use crate::diag::{Sink, Span};
use crate::merge::{InputSet, Merged, Sourced};

/// What the rules look at.
struct Facts<'a> {
    declared: &'a Declared,
    merged: &'a Merged,
}

impl Facts<'_> {
    /// The place to point at for a value: its first input. A stand-in has none, and rules have nothing to say of it.
    fn place<T>(&self, value: &Sourced<T>) -> Option<Span> {
        self.merged.place(value)
    }

    /// Where the name of a declared thing was written.
    fn key<T>(&self, value: &Sourced<T>) -> Option<Span> {
        value.inputs().iter().next().map(|input| self.merged.inputs.get(input).place())
    }

    fn first(&self, inputs: &InputSet) -> Option<Span> {
        self.merged.first(inputs)
    }
}

/// Runs them all. Rules about what is missing wait until every layer can be read whole.
pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    let facts = Facts { declared, merged };
    addresses::check(&facts, sink);
    duplicates::check(&facts, sink);
    kind::check(&facts, sink);
    probes::check(&facts, sink);
    schedules::check(&facts, sink);
    secrets::check(&facts, sink);
    setting_definitions::check(&facts, sink);
    if merged.is_whole {
        quota::check(&facts, sink);
        pools::check(&facts, sink);
        volumes::check(&facts, sink);
        folders::check(&facts, sink);
        deploys_nothing::check(&facts, sink);
        references::check(&facts, sink);
        replicas_and_scale::check(&facts, sink);
        secrets::check_references(&facts, sink);
        settings::check(&facts, sink);
        stores::check(&facts, sink);
        unused_store::check(&facts, sink);
    }
}
