//! Keys that nothing read.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::declare::required_keys;
use crate::diag::{Code, Diagnostic, Span};
use crate::merge::{InputInfo, Inputs, Reads};

/// Collects, over one or more environments, which keys were read in any of them: a layer's key is dead only if
/// no environment on top of it reads it.
#[derive(Debug, Default)]
pub struct DeadKeys {
    /// The values that an environment left unread, by their place.
    unread: BTreeMap<Span, Unread>,
    /// The places of those that one has read; most of them more than once.
    read: Vec<Span>,
    /// The services and stores of which something was read.
    living: BTreeSet<String>,
    /// The headers of all services and stores, by path.
    headers: BTreeMap<String, Span>,
}

#[derive(Debug)]
struct Unread {
    path: String,
    key: Span,
    /// How much of the path leads to a table of which something was read, in bytes.
    living: usize,
}

impl DeadKeys {
    /// Adds an environment. A value that another shadows lives as long as its key is read.
    pub fn add(&mut self, inputs: &Inputs, reads: &Reads) {
        // Most files have no dead key, and need not be gone through for this.
        let read = LazyCell::new(|| {
            let is_read = |(input, info): &(_, &InputInfo)| info.leaf.is_some() && reads.contains(*input);
            inputs.iter().filter(is_read).map(|(_, info)| &*info.path).collect::<BTreeSet<&str>>()
        });
        let mut last = "";
        for (input, InputInfo { path, key, origin, shadowed, leaf }) in inputs.iter() {
            let key = key.unwrap_or(*origin);
            if leaf.is_none() {
                if path.matches('.').count() == 1 {
                    self.headers.entry(path.clone()).or_insert(key);
                }
            } else if reads.contains(input) {
                self.read.push(*origin);
                self.read.extend(shadowed);
                // Most stand in the same as the one before.
                if !is_within(path, last)
                    && let Some(thing) = thing(path)
                {
                    self.living.insert(thing.to_owned());
                    last = thing;
                }
            } else {
                let living = living(path, &read);
                let shadowed = shadowed.iter().map(|span| (*span, *span));
                for (origin, key) in iter::once((*origin, key)).chain(shadowed) {
                    let new = || Unread { path: path.clone(), key, living };
                    let seen = self.unread.entry(origin).or_insert_with(new);
                    seen.living = seen.living.max(living);
                }
            }
        }
    }

    /// A finding for every key of the files that `judged` accepts; one for a service or store that is dead whole.
    pub fn findings(&self, judged: impl Fn(Span) -> bool) -> Vec<Diagnostic> {
        let judged = self.unread.iter().filter(|(place, _)| judged(**place)).collect::<Vec<_>>();
        if judged.is_empty() {
            return Vec::new();
        }
        let read: BTreeSet<Span> = self.read.iter().copied().collect();
        let mut reported = BTreeSet::new();
        let mut found = Vec::new();
        for (_, seen) in judged.into_iter().filter(|(place, _)| !read.contains(place)) {
            match thing(&seen.path).filter(|thing| !self.living.contains(*thing)) {
                Some(thing) if !reported.insert(thing) => {}
                Some(thing) => found.push(dead(thing, self.headers.get(thing).copied().unwrap_or(seen.key))),
                // Nobody could remove it: what uses it elsewhere was overridden here.
                None if required_holder(&seen.path).is_some_and(|holder| holder.len() <= seen.living) => {}
                None => found.push(dead(&seen.path, seen.key)),
            }
        }
        found
    }
}

/// The length of the innermost table's path above a value, of which something is among what was read.
fn living(path: &str, read: &BTreeSet<&str>) -> usize {
    let is_living = |end: &usize| {
        let below = format!("{}.", &path[..*end]);
        read.range(&*below..).next().is_some_and(|first| first.starts_with(&below))
    };
    path.match_indices('.').rev().map(|(end, _)| end).find(is_living).unwrap_or(0)
}

/// The innermost table above a required key that need not be there itself; none for a key that is not required.
fn required_holder(path: &str) -> Option<&str> {
    let required = required_keys(path);
    let count = required.iter().rev().take_while(|required| **required).count();
    let mut holder = path;
    for _ in 0..count {
        holder = holder.rsplit_once('.').map_or("", |(holder, _)| holder);
    }
    (count > 0).then_some(holder)
}

/// `stores.nats` of `stores.nats.external.ports.client`
fn thing(path: &str) -> Option<&str> {
    let mut dots = path.match_indices('.').map(|(at, _)| at);
    dots.nth(1).map(|end| &path[..end])
}

fn is_within(path: &str, table: &str) -> bool {
    path.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
}

fn dead(path: &str, at: Span) -> Diagnostic {
    let help = match path.split_once('.') {
        Some(("stores", name)) if !name.contains('.') => {
            format!("name `{name}` in the `uses` of a service, or remove it")
        }
        Some(("secrets", name)) if !name.contains('.') => {
            format!("name `{name}` in the `env` or `files` of a workload, or remove it")
        }
        Some(("cluster", "gateway" | "gateway.namespace")) => {
            "it takes effect when a service has `expose`".to_owned()
        }
        _ => "remove it, or write a template that uses it".to_owned(),
    };
    Diagnostic::error(Code::DeadKey, format!("nothing reads `{path}`")).at(at, "has no effect").help(help)
}
