//! `--watch`: the same again whenever a file of the workspace is saved.

use std::path::Path;
use std::time::Instant;

use super::exit::{Exit, Failure};
use super::report::Reporter;
use crate::workspace::Watch;

/// Does `once` now and upon every save, until interrupted or until nobody reads the output any more.
pub(super) fn run(
    directory: &Path,
    reporter: &Reporter,
    mut once: impl FnMut() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut watch = Watch::start(directory)?;
    loop {
        reporter.clear();
        let started = Instant::now();
        match once() {
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => {
                reporter.fail(&failure);
            }
            Ok(_) => {}
        }
        reporter.note(&format!("took {} ms; waiting for the next save", started.elapsed().as_millis()));
        watch.wait();
    }
}
