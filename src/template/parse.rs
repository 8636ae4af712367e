//! YAML events → [`Template`]s and fragments; what templates do not have is refused.

use std::sync::Arc;

use super::expression::split;
use super::scalar::scalar;
use super::{Chunk, Entry, Key, Part, PartKind, Template};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::k8s::Value;
use crate::yaml::{Broken, Event, Events};

/// The most levels of structure; Kubernetes' own objects have about twenty.
const DEPTH: usize = 100;

/// Parses a template: a header document with `for`, `if` or `family`, if there is one, and the object.
pub fn template(path: &str, file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Template> {
    let errors = sink.errors();
    let mut parser = Parser::new(file, sources, sink);
    let mut documents = parser.documents()?;
    let (Some(body), 0 | 1) = (documents.pop(), documents.len()) else {
        parser.refuse_whole("a template is one object, after at most one header");
        return None;
    };
    let family = Arc::from(path.split('/').next().unwrap_or(path));
    let mut template = Template { family, loops: Vec::new(), condition: None, body };
    if let Some(header) = documents.pop() {
        parser.header(header, &mut template);
    }
    (sink.errors() == errors).then_some(template)
}

/// Parses a fragment.
pub fn fragment(file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Part> {
    let errors = sink.errors();
    let mut parser = Parser::new(file, sources, sink);
    let mut documents = parser.documents()?;
    let (Some(body), 0) = (documents.pop(), documents.len()) else {
        parser.refuse_whole("a fragment is one document");
        return None;
    };
    (sink.errors() == errors).then_some(body)
}

pub(super) struct Parser<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) events: Events<'a>,
    depth: usize,
    pub(super) sink: &'a mut Sink,
}

impl<'a> Parser<'a> {
    fn new(file: FileId, sources: &'a Sources, sink: &'a mut Sink) -> Self {
        let text = &sources.get(file).text;
        Self {
            file,
            text,
            events: Events::new(file, text, 0..text.len(), Code::TemplateSyntax),
            depth: 0,
            sink,
        }
    }

    pub(super) fn syntax(&mut self, span: Span, title: impl Into<String>, label: &str) {
        self.sink.push(Diagnostic::error(Code::TemplateSyntax, title).at(span, label));
    }

    pub(super) fn refuse(&mut self, span: Span, title: impl Into<String>, label: &str) {
        self.sink.push(Diagnostic::error(Code::TemplateDirective, title).at(span, label));
    }

    fn refuse_whole(&mut self, title: &str) {
        self.syntax(Span::new(self.file, 0..self.text.len()), title, "");
    }

    /// The documents of the text; none when it is not YAML.
    fn documents(&mut self) -> Option<Vec<Part>> {
        self.stream().map_err(|broken| self.sink.push(*broken)).ok()
    }

    fn stream(&mut self) -> Result<Vec<Part>, Broken> {
        let mut documents = Vec::new();
        loop {
            match self.events.next()?.0 {
                Event::StreamEnd => return Ok(documents),
                Event::DocumentStart(_) => documents.push(self.next_part()?),
                _ => {}
            }
        }
    }

    fn header(&mut self, header: Part, template: &mut Template) {
        let expected = "a header has `for: [x in xs]`, `if: expression` and `family: name`";
        let PartKind::Map(entries) = header.kind else {
            return self.refuse(header.span, "not a header", expected);
        };
        for Entry { key, span, value } in entries {
            let name = match &key {
                Key::Literal(name) => name,
                Key::Splice(_) => "",
            };
            match (name, value.kind) {
                ("for", PartKind::List(clauses)) => {
                    for clause in clauses {
                        match clause.kind {
                            PartKind::Literal(Value::String(text)) => {
                                template.loops.extend(self.clause(&text, clause.span));
                            }
                            _ => self.refuse(clause.span, "a loop is text", "like `item in items`"),
                        }
                    }
                }
                ("if", PartKind::Literal(Value::String(source))) => {
                    template.condition = self.bare(&source, value.span);
                }
                ("if", PartKind::Expression(_) | PartKind::Splice(_)) => self.refuse_delimiters(value.span),
                ("family", PartKind::Literal(Value::String(name))) => template.family = name,
                _ => self.refuse(span, "not a header", expected),
            }
        }
    }

    pub(super) fn next_part(&mut self) -> Result<Part, Broken> {
        let (event, span) = self.events.next()?;
        self.part(event, span)
    }

    /// The part that begins with an event. Deeper than [`DEPTH`], structure is passed over.
    pub(super) fn part(&mut self, event: Event<'a>, span: Span) -> Result<Part, Broken> {
        let kind = match event {
            Event::Scalar(..) => match self.scalar(event, span) {
                Value::String(text) => self.spliced(&text, span),
                Value::Null => {
                    let help = "remove the key, or write what is meant: `{}`, `[]`, `\"\"` or an expression";
                    let found = Diagnostic::error(Code::TemplateSyntax, "nothing stands here");
                    self.sink.push(found.at(span, "null").help(help));
                    PartKind::Literal(Value::Null)
                }
                value => PartKind::Literal(value),
            },
            Event::SequenceStart(..) | Event::MappingStart(..) if self.depth == DEPTH => {
                self.syntax(span, format!("nested deeper than {DEPTH} levels"), "too deep");
                self.events.pass_over()?;
                PartKind::Literal(Value::Null)
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_properties(span, anchor, tag.is_some());
                self.depth += 1;
                let part = self.list(span);
                self.depth -= 1;
                return part;
            }
            Event::MappingStart(anchor, tag) => {
                self.no_properties(span, anchor, tag.is_some());
                self.depth += 1;
                let part = self.mapping(span);
                self.depth -= 1;
                return part;
            }
            Event::Alias(_) => {
                self.sink.push(
                    Diagnostic::error(Code::TemplateSyntax, "aliases are not part of the template language")
                        .at(span, "an alias")
                        .help("use `$include` to place the same structure twice"),
                );
                PartKind::Literal(Value::Null)
            }
            _ => PartKind::Literal(Value::Null),
        };
        Ok(Part { kind, span })
    }

    /// What a scalar says; what is ambiguous is reported and taken as a number.
    pub(super) fn scalar(&mut self, event: Event<'a>, span: Span) -> Value {
        let Event::Scalar(text, style, anchor, tag) = event else { return Value::Null };
        self.no_properties(span, anchor, tag.is_some());
        scalar(&text, style).unwrap_or_else(|why| {
            self.syntax(span, format!("`{text}` is not a number here"), why);
            Value::Int(0)
        })
    }

    pub(super) fn no_properties(&mut self, span: Span, anchor: usize, tagged: bool) {
        if anchor != 0 || tagged {
            let title = "anchors and tags are not part of the template language";
            self.syntax(span, title, "has an anchor or a tag");
        }
    }

    fn list(&mut self, start: Span) -> Result<Part, Broken> {
        let mut items = Vec::new();
        loop {
            let (event, at) = self.events.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok(Part { kind: PartKind::List(items), span: Span { end: at.end, ..start } });
            }
            items.push(self.part(event, at)?);
        }
    }

    /// A text and the expressions in it.
    pub(super) fn spliced(&mut self, text: &str, span: Span) -> PartKind {
        let written = self.text.get(span.range()).unwrap_or_default();
        match <[Chunk; 1]>::try_from(split(text, span, written, self.sink)) {
            Ok([Chunk::Text(text)]) => PartKind::Literal(Value::String(Arc::from(text))),
            Ok([Chunk::Expression(expression)]) => PartKind::Expression(expression),
            Err(chunks) => PartKind::Splice(chunks),
        }
    }
}
