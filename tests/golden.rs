//! Golden files: the full output of every environment, the message of every diagnostic, the published schema.
//!
//! `GOLDEN=overwrite cargo test --test golden` writes them anew; read the difference before committing it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use p8fs_gen::diag::Code;
use run::{root, run};

fn overwrite() -> bool {
    std::env::var_os("GOLDEN").is_some_and(|value| value == "overwrite")
}

/// Every file below a folder, by its path relative to it.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("readable entry").path();
        let name = PathBuf::from(path.file_name().expect("entries have names"));
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, text)| (name.join(below), text)));
        } else {
            found.insert(name, fs::read_to_string(&path).expect("readable file"));
        }
    }
    found
}

fn assert_same(path: &Path, golden: &str, actual: &str) {
    let diff = p8fs_gen::diff::unified(&path.display().to_string(), Some(golden), Some(actual));
    assert!(diff.is_empty(), "differs (GOLDEN=overwrite accepts it):\n{diff}");
}

fn assert_golden(path: &Path, actual: &str) {
    let golden = fs::read_to_string(path).unwrap_or_default();
    if overwrite() && golden != actual {
        fs::create_dir_all(path.parent().expect("goldens lie in a folder")).expect("folder can be made");
        fs::write(path, actual).expect("golden can be written");
    } else {
        assert_same(path, &golden, actual);
    }
}

#[test]
fn every_environment_renders_as_its_golden_folder_in_both_directions() {
    for workspace in [".", "examples/shop"] {
        let workspace = root().join(workspace);
        let golden = workspace.join("golden");
        for entry in fs::read_dir(workspace.join("environments")).expect("environments") {
            let path = entry.expect("entry").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("UTF-8");
            let text = fs::read_to_string(&path).expect("readable file");
            if !text.contains("\n[environment]\n") {
                // A layer.
                continue;
            }
            let out = tempfile::tempdir().expect("temporary folder");
            let destination = if overwrite() { &golden } else { out.path() };
            if overwrite() && golden.join(name).exists() {
                // What somebody edited there, a merge for one, would be refused.
                fs::remove_dir_all(golden.join(name)).expect("goldens can be removed");
            }
            let output = run(&workspace, &["render", name, "--out", destination.to_str().expect("UTF-8")]);
            assert_eq!(output.code, Some(0), "{}", output.stderr);
            let (actual, golden) = (files(&destination.join(name)), files(&golden.join(name)));
            let (rendered, wanted): (Vec<_>, Vec<_>) = (actual.keys().collect(), golden.keys().collect());
            assert_eq!(rendered, wanted, "{name}: other files");
            for (path, text) in &actual {
                assert_same(&Path::new(name).join(path), &golden[path], text);
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
        let output = run(root(), &all);
        let message = output.stderr.replace(directory, "CASE");
        assert_golden(&case.join("message"), &message);
        let gives = |severity| message.contains(&format!("{severity}[{code}]"));
        assert!(gives("error") || gives("warning"), "{code}: its case gives another code:\n{message}");
        // With `--check`, a warning may come with differences.
        let wanted: &[i32] = if gives("error") { &[2] } else { &[0, 1] };
        assert!(output.code.is_some_and(|exit| wanted.contains(&exit)), "{code}: {message}");
    }
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    assert_golden(&root().join("schemas/environment.schema.json"), &run(root(), &["schema"]).stdout);
}

#[test]
fn explain_names_the_lines() {
    let questions: &[&[&str]] = &[
        &["prod", "deploy/p8fs-api", "spec.template.spec.containers[api].image"],
        &["prod", "deploy/p8fs-api", "spec.template.spec.serviceAccountName"],
        &["prod", "deploy/p8fs-api", "spec.template.metadata.annotations"],
        &["prod", "deploy/p8fs-api", "spec.replicas"],
        &["dev", "deploy/p8fs-api", "spec.template.spec.topologySpreadConstraints"],
        &["prod", "hpa/p8fs-api"],
        &["prod", "hpa/p8fs-api", "spec.maxReplicas", "--set", "services.api.replicas.max=30"],
        &["prod", "netpol/p8fs-api", "spec.egress[0].to[0].podSelector.matchLabels.k8s-app"],
        &["prod", "cm/p8fs-config", "data.P8FS_MAX_WORKERS"],
        &["prod", "helm/keda/values.yaml", "prometheus.operator"],
        &["prod", "helm/p8fs-otel/values.yaml", "replicaCount"],
        &["prod", "helm/p8fs-otel/values.yaml", "fullnameOverride"],
    ];
    let mut text = String::new();
    for question in questions {
        let output = run(root(), &[&["explain"], *question].concat());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        text.extend(["$ p8fs-gen explain ", &question.join(" "), "\n", &output.stdout, "\n"]);
    }
    assert_golden(&root().join("golden/explain.txt"), &text);
}
