//! An API server takes our output as it is, and a second time changes nothing.

use std::path::Path;
use std::process::Command;

use kube::api::PatchParams;
use tokio::sync::OnceCell;

use crate::api_server::ApiServer;
use crate::definitions;
use crate::stream::{self, Answer, Document, complaints};

const MANAGER: &str = "p8fs-gen";

/// Namespaces warn of, and note, what Pod Security would refuse at `restricted`: so no warning means that there is
/// nothing to refuse.
#[tokio::test]
async fn every_environment_is_accepted_without_warning_and_settles() {
    definitions::installed().await;
    let client = ApiServer::shared().await.client().await;
    for (workspace, environment) in environments() {
        let stream = render_in(workspace, &[&environment]);
        let documents = stream::split(&stream);
        for namespace in documents.iter().filter(|it| it.kind().kind == "Namespace") {
            let labels = namespace.object.metadata.labels.as_ref().expect("a namespace has labels");
            for mode in ["enforce", "warn", "audit"] {
                assert_eq!(
                    labels[&format!("pod-security.kubernetes.io/{mode}")],
                    "restricted",
                    "{environment}"
                );
            }
        }
        let setup =
            stream::apply(&client, &stream::missing_namespaces(&documents), &PatchParams::apply("tests"))
                .await;
        let mut first = stream::apply(&client, &documents, &PatchParams::apply(MANAGER)).await;
        for answers in [&setup, &first] {
            let complaints = complaints(answers);
            assert!(complaints.is_empty(), "{workspace} {environment}:\n{}", complaints.join("\n"));
        }
        // The server adds a claim's first phase to what it shows, and to what it stores when that is next written.
        let of_claim = |it: &Document| it.kind().kind == "PersistentVolumeClaim";
        let claims: Vec<_> = stream::split(&stream).into_iter().filter(of_claim).collect();
        for stored in stream::apply(&client, &claims, &PatchParams::apply(MANAGER)).await {
            first
                .iter_mut()
                .filter(|it| it.object == stored.object)
                .for_each(|it| it.result = stored.result.clone());
        }
        let again = stream::apply(&client, &documents, &PatchParams::apply(MANAGER)).await;
        assert_eq!(
            versions(&first),
            versions(&again),
            "{workspace} {environment}: applying again changed an object"
        );
    }
}

/// The negative control: a server with the same settings does warn.
#[tokio::test]
async fn a_pod_that_is_not_restricted_is_warned_of() {
    let prod = prod_applied().await;
    let loose = prod.replacen("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", 1);
    assert_ne!(loose, prod, "prod has a container");
    let client = ApiServer::shared().await.client().await;
    let params = PatchParams::apply(MANAGER).dry_run();
    let complaints = complaints(&stream::apply(&client, &stream::split(&loose), &params).await);
    assert_eq!(complaints.len(), 1, "{}", complaints.join("\n"));
    assert!(complaints[0].contains("restricted"), "{}", complaints[0]);
}

/// What was stored, object by object.
fn versions(answers: &[Answer]) -> Vec<Option<String>> {
    let version = |(object, version)| format!("{object} {version}");
    answers.iter().map(|answer| answer.resource_version().map(version)).collect()
}

/// The negative control: the same stream with one misspelt field is refused, and for that alone.
#[tokio::test]
async fn a_misspelt_field_is_refused() {
    let prod = prod_applied().await;
    let right = "\n      containers:";
    let wrong = "\n      contianers:";
    assert!(prod.contains(right), "prod has a pod template");
    let misspelt = prod.replacen(right, wrong, 1);

    let client = ApiServer::shared().await.client().await;
    let params = PatchParams::apply(MANAGER).dry_run();
    let answers = stream::apply(&client, &stream::split(&misspelt), &params).await;
    let complaints = complaints(&answers);
    assert_eq!(complaints.len(), 1, "{}", complaints.join("\n"));
    assert!(complaints[0].contains("contianers"), "{}", complaints[0]);
}

/// `render prod`, once it has been applied.
async fn prod_applied() -> &'static str {
    static PROD: OnceCell<String> = OnceCell::const_new();
    PROD.get_or_init(|| async {
        let stream = render(&["prod"]);
        let documents = stream::split(&stream);
        assert!(!documents.is_empty(), "the stream is empty");

        definitions::installed().await;
        let client = ApiServer::shared().await.client().await;
        let setup = PatchParams::apply("tests");
        let namespaces = stream::apply(&client, &stream::missing_namespaces(&documents), &setup).await;
        assert!(complaints(&namespaces).is_empty(), "{namespaces:?}");
        stream::apply(&client, &documents, &PatchParams::apply(MANAGER)).await;
        stream
    })
    .await
}

/// The environments of the repository and of its examples, each with its workspace.
pub fn environments() -> Vec<(&'static str, String)> {
    let of = |workspace: &'static str| {
        let output = command(workspace, &["env", "list"]).output().expect("the binary can be started");
        let names = String::from_utf8(output.stdout).expect("names are UTF-8");
        names.lines().map(|name| (workspace, name.to_owned())).collect::<Vec<_>>()
    };
    let found: Vec<_> = [".", "examples/shop"].into_iter().flat_map(of).collect();
    assert!(found.len() >= 5, "{found:?}");
    found
}

/// Of the repository itself.
pub fn render(arguments: &[&str]) -> String {
    render_in(".", arguments)
}

pub fn render_in(workspace: &str, arguments: &[&str]) -> String {
    let output =
        command(workspace, &[&["render"], arguments].concat()).output().expect("the binary can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "render {arguments:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).expect("the stream is UTF-8")
}

fn command(workspace: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(workspace));
    command
}
