//! Diagnostics in plain words, for formats that have a place of their own.

use super::{Diagnostic, Sources};

/// Title, label, context, notes and help of a diagnostic, a line each.
pub(super) fn plain(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut text = diagnostic.title.clone();
    if let Some(label) = diagnostic.primary.as_ref().filter(|label| !label.text.is_empty()) {
        text.extend([": ", &label.text]);
    }
    for label in &diagnostic.context {
        text.extend(["\n", &sources.place(label.span), ": ", &label.text]);
    }
    diagnostic.notes.iter().for_each(|note| text.extend(["\nnote: ", note]));
    diagnostic.help.iter().for_each(|help| text.extend(["\nhelp: ", help]));
    text
}
