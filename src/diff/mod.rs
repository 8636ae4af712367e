//! What differs between two outputs.

mod text;

pub use text::unified;
