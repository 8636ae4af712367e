//! What differs between two outputs, as unified diffs.

use similar::TextDiff;

/// Lines of context around a change, as in `diff -u`.
const CONTEXT: usize = 3;

/// The unified diff from `old` to `new`, both called `name`; empty when they are equal.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(CONTEXT).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("x", "a\n", "a\n"), "");
        assert!(unified("x", "a\n", "b\n").contains("-a\n+b\n"));
    }
}
