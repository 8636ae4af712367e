//! Printing: findings to standard error, results to standard output.

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::iter;

use super::exit::{Exit, Failure};
use super::globals::{Globals, MessageFormat};
use super::progress::Progress;
use crate::diag::{Code, Diagnostic, Sink, Sources, github, human, json, sarif};
use crate::workspace;

/// Prints a result.
pub(super) fn output(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints everything else, in the format that was asked for. A closed standard error is no reason to fail.
pub(super) struct Reporter {
    format: MessageFormat,
    notes: Notes,
    /// Where the document of a run goes, which other formats do not have.
    document: Stream,
    /// What the document will say, once there is something.
    run: RefCell<Option<sarif::Run>>,
}

/// A stream of the process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Output,
    Error,
}

/// Whether people are told what was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notes {
    Printed,
    LeftOut,
}

impl Reporter {
    pub(super) fn new(globals: &Globals, document: Stream) -> Self {
        let is_for_people = !globals.quiet && matches!(globals.message_format, MessageFormat::Human);
        let notes = if is_for_people { Notes::Printed } else { Notes::LeftOut };
        Self { format: globals.message_format, notes, document, run: RefCell::default() }
    }

    /// A line about what is being done, for a person who waits at a terminal.
    pub(super) fn progress(&self) -> Progress {
        if self.is_watched() && workspace::variable("CI").is_none() {
            Progress::on_terminal()
        } else {
            Progress::default()
        }
    }

    /// Clears the terminal, so that what comes next takes the place of what was there.
    pub(super) fn clear(&self) {
        if self.is_watched() {
            // All of it, with what scrolled away; then to the upper left corner.
            let _ = write!(io::stderr(), "\x1b[2J\x1b[3J\x1b[H");
        }
    }

    fn is_watched(&self) -> bool {
        self.notes == Notes::Printed && io::stderr().is_terminal()
    }

    /// Prints the findings, and says how to exit.
    pub(super) fn findings(&self, sink: Sink, sources: &Sources) -> Exit {
        let exit = if sink.errors() == 0 { Exit::Success } else { Exit::Input };
        let found: Vec<Diagnostic> =
            sink.into_sorted().into_iter().map(|diagnostic| diagnostic.masked(sources)).collect();
        let mut stderr = anstream::stderr().lock();
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
            MessageFormat::Github => {
                for diagnostic in &found {
                    let _ = writeln!(stderr, "{}", github::render(diagnostic, sources));
                }
            }
            MessageFormat::Sarif => {
                let mut run = self.run.borrow_mut();
                let run = run.get_or_insert_default();
                for diagnostic in &found {
                    run.add(diagnostic, sources);
                }
            }
        }
        exit
    }

    /// Prints a line about what was done, for people only.
    pub(super) fn note(&self, text: &str) {
        if self.notes == Notes::Printed {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Prints a line that people and programs should see.
    pub(super) fn line(&self, severity: &str, text: &str) {
        let line = match self.format {
            MessageFormat::Human => format!("{severity}: {text}"),
            MessageFormat::Json => serde_json::json!({ "severity": severity, "message": text }).to_string(),
            MessageFormat::Github => github::line(severity, text),
            MessageFormat::Sarif => {
                self.run.borrow_mut().get_or_insert_default().notify(severity, text);
                return;
            }
        };
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    /// Prints what is printed once for a whole run.
    pub(super) fn finish(self) {
        let Some(run) = self.run.into_inner() else { return };
        let document = format!("{:#}\n", run.document());
        let _ = match self.document {
            Stream::Output => output(&document),
            Stream::Error => io::stderr().write_all(document.as_bytes()),
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
