//! Files of other formats: text with expressions, `${{ … }}`, and `${% for %}` and `${% if %}` around parts of it.

use super::directive::loop_clause;
use super::expression::{CLOSE, OPEN, closing};
use super::language::Language;
use super::{Expression, Loop};
use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};

const OPEN_TAG: &str = "${%";
const CLOSE_TAG: &str = "%}";

/// The most loops and conditions within each other.
const DEPTH: usize = 100;

/// A parsed file.
#[derive(Debug)]
pub struct TextFile {
    pub language: Language,
    pub pieces: Vec<Piece>,
}

/// A piece of a file.
#[derive(Debug)]
pub enum Piece {
    Text(String),
    /// Written as the file's language writes it.
    Value(Expression),
    For(Box<(Loop, Vec<Piece>)>),
    /// The first branch whose condition holds, or that has none.
    If(Vec<(Option<Expression>, Vec<Piece>)>),
}

/// Parses a file.
pub fn text_file(path: &str, file: FileId, sources: &Sources, sink: &mut Sink) -> Option<TextFile> {
    let errors = sink.errors();
    let text = &sources.get(file).text;
    let language = Language::of(path);
    let mut parser = Parser { file, text, at: 0, language, sink, depth: 0 };
    let (pieces, end) = parser.pieces();
    if let Some((tag, span)) = end {
        parser.refuse(span, format!("`{tag}` ends nothing"), "nothing is open here");
    }
    (sink.errors() == errors).then_some(TextFile { language, pieces })
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    /// What is before it has been read.
    at: usize,
    language: Language,
    sink: &'a mut Sink,
    depth: usize,
}

/// A tag that ends a list of pieces, and where it stands.
type End<'a> = Option<(&'a str, Span)>;

impl<'a> Parser<'a> {
    fn refuse(&mut self, span: Span, title: impl Into<String>, label: &str) {
        self.sink.push(Diagnostic::error(Code::TemplateDirective, title).at(span, label));
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start..end)
    }

    /// The pieces up to a tag that is not theirs.
    fn pieces(&mut self) -> (Vec<Piece>, End<'a>) {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        loop {
            let rest = &self.text[self.at..];
            let next = [OPEN, OPEN_TAG].into_iter().filter_map(|open| Some((rest.find(open)?, open))).min();
            let Some((offset, open)) = next else {
                literal.push_str(rest);
                self.at = self.text.len();
                flush(&mut pieces, &mut literal);
                return (pieces, None);
            };
            let start = self.at + offset;
            literal.push_str(&rest[..offset]);
            self.at = start + open.len();
            if literal.ends_with('$') {
                // `$${{`: the first dollar escapes the second.
                literal.pop();
                literal.push_str(open);
                continue;
            }
            if open == OPEN {
                self.value(start, &mut literal, &mut pieces);
                continue;
            }
            let Some(length) = self.text[self.at..].find(CLOSE_TAG) else {
                self.refuse(self.span(start, self.at), "`${%` without `%}`", "opened here");
                self.at = self.text.len();
                return (pieces, None);
            };
            let tag = self.text[self.at..self.at + length].trim();
            let span = self.span(start, self.at + length + CLOSE_TAG.len());
            self.at += length + CLOSE_TAG.len();
            self.own_line(&mut literal);
            flush(&mut pieces, &mut literal);
            match tag.split_once(char::is_whitespace).unwrap_or((tag, "")) {
                ("for" | "if", _) if self.depth == DEPTH => {
                    self.refuse(span, format!("nested deeper than {DEPTH} levels"), "too deep");
                    self.at = self.text.len();
                    return (pieces, None);
                }
                ("for", clause) => {
                    self.depth += 1;
                    pieces.extend(self.each(clause, span));
                    self.depth -= 1;
                }
                ("if", test) => {
                    self.depth += 1;
                    pieces.push(self.choice(test, span));
                    self.depth -= 1;
                }
                _ => return (pieces, Some((tag, span))),
            }
        }
    }

    fn value(&mut self, start: usize, literal: &mut String, pieces: &mut Vec<Piece>) {
        let inside = &self.text[self.at..];
        let Some(length) = closing(inside) else {
            let at = self.span(start, self.at);
            let found =
                Diagnostic::error(Code::TemplateExpression, "`${{` without `}}`").at(at, "opened here");
            self.sink.push(found.help("`$${{` writes the three characters themselves"));
            self.at = self.text.len();
            return;
        };
        let source = &inside[..length];
        let from = self.at + source.len() - source.trim_start().len();
        let span = self.span(from, from + source.trim().len());
        self.at += length + CLOSE.len();
        let quote = literal.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        if self.language.quotes() && quote.is_some_and(|quote| self.text[self.at..].starts_with(quote)) {
            let found = Diagnostic::error(Code::TemplateExpression, "quotes are written with the value");
            let found = found.at(self.span(start - 1, self.at + 1), "quoted twice");
            self.sink.push(found.help("remove those around it; `~` joins text within the expression"));
        }
        flush(pieces, literal);
        pieces.extend(Expression::compile(source, span, self.sink).map(Piece::Value));
    }

    /// A tag that has its line to itself leaves no line behind.
    fn own_line(&mut self, literal: &mut String) {
        let rest = &self.text[self.at..];
        let line = &rest[..rest.find('\n').map_or(rest.len(), |newline| newline + 1)];
        let before = &self.text[..self.text[..self.at].rfind(OPEN_TAG).unwrap_or(0)];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        if line.trim().is_empty() && before[start..].trim().is_empty() {
            literal.truncate(literal.trim_end_matches([' ', '\t']).len());
            self.at += line.len();
        }
    }

    fn each(&mut self, clause: &str, span: Span) -> Option<Piece> {
        let (body, end) = self.pieces();
        if end.is_none_or(|(tag, _)| tag != "endfor") {
            self.refuse(span, "this loop does not end", "`${% endfor %}` is missing");
        }
        let Some((key, item, over)) = loop_clause(clause) else {
            self.refuse(span, "not a loop", "like `for item in items` or `for key, value in map`");
            return None;
        };
        let over = Expression::compile(over, self.within(over, span), self.sink)?;
        Some(Piece::For(Box::new((Loop { key, item, over, span }, body))))
    }

    fn choice(&mut self, test: &str, span: Span) -> Piece {
        let mut branches = Vec::new();
        let mut test = Some((test.to_owned(), span));
        loop {
            let (body, end) = self.pieces();
            let condition = test
                .take()
                .map(|(test, span)| Expression::compile(&test, self.within(&test, span), self.sink));
            let is_last = condition.is_none();
            match condition {
                Some(Some(condition)) => branches.push((Some(condition), body)),
                Some(None) => {}
                None => branches.push((None, body)),
            }
            match end {
                Some(("endif", _)) => break,
                Some(("else", _)) if !is_last => {}
                Some((tag, at)) if !is_last && tag.starts_with("elif ") => {
                    test = Some((tag["elif ".len()..].trim().to_owned(), at));
                }
                _ => {
                    self.refuse(span, "this condition does not end", "`${% endif %}` is missing");
                    break;
                }
            }
        }
        Piece::If(branches)
    }

    fn within(&self, source: &str, span: Span) -> Span {
        let source = source.trim();
        let start = self.text[span.range()].find(source).map_or(0, |found| found + span.start as usize);
        self.span(start, start + source.len())
    }
}

fn flush(pieces: &mut Vec<Piece>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Text(std::mem::take(literal)));
    }
}
