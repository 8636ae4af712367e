//! What differences show of Secrets: that values differ, and none of them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::diag::HIDDEN;

/// What stands for a value that was not there before.
const OTHER: &str = "(another secret)";

/// A text of manifests as it is shown; `before` is what it takes the place of.
pub(super) fn masked<'t>(text: &'t str, before: Option<&str>) -> Cow<'t, str> {
    if !holds_a_secret(text) {
        return Cow::Borrowed(text);
    }
    let known: Option<BTreeSet<&str>> = before.map(|before| before.lines().collect());
    let mut shown = String::with_capacity(text.len());
    for document in text.split_inclusive("\n---\n") {
        // How far the key `data` is indented, within what it holds.
        let (is_secret, mut data) = (holds_a_secret(document), None);
        for line in document.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
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
                    let is_other = known.as_ref().is_some_and(|known| !known.contains(content));
                    let mask = if is_other { OTHER } else { HIDDEN };
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

fn holds_a_secret(text: &str) -> bool {
    text.lines()
        .any(|line| matches!(line.trim().trim_end_matches(','), "kind: Secret" | "\"kind\": \"Secret\""))
}
