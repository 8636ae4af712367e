//! Source texts and places in them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A file known to [`Sources`]; an index, valid only for the `Sources` that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `range` in `file`; offsets past 4 GiB saturate (larger files are refused when read).
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: narrow(range.start), end: narrow(range.end) }
    }

    /// The bytes, as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Lines and columns of a span, from 1, columns in characters; the end is one past the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The line of the first character.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column of the end.
    pub end_column: usize,
}

/// One text: where it came from and what it says.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path relative to the workspace, with `/` on every system.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Where its lines end, looked up when something is found in it: there may be much to find in a large text.
    line_ends: OnceLock<Vec<usize>>,
}

impl Source {
    /// The line that a byte is on, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        let ends = self.line_ends.get_or_init(|| self.text.match_indices('\n').map(|(end, _)| end).collect());
        ends.partition_point(|end| *end < offset) + 1
    }
}

/// What is shown in the place of a secret.
pub const HIDDEN: &str = "(secret)";

/// Shorter values would be found in words that are none, in bytes.
const SHORTEST_SECRET: usize = 6;

/// Where arguments of the command line are written, in place of a path.
pub const ARGUMENT: &str = "--set";

/// Every text that a diagnostic may point into.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Where the workspace lies below the folder that the process was started in: empty, or with a `/` at its end.
    pub(super) root: String,
    files: Vec<Source>,
    /// Values that no finding may quote.
    secrets: BTreeSet<Box<str>>,
}

impl Sources {
    /// No texts yet, of a workspace that lies there below the folder that the process was started in.
    pub fn below(root: impl Into<String>) -> Self {
        Self { root: root.into(), ..Self::default() }
    }

    /// Adds a text and returns its handle.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source { path: path.into(), text: text.into(), line_ends: OnceLock::new() });
        id
    }

    /// Puts stars in the place of what must not be shown, one for each byte: lines and columns stay. The ranges are sorted,
    /// and none reaches into another.
    pub fn conceal(&mut self, file: FileId, ranges: &[Range<usize>]) {
        let Some(source) = self.files.get_mut(file.0 as usize) else { return };
        let mut text = String::with_capacity(source.text.len());
        for range in ranges {
            text.push_str(source.text.get(text.len()..range.start).unwrap_or_default());
            for c in source.text.get(range.clone()).unwrap_or_default().chars() {
                let shown = if c == '\n' { c } else { '*' };
                text.extend(std::iter::repeat_n(shown, c.len_utf8()));
            }
        }
        text.push_str(source.text.get(text.len()..).unwrap_or_default());
        source.text = text.into();
    }

    /// Conceals the values of secrets, here and wherever a finding quotes one.
    pub fn conceal_secrets(&mut self, file: FileId, ranges: &[Range<usize>]) {
        let text = Arc::clone(&self.get(file).text);
        for line in ranges.iter().filter_map(|range| text.get(range.clone())).flat_map(str::lines) {
            let value = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '|' | '>'));
            if value.len() >= SHORTEST_SECRET {
                self.secrets.insert(value.into());
            }
        }
        self.conceal(file, ranges);
    }

    /// A text of a finding, without the secrets that stand in it as words of their own.
    pub(super) fn masked(&self, text: &str) -> String {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut masked = text.to_owned();
        for secret in &self.secrets {
            let mut from = 0;
            while let Some(at) = masked[from..].find(&**secret).map(|at| at + from) {
                let end = at + secret.len();
                from = end;
                let is_apart = !masked[..at].ends_with(is_word) && !masked[end..].starts_with(is_word);
                if is_apart {
                    masked.replace_range(at..end, HIDDEN);
                    from = at + HIDDEN.len();
                }
            }
        }
        masked
    }

    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The text behind a handle, as it may be shown.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// The path of a span's file.
    pub fn path(&self, span: Span) -> &str {
        &self.get(span.file).path
    }

    /// The path of a span's file from where the process was started. What is built in lies nowhere.
    pub fn located(&self, span: Span) -> String {
        let path = self.path(span);
        if path.starts_with("builtin:") || path == ARGUMENT {
            path.to_owned()
        } else {
            format!("{}{path}", self.root)
        }
    }

    /// What the span covers.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of the span's first byte, both from 1, columns in characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let source = self.get(span.file);
        let before = source.text.get(..span.start as usize).unwrap_or(&source.text);
        (source.line_of(before.len()), before[line_start(before)..].chars().count() + 1)
    }

    /// Lines and columns of what the span covers.
    pub fn region(&self, span: Span) -> Region {
        let (line, column) = self.line_column(span);
        let (end_line, end_column) = self.line_column(Span { start: span.end, ..span });
        Region { line, column, end_line, end_column }
    }

    /// The line that the span begins in, without its indentation.
    pub fn line(&self, span: Span) -> &str {
        let text = &self.get(span.file).text;
        let start = text.get(..span.start as usize).map_or(0, line_start);
        text[start..].lines().next().unwrap_or_default().trim()
    }

    /// `path:line`, as editors and `grep` write it.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.path(span), self.line_column(span).0)
    }
}

/// Where the last line of a text begins.
pub(super) fn line_start(text: &str) -> usize {
    text.rfind('\n').map_or(0, |newline| newline + 1)
}
