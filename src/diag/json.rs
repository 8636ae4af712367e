//! Diagnostics as JSON, one object a line.

use serde::Serialize;

use super::{Diagnostic, Label, Sources};

#[derive(Serialize)]
struct Record<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    context: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    help: &'a [String],
}

/// Offsets are bytes from 0, lines and columns count from 1, columns in characters.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    start: u32,
    end: u32,
    label: &'a str,
}

/// The diagnostic as one line of JSON.
///
/// # Errors
/// Only if serialization itself fails, which strings and numbers do not.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Result<String> {
    let placed = |label| place(label, sources);
    serde_json::to_string(&Record {
        code: diagnostic.code.as_str(),
        severity: diagnostic.severity.as_str(),
        message: &diagnostic.title,
        primary: diagnostic.primary.as_ref().map(placed),
        context: diagnostic.context.iter().map(placed).collect(),
        notes: &diagnostic.notes,
        help: &diagnostic.help,
    })
}

fn place<'a>(label: &'a Label, sources: &'a Sources) -> Place<'a> {
    let (line, column) = sources.line_column(label.span);
    let (start, end) = (label.span.start, label.span.end);
    Place { file: sources.path(label.span), line, column, start, end, label: &label.text }
}
