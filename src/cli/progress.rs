//! A line on the terminal that says what is being done, when it takes long.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// What is quicker than this needs no line.
const PATIENCE: Duration = Duration::from_secs(1);

/// The line, from its first step until it is dropped; nothing where nobody would see it.
#[derive(Default)]
pub(super) struct Progress {
    drawing: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    /// Gets ready to draw on standard error, which has to be a terminal.
    pub(super) fn on_terminal() -> Self {
        let (sender, steps) = mpsc::channel();
        Self { drawing: Some((sender, thread::spawn(move || draw(&steps)))) }
    }

    /// Says what is done now.
    pub(super) fn step(&self, step: &str) {
        if let Some((sender, _)) = &self.drawing {
            // If nobody draws any more, nobody has to know.
            let _ = sender.send(step.to_owned());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.drawing.take() {
            drop(sender);
            // Whatever happens next is printed below a clear line.
            let _ = thread.join();
        }
    }
}

fn draw(steps: &Receiver<String>) {
    let deadline = Instant::now() + PATIENCE;
    let mut step = String::new();
    loop {
        match steps.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(next) => step = next,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    let line = ProgressBar::new_spinner().with_message(step);
    line.enable_steady_tick(Duration::from_millis(100));
    for step in steps {
        line.set_message(step);
    }
    line.finish_and_clear();
}
