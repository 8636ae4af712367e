//! The CustomResourceDefinitions that `schemas/crds` is made of, as `make tools` unpacks them.

use std::fs;
use std::path::PathBuf;

use kube::Client;
use kube::api::PatchParams;
use tokio::sync::OnceCell;

use crate::api_server::ApiServer;
use crate::processes::built;
use crate::stream;

/// Returns once the shared server knows all of them.
pub async fn installed() {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED.get_or_init(|| async { install(&ApiServer::shared().await.client().await).await }).await;
}

/// Returns once a server knows all of them.
///
/// # Panics
///
/// If there are none, or the server refuses one.
pub async fn install(client: &Client) {
    let files = files();
    assert!(!files.is_empty(), "no definitions: run `make tools`");
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let answers = stream::apply(client, &stream::split(&text), &PatchParams::apply("tests")).await;
        assert!(answers.iter().all(|answer| answer.result.is_ok()), "{answers:?}");
    }
}

fn files() -> Vec<PathBuf> {
    let inside = |folder: PathBuf| {
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("readable").path())
    };
    inside(built("crds")).flat_map(inside).collect()
}
