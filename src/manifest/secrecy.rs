//! Where the texts of manifests hold values of Secrets.

use std::ops::Range;

use super::Document;
use crate::diag::Sources;
use crate::k8s::{Node, Object, Value};

/// What of a Secret may be shown.
const SHOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];

/// The bytes of a document's file that hold values of Secrets, sorted: `objects` are what was read of it. Of a document
/// that could not be read whole, rather more than too little.
pub fn secrets(
    document: &Document,
    objects: &[Object],
    is_whole: bool,
    sources: &Sources,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if is_whole {
        for object in objects.iter().filter(|object| object.identity.kind == "Secret") {
            let Value::Map(entries) = &object.root.value else { continue };
            let hidden = entries.iter().filter(|(key, _)| !SHOWN.contains(&&**key));
            hidden.for_each(|(_, node)| values(node, &mut found));
            // Tools leave whole copies there.
            object
                .root
                .path(&["metadata", "annotations"])
                .into_iter()
                .for_each(|node| values(node, &mut found));
        }
        found.sort_by_key(|range| (range.start, range.end));
        // What an anchor repeats stands in one place.
        found.dedup_by(|next, range| next.start < range.end);
        return found;
    }
    let text = sources.get(document.file).text.get(document.range.clone()).unwrap_or_default();
    let kinds = || text.lines().filter_map(|line| line.strip_prefix("kind:")).map(str::trim);
    let is_other = |kind: &str| kind != "Secret" && kind.chars().all(|c| c.is_ascii_alphanumeric());
    if kinds().next().is_some() && kinds().all(is_other) {
        return found;
    }
    let mut start = document.range.start;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let key = line.split_once(':').map(|(key, _)| key);
        let is_shown = matches!(key, Some("apiVersion" | "kind"));
        let from = start + key.map_or(0, |key| key.len() + 1);
        if !is_shown && from < end {
            found.push(from..end);
        }
        start += line.len();
    }
    found
}

fn values(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|(_, node)| values(node, found)),
        Value::List(items) => items.iter().for_each(|node| values(node, found)),
        _ => found.push(node.at.range()),
    }
}
