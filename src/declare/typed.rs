//! Whether a value fits the definition of its setting, and what programs get of it.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;

use super::secret::SecretRef;
use super::settings::{Bound, Definition, SettingValue};
use super::values::{Choice as _, SettingType};
use crate::diag::{Code, Diagnostic, Span};
use crate::merge::Sourced;

/// A value that fits its definition; as text it is what the environment variable holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    Text(String),
    Integer(i64),
    /// Finite.
    Number(f64),
    Flag(bool),
    List(Vec<String>),
    Secret(SecretRef),
}

impl std::fmt::Display for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        SettingValue::from(self.clone()).fmt(f)
    }
}

impl From<Typed> for SettingValue {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Text(text) => Self::Text(text),
            Typed::Integer(number) => Self::Integer(number),
            Typed::Number(number) => Self::Number(number),
            Typed::Flag(flag) => Self::Flag(flag),
            Typed::List(items) => Self::List(items.into_iter().map(Sourced::default_of).collect()),
            Typed::Secret(key) => Self::Secret(key),
        }
    }
}

/// Why a value does not fit. It never quotes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub code: Code,
    /// What is wanted instead.
    pub wanted: String,
    /// What the value may have been meant to be, and what there is.
    known: Vec<String>,
}

impl Misfit {
    fn new(code: Code, wanted: impl Into<String>) -> Self {
        Self { code, wanted: wanted.into(), known: Vec::new() }
    }

    /// The finding about a value that stands somewhere in the workspace.
    pub fn finding(&self, path: &str, value: &SettingValue, at: Span) -> Diagnostic {
        let title = match self.code {
            Code::WrongType => format!("`{path}` has the wrong type"),
            _ => format!("invalid value for `{path}`"),
        };
        let found = Diagnostic::error(self.code, title).at(at, &*self.wanted);
        match value {
            SettingValue::Text(text) => found.suggest(text, self.known.iter().map(String::as_str)),
            _ => found,
        }
    }
}

static SIZE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([0-9]+(?:\.[0-9]+)?) ?(?:([kKMGTP]i?)?B?)$").ok());
static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z][a-z0-9+.-]*://([^/?#\s]+)(?:[/?#]\S*)?$").ok());
static HOST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$",
    )
    .ok()
});

impl Definition {
    /// The value as one of this setting.
    pub fn fit(&self, value: &SettingValue) -> Result<Typed, Misfit> {
        let typed = self.of_kind(*self.kind.value(), value)?;
        self.in_range(&typed)?;
        Ok(typed)
    }

    /// What the text of an environment variable says of this setting; a secret is its text.
    pub fn read(&self, text: &str) -> Result<Typed, Misfit> {
        if *self.kind.value() == SettingType::Secret {
            return Ok(Typed::Text(text.to_owned()));
        }
        self.fit(&of_text(*self.kind.value(), text))
    }

    fn of_kind(&self, kind: SettingType, value: &SettingValue) -> Result<Typed, Misfit> {
        use SettingType as T;
        use SettingValue as V;
        match (kind, value) {
            (T::Text, V::Text(text)) => self.pattern_fits(text),
            (T::Choice, V::Text(text)) => self.chosen(text),
            (T::Integer | T::Number, V::Integer(number)) => Ok(Typed::Integer(*number)),
            (T::Port, V::Integer(1..=65535)) | (T::Size | T::Seconds, V::Integer(0..)) => {
                value_of_integer(value)
            }
            (T::Port, V::Integer(_)) => Err(Misfit::new(Code::InvalidValue, "a port is 1 to 65535")),
            (T::Number, V::Number(number)) => Ok(Typed::Number(*number)),
            (T::Boolean, V::Flag(flag)) => Ok(Typed::Flag(*flag)),
            (T::Size | T::Seconds, V::Integer(_)) => {
                Err(Misfit::new(Code::InvalidValue, "less than nothing"))
            }
            (T::Size, V::Text(text)) if bytes(text).is_some() => Ok(Typed::Text(text.clone())),
            (T::Seconds, V::Text(text)) => {
                seconds(text).map(Typed::Integer).ok_or_else(|| Misfit::new(Code::InvalidValue, form(kind)))
            }
            (T::List, V::List(items)) => {
                let kind = self.items.as_ref().map_or(T::Text, |items| *items.value());
                let fits = |item: &Sourced<String>| {
                    let item = item.value();
                    self.of_kind(kind, &of_text(kind, item)).map(|_| item.clone())
                };
                items.iter().map(fits).collect::<Result<_, _>>().map(Typed::List)
            }
            (T::Url, V::Text(text)) => url(text),
            (T::Host, V::Text(text)) if is_host(text) => Ok(Typed::Text(text.clone())),
            (T::Address, V::Text(text)) if host_and_port(text).is_some() => Ok(Typed::Text(text.clone())),
            (T::Secret, V::Secret(key)) => Ok(Typed::Secret(key.clone())),
            (T::Secret, _) => Err(Misfit::new(Code::WrongType, form(kind))),
            (T::Size | T::Host | T::Address, V::Text(_)) => Err(Misfit::new(Code::InvalidValue, form(kind))),
            _ => Err(Misfit::new(
                Code::WrongType,
                format!("expected {}, found {}", toml_types(kind), value.type_name()),
            )),
        }
    }

    fn chosen(&self, text: &str) -> Result<Typed, Misfit> {
        let values = || self.values.iter().map(|value| value.value().clone());
        if values().any(|value| value == text) || self.pattern.is_some() && self.pattern_fits(text).is_ok() {
            return Ok(Typed::Text(text.to_owned()));
        }
        let listed = values().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        let also = if self.pattern.is_some() { ", or of the form that its `pattern` says" } else { "" };
        let misfit = Misfit::new(Code::InvalidValue, format!("one of {listed}{also}"));
        Err(Misfit { known: values().collect(), ..misfit })
    }

    fn pattern_fits(&self, text: &str) -> Result<Typed, Misfit> {
        let fits = |pattern: &str| whole(pattern).is_ok_and(|pattern| pattern.is_match(text));
        match &self.pattern {
            Some(pattern) if !fits(pattern.value()) => {
                Err(Misfit::new(Code::InvalidValue, format!("matches `{}`", pattern.value())))
            }
            _ => Ok(Typed::Text(text.to_owned())),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "ranges are far below 2^53")]
    fn in_range(&self, typed: &Typed) -> Result<(), Misfit> {
        let amount = match typed {
            Typed::Integer(number) => *number as f64,
            Typed::Number(number) => *number,
            Typed::Text(text) if *self.kind.value() == SettingType::Size => bytes(text).unwrap_or(0.0),
            _ => return Ok(()),
        };
        let least = self.min.as_ref().map(Sourced::value);
        let most = self.max.as_ref().map(Sourced::value);
        if let Some(least) = least.filter(|least| least.amount().is_some_and(|least| amount < least)) {
            return Err(Misfit::new(Code::InvalidValue, format!("at least {least}")));
        }
        if let Some(most) = most.filter(|most| most.amount().is_some_and(|most| amount > most)) {
            return Err(Misfit::new(Code::InvalidValue, format!("at most {most}")));
        }
        Ok(())
    }
}

impl Bound {
    /// As a number: bytes of a size; none for a text that is no size.
    #[expect(clippy::cast_precision_loss, reason = "ranges are far below 2^53")]
    pub fn amount(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            Self::Size(text) => bytes(text),
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Size(text) => f.write_str(text),
        }
    }
}

/// A regular expression for the whole of a text.
pub(super) fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

fn value_of_integer(value: &SettingValue) -> Result<Typed, Misfit> {
    match value {
        SettingValue::Integer(number) => Ok(Typed::Integer(*number)),
        _ => Err(Misfit::new(Code::WrongType, "a whole number")),
    }
}

/// What a text is as a value of a kind; a text, if it is none of that kind.
fn of_text(kind: SettingType, text: &str) -> SettingValue {
    let value = match kind {
        SettingType::Integer | SettingType::Port | SettingType::Size | SettingType::Seconds => {
            text.parse().ok().map(SettingValue::Integer)
        }
        SettingType::Number => match text.parse().ok() {
            Some(number) => Some(SettingValue::Integer(number)),
            None => text.parse().ok().filter(|number: &f64| number.is_finite()).map(SettingValue::Number),
        },
        SettingType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(SettingValue::Flag(true)),
            "false" | "f" | "no" | "n" | "off" | "0" => Some(SettingValue::Flag(false)),
            _ => None,
        },
        SettingType::List => {
            let items = serde_json::from_str(text).ok();
            items.map(|items: Vec<String>| {
                SettingValue::List(items.into_iter().map(Sourced::default_of).collect())
            })
        }
        _ => None,
    };
    value.unwrap_or_else(|| SettingValue::Text(text.to_owned()))
}

/// The bytes of a size: `100MB`, `64MiB`, `1.5 GB`, `512`.
fn bytes(text: &str) -> Option<f64> {
    let parts = SIZE.as_ref()?.captures(text)?;
    let unit = parts.get(2).map_or("", |unit| unit.as_str());
    let base: f64 = if unit.ends_with('i') { 1024.0 } else { 1000.0 };
    let power = unit.chars().next().map_or(0, |unit| match unit {
        'k' | 'K' => 1,
        'M' => 2,
        'G' => 3,
        'T' => 4,
        _ => 5,
    });
    Some(parts[1].parse::<f64>().ok()? * base.powi(power))
}

fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<i64>().ok().filter(|number| *number >= 0)?.checked_mul(factor)
}

fn url(text: &str) -> Result<Typed, Misfit> {
    let refuse = |why: &str| Err(Misfit::new(Code::InvalidValue, why));
    let authority = URL.as_ref().and_then(|url| url.captures(text)?.get(1));
    match authority.map(|authority| authority.as_str()) {
        None => refuse(form(SettingType::Url)),
        Some(authority) if authority.contains('@') => {
            refuse("a URL that names a user would show the password; they are settings of their own")
        }
        Some(authority) if is_host(authority) || host_and_port(authority).is_some() => {
            Ok(Typed::Text(text.to_owned()))
        }
        Some(_) => refuse("not the address of a host"),
    }
}

fn is_host(text: &str) -> bool {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().is_ok()
        || text.len() <= 253 && HOST.as_ref().is_some_and(|host| host.is_match(text))
}

/// The host and the port of an address: `seaweedfs:9333`, `[::1]:4222`.
pub fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    let port = port.parse().ok().filter(|port: &u16| *port > 0)?;
    (is_host(host) && !is_bare_v6).then_some((host, port))
}

/// What values of a kind look like.
fn form(kind: SettingType) -> &'static str {
    match kind {
        SettingType::Size => "an amount of bytes, such as `100MB` or `64MiB`",
        SettingType::Seconds => "whole seconds, or a text such as `30s`, `5m`, `2h` or `1d`",
        SettingType::Url => "a URL such as `http://otel:4317`",
        SettingType::Host => "a host's name, or an IP address",
        SettingType::Address => "a host and a port, such as `seaweedfs:9333`",
        SettingType::Secret => "where the secret is kept: `{ secret = \"name\", key = \"key\" }`",
        _ => kind.as_str(),
    }
}

fn toml_types(kind: SettingType) -> &'static str {
    match kind {
        SettingType::Integer | SettingType::Port => "integer",
        SettingType::Number => "integer or float",
        SettingType::Boolean => "boolean",
        SettingType::Size | SettingType::Seconds => "string or integer",
        SettingType::List => "array of strings",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(kind: SettingType) -> Definition {
        Definition {
            kind: Sourced::default_of(kind),
            description: Sourced::default_of(String::new()),
            values: ["json", "text"].map(|value| Sourced::default_of(value.to_owned())).into(),
            pattern: None,
            items: Some(Sourced::default_of(SettingType::Address)),
            min: Some(Sourced::default_of(Bound::Size("2".to_owned()))),
            max: Some(Sourced::default_of(Bound::Size("1GB".to_owned()))),
            default: None,
            defaults: Sourced::default(),
            required: Vec::new(),
            when: Sourced::default(),
            store: None,
            derived: None,
            per: None,
            protocol: None,
            port: None,
            aliases: Vec::new(),
        }
    }

    /// What variables hold, and what came of it.
    #[test]
    fn the_text_of_a_variable_is_read_by_the_type() {
        use SettingType as T;
        for (kind, text, wanted) in [
            (T::Integer, "7", Some("7")),
            (T::Integer, "1", None),
            (T::Integer, "7.0", None),
            (T::Integer, "seven", None),
            (T::Number, "2.5", Some("2.5")),
            (T::Number, "inf", None),
            (T::Boolean, "Yes", Some("true")),
            (T::Boolean, "0", Some("false")),
            (T::Boolean, "maybe", None),
            (T::Choice, "json", Some("json")),
            (T::Choice, "JSON", None),
            (T::Size, "100MB", Some("100MB")),
            (T::Size, "1 GB", Some("1 GB")),
            (T::Size, "1GiB", None),
            (T::Size, "104857600", Some("104857600")),
            (T::Size, "lots", None),
            (T::Seconds, "5m", Some("300")),
            (T::Seconds, "300", Some("300")),
            (T::Seconds, "500ms", None),
            (T::Seconds, "-5s", None),
            (T::List, "[\"a:1\", \"b:2\"]", Some("[\"a:1\",\"b:2\"]")),
            (T::List, "[\"a\"]", None),
            (T::List, "a:1,b:2", None),
            (T::Url, "nats://nats:4222", Some("nats://nats:4222")),
            (T::Url, "http://[::1]:4317/v1?a=b", Some("http://[::1]:4317/v1?a=b")),
            (T::Url, "nats://user:password@nats:4222", None),
            (T::Url, "nats:4222", None),
            (T::Host, "p8fs-nats.p8fs.svc", Some("p8fs-nats.p8fs.svc")),
            (T::Host, "10.0.0.1", Some("10.0.0.1")),
            (T::Host, "nats:4222", None),
            (T::Port, "4222", Some("4222")),
            (T::Port, "65536", None),
            (T::Port, "0", None),
            (T::Address, "localhost:9333", Some("localhost:9333")),
            (T::Address, "localhost", None),
            (T::Address, "::1:80", None),
            (T::Secret, "anything at all: ${x}", Some("anything at all: ${x}")),
        ] {
            let came = definition(kind).read(text).ok().map(|typed| typed.to_string());
            assert_eq!(came.as_deref(), wanted, "{kind} {text}");
        }
    }

    #[test]
    fn a_choice_with_a_pattern_takes_other_texts_of_that_form() {
        let mut choice = definition(SettingType::Choice);
        choice.pattern = Some(Sourced::default_of(r".*%\([a-z]+\)s.*".to_owned()));
        assert!(choice.read("%(asctime)s %(message)s").is_ok());
        assert!(choice.read("json").is_ok());
        assert!(choice.read("xml").is_err());
    }

    #[test]
    fn a_secret_is_never_written_where_everybody_can_read_it() {
        let misfit = definition(SettingType::Secret).fit(&SettingValue::Text("hunter2".to_owned()));
        assert!(misfit.is_err_and(|misfit| !format!("{misfit:?}").contains("hunter2")));
    }
}
