//! Programs that run beside a test, and end with it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_mins(1);
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// Programs with a folder of their own, which goes with them.
///
/// A shell ends them that outlives this process by a moment. Statics are never dropped, and a test process can
/// be killed; but the pipe to the shell closes however it ends. Then the shell kills what it was told
/// of, the newest first: kube-apiserver hangs for minutes if etcd goes before it.
pub struct Processes {
    folder: PathBuf,
    shell: Child,
    running: Vec<(String, Child)>,
}

impl Processes {
    const SCRIPT: &str = r#"
        while read -r pid; do pids="$pid $pids"; done
        kill -KILL $pids
        rm -rf "$1" || { sleep 1; rm -rf "$1"; }
    "#;

    /// None yet; the folder's name says what they are for.
    pub fn new(purpose: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix(&format!("p8fs-gen-{purpose}-"))
            .tempdir()
            .expect("a temporary folder can be made")
            .keep();
        let shell = Command::new("/bin/sh")
            .args(["-c", Self::SCRIPT, "guard"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("/bin/sh can be started");
        Self { folder, shell, running: Vec::new() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program, and gives its process; what it prints goes to `<name>.log` in the folder.
    pub fn start(&mut self, name: &str, command: &mut Command) -> u32 {
        let log = File::create(self.log(name)).expect("a log file can be made");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            // An interrupt from the terminal reaches the test process alone.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let pipe = self.shell.stdin.as_mut().expect("the guard's input is a pipe");
        writeln!(pipe, "{}", child.id()).expect("the guard is reading");
        let process = child.id();
        self.running.push((name.to_owned(), child));
        process
    }

    /// Waits until a program has ended by itself, and says how.
    ///
    /// # Panics
    ///
    /// If it goes on for a minute more, with what it said last.
    pub fn ended(&mut self, name: &str) -> ExitStatus {
        let place = self.running.iter().rposition(|(running, _)| running == name).expect("it was started");
        let (_, mut child) = self.running.remove(place);
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child can be asked for its status") {
                return status;
            }
            assert!(started.elapsed() < START_LIMIT, "{name} goes on:\n{}", self.last_lines(name));
            std::thread::sleep(POLL_PAUSE);
        }
    }

    /// # Panics
    ///
    /// If one has ended, with what it said last.
    pub fn assert_running(&mut self) {
        for (name, child) in &mut self.running {
            if let Some(status) = child.try_wait().expect("a child can be asked for its status") {
                let name = name.clone();
                panic!("{name} ended with {status}:\n{}", self.last_lines(&name));
            }
        }
    }

    /// Waits for something, as long as all of them run.
    ///
    /// # Panics
    ///
    /// If it is not reached within a minute, with what they said last.
    pub fn until(&mut self, what: &str, mut reached: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !reached(self) {
            self.assert_running();
            let said = || self.all_last_lines();
            assert!(started.elapsed() < START_LIMIT, "not after {START_LIMIT:?}: {what}\n{}", said());
            std::thread::sleep(POLL_PAUSE);
        }
    }

    /// All that a program said.
    pub fn said(&self, name: &str) -> String {
        fs::read_to_string(self.log(name)).unwrap_or_default()
    }

    /// What a program said last.
    pub fn last_lines(&self, name: &str) -> String {
        let text = self.said(name);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// What each of them said last.
    pub fn all_last_lines(&self) -> String {
        let said = self.running.iter().map(|(name, _)| [name, ":\n", &self.last_lines(name), "\n"].concat());
        said.collect()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }
}

impl Drop for Processes {
    /// Returns when they have ended.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nothing else waits for it, and it needs a moment at most.
        let _ = self.shell.wait();
        for (_, child) in &mut self.running {
            let _ = child.wait();
        }
    }
}

/// Where a program is: in `KUBEBUILDER_ASSETS` if that is set and has it, else in `target/tools`.
///
/// # Panics
///
/// If it is in neither.
pub fn program(name: &str) -> PathBuf {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(|folder| PathBuf::from(folder).join(name));
    if let Some(path) = assets.filter(|path| path.is_file()) {
        return path;
    }
    let path = built(name);
    assert!(path.is_file(), "{} is missing: run `make tools`", path.display());
    path
}

/// A file or folder that `make tools` makes.
pub fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(name)
}
