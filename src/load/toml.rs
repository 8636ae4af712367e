//! One TOML file → [`Tree`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Table, Tree, Value, secrecy};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};

/// Parses a file. What cannot be parsed is reported and left out; the rest is kept, so that one run finds
/// every mistake.
pub(super) fn parse(file: FileId, sources: &mut Sources, sink: &mut Sink) -> Tree {
    let text = Arc::clone(&sources.get(file).text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        secrecy::hide_unread(file, sources);
    }
    let mut faulty = BTreeSet::new();
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let start = line_start(&text, range.start);
        // What follows a mistake on its line is seldom another one.
        if !faulty.insert(start) {
            continue;
        }
        let at = Span::new(file, range);
        let found = match text[start..].get(..7) {
            Some("<<<<<<<" | "=======" | ">>>>>>>") => {
                Diagnostic::error(Code::TomlSyntax, "an unresolved merge conflict").at(at, "left by git")
            }
            _ => Diagnostic::error(Code::TomlSyntax, error.message()).at(at, "not TOML"),
        };
        sink.push(found);
    }
    let tree = Reader { file, text: &text, start: 0, faulty, sink }.table(table.span(), table.get_ref());
    secrecy::hide(&tree, file, sources);
    tree
}

/// The keys of a dotted path, which may be quoted: `services.api`, `labels."a.b/c"`.
pub fn path(text: &str) -> Option<super::Path> {
    Some(keys(text)?.into_iter().map(|(key, _)| key).collect())
}

/// The keys of a dotted path, each with its bytes.
pub(super) fn keys(text: &str) -> Option<Vec<(Arc<str>, Range<usize>)>> {
    let line = format!("{text} = 0");
    let table = DeTable::parse(&line).ok()?;
    let mut keys = Vec::new();
    let mut rest = table.get_ref();
    loop {
        let (key, value) = rest.iter().next()?;
        keys.push((Arc::from(key.get_ref().as_ref()), key.span()));
        match value.get_ref() {
            DeValue::Table(inner) => rest = inner,
            _ => return Some(keys),
        }
    }
}

/// Where the line begins that an offset lies in.
fn line_start(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].rfind('\n').map_or(0, |newline| newline + 1)
}

/// A single value that stands at `start` of a file: none when it cannot be held, which is reported; an error when it
/// is not TOML.
pub(super) fn value(text: &str, start: usize, file: FileId, sink: &mut Sink) -> Result<Option<Tree>, String> {
    let value = DeValue::parse(text).map_err(|error| error.message().to_owned())?;
    Ok(Reader { file, text, start, faulty: BTreeSet::new(), sink }.value(&value))
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    /// Where the lines begin that could not be parsed: of their values nothing is known.
    faulty: BTreeSet<usize>,
    /// Where the parsed text begins.
    start: usize,
    sink: &'a mut Sink,
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.file, self.start + range.start..self.start + range.end)
    }

    fn table(&mut self, range: Range<usize>, table: &DeTable<'_>) -> Tree {
        let mut entries = Table::with_capacity(table.len());
        for (key, value) in table {
            if let Some(tree) = self.value(value) {
                let tree = Tree { key: Some(self.span(key.span())), ..tree };
                entries.insert(Arc::from(key.get_ref().as_ref()), tree);
            }
        }
        Tree { value: Value::Table(entries), origin: self.span(range), key: None }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Tree> {
        let origin = self.span(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(Arc::from(text.as_ref())),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Int(number),
                Err(_) => return self.refuse(origin, "number does not fit 64 bits"),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Float(number),
                _ => return self.refuse(origin, "number is not finite"),
            },
            DeValue::Datetime(_) => {
                return self.refuse(origin, "dates have no meaning here; write a string");
            }
            DeValue::Array(items) => Value::Array(items.iter().filter_map(|item| self.value(item)).collect()),
            DeValue::Table(table) => return Some(self.table(value.span(), table)),
        };
        Some(Tree { value, origin, key: None })
    }

    fn refuse(&mut self, origin: Span, why: &str) -> Option<Tree> {
        if !self.faulty.contains(&line_start(self.text, origin.range().start)) {
            self.sink.push(Diagnostic::error(Code::TomlValue, why).at(origin, "cannot stand here"));
        }
        None
    }
}
