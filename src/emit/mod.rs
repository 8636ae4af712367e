//! Verified objects → canonical YAML → a stream or a folder; the only writer of files.

mod error;
mod exchange;
mod folder;
mod inventory;
mod stream;
mod survey;
pub mod yaml;

pub use error::FolderError;
pub use folder::{Outcome, compare, write};
pub use stream::{files, stream};
