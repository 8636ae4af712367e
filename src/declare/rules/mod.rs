//! The rules that a schema cannot say, one file each.

mod addresses;
mod deploys_nothing;
mod duplicate_name;
mod duplicate_port;
mod references;
mod replicas_and_scale;

use super::Declared;
use crate::diag::Sink;
use crate::merge::{Completeness, Merged};

/// Runs them all. Rules about what is missing wait until every layer can be read whole.
pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    addresses::check(declared, merged, sink);
    duplicate_name::check(declared, merged, sink);
    duplicate_port::check(declared, merged, sink);
    if merged.completeness == Completeness::Whole {
        deploys_nothing::check(declared, merged, sink);
        references::check(declared, merged, sink);
        replicas_and_scale::check(declared, merged, sink);
    }
}
