//! What an environment declares, its layers laid over each other.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::answer::Place;
use crate::diag::{Code, Diagnostic, HIDDEN, Sources, Span};
use crate::load::{Path, Table};
use crate::merge::{InputInfo, Merged, Tree, Value};

/// Whether values are shown with the places that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    Shown,
    Hidden,
}

/// A merged declaration, or a part of it.
pub struct Declaration<'a> {
    merged: &'a Merged,
    sources: &'a Sources,
    tree: Tree,
}

/// A value of the declaration and where it comes from. Lists are replaced whole, and have one origin.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub path: String,
    pub value: Json,
    #[serde(skip)]
    held: Held,
    #[serde(flatten)]
    pub place: Place,
    /// What layers below say, the nearest first.
    pub shadowed: Vec<Place>,
}

/// What an entry really says, for comparing; it is not shown, for it may be a secret.
#[derive(PartialEq)]
struct Held(Json);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// A path at which two declarations differ.
#[derive(Debug, Serialize)]
pub struct Difference {
    pub path: String,
    pub before: Option<Entry>,
    pub after: Option<Entry>,
}

impl<'a> Declaration<'a> {
    /// The part at a path, within the tables around it.
    pub fn of(merged: &'a Merged, path: &Path, sources: &'a Sources) -> Result<Self, Box<Diagnostic>> {
        let tree = only(&merged.tree, path, &mut Vec::new())?;
        Ok(Self { merged, sources, tree })
    }

    /// As TOML, which gives the same tree when it is read.
    pub fn toml(&self, origins: Origins) -> String {
        let mut text = String::new();
        self.table("", &self.tree, origins, &mut text);
        text.trim_start().to_owned()
    }

    /// The tree as JSON.
    pub fn json(&self) -> Json {
        self.value(&self.tree)
    }

    /// Every value with its origin, by path.
    pub fn entries(&self) -> Vec<Entry> {
        let mut found = Vec::new();
        self.collect(&self.tree, &mut found);
        found
    }

    fn info(&self, tree: &Tree) -> &InputInfo {
        self.merged.inputs.get(tree.input)
    }

    fn table(&self, path: &str, tree: &Tree, origins: Origins, text: &mut String) {
        let entries = tree.value.table().into_iter().flatten();
        let (tables, values): (Vec<_>, Vec<_>) =
            entries.partition(|(_, entry)| entry.value.table().is_some());
        let is_told_below = values.is_empty() && !tables.is_empty();
        if !path.is_empty() && !is_told_below {
            let _ = writeln!(text, "\n[{path}]{}", self.comment(tree, origins));
        }
        for (name, entry) in values {
            let value = self.inline(entry);
            let _ = writeln!(text, "{} = {value}{}", key(name), self.comment(entry, origins));
        }
        for (name, entry) in tables {
            let path = if path.is_empty() { key(name) } else { format!("{path}.{}", key(name)) };
            self.table(&path, entry, origins, text);
        }
    }

    fn inline(&self, tree: &Tree) -> String {
        match &tree.value {
            _ if self.info(tree).is_secret() => quoted(HIDDEN),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::String(text) => quoted(text),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.inline(item));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Value::Table(entries) => {
                let entry =
                    |(name, entry): (&Arc<str>, &Tree)| format!("{} = {}", key(name), self.inline(entry));
                format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn comment(&self, tree: &Tree, origins: Origins) -> String {
        if origins == Origins::Hidden {
            return String::new();
        }
        let info = self.info(tree);
        let place = |span: &Span| self.sources.place(*span);
        let at = place(&info.key.unwrap_or(info.origin));
        if info.shadowed.is_empty() {
            return format!("  # {at}");
        }
        let below = info.shadowed.iter().map(|span| match tree.value.table() {
            Some(_) => place(span),
            None => format!("{} ({})", place(span), first_line(self.sources.text(*span))),
        });
        let word = if tree.value.table().is_some() { "with" } else { "instead of" };
        format!("  # {at}, {word} {}", below.collect::<Vec<_>>().join(", "))
    }

    fn collect(&self, tree: &Tree, found: &mut Vec<Entry>) {
        if let Some(entries) = tree.value.table().filter(|entries| !entries.is_empty()) {
            for entry in entries.values() {
                self.collect(entry, found);
            }
            return;
        }
        let info = self.info(tree);
        let place = |span: &Span| {
            let text = self.sources.line(*span);
            let (line, file) = (self.sources.line_column(*span).0, self.sources.path(*span).to_owned());
            Place { file, line, text: text.to_owned() }
        };
        found.push(Entry {
            path: info.path.clone(),
            value: self.value(tree),
            held: Held(tree.json()),
            place: place(&info.key.unwrap_or(info.origin)),
            shadowed: info.shadowed.iter().map(place).collect(),
        });
    }

    fn value(&self, tree: &Tree) -> Json {
        match &tree.value {
            Value::Table(entries) => {
                entries.iter().map(|(key, entry)| (key.to_string(), self.value(entry))).collect()
            }
            _ if self.info(tree).is_secret() => Json::from(HIDDEN),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Bool(flag) => Json::from(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::String(text) => Json::from(&**text),
        }
    }
}

/// Where two declarations differ, by path.
pub fn differences(before: Vec<Entry>, after: Vec<Entry>) -> Vec<Difference> {
    let mut paths: BTreeMap<String, [Option<Entry>; 2]> = BTreeMap::new();
    for (side, entries) in [before, after].into_iter().enumerate() {
        for entry in entries {
            let sides = paths.entry(entry.path.clone()).or_default();
            sides[side] = Some(entry);
        }
    }
    paths
        .into_iter()
        .filter(|(_, [before, after])| {
            before.as_ref().map(|entry| &entry.held) != after.as_ref().map(|entry| &entry.held)
        })
        .map(|(path, [before, after])| Difference { path, before, after })
        .collect()
}

/// The tree with nothing but what lies at the path.
fn only(tree: &Tree, path: &[Arc<str>], taken: &mut Vec<Arc<str>>) -> Result<Tree, Box<Diagnostic>> {
    let Some((first, rest)) = path.split_first() else { return Ok(tree.clone()) };
    let Some(entry) = tree.value.get(first) else {
        let known: Vec<&str> = tree.value.table().into_iter().flatten().map(|(key, _)| &**key).collect();
        let at =
            if taken.is_empty() { "the declaration".to_owned() } else { format!("`{}`", taken.join(".")) };
        let found = Diagnostic::error(Code::UnknownPath, format!("{at} has no `{first}`"));
        let there = if known.is_empty() { "no keys".to_owned() } else { known.join(", ") };
        return Err(Box::new(found.suggest(first, known).note(format!("it has {there}"))));
    };
    taken.push(Arc::clone(first));
    let entry = only(entry, rest, taken)?;
    Ok(Tree { value: Value::Table(Table::from_iter([(Arc::clone(first), entry)])), input: tree.input })
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() < text.len() { format!("{line} …") } else { line.to_owned() }
}

fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(escaped, "\\u{:04X}", u32::from(c));
            }
            c => escaped.push(c),
        }
        escaped
    });
    format!("\"{escaped}\"")
}
