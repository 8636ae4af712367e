//! `p8fs-gen kind` where there is nothing that could make a cluster; `tests/real/kind.rs` has a real kind.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking"
)]

mod run;

use run::{Ran, command, root, run};

/// On a machine without any program.
fn bare(arguments: &[&str]) -> Ran {
    let empty = tempfile::tempdir().expect("temporary folder");
    command(root(), arguments).env("PATH", empty.path()).output().expect("the binary runs").into()
}

#[test]
fn it_says_how_to_get_kind_where_there_is_none() {
    for verb in ["up", "down", "load"] {
        let output = bare(&["kind", verb, "dev"]);
        assert_eq!((output.code, &*output.stdout), (Some(3), ""));
        assert!(output.stderr.starts_with("error: kind is not installed; `go install sigs.k8s.io/kind@"));
    }
}

#[test]
fn it_takes_environments_whose_cluster_is_kinds() {
    let output = bare(&["kind", "up", "prod"]);
    assert_eq!(output.code, Some(2));
    assert_eq!(
        output.stderr,
        "error: the cluster of `prod` is not kind's; `[cluster]` has no `provider = \"kind\"`\n"
    );
    let output = bare(&["kind", "up", "dev", "--set", "cluster.contexts=['elsewhere']"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.starts_with("error[wrong-context]: "), "{}", output.stderr);
}

#[test]
fn its_files_are_no_part_of_the_stream() {
    let stream = run(root(), &["render", "dev"]).stdout;
    assert!(!stream.contains("kind.x-k8s.io") && !stream.contains("local-registry-hosting"));
    assert_eq!(run(root(), &["render", "staging", "--only", "kind"]).stdout, "");
}
