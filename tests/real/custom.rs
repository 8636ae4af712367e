//! Custom resources: an API server with the same definitions refuses what we refuse.

use std::fs;
use std::process::Command;

use kube::api::PatchParams;

use crate::api_server::ApiServer;
use crate::definitions;
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

/// An object of each of the other groups.
const SCALED_OBJECT: &str = r"apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: worker
  namespace: default
spec:
  scaleTargetRef:
    name: worker
  minReplicaCount: 0
  triggers:
  - type: nats-jetstream
    metadata:
      natsServerMonitoringEndpoint: nats-headless.nats.svc:8222
      account: $G
      stream: JOBS
      consumer: worker
      lagThreshold: '10'
";
const SERVICE_MONITOR: &str = r"apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: api
  namespace: default
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: api
  endpoints:
  - port: http
    interval: 30s
";
const CERTIFICATE: &str = r"apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: api
  namespace: default
spec:
  secretName: api-tls
  issuerRef:
    name: public
    kind: ClusterIssuer
  dnsNames:
  - api.p8fs.example
";
const EXTERNAL_SECRET: &str = r"apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: api
  namespace: default
spec:
  secretStoreRef:
    name: vault
    kind: ClusterSecretStore
  data:
  - secretKey: token
    remoteRef:
      key: api
";

/// What of an object is replaced, by what, and who refuses that.
const FAULTS: &[(&str, &str, &str, Proof)] = &[
    (ROUTE, "backendRefs:", "backendRef:", Proof::Schema),
    (ROUTE, "port: 8000", "port: 80000", Proof::Schema),
    (ROUTE, "port: 8000", "port: http", Proof::Schema),
    (ROUTE, "weight: 1", "weight: -1", Proof::Schema),
    (ROUTE, "type: PathPrefix", "type: Prefix", Proof::Schema),
    (ROUTE, "request: 30s", "request: 1.5s", Proof::Schema),
    (ROUTE, "api.p8fs.example", "API.p8fs.example", Proof::Schema),
    (ROUTE, "  - name: public\n    namespace", "  - namespace", Proof::Schema),
    (
        ROUTE,
        "        - name: X-",
        "        - { name: X-Forwarded-Prefix, value: a }\n        - name: X-",
        Proof::Schema,
    ),
    (ROUTE, "name: X-Forwarded-Prefix", "name: X Forwarded", Proof::Schema),
    (ROUTE, "      port: 8000\n", "", Proof::Cel),
    (ROUTE, "value: /api\n    timeouts", "value: api\n    timeouts", Proof::Cel),
    (SCALED_OBJECT, "lagThreshold: '10'", "lagThreshold: 10", Proof::Schema),
    (SCALED_OBJECT, "minReplicaCount: 0", "minReplicaCount: -1", Proof::Schema),
    (SCALED_OBJECT, "minReplicaCount: 0", "minReplicaCount: 200", Proof::Cel),
    (SERVICE_MONITOR, "interval: 30s", "interval: 30 s", Proof::Schema),
    (SERVICE_MONITOR, "interval: 30s", "intervall: 30s", Proof::Schema),
    (CERTIFICATE, "  secretName: api-tls\n", "", Proof::Schema),
    (CERTIFICATE, "  - api.p8fs.example", "    api: p8fs.example", Proof::Schema),
    (EXTERNAL_SECRET, "kind: ClusterSecretStore", "kind: Store", Proof::Schema),
    (EXTERNAL_SECRET, "secretKey: token", "secretKey: a/b", Proof::Schema),
];

/// Who finds a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// The schema says it, so both do.
    Schema,
    /// A CEL rule says it, so only the server does: docs/kubernetes.md.
    Cel,
}

#[tokio::test]
async fn what_we_accept_is_accepted() {
    for object in [ROUTE, SCALED_OBJECT, SERVICE_MONITOR, CERTIFICATE, EXTERNAL_SECRET] {
        let answer = served(object).await;
        assert!(answer.result.is_ok() && answer.warnings.is_empty(), "{answer:?}");
        assert_eq!(ours(object), None);
    }
}

#[tokio::test]
async fn what_the_schema_refuses_is_refused_by_both() {
    let mut wrong = Vec::new();
    for (object, from, to, proof) in FAULTS {
        assert_eq!(object.matches(from).count(), 1, "{from}");
        let faulty = object.replace(from, to);
        let server = served(&faulty).await.result.err();
        let ours = ours(&faulty);
        println!(
            "{from:?} -> {to:?}\n  server: {}\n  ours:   {}",
            said(server.as_ref()),
            said(ours.as_ref())
        );
        if server.is_none() || ours.is_none() == (*proof == Proof::Schema) {
            wrong.push(to);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn said(refusal: Option<&String>) -> &str {
    refusal.map_or("accepted", String::as_str)
}

/// The server's answer to an object that is not kept.
async fn served(object: &str) -> Answer {
    definitions::installed().await;
    let client = ApiServer::shared().await.client().await;
    let params = PatchParams::apply("p8fs-gen").dry_run();
    stream::apply(&client, &stream::split(object), &params).await.remove(0)
}

/// Why we refuse an object, in one line.
fn ours(object: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("object.yaml");
    fs::write(&file, object).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    command.arg("check").arg("-f").arg(&file).current_dir(folder.path()).env("NO_COLOR", "1");
    let output = command.output().expect("the binary can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    match output.status.code() {
        Some(0) => None,
        Some(2) => Some(errors.join("; ")),
        _ => panic!("{}\n{said}", output.status),
    }
}
