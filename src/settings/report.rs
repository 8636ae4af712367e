//! The settings of an environment, as people and programs read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::resolve::{Effective, Source, Value};
use crate::declare::{Declared, SettingName, SettingType, Typed};
use crate::diag::{Sources, Span};
use crate::load::env_value;

/// Whether secrets are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    Nothing,
    Secrets,
}

/// Whether it is said where each value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    Shown,
    LeftOut,
}

/// A setting that is there.
struct Line<'a> {
    name: &'a SettingName,
    variable: String,
    /// None for a secret that is not shown.
    value: Option<&'a Typed>,
    /// Why it is not shown.
    hidden: String,
    /// Whether programs make it themselves, and would not take it.
    is_made: bool,
    source: String,
}

/// All of them, by name.
pub struct Report<'a> {
    lines: Vec<Line<'a>>,
    places: Places,
}

impl<'a> Report<'a> {
    pub fn of(
        declared: &Declared,
        settings: &'a BTreeMap<SettingName, Effective>,
        sources: &Sources,
        reveal: Reveal,
        places: Places,
    ) -> Self {
        let line = |(name, effective): (&'a SettingName, &'a Effective)| {
            let definition = declared.definition(name.as_str()).map(|(_, definition)| definition.value());
            let is_secret = definition.is_some_and(|it| *it.kind.value() == SettingType::Secret);
            let is_derived = definition.is_some_and(|it| it.derived.is_some());
            let hidden = match &effective.value {
                Value::Known(Typed::Secret(key)) => {
                    format!("(secret: `{}` of secret `{}`)", key.key.value(), key.secret.value())
                }
                Value::Known(_) => "(secret)".to_owned(),
                Value::Hidden(of) => format!("(secret: made of `{of}`)"),
            };
            let value = match &effective.value {
                Value::Known(Typed::Secret(_)) | Value::Hidden(_) => None,
                Value::Known(typed) => Some(typed).filter(|_| !is_secret || reveal == Reveal::Secrets),
            };
            Line {
                name,
                variable: declared.variable_of(name.as_str()),
                value,
                hidden,
                is_made: is_secret && is_derived,
                source: said(&effective.source, sources),
            }
        };
        Self { lines: settings.iter().map(line).collect(), places }
    }

    /// Lines `NAME=value`. What is not shown is a comment, so that no program takes it for the value.
    pub fn env(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let place = match self.places {
                Places::Shown => format!("  # {}", line.source),
                Places::LeftOut => String::new(),
            };
            let _ = match line.value.filter(|_| !line.is_made) {
                Some(value) => writeln!(text, "{}={}{place}", line.variable, env_value(&value.to_string())),
                None => writeln!(text, "# {}: {}{place}", line.variable, line.hidden),
            };
        }
        text
    }

    /// A `[settings]` table; its names are those of environment files.
    pub fn toml(&self) -> String {
        let mut text = "[settings]\n".to_owned();
        for line in &self.lines {
            let place = match self.places {
                Places::Shown => format!("  # {}", line.source),
                Places::LeftOut => String::new(),
            };
            let _ = match line.value {
                Some(value) => writeln!(text, "{} = {}{place}", line.name, toml_value(value)),
                None => writeln!(text, "# {}: {}{place}", line.name, line.hidden),
            };
        }
        text
    }

    /// An object of variables with their values, or with their values and places.
    pub fn json(&self) -> Json {
        let value = |line: &Line<'_>| line.value.map_or_else(|| Json::from(&*line.hidden), json_value);
        let entry = |line: &Line<'_>| {
            let value = match self.places {
                Places::LeftOut => value(line),
                Places::Shown => json!({ "value": value(line), "source": line.source }),
            };
            (line.variable.clone(), value)
        };
        self.lines.iter().map(entry).collect()
    }
}

/// `.env:3`, `environments/prod.toml:35`, …
fn said(source: &Source, sources: &Sources) -> String {
    let place = |span: &Option<Span>| span.map_or_else(String::new, |span| sources.place(span));
    match source {
        Source::Default(at) => format!("{} (default)", place(at)),
        Source::Declared(at) => place(at),
        Source::Derived(at) => format!("{} (derived)", place(at)),
        Source::Outside(place) => place.clone(),
    }
}

fn json_value(typed: &Typed) -> Json {
    match typed {
        Typed::Integer(number) => Json::from(*number),
        Typed::Number(number) => Json::from(*number),
        Typed::Flag(flag) => Json::from(*flag),
        Typed::List(items) => Json::from(items.as_slice()),
        Typed::Text(_) | Typed::Secret(_) => Json::from(typed.to_string()),
    }
}

fn toml_value(typed: &Typed) -> String {
    match typed {
        Typed::Integer(number) => number.to_string(),
        Typed::Number(number) => format!("{number:?}"),
        Typed::Flag(flag) => flag.to_string(),
        Typed::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| toml::Value::from(&**item).to_string()).collect();
            format!("[{}]", items.join(", "))
        }
        Typed::Text(_) | Typed::Secret(_) => toml::Value::from(typed.to_string()).to_string(),
    }
}
