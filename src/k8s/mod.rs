//! What Kubernetes itself fixes: structural schemas, kinds, names, quantities, install order.

mod catalog;
mod empty;
mod names;
mod object;
mod path;
mod quantity;
mod schema;
mod wave;

pub use catalog::{Catalog, Cursor};
pub use empty::empty_means_all;
pub use names::{Names, label_key, label_value};
pub use object::{Identity, Made, Node, Object, Value};
pub use path::{FieldPath, Step};
use quantity::is_quantity;
use schema::Schema;
pub use schema::{Refusal, Type};
pub use wave::Wave;
