//! YAML events → [`Template`]s and fragments; what templates do not have is refused.

use std::sync::Arc;

use super::expression::split;
use super::scalar::scalar;
use super::{Chunk, Entry, Key, Part, PartKind, Patch, Target, Template};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::k8s::Value;
use crate::yaml::{Broken, Event, Events};

/// The most levels of structure; Kubernetes' own objects have about twenty.
const DEPTH: usize = 100;

/// Parses a template: a header document with `for`, `if`, `family` or `file`, if there is one, and the object.
pub fn template(path: &str, file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Template> {
    let errors = sink.errors();
    let mut parser = Parser::new(Dialect::Template, file, sources, sink);
    let mut documents = parser.documents()?;
    let (Some(body), 0 | 1) = (documents.pop(), documents.len()) else {
        parser.refuse_whole("a template is one object, after at most one header");
        return None;
    };
    let family = Arc::from(path.split('/').next().unwrap_or(path));
    let mut template = Template::of(path, family, body);
    if let Some(header) = documents.pop() {
        let expected = "a header has `for: [x in xs]`, `if: expression`, `family: name`, `file: path` and \
            `overrides: digest`";
        for entry in parser.entries(header, expected) {
            if let Some(Entry { span, .. }) = parser.header(entry, &mut template) {
                parser.refuse(span, "not a header", expected);
            }
        }
    }
    (sink.errors() == errors).then_some(template)
}

/// Parses a patch: a header document with `target` and perhaps `environments`, `for` and `if`, and a part of an object.
pub fn patch(file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Patch> {
    let errors = sink.errors();
    let mut parser = Parser::new(Dialect::Patch, file, sources, sink);
    let mut documents = parser.documents()?;
    let (Some(body), Some(header), true) = (documents.pop(), documents.pop(), documents.is_empty()) else {
        parser.refuse_whole("a patch is a header, `---` and a part of an object");
        return None;
    };
    let expected =
        "a patch's header has `target`, `environments: [name]`, `for: [x in xs]` and `if: expression`";
    let whole = header.span;
    let mut change = Template::of("", Arc::from(""), body);
    let (mut target, mut environments) = (None, Vec::new());
    for entry in parser.entries(header, expected) {
        let Some(Entry { key, span, value }) = parser.header(entry, &mut change) else { continue };
        let name = if let Key::Literal(name) = &key { &**name } else { "" };
        match (name, value.kind) {
            ("target", PartKind::Map(entries)) => target = parser.target(entries, value.span),
            ("environments", PartKind::List(names)) if !names.is_empty() => {
                for name in names {
                    match name.kind {
                        PartKind::Literal(Value::String(text)) => environments.push((text, name.span)),
                        _ => parser.refuse(name.span, "an environment's name is text", "not text"),
                    }
                }
            }
            _ => parser.refuse(span, "not a header", expected),
        }
    }
    if target.is_none() && parser.sink.errors() == errors {
        parser.refuse(whole, "the patch has no `target`", "which object does it change?");
    }
    let patch = Patch { file, target: target?, environments, change };
    (sink.errors() == errors).then_some(patch)
}

/// What a file is: patches know a directive that templates do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Template,
    Patch,
}

/// Parses a fragment: a header document with `overrides`, if there is one, and a structure. Of the template that is
/// given only these two are of use.
pub fn fragment(path: &str, file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Template> {
    let errors = sink.errors();
    let mut parser = Parser::new(Dialect::Template, file, sources, sink);
    let mut documents = parser.documents()?;
    let (Some(body), 0 | 1) = (documents.pop(), documents.len()) else {
        parser.refuse_whole("a fragment is one document, after at most one header");
        return None;
    };
    let mut fragment = Template::of(path, Arc::from(""), body);
    if let Some(header) = documents.pop() {
        let expected = "a fragment's header has only `overrides: digest`";
        for entry in parser.entries(header, expected) {
            let is_known = matches!(&entry.key, Key::Literal(key) if &**key == "overrides");
            let span = entry.span;
            if !is_known || parser.header(entry, &mut fragment).is_some() {
                parser.refuse(span, "not a header", expected);
            }
        }
    }
    (sink.errors() == errors).then_some(fragment)
}

impl Template {
    fn of(path: &str, family: Arc<str>, body: Part) -> Self {
        Self {
            path: Arc::from(path),
            family,
            overrides: None,
            loops: Vec::new(),
            condition: None,
            file: None,
            body,
        }
    }
}

pub(super) struct Parser<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) events: Events<'a>,
    depth: usize,
    pub(super) dialect: Dialect,
    pub(super) sink: &'a mut Sink,
}

impl<'a> Parser<'a> {
    fn new(dialect: Dialect, file: FileId, sources: &'a Sources, sink: &'a mut Sink) -> Self {
        let text = &sources.get(file).text;
        Self {
            file,
            text,
            events: Events::new(file, text, 0..text.len(), Code::TemplateSyntax),
            depth: 0,
            dialect,
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

    /// The entries of a header.
    fn entries(&mut self, header: Part, expected: &str) -> Vec<Entry> {
        if let PartKind::Map(entries) = header.kind {
            return entries;
        }
        self.refuse(header.span, "not a header", expected);
        Vec::new()
    }

    /// Takes an entry that the headers of templates and patches share; gives back any other.
    fn header(&mut self, entry: Entry, template: &mut Template) -> Option<Entry> {
        let Entry { key, span, value } = entry;
        let name = if let Key::Literal(name) = &key { &**name } else { "" };
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
            ("family", PartKind::Literal(Value::String(name))) if self.dialect == Dialect::Template => {
                template.family = name;
            }
            ("overrides", PartKind::Literal(Value::String(digest))) if self.dialect == Dialect::Template => {
                template.overrides = Some((digest, value.span));
            }
            (
                "file",
                kind @ (PartKind::Literal(Value::String(_)) | PartKind::Expression(_) | PartKind::Splice(_)),
            ) if self.dialect == Dialect::Template => {
                template.file = Some(Part { kind, span: value.span });
            }
            (_, kind) => return Some(Entry { key, span, value: Part { kind, span: value.span } }),
        }
        None
    }

    /// Which objects a patch changes: of this kind, with this metadata.
    fn target(&mut self, entries: Vec<Entry>, span: Span) -> Option<Target> {
        let (mut api_version, mut kind, mut metadata) = (None, None, Vec::new());
        for entry in entries {
            let name = if let Key::Literal(name) = &entry.key { &**name } else { "" };
            match (name, &entry.value.kind) {
                ("apiVersion", PartKind::Literal(Value::String(text))) => {
                    api_version = Some(Arc::clone(text));
                }
                ("kind", PartKind::Literal(Value::String(text))) => kind = Some(Arc::clone(text)),
                ("name" | "namespace" | "labels", _) => metadata.push(entry),
                _ => {
                    let expected = "a target has `apiVersion`, `kind`, and to choose among objects of the kind \
                        `name`, `namespace` and `labels`";
                    self.refuse(entry.span, "not a target", expected);
                }
            }
        }
        let (Some(api_version), Some(kind)) = (&api_version, &kind) else {
            let lacks = if api_version.is_none() { "lacks `apiVersion`" } else { "lacks `kind`" };
            self.refuse(span, "a target says literally its `apiVersion` and `kind`", lacks);
            return None;
        };
        let metadata = Part { kind: PartKind::Map(metadata), span };
        Some(Target { api_version: Arc::clone(api_version), kind: Arc::clone(kind), span, metadata })
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
