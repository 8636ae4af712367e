//! Verified objects → canonical YAML or JSON → a stream or a folder; the only writer of files.

mod artifact;
mod error;
mod exchange;
mod file;
mod files;
mod folder;
mod fresh;
mod inventory;
mod json;
mod order;
mod plan;
mod stream;
mod survey;
pub mod yaml;

pub use error::FolderError;
pub use file::{Mode, put, remove, rename};
pub use files::files;
pub use folder::{Outcome, compare, write};
pub use fresh::{create_new, in_the_way};
pub use stream::{Format, stream};
pub use yaml::document;
