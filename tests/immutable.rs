//! Warnings about fields that Kubernetes never changes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use std::fs;
use std::path::Path;

use run::{Ran, root, run};

fn render(out: &Path, arguments: &[&str]) -> Ran {
    let case = root().join("golden/errors/immutable-field");
    let out = out.to_str().expect("UTF-8");
    run(&case, &[&["render", "prod", "--quiet", "--out", out], arguments].concat())
}

#[test]
fn a_folder_is_written_and_what_no_cluster_takes_is_said() {
    let out = tempfile::tempdir().expect("temporary folder");
    let size = |size: &str| format!("workers.node.storage.models.size=\"{size}\"");
    let renders = |set: &str, arguments: &[&str]| {
        let ran = render(out.path(), &[&["--set", set], arguments].concat());
        (ran.code, ran.stderr.matches("warning[immutable-field]").count(), ran.stderr)
    };
    assert_eq!(renders(&size("10Gi"), &[]), (Some(0), 0, String::new()));

    let (code, warnings, said) = renders(&size("20Gi"), &["--check"]);
    assert_eq!((code, warnings), (Some(1), 1), "{said}");
    let (code, warnings, said) = renders(&size("20Gi"), &[]);
    assert_eq!((code, warnings), (Some(0), 1), "{said}");
    assert!(said.contains("kubectl patch pvc") && said.contains("--cascade=orphan"), "{said}");
    let set = out.path().join("prod/manifests/p8fs/statefulset-p8fs-node.yaml");
    assert!(fs::read_to_string(&set).expect("written").contains("storage: 20Gi"));

    // The same size in other words, and what may change.
    assert_eq!(renders(&size("20480Mi"), &[]), (Some(0), 0, String::new()));
    let more = "workers.node={replicas=3, image=\"registry.example/other:1\", storage.models.size=\"20Gi\"}";
    assert_eq!(renders(more, &[]).1, 0);

    // The volume cannot shrink; that its template can be had otherwise is said, and no more.
    let (.., said) = renders(&size("1Gi"), &[]);
    assert!(said.contains("--cascade=orphan") && !said.contains("patch pvc"), "{said}");
}

#[test]
fn a_shared_claim_grows_and_does_not_shrink() {
    let out = tempfile::tempdir().expect("temporary folder");
    let shared = |size: &str| {
        let set = format!("workers.node.storage.models={{sharing=\"workload\", size=\"{size}\"}}");
        render(out.path(), &["--set", &set]).stderr
    };
    assert_eq!(shared("10Gi"), "");
    assert_eq!(shared("20Gi"), "");
    assert!(shared("10Gi").contains("give it another name, and copy what is stored"));
}
