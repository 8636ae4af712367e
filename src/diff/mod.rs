//! What differs between two outputs: as unified diffs, and what of it no cluster takes.

mod immutable;

pub use immutable::immutable;
use similar::TextDiff;

/// Lines of context around a change, as in `diff -u`.
const CONTEXT: usize = 3;

/// The unified diff of a file from `old` to `new`; empty when they are equal. A file that is not there is
/// `/dev/null`, as git writes it.
pub fn unified(name: &str, old: Option<&str>, new: Option<&str>) -> String {
    let header =
        |side: &str, text: Option<&str>| text.map_or("/dev/null".to_owned(), |_| format!("{side}/{name}"));
    let diff = TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default());
    diff.unified_diff().context_radius(CONTEXT).header(&header("a", old), &header("b", new)).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_file_that_is_not_there_is_dev_null() {
        assert_eq!(unified("x", Some("a\n"), Some("a\n")), "");
        assert!(unified("x", Some("a\n"), Some("b\n")).contains("--- a/x\n+++ b/x\n"));
        assert!(unified("x", None, Some("b\n")).starts_with("--- /dev/null\n+++ b/x\n"));
        assert!(unified("x", Some("a\n"), None).ends_with("-a\n"));
    }
}
