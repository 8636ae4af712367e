//! How values are written in files of other formats: as a whole literal of the format, quotes included.

use crate::model::{Context, Leaf, Structure};

/// A format, told by a file's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `conf`: the configuration of NATS.
    Conf,
    /// `env`: `NAME=value` lines, which their readers quote differently.
    Env,
    /// `ini`
    Ini,
    /// `json`
    Json,
    /// `lua`
    Lua,
    /// `sh`
    Shell,
    /// `sql`: literals that every database reads alike.
    Sql,
    /// `toml`
    Toml,
    /// `yaml`, `yml`
    Yaml,
    /// Any other: what cannot need quoting.
    Other,
}

/// What is wrong with a value.
type Refusal = String;

impl Language {
    /// The language of a file.
    pub(super) fn of(path: &str) -> Self {
        match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("conf") => Self::Conf,
            Some("env") => Self::Env,
            Some("ini") => Self::Ini,
            Some("json") => Self::Json,
            Some("lua") => Self::Lua,
            Some("sh") => Self::Shell,
            Some("sql") => Self::Sql,
            Some("toml") => Self::Toml,
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Other,
        }
    }

    /// Whether text is written with quotes, so that none may stand around it.
    pub(super) fn quotes(self) -> bool {
        !matches!(self, Self::Env | Self::Ini | Self::Other)
    }

    /// Whether lists and maps can be written; the syntax is JSON's.
    pub(super) fn has_structures(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }

    /// Appends a value.
    pub(super) fn write(self, value: &Context, out: &mut String) -> Result<(), Refusal> {
        match &value.value {
            Structure::Leaf(Leaf::Bool(flag)) => out.push_str(&flag.to_string()),
            Structure::Leaf(Leaf::Int(number)) => out.push_str(&number.to_string()),
            Structure::Leaf(Leaf::Text(text)) => self.text(text, out)?,
            Structure::Leaf(Leaf::None) => return Err("this is `none`".to_owned()),
            Structure::Leaf(Leaf::Float(_)) => return Err("this is a fraction".to_owned()),
            _ if !self.has_structures() => return Err("this is a structure".to_owned()),
            Structure::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.write(item, out)?;
                }
                out.push(']');
            }
            Structure::Map(_) | Structure::Struct(..) => {
                out.push('{');
                let entries = value.entries().into_iter();
                let there = entries.filter(|(_, item)| item.value != Structure::Leaf(Leaf::None));
                for (index, (key, item)) in there.enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.text(&key, out)?;
                    out.push_str(": ");
                    self.write(item, out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }

    /// Why a whole text of the format cannot be read, where that can be told.
    pub(super) fn refuses(self, text: &str) -> Option<Refusal> {
        match self {
            Self::Json => {
                serde_json::from_str::<serde::de::IgnoredAny>(text).err().map(|why| why.to_string())
            }
            Self::Toml => text.parse::<toml::Table>().err().map(|why| why.message().to_owned()),
            _ => None,
        }
    }

    fn text(self, text: &str, out: &mut String) -> Result<(), Refusal> {
        if text.contains('\0') {
            return Err("this holds a NUL character".to_owned());
        }
        match self {
            Self::Json | Self::Yaml | Self::Toml => {
                escaped(text, out, |c| format!("\\u{:04x}", u32::from(c)));
            }
            Self::Conf => escaped(text, out, |c| bytes(c, |byte| format!("\\x{byte:02x}"))),
            Self::Lua => escaped(text, out, |c| bytes(c, |byte| format!("\\{byte:03}"))),
            Self::Shell => {
                out.push('\'');
                out.push_str(&text.replace('\'', "'\\''"));
                out.push('\'');
            }
            Self::Sql if text.contains('\\') => {
                return Err("a backslash means itself to PostgreSQL and not to MySQL".to_owned());
            }
            Self::Sql => {
                out.push('\'');
                out.push_str(&text.replace('\'', "''"));
                out.push('\'');
            }
            Self::Ini => bare(text, out, "@+=,()[]{}<>!?*~^&| ")?,
            Self::Env => bare(text, out, "@+=,%")?,
            Self::Other => bare(text, out, "")?,
        }
        Ok(())
    }
}

/// Between double quotes, with what is no plain character written by `code`.
fn escaped(text: &str, out: &mut String, code: impl Fn(char) -> String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Controls, separators that some readers take for line ends, and what YAML does not hold.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&code(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The codes of a character's bytes in UTF-8.
fn bytes(c: char, code: impl Fn(u8) -> String) -> String {
    c.to_string().bytes().map(code).collect()
}

/// Without quotes; letters, digits and `._:/-`, and some more.
fn bare(text: &str, out: &mut String, more: &str) -> Result<(), Refusal> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c) || more.contains(c);
    if let Some(c) = text.chars().find(|c| !is_safe(*c)) {
        return Err(format!("{c:?} might need quoting, which this format does not have for certain"));
    }
    if text.is_empty() || text.trim() != text {
        return Err("text without quotes is not empty and does not begin or end with a space".to_owned());
    }
    out.push_str(text);
    Ok(())
}
