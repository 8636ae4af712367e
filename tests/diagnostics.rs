//! What the command line says about mistakes, in every format.

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
use serde_json::Value;

/// A workspace of the given files.
fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (path, text) in files {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
}

/// The repository's own file, with a mistake in it.
fn mistaken(file: &str, from: &str, to: &str) -> String {
    let text = fs::read_to_string(root().join("environments").join(file)).expect("readable");
    assert!(text.contains(from), "{file} has no {from}");
    text.replacen(from, to, 1)
}

/// The repository's environments, with a mistake in one of them.
fn mistake(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for name in ["settings.toml", "base.toml", "dev.toml", "staging.toml", "prod.toml"] {
        let text = mistaken(name, if name == file { from } else { "" }, if name == file { to } else { "" });
        write(folder.path(), &format!("environments/{name}"), text.as_bytes());
    }
    folder
}

/// The codes of a run's findings.
fn codes(output: &run::Ran) -> Vec<String> {
    let findings = output.stderr.lines().filter_map(|line| line.split_once("error[")?.1.split_once(']'));
    findings.map(|(code, _)| code.to_owned()).collect()
}

#[test]
fn sarif_is_one_document_on_standard_output_of_check() {
    let folder = mistake("prod.toml", "replicas = {", "replica = {");
    let output = run(folder.path(), &["check", "--message-format", "sarif"]);
    assert_eq!((output.code, &*output.stderr), (Some(2), ""));
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let run = &document["runs"][0];
    let result = &run["results"][0];
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(run["tool"]["driver"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(result["ruleId"], "unknown-key");
    let help = run["tool"]["driver"]["rules"][0]["help"]["text"].as_str().expect("a page");
    assert!(help.starts_with("A key that the schema does not have."), "{help}");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "environments/prod.toml");
    let region = &place["region"];
    assert_eq!(region["startLine"], region["endLine"]);
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&1.into(), &8.into()));

    // A document also when nothing is wrong, and on the other stream where the output is.
    let fine: Value = serde_json::from_str(&run::run(root(), &["check", "--message-format", "sarif"]).stdout)
        .expect("JSON");
    assert_eq!(fine["runs"][0]["results"], serde_json::json!([]));
    let render = run::run(root(), &["render", "prod", "--message-format", "sarif"]);
    assert!(render.stdout.starts_with("apiVersion: ") && render.stderr.starts_with('{'));
}

#[test]
fn paths_for_services_are_those_from_where_the_process_started() {
    let folder = tempfile::tempdir().expect("temporary folder");
    write(folder.path(), "deploy/environments/prod.toml", b"[environment]\ntier = 7\n");
    let output = run(folder.path(), &["-C", "deploy", "check", "--message-format", "github"]);
    let line =
        "::error file=deploy/environments/prod.toml,line=2,endLine=2,col=8,endColumn=9,title=wrong-type::";
    assert!(output.stderr.contains(line), "{}", output.stderr);
    let output = run(folder.path(), &["-C", "deploy", "check"]);
    assert!(output.stderr.contains("--> environments/prod.toml:2:8"), "{}", output.stderr);
}

#[test]
fn json_says_what_to_replace() {
    let folder = mistake("prod.toml", "\"production\"", "\"produktion\"");
    let output = run(folder.path(), &["check", "--message-format", "json"]);
    let finding: Value = serde_json::from_str(output.stderr.lines().next().expect("a line")).expect("JSON");
    let suggestion = &finding["suggestion"];
    let at = |key: &str| usize::try_from(suggestion[key].as_u64().expect("an offset")).expect("small");
    let mut text = fs::read_to_string(folder.path().join("environments/prod.toml")).expect("readable");
    text.replace_range(at("start")..at("end"), suggestion["replacement"].as_str().expect("a word"));
    write(folder.path(), "environments/prod.toml", text.as_bytes());
    assert_eq!(run(folder.path(), &["check"]).code, Some(0));
}

#[test]
fn one_mistake_is_one_finding() {
    for (file, from, to) in [
        ("prod.toml", "replicas = {", "replica = {"),
        ("prod.toml", "scale = {", "scal = {"),
        ("base.toml", "replicas = 1\n", "replica = 1\n"),
        ("base.toml", "[services.api]", "[service.api]"),
        ("base.toml", "uses = [\"nats\"]", "use = [\"nats\"]"),
        ("base.toml", "ports.http", "port.http"),
        ("base.toml", "kubernetes = ", "kubernets = "),
        ("prod.toml", "[environment]", "[enviroment]"),
        ("prod.toml", "extends = [\"base.toml\"]", "extends = \"base.toml\""),
        ("prod.toml", "extends =", "extend ="),
        ("prod.toml", "[services.api]", "[servces.api]"),
        ("prod.toml", "[services.api]", "[services.appi]"),
        ("prod.toml", "services.api]\n", "services.ap]\n"),
        ("staging.toml", "tidb.external", "tibd.external"),
    ] {
        let folder = mistake(file, from, to);
        let found = run(folder.path(), &["check"]);
        assert_eq!(codes(&found).len(), 1, "{from} → {to}\n{}", found.stderr);
    }
}

#[test]
fn slips_on_top_of_each_other_are_all_found() {
    let base = mistaken("base.toml", "[services.api]\n", "[services.api]\nfoo = 1\n");
    let prod = mistaken("prod.toml", "[services.api]\n", "[servces.api]\nfoo = 2\n");
    let folder = workspace(&[("environments/base.toml", &base), ("environments/prod.toml", &prod)]);
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(codes(&output).contains(&"unknown-key".to_owned()), "{}", output.stderr);
}

#[test]
fn what_every_environment_lacks_is_said_once() {
    let folder = mistake("base.toml", "[stores.nats]", "[services.bare]\n\n[stores.nats]");
    let output = run(folder.path(), &["check"]);
    let lacking = output.stderr.matches("`services.bare` lacks").count();
    assert_eq!(lacking, output.stderr.matches("in environments `dev`, `prod`, `staging`").count());
    assert_eq!(output.stderr.matches("`services.bare` lacks `image`").count(), 1, "{}", output.stderr);
}

#[test]
fn the_name_of_a_layer_or_a_misspelt_one_is_answered_with_what_there_is() {
    let base = run(root(), &["render", "base"]).stderr;
    assert!(base.contains("`base` is a layer") && base.contains("there are dev, prod, staging"), "{base}");
    let typo = run(root(), &["render", "prd"]).stderr;
    assert!(typo.contains("did you mean `prod`?"), "{typo}");
    for odd in ["../environments/prod", "", "a\nb", &"x".repeat(5000)] {
        assert_eq!(codes(&run(root(), &["render", odd])), ["unknown-environment"], "{odd}");
    }
}

#[test]
fn faulty_settings_of_the_workspace_are_shown() {
    let prod = mistaken("base.toml", "", "");
    for (settings, code) in [
        ("vesion = \"0.1.0\"\n", "unknown-key"),
        ("version = 1\n", "wrong-type"),
        ("version = \n", "toml-syntax"),
    ] {
        let folder = workspace(&[("p8fs-gen.toml", settings), ("environments/base.toml", &prod)]);
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.code, Some(2));
        assert!(codes(&output).iter().any(|found| found == code), "{}", output.stderr);
        assert!(output.stderr.contains("--> p8fs-gen.toml:1:"), "{}", output.stderr);
    }
}

#[test]
fn a_file_that_people_cannot_have_meant_is_not_read() {
    let folder = workspace(&[]);
    let huge = folder.path().join("environments/prod.toml");
    write(folder.path(), "environments/prod.toml", b"");
    fs::File::create(&huge).and_then(|file| file.set_len(100 << 20)).expect("sparse");
    let output = run(folder.path(), &["check"]);
    assert_eq!((output.code, codes(&output)), (Some(2), vec!["not-text".to_owned()]), "{}", output.stderr);
    assert!(output.stderr.contains("larger than 16 MiB"));

    fs::remove_file(&huge).expect("removed");
    fs::create_dir(&huge).expect("made");
    let output = run(folder.path(), &["render", "prod", "--message-format", "github"]);
    assert_eq!(output.code, Some(3));
    assert_eq!(output.stderr, "::error::cannot read environments/prod.toml: not a file\n");
}

#[test]
fn depth_is_bounded() {
    let brackets = format!("x = {}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let tables = format!("x = {}1{}\n", "{a=".repeat(100_000), "}".repeat(100_000));
    let keys = format!("[a{}]\n", ".a".repeat(100_000));
    let dotted = format!("a{} = 1\n", ".a".repeat(100_000));
    for text in [brackets, tables, keys, dotted] {
        let text = format!("[environment]\ntier = \"production\"\n{text}");
        let folder = workspace(&[("environments/prod.toml", &text)]);
        let output = run(folder.path(), &["check"]);
        assert_eq!(output.code, Some(2), "{:.300}", output.stderr);
    }
}
