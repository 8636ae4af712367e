//! Diagnostics as workflow commands of GitHub Actions, which shows them beside the changed lines.

use super::{Diagnostic, Region, Sources};

/// The command for one diagnostic, without a line break.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut properties = Vec::new();
    if let Some(label) = &diagnostic.primary {
        let Region { line, column, end_line, end_column } = sources.region(label.span);
        properties.push(format!("file={}", property(&sources.located(label.span))));
        properties.push(format!("line={line},endLine={end_line}"));
        // GitHub takes columns only within one line.
        if line == end_line {
            properties.push(format!("col={column},endColumn={end_column}"));
        }
    }
    properties.push(format!("title={}", property(diagnostic.code.as_str())));
    let message = data(&super::plain(diagnostic, sources));
    format!("::{} {}::{message}", diagnostic.severity.as_str(), properties.join(","))
}

/// The command for what has no code: a failure of the system.
pub fn line(severity: &str, text: &str) -> String {
    format!("::{severity}::{}", data(text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::diag::{Code, Diagnostic, Sources, Span};

    #[test]
    fn what_a_command_could_misread_is_escaped() {
        let mut sources = Sources::below("deploy/");
        let file = sources.add("environments/a,b:c.toml", "x = 1\nyé = 2\n");
        let found = Diagnostic::warning(Code::UnknownKey, "100 % wrong::no")
            .at(Span::new(file, 6..9), "this")
            .context(Span::new(file, 0..1), "that")
            .help("one\r\ntwo");
        assert_eq!(
            render(&found, &sources),
            "::warning file=deploy/environments/a%2Cb%3Ac.toml,line=2,endLine=2,col=1,endColumn=3,\
             title=unknown-key::100 %25 wrong::no: this%0Aenvironments/a,b:c.toml:1: that%0Ahelp: one%0D%0Atwo"
        );
        let nowhere = Diagnostic::error(Code::UnknownEnvironment, "none");
        assert_eq!(render(&nowhere, &sources), "::error title=unknown-environment::none");
    }
}
