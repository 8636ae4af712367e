//! Keys that nothing read.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Span};
use crate::merge::{InputInfo, Inputs, Reads};

/// Collects, over one or more environments, which keys were read in any of them: a layer's key is dead only if
/// no environment on top of it reads it.
#[derive(Debug, Default)]
pub struct DeadKeys {
    /// Values by their place, each with its path, its key, and whether it was read.
    values: BTreeMap<Span, (String, Span, Read)>,
    /// The headers of tables, by path.
    tables: BTreeMap<String, Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    Never,
    Somewhere,
}

impl DeadKeys {
    /// Adds an environment. A value that another shadows lives as long as its key is read.
    pub fn add(&mut self, inputs: &Inputs, reads: &Reads) {
        for (input, info) in inputs.iter() {
            let InputInfo { path, key, origin, shadowed, leaf } = info;
            if leaf.is_none() {
                self.tables.entry(path.clone()).or_insert(key.unwrap_or(*origin));
                continue;
            }
            let read = if reads.contains(input) { Read::Somewhere } else { Read::Never };
            let key = key.unwrap_or(*origin);
            for (origin, key) in
                [(*origin, key)].into_iter().chain(shadowed.iter().map(|span| (*span, *span)))
            {
                let seen = self.values.entry(origin).or_insert_with(|| (path.clone(), key, Read::Never));
                seen.2 = seen.2.max(read);
            }
        }
    }

    /// A finding for every key of the files that `judged` accepts; one for a service or store that is dead whole.
    pub fn findings(&self, judged: impl Fn(Span) -> bool) -> Vec<Diagnostic> {
        let living: BTreeSet<&str> = self
            .values
            .values()
            .filter(|value| value.2 == Read::Somewhere)
            .filter_map(|value| thing(&value.0))
            .collect();
        let mut reported = BTreeSet::new();
        let mut found = Vec::new();
        for (origin, (path, key, _)) in self.values.iter().filter(|(_, value)| value.2 == Read::Never) {
            if !judged(*origin) {
                continue;
            }
            match thing(path).filter(|thing| !living.contains(thing)) {
                Some(thing) if !reported.insert(thing) => {}
                Some(thing) => found.push(dead(thing, self.tables.get(thing).copied().unwrap_or(*key))),
                None => found.push(dead(path, *key)),
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
