//! A render killed, interrupted or refused at every system call of the folder writer, by strace's injection: the
//! folder is the old one or the new one, and the next render leaves nothing of ours beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::output::{Case, ENVIRONMENT, content, names, stderr};

/// Makes the file system look like one without exchange.
const NO_EXCHANGE: &str = "inject=renameat2:error=EINVAL";

/// Not about files; what happens between two calls that are is the same before and after these.
const OTHER_CALLS: [&str; 14] = [
    "brk",
    "exit",
    "exit_group",
    "futex",
    "getrandom",
    "gettid",
    "madvise",
    "mmap",
    "mprotect",
    "munmap",
    "poll",
    "rt_sigprocmask",
    "sched_yield",
    "sigaltstack",
];

/// Those that change what is on the disk.
const CHANGES: [&str; 15] = [
    "chmod",
    "fchmodat",
    "fsync",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "openat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "unlinkat",
    "write",
];

/// Failures that the writer may live with: a file can be taken over as a copy, and the last `write` is the line that
/// says what was done.
const BORNE: [&str; 3] = ["link", "linkat", "write"];

/// These do not fail: what is written was made durable before it is closed, and Rust's library asks no one.
const SURE: [&str; 2] = ["close", "fcntl"];

/// One system call of the writer.
struct Call {
    name: String,
    /// The how manieth of its name in its thread.
    number: usize,
    /// The folder has been replaced before.
    is_after: bool,
    /// It asks about an open file, to read it in pieces of the right size.
    is_hint: bool,
}

impl Call {
    fn is_change(&self) -> bool {
        CHANGES.contains(&self.name.as_str())
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, number, is_after, .. } = self;
        write!(f, "{name} {number} ({})", if *is_after { "after" } else { "before" })
    }
}

fn strace(case: &Case, out: &Path, arguments: &[&str]) -> Output {
    let render = case.command("new", out);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]).args(arguments).arg(render.get_program()).args(render.get_args());
    for (name, value) in render.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    strace.output().expect("strace is missing: `apt-get install strace`, or `make tools` as root")
}

/// Every call about files that the writer makes from its lock on, in order.
fn calls(case: &Case, always: &[&str]) -> Vec<Call> {
    let (out, log) = (case.out("recorded"), case.path("recorded.log"));
    let output = strace(case, &out, &[&["-o", log.to_str().expect("UTF-8")], always].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let log = fs::read_to_string(log).expect("the log");
    let writer = log.lines().find(|line| line.contains(" flock(")).expect("the writer takes a lock");
    let thread = writer.split(' ').next().expect("the thread's number");

    let (mut numbers, mut calls) = (BTreeMap::new(), Vec::new());
    let (mut is_locked, mut is_after) = (false, false);
    for line in log.lines().filter_map(|line| line.strip_prefix(thread)) {
        let name: String =
            line.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        let number: &mut usize = numbers.entry(name.clone()).or_default();
        *number += 1;
        is_locked |= name == "flock";
        if is_locked && !OTHER_CALLS.contains(&name.as_str()) {
            let is_hint = line.contains("AT_EMPTY_PATH");
            calls.push(Call { number: *number, is_after, is_hint, name });
        }
        // The last step of either way ends in the target itself.
        let target = format!("/recorded/{ENVIRONMENT}\"");
        let replaced = line.contains("rename") && line.split(", ").any(|part| part.contains(&target));
        is_after |=
            replaced && line.contains(&format!("{ENVIRONMENT}.p8fs-gen-build")) && line.ends_with("= 0");
    }
    let seen: BTreeSet<_> = calls.iter().map(|call| call.name.as_str()).collect();
    for expected in ["flock", "openat", "write", "fsync", "mkdir", "renameat2"] {
        assert!(seen.contains(expected), "the writer made no {expected}; it made {seen:?}");
    }
    assert!(calls.iter().any(|call| call.is_after), "the folder was not replaced");
    calls
}

/// A fresh folder, and the render into it with `action` injected at `call`; `is_hit` tells from the render and its log
/// whether it got there.
///
/// What runs before the writer does not make exactly the same calls every time.
fn disturbed(
    case: &Case,
    call: &Call,
    action: &str,
    always: &[&str],
    is_hit: impl Fn(&Output, &str) -> bool,
) -> (PathBuf, Output) {
    let Call { name, number, .. } = call;
    let inject = format!("inject={name}:{action}:when={number}");
    let trace = format!("trace={name},renameat2");
    let log = case.path("log");
    for attempt in 0..10 {
        let out = case.out(&format!("{action}-{name}-{number}-{attempt}"));
        let arguments = ["-o", log.to_str().expect("UTF-8"), "-e", &trace, "-e", &inject];
        let output = strace(case, &out, &[&arguments, always].concat());
        if is_hit(&output, &fs::read_to_string(&log).expect("the log")) {
            return (out, output);
        }
        assert_eq!(output.status.code(), Some(0), "{call}: {}", stderr(&output));
        assert!(content(&out.join(ENVIRONMENT)) == case.new, "{call}");
    }
    panic!("{call} is not made again");
}

fn assert_whole(case: &Case, out: &Path, call: &Call, what: &str) {
    let now = content(&out.join(ENVIRONMENT));
    let expected = if call.is_after { &case.new } else { &case.old };
    // The call itself may have been made before the signal arrived.
    let replaces = call.name.starts_with("rename") && now == case.new;
    assert!(now == *expected || replaces, "{what} at {call}: neither old nor new: {:#?}", now.keys());
}

fn killed_at(case: &Case, call: &Call, signal: (i32, &str)) {
    let (number, name) = signal;
    let is_hit = |output: &Output, _: &str| output.status.signal() == Some(number);
    let (out, _) = disturbed(case, call, &format!("signal={name}"), &[], is_hit);
    assert_whole(case, &out, call, name);
    case.assert_next_render_completes(&out, &format!("{name} at {call}"));
    fs::remove_dir_all(out).expect("removed");
}

#[test]
fn killed_at_any_call_it_leaves_the_old_folder_or_the_new_one() {
    let case = Case::new();
    for call in calls(&case, &[]) {
        killed_at(&case, &call, (9, "SIGKILL"));
    }
}

/// A shell shows this as 130.
#[test]
fn interrupted_at_any_change_it_leaves_the_old_folder_or_the_new_one() {
    let case = Case::new();
    for call in calls(&case, &[]).iter().filter(|call| call.is_change()) {
        killed_at(&case, call, (2, "SIGINT"));
    }
}

#[test]
fn killed_at_any_call_where_nothing_can_be_exchanged_the_next_run_completes_it() {
    let case = Case::new();
    let always = ["-e", NO_EXCHANGE];
    let mut was_away = 0;
    for call in calls(&case, &always).iter().filter(|call| call.name != "renameat2") {
        let is_hit = |output: &Output, _: &str| output.status.signal() == Some(9);
        let (out, _) = disturbed(&case, call, "signal=SIGKILL", &always, is_hit);
        let away = names(&out).iter().all(|name| name != ENVIRONMENT);
        if away {
            was_away += 1;
            // Whoever compares looks where the new folder waits.
            let check = case.command("new", &out).arg("--check").output().expect("started");
            assert_eq!(check.status.code(), Some(0), "{call}: {}", stderr(&check));
        } else {
            assert_whole(&case, &out, call, "SIGKILL");
        }
        case.assert_next_render_completes(&out, &format!("SIGKILL at {call}"));
        fs::remove_dir_all(out).expect("removed");
    }
    assert!(was_away > 0, "no kill fell between the two renames");
}

/// Asserts what holds after one call failed: success with the new folder, or a message with the path and the cause,
/// and then the old folder, or the new one if it had been put in place.
fn assert_failure_is_told(case: &Case, call: &Call, error: (&str, &str), always: &[&str]) {
    let (name, text) = error;
    let injected = format!(" {name} (");
    let is_hit = |_: &Output, log: &str| {
        log.lines().any(|line| line.contains(&injected) && line.ends_with("(INJECTED)"))
    };
    let (out, output) = disturbed(case, call, &format!("error={name}"), always, is_hit);
    let (said, what) = (stderr(&output), format!("{name} at {call}"));
    match output.status.code() {
        Some(0) => {
            let is_borne = call.is_after || call.is_hint || BORNE.contains(&call.name.as_str());
            assert!(is_borne, "{what}: passed over");
            assert!(content(&out.join(ENVIRONMENT)) == case.new, "{what}: not the new folder");
            assert_eq!(names(&out), [ENVIRONMENT], "{what}: something lies beside it");
        }
        Some(3) => {
            assert!(said.starts_with("error: cannot "), "{what}: {said}");
            assert!(said.contains(out.to_str().expect("UTF-8")) && said.contains(text), "{what}: {said}");
            assert_whole(case, &out, call, &what);
        }
        code => panic!("{what}: exit {code:?}: {said}"),
    }
    case.assert_next_render_completes(&out, &what);
    fs::remove_dir_all(out).expect("removed");
}

const IO: (&str, &str) = ("EIO", "Input/output error");
const FULL: (&str, &str) = ("ENOSPC", "No space left on device");
const FORBIDDEN: (&str, &str) = ("EACCES", "Permission denied");

#[test]
fn a_failure_of_any_call_is_told_and_leaves_a_whole_folder() {
    let case = Case::new();
    for call in calls(&case, &[]).iter().filter(|call| !SURE.contains(&call.name.as_str())) {
        let errors: &[_] = if CHANGES.contains(&call.name.as_str()) { &[IO, FULL, FORBIDDEN] } else { &[IO] };
        for error in errors {
            assert_failure_is_told(&case, call, *error, &[]);
        }
    }
}

#[test]
fn a_failure_of_any_call_leaves_a_whole_folder_where_nothing_can_be_exchanged() {
    let case = Case::new();
    let always = ["-e", NO_EXCHANGE];
    let may_fail = |call: &&Call| call.name != "renameat2" && !SURE.contains(&call.name.as_str());
    for call in calls(&case, &always).iter().filter(may_fail) {
        assert_failure_is_told(&case, call, IO, &always);
    }
}

#[test]
fn without_exchange_two_renames_do() {
    for error in ["EINVAL", "ENOSYS", "EOPNOTSUPP"] {
        let case = Case::new();
        let out = case.out(error);
        let inject = format!("inject=renameat2:error={error}");
        let output = strace(&case, &out, &["-o", "/dev/null", "-e", &inject]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(content(&out.join(ENVIRONMENT)) == case.new);
        assert_eq!(names(&out), [ENVIRONMENT]);
    }
}
