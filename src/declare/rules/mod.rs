//! The rules that a schema cannot say, one file each.

mod duplicate_port;
mod references;
mod replicas_and_scale;

use super::Declared;
use crate::diag::Sink;
use crate::merge::Merged;

/// Runs them all.
pub(super) fn check(declared: &Declared, merged: &Merged, sink: &mut Sink) {
    references::check(declared, merged, sink);
    duplicate_port::check(declared, merged, sink);
    replicas_and_scale::check(declared, merged, sink);
}
