//! Patterns of schemas: regular expressions of Go, which the API server matches in linear time, as are these.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

/// A regular expression, compiled when first used.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Pattern {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl Pattern {
    /// The pattern as the schema has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the text, or a part of it, matches; none when the pattern is not understood.
    pub fn fits(&self, text: &str) -> Option<bool> {
        let compiled = self.compiled.get_or_init(|| Regex::new(&translate(&self.source)).ok());
        compiled.as_ref().map(|regex| regex.is_match(text))
    }
}

/// From Go's dialect to that of `regex`: there, `\d`, `\s`, `\w` and `\b` know all of Unicode, and within brackets
/// another bracket, `&&` and `~~` mean more than themselves.
fn translate(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    // How many characters were read since a bracket was opened.
    let mut class: Option<usize> = None;
    while let Some(next) = rest.chars().next() {
        let mut taken = next.len_utf8();
        match (next, class) {
            ('\\', _) => {
                let escaped = rest[1..].chars().next();
                taken += escaped.map_or(0, char::len_utf8);
                out.push_str(match escaped {
                    Some('d') => "[0-9]",
                    Some('D') => "[^0-9]",
                    Some('s') => r"[\t\n\f\r ]",
                    Some('S') => r"[^\t\n\f\r ]",
                    Some('w') => "[0-9A-Za-z_]",
                    Some('W') => "[^0-9A-Za-z_]",
                    Some('b') => r"(?-u:\b)",
                    _ => &rest[..taken],
                });
            }
            ('[', None) => {
                taken += usize::from(rest[1..].starts_with('^'));
                out.push_str(&rest[..taken]);
            }
            ('[', Some(_)) if rest.starts_with("[:") => {
                taken = rest.find(":]").map_or(taken, |end| end + 2);
                out.push_str(&rest[..taken]);
            }
            ('[' | '&' | '~', Some(_)) | (']', Some(0)) => {
                out.push('\\');
                out.push(next);
            }
            _ => out.push(next),
        }
        class = match (next, class) {
            ('[', None) => Some(0),
            (']', Some(1..)) => None,
            (_, class) => class.map(|read| read + 1),
        };
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, text, expected) in [
            (r"^\d+$", "12", true),
            (r"^\d+$", "١٢", false),
            (r"^[\w.-]+$", "a_b.c-d", true),
            (r"^[\w.-]+$", "ä", false),
            (r"^[[&&a]+$", "[&a", true),
            (r"^[]x]+$", "]x", true),
            (r"^[^]x]+$", "]", false),
            (r"^[[:alpha:]~~]+$", "ab~", true),
            (r"^.$", "ä", true),
            (r"^(?i)(abort|warn)?$", "Warn", true),
            ("b", "abc", true),
        ] {
            let found = Pattern::from(pattern.to_owned()).fits(text);
            assert_eq!(found, Some(expected), "{pattern} on {text}");
        }
        assert_eq!(Pattern::from("(".to_owned()).fits(""), None);
    }
}
