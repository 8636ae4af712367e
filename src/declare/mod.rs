//! What an environment file may say: its raw types, the JSON Schema made from them, and the rules that a
//! schema cannot express.
//!
//! [`declare`] checks the merged tree against the schema, then reads the raw types from what is left of it, then
//! runs the rules; so that one run finds the mistakes of all three.

mod file;
mod findings;
mod report;
mod rules;
mod schema;
mod values;

use crate::diag::{Code, Diagnostic, Sink};
use crate::merge::{Inputs, Merged};

pub use file::{Declared, Ports, Probe, ReplicaRange, Replicas, Scale, Service, Setting};
pub use schema::published as published_schema;
pub use values::{Bytes, Cidr, Name, Percent, PortName, PortNumber, Tier, VariableName, Via};

/// Checks a merged tree and gives it its types; none when what is left of it after the findings is not a
/// whole environment any more.
pub fn declare(merged: &Merged, environment: &str, sink: &mut Sink) -> Option<Declared> {
    let sound = findings::check(merged, environment, sink)?;
    let declared = match serde::Deserialize::deserialize(&sound) {
        Ok(declared) => declared,
        Err(error) => {
            let error: crate::merge::DeserializeError = error;
            sink.push(
                Diagnostic::error(Code::WrongType, error.to_string())
                    .note("the schema let this pass; please report it"),
            );
            return None;
        }
    };
    rules::check(&declared, merged, sink);
    Some(declared)
}

/// The place to point at for a sourced value: its first input.
fn place(inputs: &Inputs, sourced: &crate::merge::InputSet) -> Option<crate::diag::Span> {
    sourced.iter().next().map(|input| inputs.get(input).origin)
}
