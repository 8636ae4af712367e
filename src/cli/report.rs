//! Printing: findings to standard error, results to standard output.

use std::error::Error;
use std::io::{self, Write};
use std::iter;

use super::MessageFormat;
use super::exit::{Exit, Failure};
use crate::diag::{Code, Diagnostic, Sink, Sources, human, json};

/// Prints a result.
pub(super) fn output(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints everything else, in the format that was asked for. A closed standard error is no reason to fail.
pub(super) struct Reporter(pub(super) MessageFormat);

impl Reporter {
    /// Prints the findings, and says how to exit.
    pub(super) fn findings(&self, sink: Sink, sources: &Sources) -> Exit {
        let exit = if sink.errors() == 0 { Exit::Success } else { Exit::Input };
        let found = sink.into_sorted();
        let mut stderr = anstream::stderr().lock();
        match self.0 {
            MessageFormat::Human => {
                for diagnostic in &found {
                    let _ = writeln!(stderr, "{}\n", human::render(diagnostic, sources));
                }
                if let Some(summary) = human::summary(&found) {
                    let _ = writeln!(stderr, "{summary}");
                }
            }
            MessageFormat::Json => {
                for line in found.iter().filter_map(|diagnostic| json::render(diagnostic, sources).ok()) {
                    let _ = writeln!(stderr, "{line}");
                }
            }
        }
        exit
    }

    /// Prints a line about what was done, for people only.
    pub(super) fn note(&self, text: &str) {
        if let MessageFormat::Human = self.0 {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Prints a line that people and programs should see.
    pub(super) fn line(&self, severity: &str, text: &str) {
        let _ = match self.0 {
            MessageFormat::Human => writeln!(anstream::stderr(), "{severity}: {text}"),
            MessageFormat::Json => {
                let record = serde_json::json!({ "severity": severity, "message": text });
                writeln!(anstream::stderr(), "{record}")
            }
        };
    }

    /// Prints a failure with its causes.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        match (failure, failure.exit()) {
            (_, Exit::Success) => {}
            // The folder is the user's to clear up: a finding.
            (Failure::Folder(error), Exit::Input) => {
                let mut sink = Sink::default();
                sink.push(Diagnostic::error(Code::OutputRefused, error.to_string()));
                self.findings(sink, &Sources::default());
            }
            _ => {
                let causes = iter::successors(Some(failure as &dyn Error), |error| (*error).source());
                self.line("error", &causes.map(ToString::to_string).collect::<Vec<_>>().join(": "));
            }
        }
        failure.exit()
    }
}
