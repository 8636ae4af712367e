//! The mappings of a template: what their keys say, and what their directives make of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expression::is_name;
use super::parse::{Dialect, Parser};
use super::{Argument, Chunk, Condition, Entry, Expression, Include, Key, Loop, Part, PartKind};
use crate::diag::{Code, Diagnostic, Span};
use crate::k8s::Value;
use crate::yaml::{Broken, Event};

const DIRECTIVES: [&str; 8] = ["$else", "$file", "$for", "$if", "$include", "$merge", "$remove", "$value"];

/// The directives of one mapping.
#[derive(Default)]
struct Directives {
    test: Option<Expression>,
    otherwise: Option<Part>,
    each: Option<Loop>,
    value: Option<Part>,
    over: Option<Part>,
    include: Option<(Arc<str>, Span)>,
    file: Option<(Arc<str>, Span)>,
    remove: Option<Span>,
}

impl Parser<'_> {
    /// A mapping. Keys are scalars; plain ones are taken as text whatever they look like.
    pub(super) fn mapping(&mut self, start: Span) -> Result<Part, Broken> {
        let mut known: BTreeMap<String, Span> = BTreeMap::new();
        let mut directives = Directives::default();
        let mut own = Vec::new();
        loop {
            let (event, at) = self.events.next()?;
            let name = match event {
                Event::MappingEnd | Event::StreamEnd => {
                    let span = Span { end: at.end.max(start.end), ..start };
                    return Ok(Part { kind: self.assemble(directives, own, span), span });
                }
                Event::Scalar(text, _, anchor, tag) => {
                    self.no_properties(at, anchor, tag.is_some());
                    text.into_owned()
                }
                other => {
                    self.part(other, at)?;
                    self.syntax(at, "keys are text", "not text");
                    String::new()
                }
            };
            if name == "<<" {
                self.syntax(at, "merge keys are not part of the template language", "write `$merge`");
            } else if let Some(first) = known.get(&name) {
                let title = format!("key `{name}` stands twice in one mapping");
                let found = Diagnostic::error(Code::TemplateSyntax, title).at(at, "the second");
                self.sink.push(found.context(*first, "the first"));
            }
            if name.starts_with('$') && !name.starts_with("$$") && !name.starts_with("${{") {
                self.directive(&name, at, &mut directives)?;
            } else {
                own.push((name.clone(), at, self.next_part()?));
            }
            known.entry(name).or_insert(at);
        }
    }

    fn directive(&mut self, name: &str, span: Span, found: &mut Directives) -> Result<(), Broken> {
        match name {
            "$else" => found.otherwise = Some(self.next_part()?),
            "$value" => found.value = Some(self.next_part()?),
            "$merge" => found.over = Some(self.next_part()?),
            "$include" => found.include = self.text(name)?,
            "$file" => found.file = self.text(name)?,
            "$remove" => {
                let is_true = matches!(self.next_part()?.kind, PartKind::Literal(Value::Bool(true)));
                found.remove = Some(span);
                if self.dialect == Dialect::Template {
                    self.refuse(
                        span,
                        "`$remove` is for patches",
                        "leave out what is not wanted, or use `$if`",
                    );
                } else if !is_true {
                    self.refuse(span, "`$remove` takes `true`", "use `$if` beside it to decide");
                }
            }
            "$if" => found.test = self.text(name)?.and_then(|(source, at)| self.bare(&source, at)),
            "$for" => found.each = self.text(name)?.and_then(|(clause, at)| self.clause(&clause, at)),
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::TemplateDirective, format!("no directive is called `{name}`"))
                        .at(span, "unknown")
                        .suggest(name, DIRECTIVES)
                        .help(format!("for a key that begins with a dollar, write `${name}`")),
                );
                self.next_part()?;
            }
        }
        Ok(())
    }

    /// The text that a directive takes, in which no expressions are looked for.
    fn text(&mut self, directive: &str) -> Result<Option<(Arc<str>, Span)>, Broken> {
        let (event, mut span) = self.events.next()?;
        if matches!(event, Event::Scalar(..)) {
            if let Value::String(text) = self.scalar(event, span) {
                return Ok(Some((text, span)));
            }
        } else {
            span = self.part(event, span)?.span;
        }
        self.refuse(span, format!("`{directive}` takes text"), "not text");
        Ok(None)
    }

    /// What a mapping with these directives and these other entries is.
    fn assemble(&mut self, directives: Directives, own: Vec<(String, Span, Part)>, span: Span) -> PartKind {
        if directives.otherwise.is_some() && directives.test.is_none() {
            self.refuse(span, "`$else` without `$if`", "");
        }
        if let (Some(_), Some((_, at, _))) = (&directives.value, own.first()) {
            self.refuse(*at, "a key beside `$value`", "`$value` stands for the whole");
        }
        let wholes = [
            directives.value.as_ref().map(|part| part.span),
            directives.include.as_ref().map(|(_, at)| *at),
            directives.file.as_ref().map(|(_, at)| *at),
        ];
        if let Some(at) = wholes.into_iter().flatten().nth(1) {
            self.refuse(at, "two of `$value`, `$include` and `$file` in one mapping", "which of the two?");
        }
        let is_more = wholes.iter().any(Option::is_some) || directives.over.is_some();
        if let Some(at) = directives.remove.filter(|_| is_more) {
            self.refuse(at, "`$remove` beside what would be placed", "which of the two?");
        }
        let at = |kind| Part { kind, span };
        let include = |(path, span), own: Vec<(String, Span, Part)>| {
            let argument = |(name, span, value)| Argument { name: Arc::from(name), span, value };
            Box::new(Include { path, span, arguments: own.into_iter().map(argument).collect() })
        };
        let mut kind = match (directives.value, directives.include, directives.file) {
            (Some(value), ..) => value.kind,
            (_, Some(named), _) => PartKind::Include(include(named, own)),
            (.., Some(named)) => PartKind::File(include(named, own)),
            (None, None, None) => {
                let entry = |(name, span, value): (String, Span, Part)| Entry {
                    key: self.key(&name, span),
                    span,
                    value,
                };
                PartKind::Map(own.into_iter().map(entry).collect())
            }
        };
        if directives.remove.is_some() {
            kind = PartKind::Remove(Box::new(at(kind)));
        }
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

    fn key(&mut self, name: &str, span: Span) -> Key {
        let escaped = name.strip_prefix('$').filter(|rest| rest.starts_with('$') && !rest.starts_with("${{"));
        match self.spliced(escaped.unwrap_or(name), span) {
            PartKind::Literal(Value::String(text)) => Key::Literal(text),
            PartKind::Expression(expression) => Key::Splice(vec![Chunk::Expression(expression)]),
            PartKind::Splice(chunks) => Key::Splice(chunks),
            _ => Key::Splice(Vec::new()),
        }
    }

    /// An expression without delimiters, as `$if` and `$for` take it.
    pub(super) fn bare(&mut self, source: &str, span: Span) -> Option<Expression> {
        if source.contains("${{") {
            self.refuse_delimiters(span);
            return None;
        }
        Expression::compile(source, self.within(source, span), self.sink)
    }

    pub(super) fn refuse_delimiters(&mut self, span: Span) {
        let title = "an expression without `${{ }}` is wanted here";
        self.sink.push(Diagnostic::error(Code::TemplateExpression, title).at(span, "write it bare"));
    }

    /// Where `source` stands within a scalar: without its quotes, if it can be found.
    fn within(&self, source: &str, span: Span) -> Span {
        let source = source.trim();
        let found = self.text.get(span.range()).and_then(|written| written.find(source));
        let start = found.map(|found| span.start as usize + found);
        start.map_or(span, |start| Span::new(self.file, start..start + source.len()))
    }

    pub(super) fn clause(&mut self, text: &str, span: Span) -> Option<Loop> {
        let Some((key, item, over)) = loop_clause(text) else {
            self.refuse(span, "not a loop", "like `item in items` or `key, value in map`");
            return None;
        };
        let over = Expression::compile(over, self.within(over, span), self.sink)?;
        Some(Loop { key, item, over, span })
    }
}

/// The key's name, the item's, and the expression.
type LoopClause<'a> = (Option<Arc<str>>, Arc<str>, &'a str);

/// The names and the expression of `item in items` or `key, value in map`.
pub(super) fn loop_clause(text: &str) -> Option<LoopClause<'_>> {
    let (names, over) = text.split_once(" in ")?;
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    match *names {
        [item] if is_name(item) => Some((None, Arc::from(item), over)),
        [key, item] if is_name(key) && is_name(item) && key != item => {
            Some((Some(Arc::from(key)), Arc::from(item), over))
        }
        _ => None,
    }
}
