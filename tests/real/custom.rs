//! Custom resources: an API server with the same definitions refuses what we refuse.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kube::api::PatchParams;
use tokio::sync::OnceCell;

use crate::api_server::ApiServer;
use crate::stream::{self, Answer};

/// Takes `/api` to a backend, with all that a route commonly has.
const ROUTE: &str = r"apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: api
  namespace: default
spec:
  parentRefs:
  - name: public
    namespace: gateways
    sectionName: https
  hostnames:
  - api.p8fs.example
  rules:
  - name: api
    matches:
    - path:
        type: PathPrefix
        value: /api
    timeouts:
      request: 30s
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set:
        - name: X-Forwarded-Prefix
          value: /api
    backendRefs:
    - name: api
      port: 8000
      weight: 1
";

/// What of the route is replaced, by what, and whether only a CEL rule refuses that.
const FAULTS: &[(&str, &str, Proof)] = &[
    ("backendRefs:", "backendRef:", Proof::Ours),
    ("port: 8000", "port: 80000", Proof::Ours),
    ("port: 8000", "port: http", Proof::Ours),
    ("weight: 1", "weight: -1", Proof::Ours),
    ("type: PathPrefix", "type: Prefix", Proof::Ours),
    ("request: 30s", "request: 1.5s", Proof::Ours),
    ("api.p8fs.example", "API.p8fs.example", Proof::Ours),
    ("  - name: public\n    namespace", "  - namespace", Proof::Ours),
    (
        "        - name: X-Forwarded-Prefix",
        "        - name: X-Forwarded-Prefix\n          value: a\n        - name: X-Forwarded-Prefix",
        Proof::Ours,
    ),
    ("name: X-Forwarded-Prefix", "name: \"X Forwarded\"", Proof::Ours),
    ("      port: 8000\n", "", Proof::Cel),
    ("value: /api\n    timeouts", "value: api\n    timeouts", Proof::Cel),
];

/// Who finds a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// The schema says it, so both do.
    Ours,
    /// A CEL rule says it, so only the server does: docs/kubernetes.md.
    Cel,
}

#[tokio::test]
async fn a_route_that_we_accept_is_accepted() {
    let answer = served(ROUTE).await;
    assert!(answer.result.is_ok() && answer.warnings.is_empty(), "{answer:?}");
    assert_eq!(ours(ROUTE), None);
}

#[tokio::test]
async fn what_the_schema_refuses_is_refused_by_both() {
    let mut wrong = Vec::new();
    for (from, to, proof) in FAULTS {
        assert_eq!(ROUTE.matches(from).count(), 1, "{from}");
        let route = ROUTE.replace(from, to);
        let server = served(&route).await.result.err();
        let ours = ours(&route);
        println!("{to}\n  server: {}\n  ours:   {}", said(server.as_ref()), said(ours.as_ref()));
        if server.is_none() || ours.is_none() == (*proof == Proof::Ours) {
            wrong.push(to);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn said(refusal: Option<&String>) -> &str {
    refusal.map_or("accepted", String::as_str)
}

/// The server's answer to a route that is not kept.
async fn served(route: &str) -> Answer {
    static DEFINED: OnceCell<()> = OnceCell::const_new();
    let client = ApiServer::shared().await.client().await;
    DEFINED
        .get_or_init(|| async {
            let files = definitions();
            assert!(!files.is_empty(), "no definitions: run `make tools`");
            for file in files {
                let text = fs::read_to_string(&file).expect("readable");
                let answers =
                    stream::apply(&client, &stream::split(&text), &PatchParams::apply("tests")).await;
                assert!(answers.iter().all(|answer| answer.result.is_ok()), "{answers:?}");
            }
        })
        .await;
    let params = PatchParams::apply("p8fs-gen").dry_run();
    stream::apply(&client, &stream::split(route), &params).await.remove(0)
}

/// The definitions that the schemas are made of.
fn definitions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/crds/gateway.networking.k8s.io");
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("readable").path()).collect()
}

/// Why we refuse a route, in one line.
fn ours(route: &str) -> Option<String> {
    let workspace = tempfile::tempdir().expect("temporary folder");
    let environments = workspace.path().join("environments");
    let templates = workspace.path().join("templates/network");
    for folder in [&environments, &templates] {
        fs::create_dir_all(folder).expect("made");
    }
    for file in ["base.toml", "prod.toml"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments").join(file);
        fs::copy(from, environments.join(file)).expect("copied");
    }
    fs::write(templates.join("route.yaml"), route).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    let output = command.args(["check", "prod"]).current_dir(workspace.path()).env("NO_COLOR", "1").output();
    let output = output.expect("the binary can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => None,
        Some(2) => Some(said.lines().filter(|line| line.starts_with("error")).collect::<Vec<_>>().join("; ")),
        _ => panic!("{}\n{said}", output.status),
    }
}
