//! A document → [`Node`]s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Document;
use super::scalar::{json, key, scalar};
use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::k8s::{Made, Node, Value};
use crate::yaml::{Broken, Event, Events, ScalarStyle};

/// The most levels of structure.
const DEPTH: usize = 200;

/// The most nodes that the aliases of one document may stand for.
const ALIASED: usize = 1 << 20;

/// The value of a document, if it could be read whole, and what is wrong with it.
pub fn read(document: &Document, sources: &Sources) -> (Option<Node>, Vec<Diagnostic>) {
    let text = &*sources.get(document.file).text;
    let events = Events::new(document.file, text, document.range.clone(), Code::ManifestSyntax);
    let mut reader = Reader { events, anchors: BTreeMap::new(), depth: 0, aliased: 0, found: Vec::new() };
    let node = reader.document().unwrap_or_else(|broken| {
        reader.found.push(*broken);
        None
    });
    (node, reader.found)
}

struct Reader<'a> {
    events: Events<'a>,
    /// What has an anchor, and of how many nodes it is.
    anchors: BTreeMap<usize, (Node, usize)>,
    depth: usize,
    aliased: usize,
    found: Vec<Diagnostic>,
}

/// The entries of a mapping, in the order written.
type Entries = Vec<(Arc<str>, Node)>;

/// A key of a mapping, and where it stands.
struct Key {
    name: Arc<str>,
    /// The text of the name, without quotes.
    at: Span,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Broken> {
        let mut node = None;
        loop {
            match self.events.next()? {
                (Event::StreamEnd, _) => return Ok(node),
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
                (event, at) if node.is_none() => node = Some(self.node(event, at)?),
                (_, at) => {
                    self.syntax(at, "a second document without a separator", "begin it with a line `---`");
                    return Ok(None);
                }
            }
        }
    }

    fn syntax(&mut self, at: Span, title: impl Into<String>, label: impl Into<String>) {
        self.found.push(Diagnostic::error(Code::ManifestSyntax, title).at(at, label));
    }

    /// The node that begins with an event. Deeper than [`DEPTH`], structure is passed over.
    fn node(&mut self, event: Event<'a>, at: Span) -> Result<Node, Broken> {
        let (value, at, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                // An empty value is given as `~`.
                let text = if at.start == at.end && style == ScalarStyle::Plain { "".into() } else { text };
                let value = scalar(&text, style, tag.as_deref()).and_then(json).unwrap_or_else(|why| {
                    self.syntax(at, format!("`{text}` {why}"), "cannot be read");
                    Value::Null
                });
                (value, at, anchor)
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if self.depth == DEPTH => {
                self.syntax(at, format!("nested deeper than {DEPTH} levels"), "too deep");
                self.events.pass_over()?;
                (Value::Null, at, 0)
            }
            Event::SequenceStart(anchor, _) => {
                self.depth += 1;
                let (items, at) = self.list(at)?;
                self.depth -= 1;
                (Value::List(items), at, anchor)
            }
            Event::MappingStart(anchor, _) => {
                self.depth += 1;
                let (entries, at) = self.mapping(at)?;
                self.depth -= 1;
                (Value::Map(entries), at, anchor)
            }
            Event::Alias(anchor) => (self.alias(anchor, at), at, 0),
            _ => (Value::Null, at, 0),
        };
        let node = Node { value, at, lead: 0, made: Made::Literal, from: None };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: Span) -> Value {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            self.syntax(at, "an alias within what it stands for", "would never end");
            return Value::Null;
        };
        self.aliased += size;
        if self.aliased > ALIASED {
            // Said once; what follows would only repeat it.
            if self.aliased - size <= ALIASED {
                self.syntax(at, format!("aliases stand for more than {ALIASED} nodes"), "too many");
            }
            return Value::Null;
        }
        node.value.clone()
    }

    fn list(&mut self, start: Span) -> Result<(Vec<Node>, Span), Broken> {
        let mut items = Vec::new();
        loop {
            let (event, at) = self.events.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok((items, Span { end: at.end.max(start.end), ..start }));
            }
            items.push(self.node(event, at)?);
        }
    }

    fn mapping(&mut self, start: Span) -> Result<(Entries, Span), Broken> {
        let mut entries = Entries::new();
        // Keys of this mapping, in contrast to those that were merged into it.
        let mut own = BTreeSet::new();
        loop {
            let (event, at) = self.events.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                return Ok((entries, Span { end: at.end.max(start.end), ..start }));
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, 0, None) if text == "<<");
            let key = if is_merge { None } else { Some(self.key(event, at)?) };
            let (event, at) = self.events.next()?;
            let mut node = self.node(event, at)?;
            match key {
                None => self.merge(node, &mut entries),
                Some(None) => {}
                Some(Some(Key { name, at })) => {
                    node.lead = node
                        .at
                        .start
                        .checked_sub(at.start)
                        .and_then(|lead| lead.try_into().ok())
                        .unwrap_or(0);
                    if !own.insert(Arc::clone(&name)) {
                        let first = entries.iter().find(|(known, _)| *known == name);
                        let first = first.map(|(name, node)| node.key_at(name));
                        let title = format!("`{name}` is written twice in one mapping");
                        let found = Diagnostic::error(Code::DuplicateKey, title).at(at, "the second");
                        self.found.push(match first {
                            Some(first) => found.context(first, "the first"),
                            None => found,
                        });
                    }
                    set(&mut entries, name, node);
                }
            }
        }
    }

    /// None, with a finding, when it is no text.
    fn key(&mut self, event: Event<'a>, at: Span) -> Result<Option<Key>, Broken> {
        let quotes = u32::from(matches!(
            &event,
            Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..)
        ));
        let value = match event {
            Event::Scalar(text, style, _, tag) => scalar(&text, style, tag.as_deref()).ok(),
            event => Some(self.node(event, at)?.value),
        };
        let name = value.as_ref().and_then(key);
        if name.is_none() {
            self.syntax(at, "a key that is not text", "JSON has no such key");
        }
        let at = Span { start: at.start + quotes, end: at.end.saturating_sub(quotes), ..at };
        Ok(name.map(|name| Key { name, at }))
    }

    /// `<<`: the entries of a mapping, or of each mapping of a list, of which the first wins.
    fn merge(&mut self, node: Node, entries: &mut Entries) {
        match node.value {
            Value::Map(merged) => merged.into_iter().for_each(|(key, node)| set(entries, key, node)),
            Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Map(_))) => {
                for item in items.into_iter().rev() {
                    self.merge(item, entries);
                }
            }
            _ => self.syntax(node.at, "`<<` merges mappings", "not a mapping, nor a list of them"),
        }
    }
}

fn set(entries: &mut Entries, key: Arc<str>, node: Node) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = node,
        None => entries.push((key, node)),
    }
}

/// How many nodes there are.
fn size(node: &Node) -> usize {
    let entries = node.entries().iter().map(|(_, node)| size(node));
    1 + entries.sum::<usize>() + node.items().iter().map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<Node>, usize) {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml", text);
        let (node, found) = read(&Document { file, range: 0..text.len() }, &sources);
        (node, found.len())
    }

    fn json(text: &str) -> Option<serde_json::Value> {
        let (node, findings) = of(text);
        node.filter(|_| findings == 0).map(|node| node.to_json())
    }

    /// The table is compared with the reading of a real API server as well.
    #[test]
    fn scalars_mean_what_they_mean_to_kubectl() {
        let mut wrong = Vec::new();
        for line in include_str!("scalars.tsv").lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let (text, value, key) = (columns[0], columns[1], columns[2]);
            let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            let read = json(&format!("- {text}\n")).map(|list| list[0].clone());
            if read != parse(value) {
                wrong.push(format!("{text} is {value}, not {read:?}"));
            }
            let read = json(&format!("{text}: 0\n"));
            let name = read.as_ref().and_then(|map| map.as_object()?.keys().next());
            if name.map(|name| serde_json::Value::from(&**name)) != parse(key) {
                wrong.push(format!("the key {text} is {key}, not {name:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn anchors_and_merge_keys_are_followed() {
        let merged =
            json("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {<<: [{x: 4}, *a]}\n").expect("readable");
        assert_eq!(merged["b"], serde_json::json!({"x": 1, "z": 3}));
        assert_eq!(merged["c"], serde_json::json!({"x": 4, "z": 2}));
        assert_eq!(of("a: &a [*a]\n").1, 1);
        let bomb = (1..10).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let below = format!("*a{}, ", level - 1).repeat(9);
            text + &format!("a{level}: &a{level} [{below}]\n")
        });
        assert_eq!(of(&bomb).1, 1);
        assert_ne!(of(&"[".repeat(1000)).1, 0);
    }

    #[test]
    fn keys_stand_once() {
        assert_eq!(of("{a: 1, \"a\": 2, on: 1, true: 2}").1, 2);
        assert_eq!(of("? [a]\n: 1\n").1, 1);
    }
}
