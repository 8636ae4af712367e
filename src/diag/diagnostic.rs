//! One finding, and the sink that collects them.

use std::collections::BTreeSet;

use super::{Code, Sources, Span};

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// Printed at the underline; may be empty.
    pub text: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is rendered with it.
    Error,
    /// Worth knowing; the output is right nevertheless.
    Warning,
}

impl Severity {
    /// As it is printed: `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stands in the way of the output.
    pub severity: Severity,
    /// What it is about.
    pub code: Code,
    /// One line, without a full stop.
    pub title: String,
    /// The place to change, if there is one.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub context: Vec<Label>,
    /// What is known beside.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// The environments that it was found in, where that says more than the place.
    pub environments: BTreeSet<String>,
    /// The word to replace, if that is all there is to do.
    pub suggestion: Option<Suggestion>,
    /// The object that it is about: one place of a template shows in all objects that are made of it.
    pub object: Option<String>,
    /// Other objects that it was found in.
    pub others: BTreeSet<String>,
}

/// "Did you mean", for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    wrong: String,
    /// What to write instead.
    pub right: String,
}

impl Diagnostic {
    /// As it is shown: without the secrets of the texts that it is about.
    #[must_use]
    pub fn masked(mut self, sources: &Sources) -> Self {
        if sources.has_secrets() {
            let labels = self.primary.iter_mut().chain(&mut self.context).map(|label| &mut label.text);
            let texts =
                [&mut self.title].into_iter().chain(labels).chain(&mut self.notes).chain(&mut self.help);
            texts.for_each(|text| *text = sources.masked(text));
        }
        self
    }

    /// An error.
    pub fn error(code: Code, title: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, title.into())
    }

    /// A warning: printed, and without effect on output and exit code.
    pub fn warning(code: Code, title: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, title.into())
    }

    fn new(severity: Severity, code: Code, title: String) -> Self {
        Self {
            severity,
            code,
            title,
            primary: None,
            context: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            environments: BTreeSet::new(),
            suggestion: None,
            object: None,
            others: BTreeSet::new(),
        }
    }

    /// The place to change.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// A place that explains it.
    #[must_use]
    pub fn context(mut self, span: Span, text: impl Into<String>) -> Self {
        self.context.push(Label { span, text: text.into() });
        self
    }

    /// Something known beside.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The environment that it was found in; the same finding in several becomes one.
    #[must_use]
    pub fn within(mut self, environment: &str) -> Self {
        self.environments.insert(environment.to_owned());
        self
    }

    /// The rendered object that it is about; the same finding at the same place in several becomes one.
    #[must_use]
    pub fn about(mut self, object: &impl std::fmt::Display) -> Self {
        self.object = Some(object.to_string());
        self
    }

    /// The title without the object: what is said of each of them.
    fn said(&self) -> String {
        self.object.as_ref().map_or_else(|| self.title.clone(), |object| self.title.replacen(object, "", 1))
    }

    /// "did you mean", when something close to `wrong` is among `known`.
    #[must_use]
    pub fn suggest<'a>(mut self, wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let Some(right) = super::closest(wrong, known) else { return self };
        self.suggestion = Some(Suggestion { wrong: wrong.to_owned(), right: right.to_owned() });
        self.help(format!("did you mean `{right}`?"))
    }

    /// Where the suggestion goes: the wrong word in the text of the primary label, if it is there just once.
    pub fn replaced(&self, sources: &Sources) -> Option<(Span, &str)> {
        let Suggestion { wrong, right } = self.suggestion.as_ref()?;
        let within = self.primary.as_ref()?.span;
        let text = sources.text(within);
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let mut places = text.match_indices(&**wrong).filter(|(start, _)| {
            let (before, after) = (&text[..*start], &text[start + wrong.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        });
        let (Some((start, _)), None) = (places.next(), places.next()) else { return None };
        let start = within.range().start + start;
        Some((Span::new(within.file, start..start + wrong.len()), right))
    }
}

/// Collects diagnostics from every room.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
}

impl Sink {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// How many errors there are so far; compare before and after to learn whether a step failed.
    pub fn errors(&self) -> usize {
        self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    /// Whether nothing was found, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything found, by file and place, each finding once; those without a place come first.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by_cached_key(|found| {
            let place = found.primary.as_ref().map(|label| label.span);
            (place, found.code, found.said(), found.title.clone())
        });
        found.dedup_by(|later, first| join(first, later));
        for diagnostic in &mut found {
            let names: Vec<String> = diagnostic.environments.iter().map(|name| format!("`{name}`")).collect();
            match names.as_slice() {
                [] => {}
                [name] => diagnostic.notes.push(format!("in environment {name}")),
                names => diagnostic.notes.push(format!("in environments {}", names.join(", "))),
            }
            let others: Vec<&str> = diagnostic.others.iter().map(String::as_str).collect();
            let others = match others.as_slice() {
                [] => continue,
                [first, second, third, _, ..] => {
                    format!("{first}, {second}, {third} and {} more", others.len() - 3)
                }
                few => few.join(", "),
            };
            diagnostic.notes.push(format!("also in {others}"));
        }
        found
    }
}

/// Adds to a finding what another one, of another environment or object, has besides; false when it is about something
/// else.
fn join(first: &mut Diagnostic, other: &Diagnostic) -> bool {
    let mut alike = Diagnostic {
        environments: first.environments.clone(),
        others: first.others.clone(),
        ..other.clone()
    };
    if let (Some(_), Some(object), Some(_)) = (&first.object, &other.object, &first.primary)
        && first.said() == other.said()
    {
        // The inputs beside it are those of one object; the first is example enough.
        alike = Diagnostic {
            title: first.title.clone(),
            object: first.object.clone(),
            context: first.context.clone(),
            ..alike
        };
        if alike != *first {
            return false;
        }
        if first.object.as_ref() != Some(object) {
            first.others.insert(object.clone());
        }
        return true;
    }
    if !first.environments.is_empty() {
        // The same mistake may be explained by each environment's own file.
        alike.context.clone_from(&first.context);
    }
    if alike != *first {
        return false;
    }
    first.environments.extend(other.environments.iter().cloned());
    for label in &other.context {
        if !first.context.contains(label) {
            first.context.push(label.clone());
        }
    }
    true
}

impl Extend<Diagnostic> for Sink {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, found: I) {
        self.found.extend(found);
    }
}

impl IntoIterator for Sink {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Sink};
    use crate::diag::{Code, Sources, Span};

    #[test]
    fn a_place_that_shows_in_many_objects_is_one_finding() {
        let file = Sources::default().add("a.yaml", "text");
        let mut sink = Sink::default();
        for object in ["Pod a", "Pod b", "Pod c", "Pod d", "Pod e"] {
            for fault in ["is red", "is blue"] {
                let found = Diagnostic::error(Code::InvalidLabel, format!("{object}: {fault}"));
                sink.push(found.at(Span::new(file, 1..2), "here").about(&object));
            }
        }
        let found = sink.into_sorted();
        let titles: Vec<&str> = found.iter().map(|found| found.title.as_str()).collect();
        assert_eq!(titles, ["Pod a: is blue", "Pod a: is red"]);
        assert_eq!(found[0].notes, ["also in Pod b, Pod c, Pod d and 1 more"]);
    }
}
