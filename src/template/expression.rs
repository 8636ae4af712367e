//! Expressions: minijinja's, with the few filters that templates need.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, filters};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Chunk;
use crate::diag::{Code, Diagnostic, Sink, Span};
use crate::model::Shape;

/// Opens an expression within a scalar; `$${{` stands for itself.
pub(super) const OPEN: &str = "${{";
pub(super) const CLOSE: &str = "}}";

/// Steps that one expression may take; the longest of ours takes about thirty.
const FUEL: u64 = 100_000;

/// The longest expression, in bytes; deeper trees than this allows would exhaust the stack.
const LONGEST: usize = 4096;

/// The filters of the language with the type of their results; anything else is an error.
pub(super) const FILTERS: &[(&str, Shape)] = &[
    ("join", Shape::Text),
    ("length", Shape::Int),
    ("lower", Shape::Text),
    ("percent_encode", Shape::Text),
    ("replace", Shape::Text),
    ("upper", Shape::Text),
];

/// The tests of the language: `x is none`.
pub(super) const TESTS: &[&str] = &["none"];

/// Functions, globals and the other filters are left out: what an expression cannot name, it cannot do.
static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.add_filter("join", filters::join);
    engine.add_filter("length", filters::length);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("percent_encode", percent_encode);
    engine.add_filter("replace", filters::replace);
    engine.add_filter("upper", filters::upper);
    engine.add_test("none", super::scope::is_none);
    engine
});

/// A compiled expression.
pub struct Expression {
    /// As written, without the delimiters.
    pub source: String,
    /// Where it was written; the whole scalar where escapes make its place within uncertain.
    pub span: Span,
    /// The names of a plain path, `a.b.c`; empty for any other expression.
    path: Vec<String>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Expression {
    /// Compiles an expression.
    pub(super) fn compile(source: &str, span: Span, sink: &mut Sink) -> Option<Self> {
        let source = source.trim().to_owned();
        if source.len() > LONGEST {
            let title = format!("an expression of more than {LONGEST} bytes");
            sink.push(
                Diagnostic::error(Code::TemplateExpression, title).at(span, "decisions belong in the model"),
            );
            return None;
        }
        match ENGINE.compile_expression_owned(source.clone()) {
            Ok(compiled) => {
                let is_path = source.split('.').all(is_name);
                let path = source.split('.').filter(|_| is_path).map(str::to_owned).collect();
                Some(Self { source, span, path, compiled })
            }
            Err(error) => {
                let detail = error.detail().unwrap_or("cannot be read").to_owned();
                sink.push(Diagnostic::error(Code::TemplateExpression, "not an expression").at(span, detail));
                None
            }
        }
    }

    /// The names of a plain path. A literal such as `true` looks like one, and leads nowhere.
    pub(super) fn path(&self) -> Option<&[String]> {
        (!self.path.is_empty()).then_some(&*self.path)
    }

    /// The paths that it reads, as far as they are plain: `stores.nats.host`.
    pub(super) fn reads(&self) -> BTreeSet<String> {
        self.compiled.undeclared_variables(true).into_iter().collect()
    }

    /// Evaluates it; what it reads is recorded by [`super::scope`].
    pub(super) fn evaluate(&self, scope: minijinja::Value) -> Result<minijinja::Value, minijinja::Error> {
        self.compiled.eval(scope)
    }
}

/// What RFC 3986 calls unreserved stays as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a part of a URL, whatever characters it has.
#[allow(clippy::needless_pass_by_value, reason = "minijinja hands filters what they work on")]
fn percent_encode(text: String) -> String {
    utf8_percent_encode(&text, RESERVED).to_string()
}

/// Whether a text is a name, as loops bind it and paths are made of.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Splits the text of a scalar at its expressions. `raw` is where the scalar stands, `written` its source text,
/// in which the expressions are looked up to be placed exactly. An empty text is one empty chunk.
pub(super) fn split(text: &str, raw: Span, written: &str, sink: &mut Sink) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    let mut searched = 0;
    while let Some(at) = rest.find(OPEN) {
        if rest[..at].ends_with('$') {
            // `$${{`: the first dollar escapes the second.
            literal.push_str(&rest[..at - 1]);
            literal.push_str(OPEN);
            rest = &rest[at + OPEN.len()..];
            continue;
        }
        literal.push_str(&rest[..at]);
        let inside = &rest[at + OPEN.len()..];
        let Some(end) = closing(inside) else {
            let found =
                Diagnostic::error(Code::TemplateExpression, "`${{` without `}}`").at(raw, "opened here");
            sink.push(found.help("`$${{` writes the three characters themselves"));
            return chunks;
        };
        if !literal.is_empty() {
            chunks.push(Chunk::Text(std::mem::take(&mut literal)));
        }
        let source = &inside[..end];
        let span = opened(written, &mut searched, source.trim()).map_or(raw, |range| Span {
            start: raw.start + range.start,
            end: raw.start + range.end,
            ..raw
        });
        chunks.extend(Expression::compile(source, span, sink).map(Chunk::Expression));
        rest = &inside[end + CLOSE.len()..];
    }
    literal.push_str(rest);
    if !literal.is_empty() || chunks.is_empty() {
        chunks.push(Chunk::Text(literal));
    }
    chunks
}

/// Where the next expression of a scalar's source text stands; none where escapes or folding hide it.
fn opened(written: &str, searched: &mut usize, source: &str) -> Option<std::ops::Range<u32>> {
    loop {
        let at = *searched + written.get(*searched..)?.find(OPEN)?;
        *searched = at + OPEN.len();
        if !written[..at].ends_with('$') {
            break;
        }
    }
    let rest = &written[*searched..];
    let start = *searched + rest.len() - rest.trim_start().len();
    written[start..].starts_with(source).then(|| {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        narrow(start)..narrow(start + source.len())
    })
}

/// The offset of the `}}` that ends an expression: not one inside a string, nor the end of a map literal.
pub(super) fn closing(inside: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0usize;
    let mut escaped = false;
    for (offset, c) in inside.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if inside[offset..].starts_with(CLOSE) => return Some(offset),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests_of_split {
    use super::closing;

    #[test]
    fn the_end_of_an_expression_is_found_beside_strings_and_maps() {
        assert_eq!(closing(" a }}"), Some(3));
        assert_eq!(closing("'}}' }}"), Some(5));
        assert_eq!(closing("{'a': {'b': 1}} }}"), Some(16));
        assert_eq!(closing("a }"), None);
    }
}
