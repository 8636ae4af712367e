//! Diagnostics as JSON, one object a line.

use serde::Serialize;

use super::{Diagnostic, Label, Region, Sources, Span};

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
    /// Replacing this much mends it; only where the finding says "did you mean".
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    file: &'a str,
    start: u32,
    end: u32,
    replacement: &'a str,
}

/// Offsets are bytes from 0, lines and columns count from 1, columns in characters; ends are one past the last.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
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
        suggestion: diagnostic.replaced(sources).map(|(span, replacement)| Replacement {
            file: sources.path(span),
            start: span.start,
            end: span.end,
            replacement,
        }),
    })
}

fn place<'a>(label: &'a Label, sources: &'a Sources) -> Place<'a> {
    let Region { line, column, end_line, end_column } = sources.region(label.span);
    let Span { start, end, .. } = label.span;
    Place {
        file: sources.path(label.span),
        line,
        column,
        end_line,
        end_column,
        start,
        end,
        label: &label.text,
    }
}
