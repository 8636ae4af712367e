//! What differs between two outputs: as unified diffs, and what of it no cluster takes.

mod immutable;
mod secrecy;

pub use immutable::immutable;
use similar::TextDiff;

/// Lines of context around a change, as in `diff -u`.
const CONTEXT: usize = 3;

/// The unified diff of a file from `old` to `new`; empty when they are equal. A file that is not there is
/// `/dev/null`, as git writes it.
pub fn unified(name: &str, old: Option<&str>, new: Option<&str>) -> String {
    let header =
        |side: &str, text: Option<&str>| text.map_or("/dev/null".to_owned(), |_| format!("{side}/{name}"));
    let new_text = new.map(|text| secrecy::masked(text, old));
    let old_text = old.map(|text| secrecy::masked(text, None));
    let diff = TextDiff::from_lines(
        old_text.as_deref().unwrap_or_default(),
        new_text.as_deref().unwrap_or_default(),
    );
    diff.unified_diff().context_radius(CONTEXT).header(&header("a", old), &header("b", new)).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_secret_is_seen_to_differ_and_not_how() {
        let secret = |value: &str| {
            format!("apiVersion: v1\ndata:\n  a: b25l\n  b: {value}\nkind: Secret\nmetadata:\n  name: s\n")
        };
        let shown = unified("s", Some(&secret("b25l")), Some(&secret("dHdv")));
        assert!(shown.contains("   a: (secret)\n-  b: (secret)\n+  b: (another secret)\n"), "{shown}");
        assert_eq!(unified("s", Some(&secret("b25l")), Some(&secret("b25l"))), "");
        let shown = unified("s", None, Some(&secret("dHdv")));
        assert!(shown.contains("+  b: (secret)\n") && !shown.contains("dHdv"), "{shown}");
        for odd in [
            "kind: Secret # edited\ndata:\n  a: c2VjcmV0\n",
            "kind: 'Secret'\ndata:\n  a: c2VjcmV0\n",
            "{ \"kind\": \"Secret\", \"data\": { \"a\": \"c2VjcmV0\" } }\n",
            "kind: Secret\n? data\n: a: c2VjcmV0\n",
            "kind: Secret\ndata: {\na: c2VjcmV0 }\n",
        ] {
            let shown = unified("s", Some(odd), Some(&secret("dHdv")));
            assert!(!shown.contains("c2VjcmV0") && !shown.contains("dHdv"), "{shown}");
        }
        let json = "{\n  \"data\": {\n    \"a\": \"b25l\"\n  },\n  \"kind\": \"Secret\"\n}\n";
        let shown = unified("s", Some(json), None);
        assert!(shown.contains("-    \"a\": (secret)\n-  },\n-  \"kind\": \"Secret\"\n"), "{shown}");
    }

    #[test]
    fn a_file_that_is_not_there_is_dev_null() {
        assert_eq!(unified("x", Some("a\n"), Some("a\n")), "");
        assert!(unified("x", Some("a\n"), Some("b\n")).contains("--- a/x\n+++ b/x\n"));
        assert!(unified("x", None, Some("b\n")).starts_with("--- /dev/null\n+++ b/x\n"));
        assert!(unified("x", Some("a\n"), None).ends_with("-a\n"));
    }
}
