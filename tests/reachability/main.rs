//! Who can reach whom by the rendered network policies alone, and by the declaration alone: the same, for every
//! environment, in both directions.
//!
//! The policies are evaluated as Kubernetes defines them, over the rendered pods and over witnesses outside: the DNS
//! server, what brings requests from outside, pods that nothing speaks of, and addresses in and beside each range.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod declaration;
mod policies;
#[path = "../run/mod.rs"]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use declaration::Declaration;
use policies::{Place, Rendered};
use run::{root, run};
use serde_json::Value;

/// A way from one place to a port of another, as `api -> auth 8000/TCP`.
type Ways = BTreeSet<String>;

fn ways(from: &str, to: &str, port: u16, protocol: &str) -> String {
    format!("{from} -> {to} {port}/{protocol}")
}

/// All ways by the policies: any two places of which one at least is ours, any port that anybody names, and one more.
fn by_policies(rendered: &Rendered, places: &[Place], ports: &BTreeSet<u16>) -> Ways {
    let mut found = Ways::new();
    for from in places {
        for to in places.iter().filter(|to| from.is_ours() || to.is_ours()) {
            let way = rendered.between(from, to);
            if !way.is_open() {
                continue;
            }
            for (&port, protocol) in ports.iter().flat_map(|port| ["TCP", "UDP", "SCTP"].map(|it| (port, it)))
            {
                if way.passes(port, protocol) {
                    found.insert(ways(&from.name, &to.name, port, protocol));
                }
            }
        }
    }
    found
}

fn json(directory: &Path, arguments: &[&str]) -> Value {
    let ran = run(directory, arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// An object on each line.
fn stream(directory: &Path, environment: &str) -> Vec<Value> {
    let ran = run(directory, &["render", environment, "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{environment}: {}", ran.stderr);
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

fn both(directory: &Path, environment: &str) -> (Ways, Ways) {
    let declaration = Declaration::new(json(directory, &["env", "show", environment, "--format", "json"]));
    let rendered = Rendered::new(&stream(directory, environment));
    let mut places = rendered.pods.clone();
    places.extend(declaration.witnesses(&rendered));
    let mut ports = declaration.ports();
    ports.extend(rendered.ports());
    ports.insert(1);
    (declaration.ways(&rendered), by_policies(&rendered, &places, &ports))
}

fn environments(directory: &Path) -> Vec<String> {
    run(directory, &["env", "list"]).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn what_the_policies_allow_is_what_is_declared() {
    let mut count = 0;
    for workspace in [".", "examples/shop"] {
        let directory = root().join(workspace);
        for environment in environments(&directory) {
            let (declared, allowed) = both(&directory, &environment);
            let list = |ways: Vec<&String>| ways.iter().flat_map(|way| ["  ", way, "\n"]).collect::<String>();
            let closed = list(declared.difference(&allowed).collect());
            let open = list(allowed.difference(&declared).collect());
            assert!(closed.is_empty(), "{workspace} {environment}: declared, but not allowed:\n{closed}");
            assert!(open.is_empty(), "{workspace} {environment}: allowed, but not declared:\n{open}");
            assert!(!declared.is_empty(), "{workspace} {environment}: nothing is declared");
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} environments");
}

/// The negative control: each single rule of each policy is needed, and none may be wider.
#[test]
fn a_rule_less_or_more_is_noticed() {
    let directory = root();
    let declaration = Declaration::new(json(directory, &["env", "show", "prod", "--format", "json"]));
    let objects = stream(directory, "prod");
    let differs = |changed: &[Value]| {
        let rendered = Rendered::new(changed);
        let mut places = rendered.pods.clone();
        places.extend(declaration.witnesses(&rendered));
        let mut ports = declaration.ports();
        ports.insert(1);
        by_policies(&rendered, &places, &ports) != declaration.ways(&rendered)
    };
    assert!(!differs(&objects));
    let mut changes = 0;
    for (index, object) in objects.iter().enumerate().filter(|(_, object)| object["kind"] == "NetworkPolicy")
    {
        let name = &object["metadata"]["name"];
        for direction in ["ingress", "egress"] {
            for rule in 0..object["spec"][direction].as_array().map_or(0, Vec::len) {
                let mut without = objects.clone();
                without[index]["spec"][direction].as_array_mut().expect("rules").remove(rule);
                assert!(differs(&without), "{name}: {direction} rule {rule} is left out");
                let mut wider = objects.clone();
                wider[index]["spec"][direction][rule].as_object_mut().expect("a rule").remove("ports");
                // On an edge whose other end stays shut, a wider rule alone opens nothing.
                if object["spec"][direction][rule].to_string().contains("ipBlock") {
                    assert!(differs(&wider), "{name}: {direction} rule {rule} for any port");
                }
                changes += 1;
            }
        }
    }
    assert!(changes > 20, "only {changes} rules");

    let mut without = objects.clone();
    let is_deny = |object: &&Value| object["spec"]["podSelector"] == serde_json::json!({});
    let deny = objects.iter().position(|object| is_deny(&object)).expect("a policy denies by default");
    without.remove(deny);
    assert!(differs(&without), "nothing denies by default");
}

/// The fixed words of the tests' workspaces must not hide that none was read.
#[test]
fn every_workspace_has_environments() {
    for workspace in [".", "examples/shop"] {
        let files = fs::read_dir(root().join(workspace).join("environments")).expect("a workspace").count();
        let names = environments(&root().join(workspace));
        assert!(!names.is_empty() && names.len() < files, "{workspace}: {names:?}");
    }
}
