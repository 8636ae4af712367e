//! What the process was started with. Nothing of it reaches the output.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IsTerminal};

/// A variable of the process's environment; none when it is not set, empty, or no UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the variables of this tool itself begin with.
const OWN: &str = "P8FS_GEN_";

/// The variables of the process's environment but those of this tool, by name; those that are no UTF-8 are left out.
pub fn variables() -> BTreeMap<String, String> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    variables.filter(|(name, _)| !name.starts_with(OWN)).collect()
}

/// What all log records of this run carry: `P8FS_GEN_CORRELATION_ID`, or something random.
pub fn correlation_id() -> String {
    // The standard library's hash maps are seeded by the operating system; that seed is random enough to tell runs
    // apart.
    variable("P8FS_GEN_CORRELATION_ID").unwrap_or_else(|| format!("{:016x}", RandomState::new().hash_one(())))
}

/// The line that a person types at the terminal; none where nobody sits at one.
pub fn answer() -> io::Result<Option<String>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Ok(None);
    }
    let mut line = String::new();
    stdin.read_line(&mut line)?;
    Ok(Some(line.trim().to_owned()))
}
