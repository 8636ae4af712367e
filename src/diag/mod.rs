//! Diagnostics: what is wrong, where, and what to do about it.
//!
//! Rooms put [`Diagnostic`]s into a [`Sink`] and go on; printing happens once, at the end, in [`human`] or
//! [`json`]. Every diagnostic has a [`Code`] whose page `p8fs-gen --explain` prints.

mod code;
mod diagnostic;
pub mod human;
pub mod json;
mod source;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label, Severity, Sink};
pub use source::{FileId, Source, Sources, Span};
pub use suggest::closest;
