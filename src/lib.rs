//! `p8fs-gen` compiles one declaration per environment into everything a Kubernetes deployment needs.
//!
//! The rooms, in the order the data walks through them; a room uses only rooms above it:
//!
//! 1. [`diag`]: diagnostics, and the texts they point into.
//! 2. `workspace`: the only reader of files.
//! 3. `load`: bytes → `load::Tree`, every value with its place.
//! 4. `merge`: layers → `merge::Merged`, every node an `merge::Input`.
//! 5. `yaml`: YAML text → events with places.
//! 6. `k8s`: what Kubernetes itself fixes.
//! 7. `manifest`: manifests that were not rendered here → `k8s::Object`s.
//! 8. `declare`: the schema and the rules of environment files → `declare::Declared`.
//! 9. `model`: defaults and derived facts → `model::Environment`.
//! 10. `template`: the template language.
//! 11. `settings`: definitions and expressions → the settings of an environment, and the share of workloads in them.
//! 12. `render`: the catalogue of templates → `k8s::Object`s.
//! 13. `verify`: the rules over all objects → `verify::Verified`.
//! 14. `explain`: why a field of an object is as it is, or is not there.
//! 15. `emit`: canonical YAML, as a stream or a folder; the only writer of files.
//! 16. [`diff`]: what differs between two outputs.
//!
//! `pipeline` runs them in this order, and [`cli`] turns arguments into calls of it.
//! `docs/architecture.md` follows one value all the way.

pub mod cli;
mod compose;
mod declare;
pub mod diag;
pub mod diff;
mod emit;
mod explain;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod k8s;
mod load;
mod manifest;
mod merge;
mod model;
mod pipeline;
#[cfg(test)]
mod properties;
mod render;
mod settings;
mod template;
mod verify;
mod workspace;
mod yaml;
