//! All diagnostics of a run as one document of SARIF 2.1.0, which code scanning services read.

use serde_json::{Value, json};

use super::{Code, Diagnostic, Label, Region, Sources, Span};

/// What a run found so far.
#[derive(Debug, Default)]
pub struct Run {
    codes: Vec<Code>,
    results: Vec<Value>,
    notifications: Vec<Value>,
    failed: bool,
}

impl Run {
    /// Adds a finding.
    pub fn add(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        let known = self.codes.iter().position(|code| *code == diagnostic.code);
        let rule = known.unwrap_or_else(|| {
            self.codes.push(diagnostic.code);
            self.codes.len() - 1
        });
        self.results.push(result(diagnostic, rule, sources));
    }

    /// Adds what is no finding about the input's text; an `error` kept the run from looking at everything.
    pub fn notify(&mut self, severity: &str, text: &str) {
        self.failed |= severity == "error";
        self.notifications.push(json!({ "level": severity, "message": { "text": text } }));
    }

    /// The document.
    pub fn document(&self) -> Value {
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "p8fs-gen",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": self.codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": !self.failed,
                    "toolExecutionNotifications": self.notifications,
                }],
                "results": self.results,
            }],
        })
    }
}

fn rule(code: Code) -> Value {
    let lines: Vec<&str> = code.page().lines().map(str::trim).collect();
    let page = lines.join("\n").trim().to_owned();
    let first = page.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": first },
        "help": { "text": page, "markdown": page },
    })
}

fn result(diagnostic: &Diagnostic, rule: usize, sources: &Sources) -> Value {
    let location = match &diagnostic.primary {
        Some(label) => place(label.span, sources),
        // Services refuse results without a location.
        None => json!({ "artifactLocation": { "uri": uri(&format!("{}environments", sources.root)) } }),
    };
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": rule,
        "level": diagnostic.severity.as_str(),
        "message": { "text": super::plain(diagnostic, sources) },
        "locations": [{ "physicalLocation": location }],
    });
    if !diagnostic.context.is_empty() {
        result["relatedLocations"] = diagnostic.context.iter().map(|label| related(label, sources)).collect();
    }
    if let Some((span, right)) = diagnostic.replaced(sources) {
        let place = place(span, sources);
        result["fixes"] = json!([{
            "description": { "text": format!("replace it by `{right}`") },
            "artifactChanges": [{
                "artifactLocation": place["artifactLocation"],
                "replacements": [{
                    "deletedRegion": place["region"],
                    "insertedContent": { "text": right },
                }],
            }],
        }]);
    }
    result
}

fn related(label: &Label, sources: &Sources) -> Value {
    json!({ "physicalLocation": place(label.span, sources), "message": { "text": label.text } })
}

fn place(span: Span, sources: &Sources) -> Value {
    let Region { line, column, end_line, end_column } = sources.region(span);
    json!({
        "artifactLocation": { "uri": uri(&sources.located(span)) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    })
}

/// A path as a relative reference: what is not plain in it is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    let mut uri = String::new();
    for byte in path.bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.extend(["%", &format!("{byte:02X}")]);
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::Run;
    use crate::diag::{Code, Diagnostic, Sources, Span};

    #[test]
    fn places_count_from_one_in_characters_and_end_one_past_the_last() {
        let mut sources = Sources::below("deploy/");
        let file = sources.add("environments/é 1.toml", "ü = 1\nreplica = 2\n");
        let found = Diagnostic::error(Code::UnknownKey, "unknown key `replica`")
            .at(Span::new(file, 7..14), "no")
            .context(Span::new(file, 0..6), "here")
            .suggest("replica", ["replicas"]);
        let mut run = Run::default();
        run.add(&found, &sources);
        let run = &run.document()["runs"][0];
        let result = &run["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "deploy/environments/%C3%A9%201.toml");
        assert_eq!(
            place["region"],
            serde_json::json!({"startLine":2,"startColumn":1,"endLine":2,"endColumn":8})
        );
        let related = &result["relatedLocations"][0]["physicalLocation"]["region"];
        assert_eq!(related["endColumn"], 6);
        let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(
            (&change["deletedRegion"], &change["insertedContent"]["text"]),
            (&place["region"], &"replicas".into())
        );
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!((&rule["id"], &result["ruleIndex"]), (&result["ruleId"], &0.into()));
    }

    #[test]
    fn a_failure_is_said_to_be_one() {
        let mut run = Run::default();
        run.notify("error", "disk on fire");
        let run = &run.document()["runs"][0];
        assert_eq!(run["results"], serde_json::json!([]));
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "disk on fire");
    }
}
