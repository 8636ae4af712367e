//! The files of toml-test, each as an environment: what is no TOML is refused at a place in it, and what is TOML is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The codes that a file gets which is not TOML.
const NOT_TOML: [&str; 2] = ["toml-syntax", "not-text"];

/// The files of TOML 1.1 of one kind, `valid` or `invalid`.
fn files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/toml-test");
    let list = fs::read_to_string(folder.join("files-toml-1.1.0")).expect("`make tools` fetches them");
    let paths =
        list.lines().filter(|path| path.starts_with(&format!("{kind}/"))).map(|path| folder.join(path));
    // Beside the valid ones lie their values as JSON.
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

/// The findings about a file, all of them at a place in it.
fn findings(file: &Path) -> Vec<Value> {
    let workspace = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(workspace.path().join("environments")).expect("made");
    fs::copy(file, workspace.path().join("environments/x.toml")).expect("copied");
    let mut check = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    let check = check.args(["check", "--message-format", "json"]).current_dir(workspace.path());
    let output = check.output().expect("the binary can be started");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    // None of them has an `[environment]` table, so that none is fine.
    assert_eq!(output.status.code(), Some(2), "{}: {stderr}", file.display());
    let findings: Vec<Value> = stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(
        findings.iter().all(|finding| finding["primary"]["file"] == "environments/x.toml"),
        "{}: {stderr}",
        file.display()
    );
    findings
}

fn has(findings: &[Value], codes: &[&str]) -> bool {
    findings.iter().any(|finding| codes.iter().any(|code| finding["code"] == *code))
}

#[test]
fn what_is_no_toml_is_refused() {
    let files = files("invalid");
    assert_eq!(files.len(), 467);
    let let_through = files.iter().filter(|file| {
        // Some numbers are refused for what they say.
        !has(&findings(file), &[&NOT_TOML[..], &["toml-value"]].concat())
    });
    assert_eq!(let_through.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}

#[test]
fn what_is_toml_is_read() {
    let files = files("valid");
    assert_eq!(files.len(), 214);
    let refused = files.iter().filter(|file| has(&findings(file), &NOT_TOML));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}
