//! Diagnostics as a person reads them, in the manner of rustc.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::line_start;
use super::{Diagnostic, FileId, Label, Severity, Sources};

/// The text of one diagnostic, coloured; strip the escapes where they are not wanted.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&*diagnostic.title).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);

    let primary = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
    let context = diagnostic.context.iter().map(|label| (AnnotationKind::Context, label));
    let mut by_file: Vec<(FileId, Vec<(AnnotationKind, &Label)>)> = Vec::new();
    for (kind, label) in primary.chain(context) {
        match by_file.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push((kind, label)),
            None => by_file.push((label.span.file, vec![(kind, label)])),
        }
    }
    for (file, labels) in by_file {
        let source = sources.get(file);
        let spans: Vec<_> = labels.iter().map(|(_, label)| one_line(&source.text, label)).collect();
        let window = window(&source.text, &spans);
        let line = source.line_of(window.start);
        let annotations = labels.into_iter().zip(spans).map(|((kind, label), span)| {
            let text = (!label.text.is_empty()).then_some(&*label.text);
            kind.span(span.start - window.start..span.end - window.start).label(text)
        });
        let snippet = Snippet::source(&source.text[window.clone()]).line_start(line).path(&*source.path);
        group = group.element(snippet.annotations(annotations));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(&**note));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(&**help));
    }
    Renderer::styled().render(&[group])
}

/// The lines that the spans are on: a large file is not searched through for every finding.
fn window(text: &str, spans: &[std::ops::Range<usize>]) -> std::ops::Range<usize> {
    let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let last = spans.iter().map(|span| span.end).max().unwrap_or(0).max(first);
    // The end of a text is shown at the end of its last line.
    let shown = if first == text.len() { text.trim_end_matches('\n').len() } else { first };
    let start = text.get(..shown).map_or(0, line_start);
    let end = text.get(last..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| last + end + 1);
    start..end
}

/// The label's bytes up to the end of the first line: a table that spans pages is named by its first line.
fn one_line(text: &str, label: &Label) -> std::ops::Range<usize> {
    let range = label.span.range();
    let covered = text.get(range.clone()).unwrap_or_default();
    let end = covered.find('\n').map_or(range.end, |newline| range.start + newline);
    range.start..end.min(text.len())
}

/// The closing line: `2 errors, 1 warning`; nothing when there is nothing to count.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let counts = [Severity::Error, Severity::Warning].into_iter().filter_map(|severity| {
        let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        match count {
            0 => None,
            1 => Some(format!("1 {}", severity.as_str())),
            count => Some(format!("{count} {}s", severity.as_str())),
        }
    });
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{render, summary};
    use crate::diag::{Code, Diagnostic, Sources};

    #[test]
    fn warnings_are_told_from_errors() {
        let error = Diagnostic::error(Code::UnknownKey, "a");
        let warning = Diagnostic::warning(Code::StrayFile, "b");
        let plain =
            |diagnostic| anstream::adapter::strip_str(&render(diagnostic, &Sources::default())).to_string();
        assert_eq!(plain(&warning).trim_end(), "warning[stray-file]: b");
        assert_eq!(plain(&error).trim_end(), "error[unknown-key]: a");
        assert_eq!(summary(&[error, warning.clone(), warning]).as_deref(), Some("1 error, 2 warnings"));
        assert_eq!(summary(&[]), None);
    }
}
