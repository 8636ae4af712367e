//! Bytes → [`Tree`]: TOML files, each value with the place where it was written.
//!
//! [`Environments`] follows `extends` and gives an environment's files from the lowest to the environment itself.

mod argument;
mod cluster_templates;
mod clusters;
mod described;
mod env_file;
mod environments;
mod secrecy;
mod setting_names;
mod settings;
mod toml;
mod tree;

pub use argument::argument;
pub use cluster_templates::ClusterTemplates;
pub use clusters::{choose as choose_cluster, target};
pub use env_file::{Variable, env_file, env_value};
pub use environments::{Environments, Layer, Path};
pub use secrecy::{is_literal, is_password, is_secret, names_a_secret_of_chart};
pub use setting_names::name_settings;
pub use settings::Settings;
pub use toml::path;
pub use tree::{Table, Tree, Value};
