//! `p8fs-gen schema`

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::declare::published_schema;

pub(super) fn run() -> Result<Exit, Failure> {
    Reporter::output(&format!("{:#}\n", published_schema()))?;
    Ok(Exit::Success)
}
