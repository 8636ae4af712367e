//! `.env`: lines `NAME=value`, as python-dotenv reads them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};

use crate::diag::{Code, Diagnostic, FileId, Sink, Sources, Span};

/// A variable of the file.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub value: String,
    /// Where the name stands.
    pub at: Span,
}

/// `${NAME}`, and `${NAME:-otherwise}`.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$\{([^}:]*)(?::-([^}]*))?\}").ok());

/// The variables of a file in the order of their lines; a line that cannot be read is reported. Of a reference to
/// another variable, those of the process come first. From then on, nobody sees more of the file than the names.
pub fn env_file(
    file: FileId,
    sources: &mut Sources,
    process: &BTreeMap<String, String>,
    sink: &mut Sink,
) -> Vec<Variable> {
    let whole = Arc::clone(&sources.get(file).text);
    let text = &*whole;
    let mut reader = Reader { text, at: 0 };
    let mut found: Vec<Variable> = Vec::new();
    while reader.skip_blank() {
        let start = reader.at;
        match reader.binding() {
            Some((name, Some(value))) => {
                let value = resolved(&value, process, &found);
                found.push(Variable {
                    name: text[name.clone()].to_owned(),
                    value,
                    at: Span::new(file, name),
                });
            }
            // A name without `=` says nothing.
            Some((_, None)) => {}
            None => {
                reader.at = start;
                let line = reader.take(|c| c != '\n');
                let at = Span::new(file, line.start..line.end);
                let refused = Diagnostic::error(Code::EnvFile, "a line that cannot be read");
                sink.push(refused.at(at, "`NAME=value` is wanted"));
            }
        }
    }
    // Any value may be a secret.
    let names = found.iter().map(|variable| variable.at.range());
    let starts = std::iter::once(0).chain(names.clone().map(|name| name.end));
    let ends = names.map(|name| name.start).chain([text.len()]);
    sources.conceal(file, &starts.zip(ends).map(|(start, end)| start..end).collect::<Vec<_>>());
    found
}

fn resolved(value: &str, process: &BTreeMap<String, String>, before: &[Variable]) -> String {
    let Some(reference) = &*REFERENCE else { return value.to_owned() };
    let text_of = |captures: &Captures<'_>| {
        let name = &captures[1];
        let of_file =
            || before.iter().rev().find(|known| known.name == name).map(|known| known.value.clone());
        let otherwise = || captures.get(2).map(|text| text.as_str().to_owned());
        process.get(name).cloned().or_else(of_file).or_else(otherwise).unwrap_or_default()
    };
    reference.replace_all(value, text_of).into_owned()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Range<usize> {
        let length = self.rest().find(|c| !wanted(c)).unwrap_or(self.rest().len());
        self.at += length;
        self.at - length..self.at
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let is_there = self.rest().starts_with(wanted);
        self.at += if is_there { wanted.len() } else { 0 };
        is_there
    }

    fn blanks(&mut self) {
        self.take(|c| c.is_whitespace() && c != '\n' && c != '\r');
    }

    /// Goes to the next line that says something; false at the end.
    fn skip_blank(&mut self) -> bool {
        loop {
            self.take(char::is_whitespace);
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.take(|c| c != '\n');
        }
    }

    /// A name and its value, up to the end of the line.
    fn binding(&mut self) -> Option<(Range<usize>, Option<String>)> {
        let start = self.at;
        if self.eat("export") {
            let blanks = self.take(|c| c == ' ' || c == '\t');
            if blanks.is_empty() {
                self.at = start;
            }
        }
        let name = if self.eat("'") {
            let name = self.take(|c| c != '\'' && c != '\n');
            self.eat("'").then_some(name)?
        } else {
            self.take(|c| !c.is_whitespace() && c != '=' && c != '#')
        };
        if name.is_empty() {
            return None;
        }
        self.blanks();
        let value = if self.eat("=") {
            self.blanks();
            Some(self.value()?)
        } else {
            None
        };
        self.blanks();
        if self.rest().starts_with('#') {
            self.take(|c| c != '\n' && c != '\r');
        }
        (self.rest().is_empty() || self.rest().starts_with(['\n', '\r'])).then_some((name, value))
    }

    fn value(&mut self) -> Option<String> {
        for quote in ['\'', '"'] {
            if self.rest().starts_with(quote) {
                self.at += 1;
                return self.quoted(quote);
            }
        }
        let line = self.take(|c| c != '\n' && c != '\r');
        let line = &self.text[line];
        // A comment has a blank before it.
        let comment =
            line.char_indices().find(|(at, c)| *c == '#' && line[..*at].ends_with(char::is_whitespace));
        let value = comment.map_or(line, |(at, _)| &line[..at]);
        Some(if line.starts_with('#') { String::new() } else { value.trim_end().to_owned() })
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + 1;
                return Some(value);
            }
            if c != '\\' {
                value.push(c);
                continue;
            }
            let (_, escaped) = chars.next()?;
            match (quote, escaped) {
                (_, '\\' | '\'') => value.push(escaped),
                ('"', '"') => value.push('"'),
                ('"', 'a') => value.push('\x07'),
                ('"', 'b') => value.push('\x08'),
                ('"', 'f') => value.push('\x0c'),
                ('"', 'n') => value.push('\n'),
                ('"', 'r') => value.push('\r'),
                ('"', 't') => value.push('\t'),
                ('"', 'v') => value.push('\x0b'),
                _ => value.extend(['\\', escaped]),
            }
        }
        None
    }
}

/// A value as the file has it, so that it is read back as it was.
pub fn env_value(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@%+,=-".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("'");
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '\'' => quoted.extend(['\\', c]),
            // A reference, were it not for this one to nothing, which is a dollar otherwise.
            '$' if rest.peek() == Some(&'{') => quoted.push_str("${:-$}"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<(String, String)>, usize) {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = sources.add(".env", text);
        let process = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
        let found = env_file(file, &mut sources, &process, &mut sink);
        (found.into_iter().map(|variable| (variable.name, variable.value)).collect(), sink.errors())
    }

    #[test]
    fn lines_are_read_as_python_dotenv_reads_them() {
        for (text, wanted) in [
            ("A=1", "1"),
            ("export A=1", "1"),
            ("  A = two words  # said so", "two words"),
            ("A=a#b", "a#b"),
            ("A=", ""),
            ("A= # nothing", ""),
            ("A='it\\'s # $x \\n'", "it's # $x \\n"),
            ("A=\"a\\tb\\\"\" # said so", "a\tb\""),
            ("A='two\nlines'", "two\nlines"),
            ("A=[\"localhost:2379\"]", "[\"localhost:2379\"]"),
            ("A=${HOME}/x", "/home/me/x"),
            ("A=${NOT_THERE:-y}", "y"),
            ("A='${:-$}{x}'", "${x}"),
            ("'A'=1\r", "1"),
        ] {
            assert_eq!(read(text), (vec![("A".to_owned(), wanted.to_owned())], 0), "{text}");
        }
        assert_eq!(read("A=1\nB=${A}2\n").0[1].1, "12");
    }

    #[test]
    fn no_value_stays_among_the_sources() {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = sources.add(".env", "A=1 # ö\nB='x\nMII=='\n'open\n");
        env_file(file, &mut sources, &BTreeMap::new(), &mut sink);
        assert_eq!(&*sources.get(file).text, "A*******\nB***\n******\n*****\n");
    }

    #[test]
    fn what_cannot_be_read_is_said_of_its_line_and_the_rest_is_read() {
        let (found, errors) = read("A=1\n=2\nB='open\nC=3\nD='a' b\n# E\nF\n");
        assert_eq!(errors, 3);
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["A", "C"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in "\\PC*|[\\\\'\"${}:#= \n-]*") {
            let value = value.replace('\r', "");
            let (found, errors) = read(&format!("A={}\nB=1\n", env_value(&value)));
            prop_assert_eq!(errors, 0);
            prop_assert_eq!(&found[0].1, &value);
            prop_assert_eq!(found.len(), 2);
        }
    }
}
