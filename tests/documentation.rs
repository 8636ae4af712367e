//! What the pages in `docs/` say of environment files is so.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;

use run::{root, run};
use serde_json::Value;

const PAGE: &str = include_str!("../docs/environments.md");

/// Follows `$ref`, and `anyOf` to what has properties.
fn resolved<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    if let Some(reference) = node["$ref"].as_str() {
        let target = schema.pointer(reference.trim_start_matches('#')).expect("the definition is there");
        return resolved(schema, target);
    }
    let alternatives = node["anyOf"].as_array().into_iter().flatten().map(|node| resolved(schema, node));
    alternatives.into_iter().find(|node| node["properties"].is_object()).unwrap_or(node)
}

fn keys(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node["properties"].as_object().into_iter().flatten()
}

#[test]
fn every_key_of_environment_files_is_on_the_page() {
    let schema: Value = serde_json::from_str(&run(root(), &["schema"]).stdout).expect("JSON");
    let code: Vec<&str> = PAGE.split('`').skip(1).step_by(2).collect();
    let is_there = |path: &str| {
        code.iter()
            .any(|code| code.strip_prefix(path).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
    };
    let mut missing = Vec::new();
    for (table, node) in keys(&schema) {
        missing.extend((!is_there(table)).then(|| table.clone()));
        let node = resolved(&schema, node);
        for (key, _) in keys(node) {
            let path = format!("{table}.{key}");
            missing.extend((!is_there(&path)).then_some(path));
        }
        // Of named things, the keys that each of them has.
        let named = resolved(&schema, &node["additionalProperties"]);
        missing
            .extend(keys(named).filter(|(key, _)| !is_there(key)).map(|(key, _)| format!("{table}.*.{key}")));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_examples_of_the_page_make_an_environment() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    let (_, section) = PAGE.split_once("## What follows from a declaration").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next one");
    let mut layers = Vec::new();
    for (number, block) in section.split("```toml\n").skip(1).enumerate() {
        let (example, _) = block.split_once("```").expect("it ends");
        layers.push(format!("{number}.toml"));
        fs::write(environments.join(&layers[number]), example).expect("written");
    }
    let rest = "[system]\nname = \"p8fs\"\n[environment]\ntier = \"production\"\nnamespace = \"p8fs\"\n\
                [cluster]\nkubernetes = \"1.36\"\n";
    fs::write(environments.join("prod.toml"), format!("extends = {layers:?}\n{rest}")).expect("written");
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    for promised in [
        "name: p8fs-batch\n",
        "name: p8fs-api-files\n",
        "slo.p8fs-gen/availability: 99.9%\n",
        "- api.p8fs.example\n",
        "name: p8fs-embedding-pods\n",
        "name: p8fs-p8fs-api\n",
    ] {
        assert!(output.stdout.contains(promised), "no {promised}");
    }
}

/// What stands between two lines, of which the first opens a block of the page.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).map(|rest| rest.split_once("```").expect("it ends").0).collect()
}

#[test]
fn the_example_of_the_page_about_kind_makes_a_cluster_file() {
    let page = include_str!("../docs/kind.md");
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    let rest = "[system]\nname = \"p8fs\"\n[environment]\ntier = \"development\"\nnamespace = \"p8fs\"\n\
                [workers.mail]\nimage = \"mail:1\"\nreplicas = 1\n\
                resources = { cpu = \"1\", memory = \"1Gi\", storage = \"1Gi\" }\n";
    fs::write(environments.join("dev.toml"), format!("{rest}{}", blocks(page, "toml").concat()))
        .expect("written");
    let output = run(folder.path(), &["render", "dev", "--only", "kind"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    for promised in ["hostPath: .volumes/one\n", "hostPort: 443\n", "[host.\"http://kind-registry:5000\"]\n"]
    {
        assert!(output.stdout.contains(promised), "no {promised}:\n{}", output.stdout);
    }
    // Each is described: whatever the table has.
    let schema: Value = serde_json::from_str(&run(root(), &["schema"]).stdout).expect("JSON");
    let table = resolved(&schema, &schema["properties"]["cluster"]["properties"]["kind"]);
    let missing: Vec<_> = keys(table).filter(|(key, _)| !page.contains(&format!("`{key}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_examples_of_the_page_about_charts_make_releases() {
    let page = include_str!("../docs/charts.md");
    let folder = tempfile::tempdir().expect("temporary folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    let rest = "[system]\nname = \"p8fs\"\n[environment]\ntier = \"production\"\nnamespace = \"p8fs\"\n\
                [cluster]\nkubernetes = \"1.36\"\n\
                [workers.mail]\nimage = \"mail:1\"\nreplicas = 1\nuses = [\"queue\"]\n\
                resources = { cpu = \"1\", memory = \"1Gi\", storage = \"1Gi\" }\n";
    let mut examples = blocks(page, "toml");
    let own = examples.pop().expect("a chart of one's own");
    write("environments/prod.toml", &format!("{rest}{}", examples.concat()));
    let ran = run(folder.path(), &["render", "prod", "--only", "helm"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    for promised in
        ["replicaCount: 2\n", "retention: \"30d\"\n", "maxSize: 18Gi\n", "fullnameOverride: p8fs-queue\n"]
    {
        assert!(ran.stdout.contains(promised), "no {promised}:\n{}", ran.stdout);
    }
    // Each key is described.
    let schema: Value = serde_json::from_str(&run(root(), &["schema"]).stdout).expect("JSON");
    let charts = &schema["properties"]["charts"];
    let chart = charts["patternProperties"].as_object().and_then(|it| it.values().next()).expect("a release");
    let missing: Vec<_> =
        keys(resolved(&schema, chart)).filter(|(key, _)| !page.contains(&format!("`{key}`"))).collect();
    assert!(keys(resolved(&schema, chart)).count() > 8 && missing.is_empty(), "{missing:?}");

    write("charts/keda.toml", own);
    let ran = run(folder.path(), &["render", "prod", "--only", "helm"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    assert!(
        ran.stdout.contains("version: \"2.21.0\"\n") || ran.stdout.contains("version: 2.21.0\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_examples_of_the_page_about_clusters_make_an_environment() {
    let page = include_str!("../docs/clusters.md");
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    let rest = "[system]\nname = \"p8fs\"\n[environment]\ntier = \"production\"\nnamespace = \"p8fs\"\n\
                [workers.mail]\nimage = \"mail:1\"\nreplicas = 1\nplacement.pool = \"general\"\n\
                storage.spool = { path = \"/spool\", size = \"10Gi\", class = \"fast\" }\n\
                resources = { cpu = \"1\", memory = \"1Gi\", storage = \"1Gi\" }\n\
                [workers.anywhere]\nimage = \"any:1\"\nreplicas = 1\n\
                resources = { cpu = \"1\", memory = \"1Gi\", storage = \"1Gi\" }\n\
                [cluster.pools.models]\nnodes = 3\ncpu = \"15\"\nmemory = \"58Gi\"\n";
    let examples = blocks(page, "toml").concat();
    let (cluster, pools) = examples.split_once("[cluster.pools.general]").expect("the second example");
    let base = format!("{cluster}kubernetes = \"1.36\"\n[cluster.pools.general]{pools}");
    fs::write(environments.join("base.toml"), base).expect("written");
    fs::write(environments.join("prod.toml"), format!("extends = [\"base.toml\"]\n{rest}")).expect("written");
    let output = run(folder.path(), &["check"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), "checked prod\n"));
    let cost = run(folder.path(), &["cost", "prod"]).stdout;
    // 21 of 24 nodes are left for the other pool, without a price; 3 × 1.006 × 730; 10 × 0.149.
    for line in ["pool general: 21 nodes without a price", "2203.14      2203.14", "1.49         1.49"] {
        assert!(cost.contains(line), "no {line}:\n{cost}");
    }
    for (name, nodes, tenants, storage) in
        [("development", 3, 10, "100G"), ("staging", 5, 50, "500G"), ("production", 20, 1000, "10T")]
    {
        let set = format!("cluster.template={name}");
        let shown = run(folder.path(), &["env", "show", "prod", "cluster", "--set", &set]);
        for said in [format!("tenants = {tenants}"), format!("storage = \"{storage}\"")] {
            assert!(shown.stdout.contains(&said), "{name}: {}", shown.stdout);
        }
        let row = format!("| `{name}` | {nodes} | {tenants} | ");
        assert!(page.contains(&row), "no {row}");
    }
}

#[test]
fn the_example_of_the_page_about_autoscaling_makes_a_scaled_object() {
    let page = include_str!("../docs/autoscaling.md");
    let folder = tempfile::tempdir().expect("temporary folder");
    let environments = folder.path().join("environments");
    fs::create_dir(&environments).expect("made");
    let rest = "[system]\nname = \"shop\"\n[environment]\ntier = \"production\"\nnamespace = \"shop\"\n\
                [cluster]\nkubernetes = \"1.36\"\n";
    fs::write(environments.join("prod.toml"), format!("{rest}{}", blocks(page, "toml").concat()))
        .expect("written");
    let output = run(folder.path(), &["render", "prod"]);
    assert_eq!((output.code, &*output.stderr), (Some(0), ""));
    for promised in [
        "natsServerMonitoringEndpoint: shop-nats-pods.shop.svc:8222\n",
        "address: shop-cache.shop.svc:6379\n",
        "serverAddress: https://prometheus.example:9090\n",
        "name: shop-mailer-visits\n",
        "hostFromEnv: RABBITMQ\n",
        "kubernetes.io/metadata.name: keda\n",
    ] {
        assert!(output.stdout.contains(promised), "no {promised}:\n{}", output.stdout);
    }
    assert!(!output.stdout.contains("kind: HorizontalPodAutoscaler"));
    let required = run(folder.path(), &["requires", "prod"]).stdout;
    assert!(required.contains("(scaledobjects.keda.sh): shop/shop-mailer\n"), "{required}");
    // Each key is described, whatever the tables have.
    let schema: Value = serde_json::from_str(&run(root(), &["schema"]).stdout).expect("JSON");
    let named = |node: &Value| -> Value {
        let mut forms = node["patternProperties"].as_object().into_iter().flatten();
        forms.next().map(|(_, node)| resolved(&schema, node).clone()).unwrap_or_default()
    };
    let worker = named(&schema["properties"]["workers"]);
    let scale = resolved(&schema, &worker["properties"]["scale"]);
    let trigger = named(&scale["properties"]["triggers"]);
    let within = ["up", "fallback"].map(|key| resolved(&schema, &scale["properties"][key]));
    let sorts = keys(&trigger).map(|(_, node)| resolved(&schema, node));
    let tables = [scale, &trigger].into_iter().chain(within).chain(sorts);
    let mut missing: Vec<_> = tables.flat_map(keys).collect();
    assert!(missing.len() > 30, "{missing:?}");
    missing.retain(|(key, _)| !page.contains(&**key));
    assert!(missing.is_empty(), "{missing:?}");
}
