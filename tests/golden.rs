//! Golden files: the full output of every environment, the message of every diagnostic, the published schema.
//!
//! `GOLDEN=overwrite cargo test --test golden` writes them anew; read the difference before committing it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use p8fs_gen::diag::Code;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn p8fs_gen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    command.args(arguments).current_dir(root()).env("NO_COLOR", "1").output().expect("the binary runs")
}

fn overwrite() -> bool {
    std::env::var_os("GOLDEN").is_some_and(|value| value == "overwrite")
}

/// Every file below a folder, by its path relative to it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("readable entry").path();
            let name = below.join(path.file_name().expect("entries have names"));
            if path.is_dir() {
                walk(&path, &name, found);
            } else {
                found.insert(name, fs::read(&path).expect("readable file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, Path::new(""), &mut found);
    found
}

fn assert_golden(path: &Path, actual: &str) {
    if overwrite() {
        if fs::read_to_string(path).is_ok_and(|golden| golden == actual) {
            return;
        }
        fs::create_dir_all(path.parent().expect("goldens lie in a folder")).expect("folder can be made");
        fs::write(path, actual).expect("golden can be written");
        return;
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    let diff = p8fs_gen::diff::unified(&path.display().to_string(), &golden, actual);
    assert!(diff.is_empty(), "differs (GOLDEN=overwrite accepts it):\n{diff}");
}

#[test]
fn every_environment_renders_as_its_golden_folder_in_both_directions() {
    for workspace in [".", "examples/shop"] {
        let workspace = root().join(workspace);
        let golden = workspace.join("golden");
        let directory = workspace.to_str().expect("UTF-8");
        for entry in fs::read_dir(workspace.join("environments")).expect("environments") {
            let name =
                entry.expect("entry").path().file_stem().expect("name").to_str().expect("UTF-8").to_owned();
            if name == "base" {
                continue;
            }
            let out = tempfile::tempdir().expect("temporary folder");
            let destination = if overwrite() { golden.clone() } else { out.path().to_owned() };
            let output =
                p8fs_gen(&["-C", directory, "render", &name, "--out", destination.to_str().expect("UTF-8")]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let (actual, golden) = (files(&destination.join(&name)), files(&golden.join(&name)));
            assert_eq!(
                actual.keys().collect::<Vec<_>>(),
                golden.keys().collect::<Vec<_>>(),
                "{name}: other files"
            );
            for (path, bytes) in &actual {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let diff =
                    p8fs_gen::diff::unified(&path.display().to_string(), &text(&golden[path]), &text(bytes));
                assert!(diff.is_empty(), "{name} differs (GOLDEN=overwrite accepts it):\n{diff}");
            }
        }
    }
}

#[test]
fn every_code_has_a_page_and_a_case_whose_message_is_golden() {
    let folder = root().join("golden/errors");
    let cases: Vec<String> = fs::read_dir(&folder)
        .expect("cases")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .collect();
    for case in &cases {
        assert!(case.parse::<Code>().is_ok(), "golden/errors/{case}: no such code");
    }
    for code in Code::ALL {
        let page = code.page();
        assert!(
            page.lines().next().is_some_and(|line| line.trim().ends_with('.')),
            "{code}: its page begins with a sentence"
        );
        let case = folder.join(code.as_str());
        let arguments = fs::read_to_string(case.join("arguments")).unwrap_or_else(|_| "check".to_owned());
        let directory = case.to_str().expect("UTF-8");
        let mut all = vec!["-C", directory];
        all.extend(arguments.split_whitespace());
        let output = p8fs_gen(&all);
        let message = String::from_utf8(output.stderr).expect("UTF-8").replace(directory, "CASE");
        assert_golden(&case.join("message"), &message);
        assert!(
            message.contains(&format!("error[{code}]")),
            "{code}: its case gives another code:\n{message}"
        );
        assert_eq!(output.status.code(), Some(2), "{code}: {message}");
    }
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let output = p8fs_gen(&["schema"]);
    let schema = String::from_utf8(output.stdout).expect("UTF-8");
    assert_golden(&root().join("schemas/environment.schema.json"), &schema);
}

#[test]
fn explain_names_the_lines() {
    let questions: &[&[&str]] = &[
        &["deployment/p8fs-api", "spec.template.spec.containers[name=api].image"],
        &["deployment/p8fs-api", "spec.template.spec.serviceAccountName"],
        &["deployment/p8fs-api", "spec.template.metadata.annotations"],
        &["horizontalpodautoscaler/p8fs-api"],
        &["networkpolicy/p8fs-api", "spec.egress[1].ports[0].port"],
        &["configmap/p8fs-config", "data.P8FS_MAX_WORKERS"],
    ];
    let mut text = String::new();
    for question in questions {
        let output = p8fs_gen(&[&["explain", "prod"], *question].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for part in ["$ p8fs-gen explain prod ", &question.join(" "), "\n"] {
            text.push_str(part);
        }
        text.push_str(&String::from_utf8(output.stdout).expect("UTF-8"));
        text.push('\n');
    }
    assert_golden(&root().join("golden/explain.txt"), &text);
}
