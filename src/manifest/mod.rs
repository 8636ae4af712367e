//! Manifests that were not rendered here: text → [`Object`](crate::k8s::Object)s whose every node has its place in it.
//!
//! A text is read as kubectl reads it: several documents, YAML 1.1 scalars, anchors and merge keys, JSON, lists.

mod documents;
mod number;
mod objects;
mod read;
mod scalar;
mod secrecy;

pub use documents::{Document, documents};
pub use objects::objects;
pub use read::read as node;
pub use secrecy::secrets;
