//! Keys that nothing read.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Span};
use crate::merge::{InputInfo, Inputs, Reads};

/// Collects, over one or more environments, which keys were read in any of them: a layer's key is dead only if
/// no environment on top of it reads it.
#[derive(Debug, Default)]
pub struct DeadKeys {
    seen: BTreeMap<Span, Seen>,
}

#[derive(Debug)]
struct Seen {
    info: InputInfo,
    read: bool,
}

impl DeadKeys {
    /// Adds an environment. A value that another shadows lives as long as its key is read.
    pub fn add(&mut self, inputs: &Inputs, reads: &Reads) {
        for (input, info) in inputs.iter() {
            if !info.is_leaf {
                continue;
            }
            let read = reads.contains(input);
            for origin in std::iter::once(info.origin).chain(info.shadowed.iter().copied()) {
                let info =
                    || InputInfo { origin, key: info.key.filter(|_| origin == info.origin), ..info.clone() };
                self.seen.entry(origin).or_insert_with(|| Seen { info: info(), read: false }).read |= read;
            }
        }
    }

    /// The keys that were never read.
    pub fn iter(&self) -> impl Iterator<Item = &InputInfo> {
        self.seen.values().filter(|seen| !seen.read).map(|seen| &seen.info)
    }
}

/// The finding about a dead key.
pub fn dead_key(info: &InputInfo) -> Diagnostic {
    Diagnostic::error(Code::DeadKey, format!("nothing reads `{}`", info.path))
        .at(info.key.unwrap_or(info.origin), "has no effect")
        .help("remove it, or write a template that uses it")
}
