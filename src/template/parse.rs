//! YAML → [`Template`] and [`Fragment`]: finds directives and expressions.

use std::sync::Arc;

use super::expression::split;
use super::yaml::{Yaml, YamlValue, documents};
use super::{
    Argument, Chunk, Condition, Entry, Expression, Fragment, Include, Key, Loop, Part, PartKind, Template,
};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};
use crate::k8s::Value;

const DIRECTIVES: &[&str] = &["$else", "$for", "$if", "$include", "$merge", "$value"];

/// Parses a template: a header document with `for`, `if` or `family`, if there is one, and the object.
pub fn template(path: &str, file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Template> {
    let text = Arc::clone(&sources.get(file).text);
    let errors = sink.errors();
    let mut parser = Parser { file, text: &text, sink };
    let mut documents = documents(file, &text, parser.sink);
    let whole = Span::new(file, 0..text.len());
    let body = documents.pop();
    let header = documents.pop();
    let (Some(body), true) = (body, documents.is_empty()) else {
        if parser.sink.errors() == errors {
            parser.refuse(
                Code::TemplateSyntax,
                whole,
                "a template is one object, after at most one header",
                "",
            );
        }
        return None;
    };
    let family = path.split('/').next().unwrap_or(path);
    let mut parsed =
        Template { family: Arc::from(family), loops: Vec::new(), condition: None, body: parser.part(body) };
    if let Some(header) = header {
        parser.header(header, &mut parsed);
    }
    (parser.sink.errors() == errors).then_some(parsed)
}

/// Parses a fragment.
pub fn fragment(file: FileId, sources: &Sources, sink: &mut Sink) -> Option<Fragment> {
    let text = Arc::clone(&sources.get(file).text);
    let errors = sink.errors();
    let mut documents = documents(file, &text, sink);
    let mut parser = Parser { file, text: &text, sink };
    let (Some(body), true) = (documents.pop(), documents.is_empty()) else {
        if parser.sink.errors() == errors {
            let whole = Span::new(file, 0..text.len());
            parser.refuse(Code::TemplateSyntax, whole, "a fragment is one document", "");
        }
        return None;
    };
    let body = parser.part(body);
    (parser.sink.errors() == errors).then_some(Fragment { body })
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    sink: &'a mut Sink,
}

/// The directives of one mapping.
#[derive(Default)]
struct Directives {
    test: Option<Expression>,
    otherwise: Option<Part>,
    each: Option<Loop>,
    value: Option<Part>,
    over: Option<Part>,
    include: Option<(String, Span)>,
}

impl Parser<'_> {
    fn refuse(&mut self, code: Code, span: Span, title: &str, label: &str) {
        self.sink.push(Diagnostic::error(code, title).at(span, label));
    }

    fn header(&mut self, header: Yaml, template: &mut Template) {
        let YamlValue::Map(entries) = header.value else {
            self.refuse(Code::TemplateSyntax, header.span, "the header is a mapping", "not a mapping");
            return;
        };
        for (key, span, value) in entries {
            match (key.as_str(), value.value) {
                ("for", YamlValue::List(clauses)) => {
                    for clause in clauses {
                        template.loops.extend(self.clause(clause));
                    }
                }
                ("if", YamlValue::Text(source)) => template.condition = self.bare(&source, value.span),
                ("family", YamlValue::Text(name)) => template.family = Arc::from(name),
                _ => self.refuse(
                    Code::TemplateDirective,
                    span,
                    "not a header",
                    "a header has `for: [x in xs]`, `if: expression` and `family: name`",
                ),
            }
        }
    }

    fn part(&mut self, yaml: Yaml) -> Part {
        let span = yaml.span;
        let kind = match yaml.value {
            YamlValue::Null => {
                self.sink.push(
                    Diagnostic::error(Code::TemplateSyntax, "nothing stands here")
                        .at(span, "null")
                        .help("remove the key, or write what is meant: `{}`, `[]`, `\"\"` or an expression"),
                );
                PartKind::Literal(Value::Null)
            }
            YamlValue::Bool(flag) => PartKind::Literal(Value::Bool(flag)),
            YamlValue::Int(number) => PartKind::Literal(Value::Int(number)),
            YamlValue::Float(number) => PartKind::Literal(Value::Float(number)),
            YamlValue::Text(text) => self.scalar(&text, span),
            YamlValue::List(items) => PartKind::List(items.into_iter().map(|item| self.part(item)).collect()),
            YamlValue::Map(entries) => self.mapping(entries, span),
        };
        Part { kind, span }
    }

    fn scalar(&mut self, text: &str, span: Span) -> PartKind {
        let mut chunks = self.chunks(text, span);
        match chunks.len() {
            0 => PartKind::Literal(Value::String(Arc::from(""))),
            1 => match chunks.remove(0) {
                Chunk::Text(text) => PartKind::Literal(Value::String(Arc::from(text))),
                Chunk::Expression(expression) => PartKind::Expression(expression),
            },
            _ => PartKind::Splice(chunks),
        }
    }

    fn chunks(&mut self, text: &str, span: Span) -> Vec<Chunk> {
        let written = self.text.get(span.range()).unwrap_or_default();
        split(text, span, written, self.sink)
    }

    fn mapping(&mut self, entries: Vec<(String, Span, Yaml)>, span: Span) -> PartKind {
        let mut directives = Directives::default();
        let mut own = Vec::new();
        for (name, key_span, value) in entries {
            if name.starts_with("$$") || !name.starts_with('$') || name.starts_with("${{") {
                own.push((name, key_span, value));
            } else {
                self.directive(&name, key_span, value, &mut directives);
            }
        }
        if directives.otherwise.is_some() && directives.test.is_none() {
            self.refuse(Code::TemplateDirective, span, "`$else` without `$if`", "");
        }
        if directives.value.is_some() && !own.is_empty() {
            let (_, at, _) = own.remove(0);
            self.refuse(
                Code::TemplateDirective,
                at,
                "a key beside `$value`",
                "`$value` stands for the whole",
            );
        }

        if let (Some(_), Some((_, at))) = (&directives.value, &directives.include) {
            self.refuse(
                Code::TemplateDirective,
                *at,
                "`$value` and `$include` in one mapping",
                "which of the two?",
            );
        }

        let at = |kind| Part { kind, span };
        let mut kind = match (directives.value, directives.include) {
            (Some(value), _) => value.kind,
            (None, Some((fragment, named))) => {
                let argument = |(name, span, value): (String, Span, Yaml)| Argument {
                    name: Arc::from(name),
                    span,
                    value: self.part(value),
                };
                let arguments = own.into_iter().map(argument).collect();
                PartKind::Include(Box::new(Include { fragment, span: named, arguments }))
            }
            (None, None) => PartKind::Map(own.into_iter().map(|entry| self.entry(entry)).collect()),
        };
        if let Some(over) = directives.over {
            kind = PartKind::Merge(Box::new((at(kind), over)));
        }
        if let Some(test) = directives.test {
            kind =
                PartKind::If(Box::new(Condition { test, then: at(kind), otherwise: directives.otherwise }));
        }
        // The loop is outermost: the condition beside it filters its items.
        if let Some(each) = directives.each {
            kind = PartKind::For(Box::new((each, at(kind))));
        }
        kind
    }

    fn directive(&mut self, name: &str, span: Span, value: Yaml, found: &mut Directives) {
        match (name, value.value) {
            ("$if", YamlValue::Text(source)) => found.test = self.bare(&source, value.span),
            ("$for", text @ YamlValue::Text(_)) => {
                found.each = self.clause(Yaml { value: text, span: value.span });
            }
            ("$include", YamlValue::Text(fragment)) => found.include = Some((fragment, value.span)),
            ("$else", other) => found.otherwise = Some(self.part(Yaml { value: other, span: value.span })),
            ("$value", other) => found.value = Some(self.part(Yaml { value: other, span: value.span })),
            ("$merge", other) => found.over = Some(self.part(Yaml { value: other, span: value.span })),
            ("$if" | "$for" | "$include", _) => {
                self.refuse(Code::TemplateDirective, value.span, &format!("`{name}` takes text"), "not text");
            }
            _ => self.sink.push(
                Diagnostic::error(Code::TemplateDirective, format!("no directive is called `{name}`"))
                    .at(span, "unknown")
                    .suggest(name, DIRECTIVES.iter().copied())
                    .help(format!("for a key that begins with a dollar, write `${name}`")),
            ),
        }
    }

    fn entry(&mut self, (name, span, value): (String, Span, Yaml)) -> Entry {
        let name = name
            .strip_prefix('$')
            .filter(|rest| rest.starts_with('$') && !rest.starts_with("${{"))
            .unwrap_or(&name);
        let mut chunks = self.chunks(name, span);
        let key = match chunks.pop() {
            None => Key::Literal(Arc::from("")),
            Some(Chunk::Text(text)) if chunks.is_empty() => Key::Literal(Arc::from(text)),
            Some(last) => {
                chunks.push(last);
                Key::Splice(chunks)
            }
        };
        Entry { key, span, value: self.part(value) }
    }

    /// An expression without delimiters, as `$if` and `$for` take it.
    fn bare(&mut self, source: &str, span: Span) -> Option<Expression> {
        if source.contains("${{") {
            self.refuse(
                Code::TemplateExpression,
                span,
                "an expression without `${{ }}` is wanted here",
                "write it bare",
            );
            return None;
        }
        Expression::compile(source, self.within(source, span), self.sink)
    }

    /// Where `source` stands within a scalar: without its quotes, if it can be found.
    fn within(&self, source: &str, span: Span) -> Span {
        let written = self.text.get(span.range()).unwrap_or_default();
        match written.find(source.trim()) {
            Some(found) => {
                let start = span.start as usize + found;
                Span::new(self.file, start..start + source.trim().len())
            }
            None => span,
        }
    }

    fn clause(&mut self, yaml: Yaml) -> Option<Loop> {
        let YamlValue::Text(text) = yaml.value else {
            self.refuse(Code::TemplateDirective, yaml.span, "a loop is text", "like `item in items`");
            return None;
        };
        let names = |names: &str| -> Option<(Option<Arc<str>>, Arc<str>)> {
            let names: Vec<&str> = names.split(',').map(str::trim).collect();
            let valid = |name: &&str| {
                name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            };
            match names.as_slice() {
                [item] if valid(item) => Some((None, Arc::from(*item))),
                [key, item] if valid(key) && valid(item) && key != item => {
                    Some((Some(Arc::from(*key)), Arc::from(*item)))
                }
                _ => None,
            }
        };
        let clause = text.split_once(" in ").and_then(|(left, right)| Some((names(left)?, right)));
        let Some(((key, item), over)) = clause else {
            let label = "like `item in items` or `key, value in map`";
            self.refuse(Code::TemplateDirective, yaml.span, "not a loop", label);
            return None;
        };
        let span = self.within(over, yaml.span);
        let over = Expression::compile(over, span, self.sink)?;
        Some(Loop { key, item, over, span: yaml.span })
    }
}
