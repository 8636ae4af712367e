//! YAML text → a tree with places. Only what templates have: no anchors, aliases, tags or merge keys.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::diag::{Code, Diagnostic, FileId, Sink, Span};

/// The most levels of structure; Kubernetes' own objects have about twenty.
const DEPTH: usize = 100;

/// A node of a YAML document.
#[derive(Debug)]
pub(super) struct Yaml {
    pub(super) value: YamlValue,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum YamlValue {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Yaml>),
    /// Keys are scalars; plain ones are taken as text whatever they look like.
    Map(Vec<(String, Span, Yaml)>),
}

/// The documents of a text. A text that is not YAML gives what came before the mistake.
pub(super) fn documents(file: FileId, text: &str, sink: &mut Sink) -> Vec<Yaml> {
    let mut reader =
        Reader { file, text, offsets: offsets(text), parser: Parser::new_from_str(text), depth: 0, sink };
    let mut documents = Vec::new();
    loop {
        match reader.next() {
            Ok(Some((Event::DocumentStart(_), _))) => match reader.document() {
                Ok(document) => documents.extend(document),
                Err(error) => {
                    reader.refuse(&error);
                    return documents;
                }
            },
            Ok(Some((Event::StreamEnd, _)) | None) => return documents,
            Ok(Some(_)) => {}
            Err(error) => {
                reader.refuse(&error);
                return documents;
            }
        }
    }
}

/// The byte offset of every character; empty for ASCII, where the two are the same.
fn offsets(text: &str) -> Vec<usize> {
    if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(offset, _)| offset).collect() }
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    offsets: Vec<usize>,
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
    sink: &'a mut Sink,
}

type Spanned<'a> = (Event<'a>, Span);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Spanned<'a>>, ScanError> {
        let Some((event, span)) = self.parser.next_event().transpose()? else { return Ok(None) };
        let range = self.byte(span.start.index())..self.byte(span.end.index());
        Ok(Some((event, Span::new(self.file, range))))
    }

    fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            return character.min(self.text.len());
        }
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    fn refuse(&mut self, error: &ScanError) {
        let at = self.byte(error.marker().index());
        let span = Span::new(self.file, at..at);
        self.sink.push(
            Diagnostic::error(Code::TemplateSyntax, error.info().to_owned())
                .at(span, "not YAML from here on"),
        );
    }

    fn document(&mut self) -> Result<Option<Yaml>, ScanError> {
        match self.next()? {
            Some((Event::DocumentEnd, _)) | None => Ok(None),
            Some(event) => self.node(event).map(Some),
        }
    }

    /// A node and everything in it. Deeper than [`DEPTH`], structure is passed over.
    fn node(&mut self, (event, span): Spanned<'a>) -> Result<Yaml, ScanError> {
        if self.depth == DEPTH {
            return self.pass_over(&event, span);
        }
        self.depth += 1;
        let node = self.node_below((event, span));
        self.depth -= 1;
        node
    }

    fn pass_over(&mut self, event: &Event<'a>, span: Span) -> Result<Yaml, ScanError> {
        let mut open = i32::from(matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)));
        if open > 0 {
            let title = format!("nested deeper than {DEPTH} levels");
            self.sink.push(Diagnostic::error(Code::TemplateSyntax, title).at(span, "too deep"));
        }
        while open > 0 {
            open += match self.next()? {
                Some((Event::SequenceStart(..) | Event::MappingStart(..), _)) => 1,
                Some((Event::SequenceEnd | Event::MappingEnd, _)) => -1,
                Some(_) => 0,
                None => break,
            };
        }
        Ok(Yaml { value: YamlValue::Null, span })
    }

    fn node_below(&mut self, (event, span): Spanned<'a>) -> Result<Yaml, ScanError> {
        let (value, anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style).unwrap_or_else(|why| {
                    let title = format!("`{text}` is not a number here");
                    self.sink.push(Diagnostic::error(Code::TemplateSyntax, title).at(span, why));
                    YamlValue::Int(0)
                });
                (value, anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Some((Event::SequenceEnd, end)) => {
                            self.no_properties(span, anchor, tag.as_ref());
                            let span = Span { end: end.end, ..span };
                            return Ok(Yaml { value: YamlValue::List(items), span });
                        }
                        Some(event) => items.push(self.node(event)?),
                        None => break,
                    }
                }
                (YamlValue::List(items), anchor, tag)
            }
            Event::MappingStart(anchor, tag) => {
                self.no_properties(span, anchor, tag.as_ref());
                return self.mapping(span);
            }
            Event::Alias(_) => {
                self.sink.push(
                    Diagnostic::error(Code::TemplateSyntax, "aliases are not part of the template language")
                        .at(span, "an alias")
                        .help("use `$include` to place the same structure twice"),
                );
                (YamlValue::Text(String::new()), 0, None)
            }
            _ => (YamlValue::Null, 0, None),
        };
        self.no_properties(span, anchor, tag.as_ref());
        Ok(Yaml { value, span })
    }

    fn mapping(&mut self, start: Span) -> Result<Yaml, ScanError> {
        let mut entries: Vec<(String, Span, Yaml)> = Vec::new();
        let mut span = start;
        while let Some((event, key_span)) = self.next()? {
            let key = match event {
                Event::MappingEnd => {
                    span.end = key_span.end.max(span.end);
                    break;
                }
                Event::Scalar(text, ..) => text.into_owned(),
                other => {
                    self.node((other, key_span))?;
                    self.refuse_key(key_span, "keys are text", "not text");
                    String::new()
                }
            };
            if key == "<<" {
                self.refuse_key(
                    key_span,
                    "merge keys are not part of the template language",
                    "write `$merge`",
                );
            } else if let Some((_, first, _)) = entries.iter().find(|(known, ..)| *known == key) {
                let found = Diagnostic::error(
                    Code::TemplateSyntax,
                    format!("key `{key}` stands twice in one mapping"),
                )
                .at(key_span, "the second")
                .context(*first, "the first");
                self.sink.push(found);
            }
            let Some(event) = self.next()? else { break };
            let value = self.node(event)?;
            entries.push((key, key_span, value));
        }
        Ok(Yaml { value: YamlValue::Map(entries), span })
    }

    fn refuse_key(&mut self, span: Span, title: &str, label: &str) {
        self.sink.push(Diagnostic::error(Code::TemplateSyntax, title).at(span, label));
    }

    fn no_properties<T>(&mut self, span: Span, anchor: usize, tag: Option<&T>) {
        if anchor != 0 || tag.is_some() {
            self.sink.push(
                Diagnostic::error(
                    Code::TemplateSyntax,
                    "anchors and tags are not part of the template language",
                )
                .at(span, "has an anchor or a tag"),
            );
        }
    }
}

/// Resolves a scalar by YAML 1.2's core schema; what other YAML readers take for another number is refused.
fn scalar(text: &str, style: ScalarStyle) -> Result<YamlValue, &'static str> {
    if style != ScalarStyle::Plain {
        return Ok(YamlValue::Text(text.to_owned()));
    }
    let digits = text.trim_start_matches(['+', '-']);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => YamlValue::Null,
        "true" | "True" | "TRUE" => YamlValue::Bool(true),
        "false" | "False" | "FALSE" => YamlValue::Bool(false),
        _ if is_integer && digits.len() > 1 && digits.starts_with('0') => {
            return Err("octal to some readers and decimal to others: write `0o644` or `420`, or quote it");
        }
        _ if is_integer => YamlValue::Int(text.parse().map_err(|_| "does not fit 64 bits")?),
        _ => {
            let radix =
                |prefix: &str, radix: u32| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
            // `inf`, `nan` and `infinity` are words here, although Rust reads them as numbers.
            let numeric = digits.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
            match (radix("0o", 8).or_else(|| radix("0x", 16)), text.parse::<f64>()) {
                (Some(number), _) => YamlValue::Int(number),
                (None, Ok(number)) if numeric && number.is_finite() => YamlValue::Float(number),
                _ => YamlValue::Text(text.to_owned()),
            }
        }
    })
}
