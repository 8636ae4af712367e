//! The rules that a schema cannot say, one file each.

mod addresses;
mod charts;
mod deploys_nothing;
mod duplicates;
mod folders;
mod kind;
mod policy;
mod pools;
mod probes;
mod quota;
mod references;
mod replicas_and_scale;
mod scaling;
mod schedules;
mod secrets;
mod setting_definitions;
mod settings;
mod stores;
mod unused_store;
mod volumes;

use rayon::prelude::*;

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

type Rule = fn(&Facts<'_>, &mut Sink);

/// Rules about what is there.
const OF_WHAT_IS_THERE: [Rule; 8] = [
    addresses::check,
    charts::check,
    duplicates::check,
    kind::check,
    probes::check,
    schedules::check,
    secrets::check,
    setting_definitions::check,
];

/// Rules about what is missing: they wait until every layer can be read whole.
const OF_THE_WHOLE: [Rule; 14] = [
    quota::check,
    pools::check,
    volumes::check,
    folders::check,
    deploys_nothing::check,
    references::check,
    replicas_and_scale::check,
    scaling::check,
    charts::check_references,
    policy::check,
    secrets::check_references,
    settings::check,
    stores::check,
    unused_store::check,
];

/// Runs them all, in parallel; their findings stand in the order of the rules.
pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    let facts = Facts { declared, merged };
    let of_the_whole = if merged.is_whole { &OF_THE_WHOLE[..] } else { &[] };
    let found = OF_WHAT_IS_THERE.par_iter().chain(of_the_whole).map(|rule| {
        let mut found = Sink::default();
        rule(&facts, &mut found);
        found
    });
    sink.extend(found.collect::<Vec<_>>().into_iter().flatten());
}
