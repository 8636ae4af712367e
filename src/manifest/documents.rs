//! A text → its documents, split at the lines at which kubectl splits.

use std::ops::Range;

use serde::de::IgnoredAny;

use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};

/// A document: a part of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// The bytes of the document, without its separators.
    pub range: Range<usize>,
}

/// The documents of a file; those that hold nothing but comments are left out.
pub fn documents(file: FileId, sources: &Sources, sink: &mut Sink) -> Vec<Document> {
    let text = &*sources.get(file).text;
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    if let Some(ranges) = json(&text[start..]) {
        let place = |range: Range<usize>| start + range.start..start + range.end;
        return ranges.into_iter().map(|range| Document { file, range: place(range) }).collect();
    }
    let mut documents = Vec::new();
    let mut add = |range: Range<usize>| {
        if text[range.clone()]
            .lines()
            .any(|line| !matches!(line.trim_start().bytes().next(), None | Some(b'#')))
        {
            documents.push(Document { file, range });
        }
    };
    let mut offset = start;
    for line in text[start..].split_inclusive('\n') {
        if let Some(after) = line.strip_prefix("---") {
            let beside = after.trim();
            if !beside.is_empty() && !beside.starts_with('#') {
                let at = offset + line.find(beside).unwrap_or_default();
                let title = "text beside a document separator";
                let found = Diagnostic::error(Code::ManifestSyntax, title);
                let at = Span::new(file, at..at + beside.len());
                sink.push(found.at(at, "kubectl refuses it").help("begin the document on the next line"));
            }
            add(start..offset);
            start = offset + line.len();
        }
        offset += line.len();
    }
    add(start..text.len());
    documents
}

/// The values of a text that is JSON, one after another; none when it is not.
fn json(text: &str) -> Option<Vec<Range<usize>>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut ranges = Vec::new();
    let mut start = 0;
    while let Some(value) = values.next() {
        value.ok()?;
        ranges.push(start..values.byte_offset());
        start = values.byte_offset();
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (Vec<String>, usize) {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = sources.add("x.yaml", text);
        let found = documents(file, &sources, &mut sink);
        (found.into_iter().map(|document| text[document.range].to_owned()).collect(), sink.errors())
    }

    #[test]
    fn documents_are_split_at_separators_and_empty_ones_left_out() {
        assert_eq!(split("a: 1"), (vec!["a: 1".to_owned()], 0));
        assert_eq!(
            split("\u{feff}---\na: 1\n--- # b\r\n# none\r\n---\r\n\r\n---\nb: 1\n").0,
            ["a: 1\n", "b: 1\n"]
        );
        assert_eq!(split("").0.len(), 0);
        assert_eq!(split("{\"a\": 1}\n{}").0, ["{\"a\": 1}", "\n{}"]);
        assert_eq!(split("{a: 1}\n---\n{}").0.len(), 2);
        assert_eq!(split("a: |\n  ---\n  b\n").0.len(), 1);
        assert_eq!(split("--- {a: 1}\nb: 1\n").1, 1);
    }
}
