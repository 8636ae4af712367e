//! Workspace files in the place of built-in ones.

use sha2::{Digest, Sha256};

use crate::diag::{Code, Diagnostic, FileId, Sink, Span};
use crate::template::Template;

/// What an override says of the built-in text that it was made from: `sha256:` and twelve hexadecimal digits.
pub fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(6).fold("sha256:".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A built-in text as a workspace would override it, with the line that says what it was made from.
pub fn to_override(text: &str) -> String {
    let separator = if text.lines().any(|line| line == "---") { "" } else { "---\n" };
    format!("overrides: {}\n{separator}{text}", digest(text))
}

/// Warns when the built-in text has changed since a template or fragment was made from it, and when there is nothing
/// to tell it by.
pub(super) fn check(template: &Template, file: FileId, built_in: Option<&str>, sink: &mut Sink) {
    let path = &template.path;
    let found = match (built_in.map(digest), &template.overrides) {
        (None, None) => return,
        (Some(now), Some((then, _))) if *now == **then => return,
        (None, Some((_, at))) => {
            let title = format!("no built-in template is called `{path}`");
            Diagnostic::warning(Code::TemplateOverride, title)
                .at(*at, "overrides nothing")
                .help("remove the line")
        }
        (Some(_), Some((_, at))) => {
            let title = format!("the built-in `{path}` has changed since it was overridden");
            let found =
                Diagnostic::warning(Code::TemplateOverride, title).at(*at, "made from an earlier one");
            found
                .help(format!("`p8fs-gen templates diff {path}` compares the two"))
                .help(format!("then begin it with the first line of `p8fs-gen templates override {path}`"))
        }
        (Some(_), None) => {
            let title = format!("`{path}` overrides a built-in template without saying which");
            let found = Diagnostic::warning(Code::TemplateOverride, title);
            let found = found.at(Span::new(file, 0..0), "so a change of the built-in one would go unnoticed");
            found.help(format!("begin it with the first line of `p8fs-gen templates override {path}`"))
        }
    };
    sink.push(found);
}
