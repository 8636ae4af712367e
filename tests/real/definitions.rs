//! The CustomResourceDefinitions that `schemas/crds` is made of, as `make tools` unpacks them.

use std::fs;
use std::path::{Path, PathBuf};

use kube::api::PatchParams;
use tokio::sync::OnceCell;

use crate::api_server::ApiServer;
use crate::stream;

/// Returns once the shared server knows all of them.
///
/// # Panics
///
/// If there are none, or the server refuses one.
pub async fn installed() {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED
        .get_or_init(|| async {
            let client = ApiServer::shared().await.client().await;
            let files = files();
            assert!(!files.is_empty(), "no definitions: run `make tools`");
            for file in files {
                let text = fs::read_to_string(&file).expect("readable");
                let answers =
                    stream::apply(&client, &stream::split(&text), &PatchParams::apply("tests")).await;
                assert!(answers.iter().all(|answer| answer.result.is_ok()), "{answers:?}");
            }
        })
        .await;
}

fn files() -> Vec<PathBuf> {
    let inside = |folder: PathBuf| {
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("readable").path())
    };
    inside(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/crds")).flat_map(inside).collect()
}
