//! The Compose file of `dev`, read by the library that `docker compose` reads it with: it knows every key, finds what is
//! referred to, and gives back the files that the cluster's pods get.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

use crate::accepted::render;

/// What the library makes of a file in a folder with these variables.
fn read(file: &str, variables: &str) -> Output {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/compose");
    assert!(tool.is_file(), "{} is missing: run `make tools`", tool.display());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("compose.yaml"), file).expect("written");
    fs::write(folder.path().join(".env"), variables).expect("written");
    Command::new(tool)
        .arg("compose.yaml")
        .current_dir(folder.path())
        .output()
        .expect("the program can be started")
}

fn compose() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"))
        .args(["compose", "dev"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn compose_takes_the_file_and_gives_the_files_of_the_pods_back() {
    let file = compose();
    assert!(!file.contains("not-a-secret"), "a value of a secret");
    let output = read(&file, "P8FS_PG_PASSWORD=x\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Json = serde_json::from_slice(&output.stdout).expect("JSON");

    let rendered = render(&["dev"]);
    let mut maps = BTreeMap::new();
    for object in serde_yaml::from_multiple::<Json>(&rendered).expect("YAML") {
        if object["kind"] == "ConfigMap" {
            maps.insert(
                object["metadata"]["name"].as_str().expect("a name").to_owned(),
                object["data"].clone(),
            );
        }
    }
    let mut compared = 0;
    for (name, config) in whole["configs"].as_object().expect("configurations") {
        let (_, data) =
            maps.iter().rfind(|(map, _)| name.starts_with(&format!("{map}-"))).expect("of a ConfigMap");
        let content = config["content"].as_str().expect("a text");
        // Compose leaves `$$` to whoever reads the file.
        let content = content.replace("$$", "$");
        assert!(data.as_object().expect("data").values().any(|text| *text == content), "{name}:\n{content}");
        compared += 1;
    }
    assert!(compared > 5, "{compared}");
    let server = &whole["services"]["p8fs-postgresql-0"];
    assert_eq!(server["user"], "999:999");
    assert_eq!(server["secrets"][0]["target"], "/etc/postgresql-password/password");
    assert!(whole["services"].get("p8fs-prometheus-0").is_none(), "asks the API server");
}

#[test]
fn compose_refuses_what_is_broken() {
    let file = compose();
    for (from, to, wanted) in [
        ("source: p8fs-nats-config-nats-conf", "source: p8fs-nats-conf", "undefined config"),
        ("source: jetstream-p8fs-nats-0", "source: jetstream", "undefined volume"),
        ("read_only: true", "readonly: true", "readonly"),
        ("service_completed_successfully", "service_done", "condition"),
    ] {
        assert!(file.contains(from), "{from}");
        let output = read(&file.replacen(from, to, 1), "P8FS_PG_PASSWORD=x\n");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(wanted), "{from} → {to}: {said}");
    }
}
