//! Bytes → [`Tree`]: TOML files, each value with the place where it was written.
//!
//! [`layers`] follows `extends` and returns an environment's files from the lowest to the environment itself.

mod layers;
mod toml;
mod tree;

pub use layers::{Layer, Path, environments, layers};
pub use tree::{Entry, Tree, Value};
