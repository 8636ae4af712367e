//! Printing: findings to standard error, results to standard output.

use std::error::Error;
use std::io::{self, Write};

use super::MessageFormat;
use super::exit::{Exit, Failure};
use crate::diag::{Sink, Sources, human, json};

/// Prints in the format that was asked for.
pub(super) struct Reporter {
    format: MessageFormat,
}

impl Reporter {
    pub(super) fn new(format: MessageFormat) -> Self {
        Self { format }
    }

    /// Prints the findings; the exit code is that of their worst.
    pub(super) fn findings(&self, sink: Sink, sources: &Sources) -> Exit {
        let exit = if sink.errors() > 0 { Exit::Input } else { Exit::Success };
        let found = sink.into_sorted();
        let mut stderr = anstream::stderr().lock();
        // A closed standard error is no reason to fail.
        match self.format {
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

    /// Prints a result.
    pub(super) fn output(text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Prints a line about what was done, for people only.
    pub(super) fn note(&self, text: &str) {
        if let MessageFormat::Human = self.format {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Prints a line that people and programs should see.
    pub(super) fn warn(&self, text: &str) {
        self.line("warning", text);
    }

    fn line(&self, severity: &str, text: &str) {
        let mut stderr = anstream::stderr();
        let _ = match self.format {
            MessageFormat::Human => writeln!(stderr, "{severity}: {text}"),
            MessageFormat::Json => {
                writeln!(stderr, "{}", serde_json::json!({ "severity": severity, "message": text }))
            }
        };
    }

    /// Prints a failure with its causes.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        if failure.exit() == Exit::Success {
            return Exit::Success;
        }
        let mut text = failure.to_string();
        let mut cause = failure.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.line("error", &text);
        failure.exit()
    }
}
