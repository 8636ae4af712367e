//! Diagnostics: what is wrong, where, and what to do about it.
//!
//! Rooms put [`Diagnostic`]s into a [`Sink`] and go on; printing happens once, at the end, in [`human`], [`json`],
//! [`sarif`] or [`github`]. Every diagnostic has a [`Code`] whose page `p8fs-gen --explain` prints.

mod code;
mod diagnostic;
pub mod github;
pub mod human;
pub mod json;
mod plain;
pub mod sarif;
mod source;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label, Severity, Sink, Suggestion};
use plain::plain;
pub use source::{ARGUMENT, FileId, HIDDEN, Region, Source, Sources, Span};
pub use suggest::closest;
