//! Keys that nothing read.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::diag::{Code, Diagnostic, Span};
use crate::merge::{InputInfo, Inputs, Reads};

/// Collects, over one or more environments, which keys were read in any of them: a layer's key is dead only if
/// no environment on top of it reads it.
#[derive(Debug, Default)]
pub struct DeadKeys {
    /// By their place.
    values: BTreeMap<Span, Seen>,
    /// The headers of tables, by path.
    tables: BTreeMap<String, Span>,
}

#[derive(Debug)]
struct Seen {
    path: String,
    key: Span,
    is_read: bool,
}

impl DeadKeys {
    /// Adds an environment. A value that another shadows lives as long as its key is read.
    pub fn add(&mut self, inputs: &Inputs, reads: &Reads) {
        for (input, InputInfo { path, key, origin, shadowed, leaf }) in inputs.iter() {
            let key = key.unwrap_or(*origin);
            if leaf.is_none() {
                self.tables.entry(path.clone()).or_insert(key);
                continue;
            }
            for (origin, key) in iter::once((*origin, key)).chain(shadowed.iter().map(|span| (*span, *span)))
            {
                let new = || Seen { path: path.clone(), key, is_read: false };
                self.values.entry(origin).or_insert_with(new).is_read |= reads.contains(input);
            }
        }
    }

    /// A finding for every key of the files that `judged` accepts; one for a service or store that is dead whole.
    pub fn findings(&self, judged: impl Fn(Span) -> bool) -> Vec<Diagnostic> {
        let living = self.values.values().filter(|seen| seen.is_read);
        let living: BTreeSet<&str> = living.filter_map(|seen| thing(&seen.path)).collect();
        let mut reported = BTreeSet::new();
        let mut found = Vec::new();
        for (_, seen) in self.values.iter().filter(|(place, seen)| !seen.is_read && judged(**place)) {
            match thing(&seen.path).filter(|thing| !living.contains(thing)) {
                Some(thing) if !reported.insert(thing) => {}
                Some(thing) => found.push(dead(thing, self.tables.get(thing).copied().unwrap_or(seen.key))),
                None => found.push(dead(&seen.path, seen.key)),
            }
        }
        found
    }
}

/// `stores.nats` of `stores.nats.external.ports.client`
fn thing(path: &str) -> Option<&str> {
    let mut dots = path.match_indices('.').map(|(at, _)| at);
    dots.nth(1).map(|end| &path[..end])
}

fn dead(path: &str, at: Span) -> Diagnostic {
    let help = match path.split_once('.') {
        Some(("stores", name)) if !name.contains('.') => {
            format!("name `{name}` in the `uses` of a service, or remove it")
        }
        Some(("cluster", "gateway" | "gateway.namespace")) => {
            "it takes effect when a service has `expose`".to_owned()
        }
        _ => "remove it, or write a template that uses it".to_owned(),
    };
    Diagnostic::error(Code::DeadKey, format!("nothing reads `{path}`")).at(at, "has no effect").help(help)
}
