//! A real kubectl takes the stream, in both formats.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use kube::api::PatchParams;

use crate::accepted::{environments, render_in};
use crate::api_server::ApiServer;
use crate::definitions;
use crate::processes::program;
use crate::stream;

#[tokio::test]
async fn kubectl_applies_both_formats_and_the_second_changes_nothing() {
    definitions::installed().await;
    for (workspace, environment) in environments() {
        applied_twice(workspace, &environment).await;
    }
}

async fn applied_twice(workspace: &str, environment: &str) {
    let yaml = render_in(workspace, &[environment]);
    let documents = stream::split(&yaml);
    let server = ApiServer::shared().await;
    let namespaces = stream::missing_namespaces(&documents);
    let setup = PatchParams::apply("tests");
    stream::apply(&server.client().await, &namespaces, &setup).await;

    let mut versions = Vec::new();
    for text in [&yaml, &render_in(workspace, &[environment, "--format", "json"])] {
        let applied = kubectl(
            server,
            &["apply", "--server-side", "--field-manager=p8fs-gen", "--validate=strict"],
            text,
        );
        let stderr = String::from_utf8_lossy(&applied.stderr);
        assert!(applied.status.success(), "{environment}: {stderr}");
        // Warnings would stand here.
        assert_eq!(stderr, "", "{environment}");
        let stdout = String::from_utf8_lossy(&applied.stdout);
        assert_eq!(stdout.lines().count(), documents.len(), "{stdout}");
        let question =
            "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{\"\\n\"}{end}";
        let stored = kubectl(server, &["get", "-o", question], text);
        let stored = String::from_utf8_lossy(&stored.stdout).into_owned();
        assert_eq!(stored.lines().count(), documents.len(), "{stored}");
        // The server itself stores a claim anew at its second apply, with the phase that it had shown already.
        let is_ours = |line: &&str| !line.starts_with("PersistentVolumeClaim ");
        versions.push(stored.lines().filter(is_ours).map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(versions[0], versions[1], "{environment}: the second format changed an object");

    // The negative control.
    let misspelt = yaml.replacen("\n      containers:", "\n      contianers:", 1);
    assert_ne!(misspelt, yaml, "{environment} has a pod template");
    let refused = kubectl(
        server,
        &["apply", "--server-side", "--dry-run=server", "--field-manager=p8fs-gen"],
        &misspelt,
    );
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("contianers"));
}

/// Runs kubectl on what stands in its standard input.
fn kubectl(server: &ApiServer, verb: &[&str], input: &str) -> Output {
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let mut kubectl = Command::new(program("kubectl"))
        .args(verb)
        .args(["-f", "-"])
        .env("KUBECONFIG", server.kubeconfig())
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl can be started");
    let mut pipe = kubectl.stdin.take().expect("its input is a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads all");
    drop(pipe);
    kubectl.wait_with_output().expect("it ends")
}
