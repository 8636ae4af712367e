//! An API server takes our output as it is, and a second time changes nothing.

use std::process::Command;

use kube::api::PatchParams;
use tokio::sync::OnceCell;

use crate::api_server::ApiServer;
use crate::definitions;
use crate::stream::{self, Answer, complaints};

const MANAGER: &str = "p8fs-gen";

#[tokio::test]
async fn prod_is_accepted_and_settles() {
    let first = prod_applied().await;
    let complaints = complaints(&first.answers);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));

    let client = ApiServer::shared().await.client().await;
    let again = stream::apply(&client, &stream::split(&first.stream), &PatchParams::apply(MANAGER)).await;
    let versions = |answers: &[Answer]| -> Vec<_> {
        answers
            .iter()
            .map(|a| a.resource_version().map(|(object, version)| format!("{object} {version}")))
            .collect()
    };
    assert_eq!(versions(&first.answers), versions(&again), "applying again changed an object");
}

/// The negative control: the same stream with one misspelt field is refused, and for that alone.
#[tokio::test]
async fn a_misspelt_field_is_refused() {
    let first = prod_applied().await;
    let right = "\n      containers:";
    let wrong = "\n      contianers:";
    assert!(first.stream.contains(right), "prod has a pod template");
    let misspelt = first.stream.replacen(right, wrong, 1);

    let client = ApiServer::shared().await.client().await;
    let params = PatchParams::apply(MANAGER).dry_run();
    let answers = stream::apply(&client, &stream::split(&misspelt), &params).await;
    let complaints = complaints(&answers);
    assert_eq!(complaints.len(), 1, "{}", complaints.join("\n"));
    assert!(complaints[0].contains("contianers"), "{}", complaints[0]);
}

struct Applied {
    stream: String,
    answers: Vec<Answer>,
}

/// `render prod`, applied once for all tests.
async fn prod_applied() -> &'static Applied {
    static PROD: OnceCell<Applied> = OnceCell::const_new();
    PROD.get_or_init(|| async {
        let stream = render(&["prod"]);
        let documents = stream::split(&stream);
        assert!(!documents.is_empty(), "the stream is empty");

        definitions::installed().await;
        let client = ApiServer::shared().await.client().await;
        let setup = PatchParams::apply("tests");
        let namespaces = stream::apply(&client, &stream::missing_namespaces(&documents), &setup).await;
        assert!(complaints(&namespaces).is_empty(), "{namespaces:?}");
        let answers = stream::apply(&client, &documents, &PatchParams::apply(MANAGER)).await;
        Applied { stream, answers }
    })
    .await
}

pub fn render(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"))
        .arg("render")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the binary can be started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "render {arguments:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).expect("the stream is UTF-8")
}
