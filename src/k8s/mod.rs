//! What Kubernetes itself fixes: structural schemas, kinds, names, quantities, install order.

mod catalog;
mod combined;
mod crds;
mod cron;
mod custom;
mod empty;
mod format;
mod immutable;
mod items;
mod names;
mod object;
mod path;
mod pattern;
mod quantity;
mod schema;
mod schemas;
mod short_names;
mod validation;
mod wave;

pub use catalog::{Catalog, Cursor, MINORS};
pub use cron::schedule_fault;
pub use custom::CustomResources;
pub use empty::empty_means_all;
pub use immutable::{Change, Remedy, immutable_changes};
pub use items::{item_identity, missing_key};
pub use names::{Names, label_key, label_value};
pub use object::{Identity, Made, Node, Object, Value};
pub use path::{FieldPath, Step};
pub use pattern::Pattern;
pub use quantity::thousandths;
use schema::Schema;
pub use schema::{Refusal, Type};
pub use schemas::Schemas;
pub use short_names::plural_of;
pub use validation::Keys;
pub use wave::Wave;
