//! YAML text → events with their places in it; what they mean is said by the rooms that read them.

use std::ops::Range;

pub use saphyr_parser::{Event, ScalarStyle, Tag};
use saphyr_parser::{Parser, ScanError, StrInput};

use crate::diag::{Code, Diagnostic, FileId, Span};

/// The text is not YAML from some place on.
pub type Broken = Box<Diagnostic>;

/// The events of a text, with their places.
pub struct Events<'a> {
    file: FileId,
    text: &'a str,
    /// Where the text begins in its file.
    base: usize,
    /// What a text that is not YAML is called.
    code: Code,
    /// The byte offset of every character; empty for ASCII, where the two are the same.
    offsets: Vec<usize>,
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Events<'a> {
    /// Reads the part `range` of a file; `code` is what to call it when it is not YAML.
    pub fn new(file: FileId, text: &'a str, range: Range<usize>, code: Code) -> Self {
        let (text, base) = (&text[range.clone()], range.start);
        let offsets = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(offset, _)| offset).collect()
        };
        Self { file, text, base, code, offsets, parser: Parser::new_from_str(text) }
    }

    /// The next event; after the last one, the end of the stream.
    pub fn next(&mut self) -> Result<(Event<'a>, Span), Broken> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(span.start.index(), span.end.index()))),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, self.span(usize::MAX, usize::MAX))),
        }
    }

    /// Passes over the rest of the list or mapping that was just opened.
    pub fn pass_over(&mut self) -> Result<(), Broken> {
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
            Diagnostic::error(self.code, error.info().to_owned())
                .at(self.span(at, at), "not YAML from here on"),
        )
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let byte = |character: usize| match self.offsets.get(character) {
            Some(offset) => *offset,
            None if self.offsets.is_empty() => character.min(self.text.len()),
            None => self.text.len(),
        };
        Span::new(self.file, self.base + byte(start)..self.base + byte(end))
    }
}
