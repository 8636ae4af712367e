//! `explain`, `--set` and `env` as a user sees them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use run::Ran;
use serde_json::Value as Json;
use tempfile::TempDir;

const BASE: &str = r#"[system]
name = "shop"
[cluster]
kubernetes = "1.36"
[settings]
LOG_LEVEL = "INFO"
WORKERS = 4
[services.web]
ports.http = 8000
uses = ["queue"]
replicas = 1
probes = { readiness.path = "/ready", liveness.path = "/live" }
resources = { cpu = "100m", memory = "256Mi", storage = "256Mi" }
[stores.queue]
via = "external"
external = { ports.client = 4222, cidrs = ["10.0.0.0/8"] }
"#;

const DEV: &str = r#"extends = ["base.toml"]
[environment]
tier = "development"
namespace = "shop-dev"
[services.web]
image = "registry.example/web:1"
"#;

const PROD: &str = r#"extends = ["base.toml"]
[environment]
tier = "production"
namespace = "shop"
[settings]
WORKERS = 16
[services.web]
image = "registry.example/web:1"
replicas = { min = 3, max = 20 }
scale = { cpu = 70 }
resources.cpu = "500m"
"#;

static WORKSPACE: LazyLock<TempDir> =
    LazyLock::new(|| workspace(&[("base", BASE), ("dev", DEV), ("prod", PROD)]));

fn workspace(environments: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("environments")).expect("made");
    for (name, text) in environments {
        fs::write(folder.path().join(format!("environments/{name}.toml")), text).expect("written");
    }
    folder
}

fn root() -> &'static Path {
    WORKSPACE.path()
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    run::run(folder, arguments)
}

fn explain(arguments: &[&str]) -> Ran {
    run(root(), &[&["explain"], arguments].concat())
}

fn json(arguments: &[&str]) -> Json {
    let output = run(root(), arguments);
    assert!(matches!(output.code, Some(0 | 1)), "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("JSON")
}

/// The keys of an object, sorted.
fn keys(value: &Json) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn an_object_is_named_as_kubectl_does() {
    let wanted = explain(&["prod", "deployment/shop-web", "spec.strategy"]).stdout;
    assert!(wanted.starts_with("Deployment shop/shop-web\n"), "{wanted}");
    for object in
        ["deploy", "deployments", "Deployment", "deployment.apps", "deployments.v1.apps", "shop/deploy"]
    {
        assert_eq!(
            explain(&["prod", &format!("{object}/shop-web"), "spec.strategy"]).stdout,
            wanted,
            "{object}"
        );
    }
    let service = explain(&["prod", "svc.v1/shop-web", "kind", "-n", "shop"]);
    assert_eq!(service.code, Some(0), "{}", service.stderr);
    for object in ["deployment.batch/shop-web", "other/deploy/shop-web", "deploy", "deploy/shop-wbe"] {
        assert_eq!(explain(&["prod", object]).code, Some(2), "{object}");
    }
}

#[test]
fn a_field_is_found_by_index_key_and_name() {
    let place = |field: &str| {
        let output = explain(&["prod", "deploy/shop-web", field]);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stdout
    };
    let image = place("spec.template.spec.containers[0].image");
    assert!(image.contains("environments/prod.toml:8"), "{image}");
    for item in ["web", "name=web"] {
        let found = place(&format!("spec.template.spec.containers[{item}].image"));
        assert_eq!(
            found.split_once(" = ").map(|(_, rest)| rest),
            image.split_once(" = ").map(|(_, rest)| rest)
        );
    }
    // Ports are keyed by number and protocol.
    assert!(place("spec.template.spec.containers[web].ports[8000].name").contains("= \"http\""));
    let label = place("metadata.labels[app.kubernetes.io/name]");
    assert_eq!(label, place("metadata.labels[\"app.kubernetes.io/name\"]"));
}

#[test]
fn what_is_left_out_names_the_lines_that_decided_so() {
    for (environment, field, wanted) in [
        ("prod", "spec.replicas", "environments/prod.toml:9: replicas = { min = 3, max = 20 }"),
        (
            "dev",
            "spec.template.spec.topologySpreadConstraints",
            "environments/dev.toml:3: tier = \"development\"",
        ),
        ("prod", "spec.template.spec.containers[web].env", "[services.web]  (does not say so)"),
    ] {
        let output = explain(&[environment, "deploy/shop-web", field]);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let (title, rest) = output.stdout.split_once('\n').expect("lines");
        assert!(title.ends_with(" is left out") && rest.contains(wanted), "{}", output.stdout);
    }
    let whole = explain(&["prod", "deploy/shop-web"]).stdout;
    assert!(whole.contains("  spec.replicas is left out  (environments/prod.toml:9)\n"), "{whole}");
}

#[test]
fn the_json_answer_keeps_its_shape() {
    let answer = json(&["explain", "prod", "hpa/shop-web", "spec.maxReplicas", "--format", "json"]);
    assert_eq!(keys(&answer), ["field", "found", "leaves", "left_out", "object"]);
    assert_eq!(keys(&answer["object"]), ["api_version", "kind", "name", "namespace"]);
    assert_eq!((&answer["found"], &answer["field"]), (&"value".into(), &"spec.maxReplicas".into()));
    let leaf = &answer["leaves"][0];
    assert_eq!(keys(leaf), ["because", "field", "source", "template", "value", "value_from"]);
    assert_eq!((&leaf["value"], &leaf["source"]), (&20.into(), &"inputs".into()));
    assert_eq!(keys(&leaf["template"]), ["file", "line", "text"]);
    let line = &leaf["value_from"][0];
    assert_eq!(keys(line), ["file", "is_table", "lacks_key", "line", "path", "shadowed", "text"]);
    assert_eq!(line["path"], "services.web.replicas.max");

    let answer = json(&["explain", "prod", "deploy/shop-web", "spec.replicas", "--format", "json"]);
    assert_eq!(answer["found"], "left_out");
    let missing = &answer["left_out"][0];
    assert_eq!(keys(missing), ["because", "decided_by", "field", "is_item", "template"]);
    assert_eq!(missing["decided_by"][0]["path"], "services.web.replicas");

    let answer = json(&["explain", "prod", "deploy/shop-web", "spec", "--format", "json"]);
    assert_eq!(answer["found"], "part");
    assert!(answer["leaves"].as_array().is_some_and(|leaves| leaves.len() > 10));
}

#[test]
fn set_is_the_last_layer() {
    let set =
        |argument: &str| explain(&["prod", "hpa/shop-web", "spec.maxReplicas", "--set", argument]).stdout;
    let found = set("services.web.replicas.max=30");
    assert!(found.contains("spec.maxReplicas = 30"), "{found}");
    assert!(
        found.contains("--set:1: services.web.replicas.max=30\n      instead of environments/prod.toml:9")
    );

    let arguments = ["--set", "services.web.replicas=3", "--set", "unset=[\"services.web.scale\"]"];
    let output = run(root(), &[&["render", "prod"], &arguments[..]].concat());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(
        output.stdout.contains("\n  replicas: 3\n") && !output.stdout.contains("HorizontalPodAutoscaler")
    );

    let twice = ["--set", "settings.LOG_LEVEL=WARN", "--set", "settings.LOG_LEVEL=ERROR"];
    let output = run(root(), &[&["render", "prod"], &twice[..]].concat());
    assert!(output.stdout.contains("LOG_LEVEL: ERROR"), "{}{}", output.stdout, output.stderr);
}

#[test]
fn findings_point_into_arguments() {
    for (argument, wanted) in [
        ("services.web.replica=3", "--> --set:1:14"),
        ("services.web.replicas=3", "--set:1:23"),
        ("services.web.replicas.max=\"30\"", "expected integer, found string"),
        ("unset=[\"services.web.scal\"]", "`unset` removes `services.web.scal`"),
        ("services.web", "not PATH=VALUE"),
        (
            "stores.x={ via = \"external\", external = { ports.a = 1, cidrs = [\"10.0.0.0/8\"] } }",
            "nothing reads `stores.x`",
        ),
    ] {
        for verb in [&["render", "prod"][..], &["check", "prod"], &["explain", "prod", "deploy/shop-web"]] {
            let output = run(root(), &[verb, &["--set", argument]].concat());
            assert_eq!(output.code, Some(2), "{argument}: {}", output.stdout);
            assert!(output.stderr.contains(wanted), "{argument}: {}", output.stderr);
            assert_eq!(output.stdout, "");
        }
    }
}

#[test]
fn env_show_declares_the_same() {
    for name in ["dev", "prod"] {
        let tree = json(&["env", "show", name, "--format", "json"]);
        for origins in [&[][..], &["--origins"]] {
            let shown = run(root(), &[&["env", "show", name], origins].concat()).stdout;
            let read: Json = toml::from_str(&shown).expect("TOML");
            assert_eq!(read, tree, "{shown}");
            // As an environment of its own it gives the same objects.
            let folder = workspace(&[(name, &shown)]);
            assert_eq!(run(folder.path(), &["render", name]).stdout, run(root(), &["render", name]).stdout);
        }
    }
    let shown = run(root(), &["env", "show", "prod", "services.web.resources", "--origins"]).stdout;
    let wanted =
        "cpu = \"500m\"  # environments/prod.toml:11, instead of environments/base.toml:13 (\"100m\")\n";
    assert!(shown.contains(wanted) && !shown.contains("replicas"), "{shown}");
    let unknown = run(root(), &["env", "show", "prod", "services.web.resource"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean `resources`?"), "{}", unknown.stderr);
}

#[test]
fn env_show_quotes_what_needs_quotes() {
    let settings = r#"settings={A="a\"b\\c\n\u0007é", B="x", C=true, D=-1}"#;
    let labels = r#"cluster.dns={namespace="dns", labels={"a.b/c d"="", "é"="y"}}"#;
    let arguments = ["env", "show", "dev", "--set", settings, "--set", labels];
    let tree = json(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(tree["settings"]["A"], "a\"b\\c\n\u{7}é");
    let shown = run(root(), &[&arguments[..], &["--origins"]].concat()).stdout;
    assert_eq!(toml::from_str::<Json>(&shown).expect("TOML"), tree, "{shown}");
}

#[test]
fn env_diff_says_what_differs_and_exits_as_diff_does() {
    assert_eq!(run(root(), &["env", "list"]).stdout, "dev\nprod\n");
    let same = run(root(), &["env", "diff", "prod", "prod"]);
    assert_eq!((same.code, &*same.stdout), (Some(0), ""));
    let differ = run(root(), &["env", "diff", "dev", "prod"]);
    assert_eq!(differ.code, Some(1));
    let wanted = "environment.tier\n  - \"development\"  (environments/dev.toml:3)\n  + \"production\"  (environments/prod.toml:3)\n";
    assert!(differ.stdout.contains(wanted), "{}", differ.stdout);
    let found = json(&["env", "diff", "dev", "prod", "--format", "json"]);
    let tier = found.as_array().expect("a list").iter().find(|found| found["path"] == "environment.tier");
    let tier = tier.expect("it differs");
    assert_eq!(keys(tier), ["after", "before", "path"]);
    assert_eq!(keys(&tier["before"]), ["file", "line", "path", "shadowed", "text", "value"]);
    assert_eq!(run(root(), &["env", "diff", "dev", "nowhere"]).code, Some(2));
}
