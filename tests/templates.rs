//! `templates`, and what a workspace makes of the built-in ones.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::path::Path;

use run::{root, run};

/// A copy of the repository's environments, and a template of its own.
fn workspace(path: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("folder");
    for entry in fs::read_dir(root().join("environments")).expect("environments") {
        let entry = entry.expect("entry");
        if entry.path().extension().is_some_and(|extension| extension == "toml") {
            fs::copy(entry.path(), environments.join(entry.file_name())).expect("copied");
        }
    }
    write(folder.path(), path, text);
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join("templates").join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

fn ok(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{arguments:?}");
    output.stdout
}

#[test]
fn the_list_says_what_each_makes_and_whose_it_is() {
    let folder = workspace(
        "fragments/metadata.yaml",
        &ok(root(), &["templates", "override", "fragments/metadata.yaml"]),
    );
    write(folder.path(), "more/files/motd.txt", "hello\n");
    let list: serde_json::Value =
        serde_json::from_str(&ok(folder.path(), &["templates", "list", "--format", "json"])).expect("JSON");
    let row =
        |path: &str| list.as_array().expect("a list").iter().find(|row| row["path"] == path).expect("listed");
    assert_eq!(row("fragments/metadata.yaml")["source"], "overridden");
    assert_eq!(row("more/files/motd.txt")["source"], "workspace");
    let policy = row("network/network-policy.yaml");
    assert_eq!((&policy["source"], &policy["kind"]), (&"built-in".into(), &"NetworkPolicy".into()));
    let text = ok(folder.path(), &["templates", "list"]);
    assert_eq!(text.lines().count(), list.as_array().expect("a list").len());
}

#[test]
fn a_resolved_template_renders_what_its_fragments_did() {
    let rendered = ok(root(), &["render", "prod"]);
    let list: serde_json::Value =
        serde_json::from_str(&ok(root(), &["templates", "list", "--format", "json"])).expect("JSON");
    let folder = workspace("fragments/x.yaml", "a: b\n");
    for row in list.as_array().expect("a list").iter().filter(|row| row["kind"].is_string()) {
        let path = row["path"].as_str().expect("text");
        let resolved = ok(root(), &["templates", "show", path, "--resolved"]);
        assert!(!resolved.contains("$include"), "{path}");
        write(folder.path(), path, &resolved);
    }
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.stdout, rendered);
}

#[test]
fn an_override_is_made_compared_and_told_when_it_is_old() {
    let path = "fragments/container.yaml";
    let text = ok(root(), &["templates", "override", path]);
    let folder = workspace(path, &text);
    ok(folder.path(), &["render", "prod"]);

    write(folder.path(), path, &text.replace("overrides: sha256:", "overrides: sha256:0"));
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!(output.code, Some(0));
    assert!(output.stderr.contains("warning[template-override]"), "{}", output.stderr);
    assert!(run(folder.path(), &["templates", "diff", path]).stdout.contains("+overrides: sha256:0"));

    let output = run(root(), &["templates", "override", "fragments/containr.yaml"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("did you mean `fragments/container.yaml`"), "{}", output.stderr);
}

#[test]
fn a_required_key_that_an_override_does_not_read_is_no_dead_key() {
    let path = "fragments/container.yaml";
    let text = ok(root(), &["templates", "override", path]);
    let image = text.lines().find(|line| line.starts_with("image:")).expect("an image");
    let folder = workspace(path, &text.replace(image, "image: registry.example/other:1"));
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}
