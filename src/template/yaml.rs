//! YAML text → events with places, and what its plain scalars mean.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::k8s::Value;

/// The text is not YAML from some place on.
pub(super) type Broken = Box<Diagnostic>;

/// The events of a text, with their places.
pub(super) struct Events<'a> {
    file: FileId,
    text: &'a str,
    /// The byte offset of every character; empty for ASCII, where the two are the same.
    offsets: Vec<usize>,
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Events<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Self {
        let offsets = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(offset, _)| offset).collect()
        };
        Self { file, text, offsets, parser: Parser::new_from_str(text) }
    }

    /// The next event; after the last one, the end of the stream.
    pub(super) fn next(&mut self) -> Result<(Event<'a>, Span), Broken> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(span.start.index(), span.end.index()))),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, self.span(usize::MAX, usize::MAX))),
        }
    }

    /// Passes over the rest of the list or mapping that was just opened.
    pub(super) fn pass_over(&mut self) -> Result<(), Broken> {
        let mut open = 1;
        while open > 0 {
            open += match self.next()?.0 {
                Event::SequenceStart(..) | Event::MappingStart(..) => 1,
                Event::SequenceEnd | Event::MappingEnd => -1,
                Event::StreamEnd => break,
                _ => 0,
            };
        }
        Ok(())
    }

    fn broken(&self, error: &ScanError) -> Broken {
        let at = error.marker().index();
        Box::new(
            Diagnostic::error(Code::TemplateSyntax, error.info().to_owned())
                .at(self.span(at, at), "not YAML from here on"),
        )
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let byte = |character: usize| match self.offsets.get(character) {
            Some(offset) => *offset,
            None if self.offsets.is_empty() => character.min(self.text.len()),
            None => self.text.len(),
        };
        Span::new(self.file, byte(start)..byte(end))
    }
}

/// Resolves a scalar by YAML 1.2's core schema; what other YAML readers take for another number is refused.
pub(super) fn scalar(text: &str, style: ScalarStyle) -> Result<Value, &'static str> {
    let plain = style == ScalarStyle::Plain;
    let digits = text.trim_start_matches(['+', '-']);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(match text {
        _ if !plain => Value::String(Arc::from(text)),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_integer && digits.len() > 1 && digits.starts_with('0') => {
            return Err("octal to some readers and decimal to others: write `0o644` or `420`, or quote it");
        }
        _ if is_integer => Value::Int(text.parse().map_err(|_| "does not fit 64 bits")?),
        _ => {
            let radix =
                |prefix: &str, radix: u32| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
            // `inf`, `nan` and `infinity` are words here, although Rust reads them as numbers.
            let numeric = digits.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
            match (radix("0o", 8).or_else(|| radix("0x", 16)), text.parse::<f64>()) {
                (Some(number), _) => Value::Int(number),
                (None, Ok(number)) if numeric && number.is_finite() => Value::Float(number),
                _ => Value::String(Arc::from(text)),
            }
        }
    })
}
