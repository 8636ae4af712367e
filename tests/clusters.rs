//! Templates of clusters, and what a cluster costs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;

use run::run;
use serde_json::Value;
use tempfile::TempDir;

/// A workspace with one environment, `x`.
fn workspace(cluster: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir_all(folder.path().join("environments")).expect("made");
    let text = format!(
        "[system]\nname = \"shop\"\n[environment]\ntier = \"staging\"\nnamespace = \"shop\"\n\
         [workers.mail]\nimage = \"registry.example/mail:1\"\nreplicas = 2\n\
         resources = {{ cpu = \"1\", memory = \"1Gi\", storage = \"64Mi\" }}\n\
         [cluster]\nkubernetes = \"1.36\"\n{cluster}\n"
    );
    fs::write(folder.path().join("environments/x.toml"), text).expect("written");
    folder
}

fn own_template(folder: &TempDir, name: &str, text: &str) {
    fs::create_dir_all(folder.path().join("clusters")).expect("made");
    fs::write(folder.path().join(format!("clusters/{name}.toml")), text).expect("written");
}

fn origins(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder.path(), &[&["env", "show", "x", "cluster", "--origins"], arguments].concat());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    output.stdout
}

#[test]
fn what_files_say_takes_the_place_of_what_a_template_says() {
    let folder = workspace("template = \"staging\"\nnodes = 7");
    let shown = origins(&folder, &[]);
    assert!(shown.contains("tenants = 50") && shown.contains("clusters/staging.toml:"), "{shown}");
    assert!(shown.contains("nodes = 7") && !shown.contains("nodes = 5\n"), "{shown}");
    let other = origins(&folder, &["--set", "cluster.template=production"]);
    assert!(other.contains("tenants = 1000") && other.contains("nodes = 7"), "{other}");
    let none = origins(&folder, &["--set", "unset=['cluster.template']"]);
    assert!(!none.contains("tenants"), "{none}");
}

#[test]
fn a_workspace_has_templates_of_its_own() {
    let folder = workspace("template = \"staging\"");
    own_template(&folder, "staging", "[cluster]\nnodes = 2\n");
    let shown = origins(&folder, &[]);
    assert!(shown.contains("nodes = 2") && !shown.contains("tenants"), "{shown}");

    own_template(&folder, "small", "[cluster]\nnodes = 1\n[system]\nname = \"x\"\n");
    let refused = run(folder.path(), &["check", "--set", "cluster.template=small"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("error[unknown-key]: unknown key `system`"), "{}", refused.stderr);

    let unknown = run(folder.path(), &["check", "--set", "cluster.template=smal"]);
    assert_eq!(unknown.code, Some(2));
    for said in [
        "no template of clusters is called `smal`",
        "did you mean `small`?",
        "development, production, small, staging",
    ] {
        assert!(unknown.stderr.contains(said), "no {said}: {}", unknown.stderr);
    }
}

#[test]
fn a_pool_gets_the_nodes_that_others_leave() {
    let pools = "template = \"staging\"\n[cluster.pools.a]\nnodes = 2\ncpu = \"4\"\nmemory = \"8Gi\"\nprice = 1\n\
                 [cluster.pools.b]\ncpu = \"4\"\nmemory = \"8Gi\"\nprice = 0.5\n\
                 [cluster.prices]\ncurrency = \"EUR\"";
    let folder = workspace(pools);
    assert_eq!(run(folder.path(), &["check"]).stderr, "checked x\n");
    let cost = run(folder.path(), &["cost", "x", "--format", "json"]).stdout;
    let cost: Value = serde_json::from_str(&cost).expect("JSON");
    assert_eq!((&cost["pools"][1]["nodes"], &cost["pools"][1]["month"]), (&3.into(), &"1095.00".into()));
    assert_eq!(cost["total"]["most"], "2555.00");
    // Half of a quarter of the CPU and an eighth of the memory, twice: 730 × 2 × (1/4 + 1/8) / 2.
    assert_eq!(cost["pools"][0]["workloads"][0]["month"]["fewest"], "273.75");
    assert_eq!(cost["pools"][0]["idle"]["fewest"], "1186.25");
    assert_eq!(cost["missing"].as_array().map(Vec::len), Some(0));

    let both = workspace(
        "nodes = 5\n[cluster.pools.a]\ncpu = \"4\"\nmemory = \"8Gi\"\n[cluster.pools.b]\ncpu = \"4\"\nmemory = \"8Gi\"",
    );
    let refused = run(both.path(), &["check"]);
    assert!(
        refused.stderr.contains("error[missing-key]: how many nodes has pool `b`?"),
        "{}",
        refused.stderr
    );
}
