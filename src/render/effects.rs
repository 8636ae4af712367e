//! Patches that change nothing.

use std::collections::BTreeMap;

use super::{Catalogue, Effect};
use crate::diag::{Code, Diagnostic, FileId};
use crate::template::Patch;

/// Collects, over one or more environments, what came of each patch: one is without effect only if it changes
/// nothing in any environment that it is for.
#[derive(Debug, Default)]
pub struct PatchEffects(BTreeMap<FileId, Effect>);

impl PatchEffects {
    /// Adds an environment.
    pub fn add(&mut self, effects: &[(FileId, Effect)]) {
        for (file, effect) in effects {
            let known = self.0.entry(*file).or_insert(*effect);
            *known = (*known).max(*effect);
        }
    }

    /// A finding for every patch that `judged` accepts and that changed nothing.
    pub fn findings(&self, catalogue: &Catalogue, judged: impl Fn(&Patch) -> bool) -> Vec<Diagnostic> {
        let judge = |patch: &Patch| {
            let effect = self.0.get(&patch.file).copied().unwrap_or(Effect::NoTarget);
            let (title, at, label) = match effect {
                Effect::Changed => return None,
                Effect::NoChange => {
                    ("this patch says only what is so already", patch.change.body.span, "changes nothing")
                }
                Effect::NoTarget => ("this patch changes no object", patch.target.span, "no object is this"),
            };
            Some(Diagnostic::error(Code::PatchWithoutEffect, title).at(at, label))
        };
        catalogue.patches().iter().filter(|patch| judged(patch)).filter_map(judge).collect()
    }
}
