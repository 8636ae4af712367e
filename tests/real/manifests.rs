//! `check -f` beside an API server: what its reader makes of a text, and what it refuses.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use kube::api::PatchParams;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use crate::api_server::ApiServer;
use crate::stream::{self, Document};

const NAMESPACE: &str = "default";

/// Objects with which nothing is wrong, and what makes them wrong: kind, text, its replacement; `missed` where only the API
/// server refuses it, and `stricter` where only we do.
const OBJECTS: &str = include_str!("manifests/objects.yaml");
const FAULTS: &str = include_str!("manifests/faults.txt");

/// The meanings that the reader of manifests is tested with: scalar, its value, and the text that it is as a key.
const SCALARS: &str = include_str!("../../src/manifest/scalars.tsv");

/// A document that need not be readable.
fn document(text: &str, kind: &str, api_version: &str, name: &str) -> Document {
    let object = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": { "name": name, "namespace": NAMESPACE },
    });
    let object: DynamicObject = serde_json::from_value(object).expect("an object");
    Document { text: text.to_owned(), object }
}

async fn answer(document: Document) -> Result<DynamicObject, String> {
    let client = ApiServer::shared().await.client().await;
    let params = PatchParams::apply("tests").dry_run();
    let mut answers = stream::apply(&client, &[document], &params).await;
    answers.remove(0).result.map(|object| *object)
}

fn check(text: &str) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"))
        .args(["--message-format", "json", "check", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn scalars_are_what_they_are_to_the_api_server() {
    let lines: Vec<Vec<&str>> = SCALARS.lines().map(|line| line.split('\t').collect()).collect();
    let revision = |name: &str, data: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {{ name: {name} }}\nrevision: 1\ndata:\n{data}"
        );
        document(&text, "ControllerRevision", "apps/v1", name)
    };
    let (mut values, mut keys) = ("  values:\n".to_owned(), "  keys:\n".to_owned());
    let (mut wanted_values, mut wanted_keys) = (Vec::new(), Vec::new());
    for line in &lines {
        let (text, value, key) = (line[0], line[1], line[2]);
        if value == "error" {
            let refused = answer(revision("refused", &format!("  value: {text}\n"))).await;
            assert!(refused.is_err(), "{text} is taken");
        } else {
            writeln!(values, "  - {text}").expect("a string takes it");
            wanted_values.push(serde_json::from_str::<Value>(value).expect("JSON"));
        }
        if key != "error" {
            writeln!(keys, "  - {text}: 0").expect("a string takes it");
            wanted_keys.push(serde_json::from_str::<String>(key).expect("JSON"));
        }
    }
    let stored = answer(revision("scalars", &(values + &keys))).await.expect("it is taken");
    let data = &stored.data["data"];
    assert_eq!(data["values"], Value::from(wanted_values));
    let keys = data["keys"].as_array().expect("a list").iter();
    let keys: Vec<_> = keys.map(|map| map.as_object().and_then(|map| map.keys().next()).cloned()).collect();
    assert_eq!(keys, wanted_keys.into_iter().map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn faults_are_found_where_the_api_server_finds_them() {
    let objects = stream::split(OBJECTS);
    for object in &objects {
        let (fine, findings) = check(&object.text);
        assert!(fine, "{findings}");
    }
    let mut table = String::new();
    let mut wrong = Vec::new();
    for line in FAULTS.lines() {
        let columns: Vec<String> = line.split('|').map(|column| column.replace("\\n", "\n")).collect();
        let [kind, from, to, known] = columns.as_slice() else { panic!("{line}: not four columns") };
        let types = |object: &Document| object.object.types.clone().expect("a kind");
        let object =
            objects.iter().find(|object| types(object).kind == *kind).expect("an object of that kind");
        assert!(object.text.contains(from), "{line}: not in the {kind}");
        let text = object.text.replacen(from, to, 1);

        let (fine, findings) = check(&text);
        // The address that the faulty text itself asks for, if it says one.
        let meant = serde_yaml::from_str::<DynamicObject>(&text).ok().and_then(|meant| meant.metadata.name);
        let name = meant.or(object.object.metadata.name.clone()).expect("a name");
        let types = types(object);
        let refused = answer(document(&text, &types.kind, &types.api_version, &name)).await.err();
        let verdicts = (refused.is_some(), !fine);
        writeln!(table, "{verdicts:?} {line}\n    {}", refused.as_deref().unwrap_or("taken"))
            .expect("a string");
        let expected = match known.as_str() {
            "missed" => (true, false),
            "stricter" => (false, true),
            _ => (true, true),
        };
        if verdicts != expected {
            wrong.push(format!("(server, check) refuse: {verdicts:?}  {line}\n{refused:?}\n{findings}"));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
