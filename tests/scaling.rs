//! What the number of pods follows: what is refused, and what becomes of what is not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;

use run::{Ran, run};

/// An environment with one worker that KEDA scales by the queue of a store that is part of it.
const ENVIRONMENT: &str = r#"
[system]
name = "shop"
[environment]
tier = "production"
namespace = "shop"
[cluster]
kubernetes = "1.36"
keda.namespace = "keda"
[stores.nats]
kind = "nats"
via = "embedded"
streams.ORDERS = { subjects = ["orders.>"] }
[stores.cache]
kind = "redis"
via = "embedded"
[workers.mailer]
image = "registry.example/mailer:1.0.0"
uses = ["nats", "cache"]
queue = { stream = "ORDERS", consumer = "mailer" }
replicas = { min = 0, max = 20 }
resources = { cpu = "100m", memory = "128Mi", storage = "64Mi" }
[workers.mailer.scale.triggers]
orders.queue = {}
"#;

/// Runs a verb on the environment after one replacement.
fn after(from: &str, to: &str, arguments: &[&str]) -> Ran {
    assert_eq!(ENVIRONMENT.matches(from).count(), 1, "{from}");
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("environments")).expect("made");
    fs::write(folder.path().join("environments/prod.toml"), ENVIRONMENT.replace(from, to)).expect("written");
    run(folder.path(), arguments)
}

/// The first lines of what is found.
fn found(from: &str, to: &str) -> Vec<String> {
    let output = after(from, to, &["check"]);
    assert_eq!(output.code, Some(if from == to { 0 } else { 2 }), "{from} -> {to}\n{}", output.stderr);
    output.stderr.lines().filter(|line| line.starts_with("error")).map(str::to_owned).collect()
}

#[test]
fn what_could_not_scale_is_refused() {
    let trigger = "orders.queue = {}";
    assert_eq!(found(trigger, trigger), [""; 0]);
    for (from, to, wanted) in [
        (
            trigger,
            "orders.cron = { start = \"0 8 * * *\", end = \"0 8 * * *\", replicas = 21 }",
            "error[replicas-and-scale]: worker `mailer` would never have so many pods",
        ),
        (
            trigger,
            "orders.cron = { start = \"0 8 * * *\", end = \"0 8 * * *\", replicas = 2 }",
            "error[invalid-value]: a trigger ends when it starts",
        ),
        (
            trigger,
            "orders.cron = { start = \"@daily\", end = \"0 8 * * *\", replicas = 2 }",
            "error[invalid-value]: `@daily` is not a schedule",
        ),
        (trigger, "orders = {}", "error[missing-key]: trigger `orders` of worker `mailer` asks nothing"),
        (
            trigger,
            "orders = { queue = {}, list = { store = \"cache\", name = \"x\" } }",
            "error[invalid-value]: trigger `orders` of worker `mailer` asks two things",
        ),
        (
            trigger,
            "orders.list = { store = \"cash\", name = \"orders\" }",
            "error[unknown-reference]: no store is called `cash`",
        ),
        (
            trigger,
            "orders.scaler = { type = \"rabbitmq\", metadata = { queueName = \"x\", mode = \"QueueLength\", value = 20, hosst = \"x\" } }",
            "error[trigger-metadata]: ScaledObject shop/shop-mailer: trigger `rabbitmq` has no `hosst`",
        ),
        (
            trigger,
            "orders.scaler = { type = \"rabbit\", metadata = {} }",
            "error[trigger-metadata]: ScaledObject shop/shop-mailer: KEDA has no trigger `rabbit`",
        ),
        (
            trigger,
            "orders.metric = { store = \"cache\", query = \"x\", threshold = 1 }\norders.auth.bearerToken = { secret = \"s\", key = \"k\" }\n[secrets.s]\nvia = \"existing\"\nexisting = { name = \"s\", keys = [\"k\"] }",
            "error[missing-key]: trigger `orders` has `auth`, but no `auth_modes`",
        ),
        (
            trigger,
            "orders.queue = {}\norders.auth.pasword = { secret = \"s\", key = \"k\" }\n[secrets.s]\nvia = \"existing\"\nexisting = { name = \"s\", keys = [\"k\"] }",
            "error[trigger-metadata]: ScaledObject shop/shop-mailer: trigger `nats-jetstream` reads no `pasword` from its authentication",
        ),
        (
            trigger,
            "orders.queue = {}\n[workers.mailer.scale.down]\nstabilize = \"2h\"",
            "error[invalid-value]: `2h` is too long",
        ),
        (
            "[workers.mailer.scale.triggers]\norders.queue = {}",
            "[workers.mailer.scale]\ncpu = 80",
            "error[scale-to-zero]: worker `mailer` would never leave zero",
        ),
        (
            "[workers.mailer.scale.triggers]\norders.queue = {}",
            "[workers.mailer.scale]\ncpu = 80\nfallback.replicas = 2",
            "error[fallback]: worker `mailer` has a fallback for nothing",
        ),
        (
            "[workers.mailer.scale.triggers]\norders.queue = {}",
            "[workers.mailer.scale]\ndown.pods = 1",
            "error[replicas-and-scale]: worker `mailer` is scaled by nothing",
        ),
        (
            "queue = { stream = \"ORDERS\", consumer = \"mailer\" }",
            "",
            "error[unknown-reference]: worker `mailer` is scaled by its queue, but has none",
        ),
        (
            "keda.namespace = \"keda\"",
            "",
            "error[unknown-reference]: worker `mailer` is scaled by trigger `orders`, but the cluster has no KEDA",
        ),
        (
            "via = \"embedded\"\nstreams",
            "via = \"external\"\nexternal.cidrs = [\"10.0.0.0/24\"]\nstreams",
            "error[missing-key]: `stores.nats` lacks `external.host`",
        ),
        (
            "[workers.mailer.scale.triggers]",
            "[workers.mailer.scale]\npollin = \"15s\"\n[workers.mailer.scale.triggers]",
            "error[unknown-key]: unknown key `workers.mailer.scale.pollin`",
        ),
    ] {
        let found = found(from, to);
        assert!(found.iter().any(|line| line.starts_with(wanted)), "{from} -> {to}\n{found:#?}");
    }
}

/// KEDA makes an autoscaler with a longer name.
#[test]
fn a_name_of_more_than_54_characters_is_refused() {
    let long = "a-shop-whose-name-is-as-long-as-may-be";
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("environments")).expect("made");
    let of = |worker: &str| {
        let text = ENVIRONMENT.replace("name = \"shop\"", &format!("name = \"{long}\""));
        let text = text.replace("workers.mailer", &format!("workers.{worker}"));
        fs::write(folder.path().join("environments/prod.toml"), text).expect("written");
        run(folder.path(), &["check"])
    };
    let (fits, does_not) = ("m".repeat(54 - 1 - long.len()), "m".repeat(55 - 1 - long.len()));
    assert_eq!(of(&fits).code, Some(0), "{}", of(&fits).stderr);
    let refused = of(&does_not);
    assert_eq!(refused.code, Some(2));
    let wanted = format!(
        "error[invalid-name]: ScaledObject shop/{long}-{does_not}: its name has more than 54 characters"
    );
    assert!(refused.stderr.contains(&wanted), "{}", refused.stderr);
}

#[test]
fn one_autoscaler_is_rendered_and_no_number_beside_it() {
    let trigger = "[workers.mailer.scale.triggers]\norders.queue = {}";
    let render = |to: &str| {
        let output = after(trigger, to, &["render", "prod"]);
        assert_eq!(output.code, Some(0), "{to}\n{}", output.stderr);
        let documents: Vec<String> = output.stdout.split("---\n").map(str::to_owned).collect();
        documents
    };
    let of = |documents: &[String], kind: &str| -> Vec<String> {
        let kind = format!("\nkind: {kind}\n");
        documents
            .iter()
            .filter(|it| it.contains(&kind) && it.contains("name: shop-mailer\n"))
            .cloned()
            .collect()
    };
    let both = render("scale.cpu = 80\nscale.triggers.orders.queue = {}");
    let [scaled] = of(&both, "ScaledObject").try_into().expect("one");
    assert!(scaled.contains("type: cpu\n") && scaled.contains("metricType: Utilization\n"), "{scaled}");
    assert!(scaled.contains("natsServerMonitoringEndpoint: shop-nats-pods.shop.svc:8222\n"), "{scaled}");
    // Both are for zero alone.
    assert!(scaled.contains("cooldownPeriod: 300\n") && scaled.contains("pollingInterval: 30\n"), "{scaled}");
    assert!(of(&both, "HorizontalPodAutoscaler").is_empty());
    let [deployment] = of(&both, "Deployment").try_into().expect("one");
    assert!(!deployment.contains("replicas:"), "{deployment}");
}

/// What KEDA's own autoscaler sees to, it warns of.
#[test]
fn polling_and_cooldown_are_for_zero_alone() {
    let output = after("min = 0", "min = 1", &["render", "prod"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(!output.stdout.contains("pollingInterval") && !output.stdout.contains("cooldownPeriod"));
    let dead = after(
        "replicas = { min = 0, max = 20 }",
        "replicas = { min = 1, max = 20 }\nscale.cooldown = \"10m\"",
        &["check"],
    );
    assert!(
        dead.stderr.contains("error[dead-key]: nothing reads `workers.mailer.scale.cooldown`"),
        "{}",
        dead.stderr
    );
}
