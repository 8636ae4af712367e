//! Layers → one [`Merged`] tree.
//!
//! Tables merge by key; scalars and arrays replace whole; `unset` removes what a layer below wrote. Every node
//! of the result is an [`Input`], whose origin, path and shadowed origins stand in the [`Inputs`] table. The
//! room is pure: it reads nothing and depends on nothing but its arguments.

mod de;
mod inputs;
mod lay;
mod sourced;

pub use crate::load::Value;
pub use inputs::{Input, InputInfo, InputSet, Inputs, LeftOut, Provenance, Reads};
pub use lay::{Merged, Tree, merge};
pub use sourced::{Both, Sourced};
