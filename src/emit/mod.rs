//! Verified objects → canonical YAML or JSON → a stream or a folder; the only writer of files.

mod error;
mod exchange;
mod files;
mod folder;
mod inventory;
mod json;
mod order;
mod stream;
mod survey;
pub mod yaml;

pub use error::FolderError;
pub use files::files;
pub use folder::{Outcome, compare, write};
pub use stream::{Format, stream};
