//! Bytes → [`Tree`]: TOML files, each value with the place where it was written.
//!
//! [`Environments`] follows `extends` and gives an environment's files from the lowest to the environment itself.

mod argument;
mod cluster_templates;
mod clusters;
mod environments;
mod kinds;
mod settings;
mod toml;
mod tree;

pub use argument::argument;
pub use cluster_templates::ClusterTemplates;
pub use clusters::{choose as choose_cluster, target};
pub use environments::{Environments, Layer, Path};
pub use settings::Settings;
pub use toml::path;
pub use tree::{Tree, Value};
