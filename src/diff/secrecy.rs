//! What differences show of Secrets: that values differ, and none of them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diag::HIDDEN;

/// What stands for a value that was not there before.
const OTHER: &str = "(another secret)";

/// A text of manifests as it is shown; `before` is what it takes the place of.
pub(super) fn masked<'t>(text: &'t str, before: Option<&str>) -> Cow<'t, str> {
    if text.split("\n---\n").all(|document| sort(document) == Sort::Other) {
        return Cow::Borrowed(text);
    }
    let known: Option<BTreeSet<&str>> = before.map(|before| before.lines().collect());
    let mut shown = String::with_capacity(text.len());
    for document in text.split_inclusive("\n---\n") {
        // How far the key `data` is indented, within what it holds.
        let (sort, mut data) = (sort(document), None);
        let is_secret = sort == Sort::Secret;
        for line in document.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let is_other = known.as_ref().is_some_and(|known| !known.contains(line.trim_end()));
            let mask = if is_other { OTHER } else { HIDDEN };
            if sort == Sort::Unknown && !matches!(line.trim(), "" | "---") {
                shown.extend([&line[..indent], mask, &line[line.trim_end().len()..]]);
                continue;
            }
            let key = line.trim().trim_start_matches('"');
            if data.is_some_and(|data| indent <= data && !key.is_empty()) {
                data = None;
            }
            let begins =
                is_secret && data.is_none() && (key.starts_with("data") || key.starts_with("stringData"));
            if begins {
                data = Some(indent);
            }
            let content = line.trim_end();
            let after_key =
                content.split_once(": ").filter(|(_, value)| !(begins && matches!(*value, "{" | "")));
            match (data, after_key) {
                (Some(_), after_key) if !begins || after_key.is_some() => {
                    shown.push_str(&line[..indent]);
                    if let Some((key, _)) = after_key {
                        shown.push_str(key.trim_start());
                        shown.push_str(": ");
                    }
                    shown.push_str(mask);
                    shown.push_str(&line[content.len()..]);
                }
                _ => shown.push_str(line),
            }
        }
    }
    Cow::Owned(shown)
}

/// What a document is, as far as its text tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A Secret as we write it.
    Secret,
    /// Certainly none.
    Other,
    /// Perhaps one, written by somebody else: none of it is shown.
    Unknown,
}

fn sort(document: &str) -> Sort {
    if !document.contains("Secr") {
        return Sort::Other;
    }
    let kind = document.lines().find(|line| line.starts_with("kind:") || line.starts_with("  \"kind\":"));
    match kind.map(|line| line.trim_end().trim_end_matches(',')) {
        Some("kind: Secret" | "  \"kind\": \"Secret\"") => {
            let is_data = |line: &str| {
                matches!(line, "data:" | "stringData:" | "  \"data\": {" | "  \"stringData\": {")
            };
            if document.lines().any(is_data) { Sort::Secret } else { Sort::Unknown }
        }
        Some(kind) if !kind.contains("Secr") || kind.ends_with("ExternalSecret") => Sort::Other,
        Some(_) => Sort::Unknown,
        None if document.contains("kind") => Sort::Unknown,
        None => Sort::Other,
    }
}
