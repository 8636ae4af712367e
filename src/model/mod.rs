//! [`Declared`](crate::declare::Declared) → [`Environment`]: defaults and derived facts, nothing read or written.
//!
//! What templates see is exactly this model: [`context()`] gives it as data, and [`shape`] its types, against which templates are checked before there is any data.

mod build;
mod context;
mod cost;
mod edges;
mod environment;
mod kind;
mod pods;
mod releases;
mod scale;
mod secret;
mod secrets;
mod stores;
mod views;
mod workload;
mod workloads;

pub use build::environment;
pub use context::{Context, Contextual, Leaf, Shape, Structure};
pub use cost::{Cost, HOURS, Range, cost};
pub use environment::{Config, Environment, SecretVariable};
pub use kind::{Kind, Registry};
pub use secrets::object_name as secret_object;
pub use views::{Names, WorkloadVariable, context, shape, with_settings};
