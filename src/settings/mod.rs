//! The settings of an environment: what `[system.settings]` defines, `[settings]` sets, and expressions derive from the
//! rest of the model.
//!
//! [`complete`] gives workloads their share of them; [`effective`] lists them all, as `p8fs-gen settings` prints them.

mod complete;
mod outside;
mod probe;
mod report;
mod resolve;

pub use complete::complete;
pub use outside::Outside;
pub use probe::{Endpoint, endpoints, probe};
pub use report::{Places, Report, Reveal};
pub use resolve::{Effective, effective};
