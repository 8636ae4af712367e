//! Why an object, or a field of one, is as it is, and what was declared: answers for people and for programs.

mod answer;
mod declaration;
mod field;
mod target;
mod text;

pub use answer::Explainer;
pub use declaration::{Declaration, Difference, Entry, Origins, differences};
pub use target::Question;
use target::object;
pub use text::text;
