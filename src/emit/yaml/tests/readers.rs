//! What the YAML readers of other languages make of our YAML; they are built by `make tools`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use super::{nasty, tree, written};

/// How many random documents are read.
const RANDOM: usize = 4000;

/// The libraries whose answers are wanted, so that none is missing unnoticed.
const LIBRARIES: [&str; 8] = [
    "sigs.k8s.io/yaml",
    "go.yaml.in/yaml/v3",
    "gopkg.in/yaml.v3",
    "PyYAML",
    "libyaml",
    "yaml (1.2)",
    "yaml (1.1)",
    "js-yaml",
];

/// Gives all documents to each reader in one run: library → what it read of each.
fn read(documents: &[String]) -> Vec<(String, Vec<Json>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (built, sources) = (root.join("target/tools/readers"), root.join("tests/tools/readers"));
    let mut python = Command::new(built.join("python/bin/python"));
    python.arg(sources.join("python/read.py"));
    let mut node = Command::new("node");
    node.arg(sources.join("node/read.js")).env("NODE_PATH", built.join("node/node_modules"));
    let mut answers = Vec::new();
    for mut reader in [Command::new(built.join("yaml-go")), python, node] {
        let mut child = reader
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}: {reader:?}; `make tools` makes the readers"));
        let input = serde_json::to_vec(documents).unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{reader:?}; `make tools` makes the readers");
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let (library, values) = line.split_once('\t').unwrap();
            answers.push((library.to_owned(), serde_json::from_str(values).unwrap()));
        }
    }
    assert!(answers.iter().map(|(library, _)| library).eq(LIBRARIES.iter()));
    answers
}

/// Numbers are equal when they are the same number: some libraries have no integers, or none of 64 bits.
fn is_same(written: &Json, read: &Json) -> bool {
    match (written, read) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn assert_all_read(cases: &[Json]) {
    let documents: Vec<_> = cases.iter().map(|json| written(json, None)).collect();
    let mut wrong = Vec::new();
    for (library, values) in read(&documents) {
        assert_eq!(values.len(), cases.len(), "{library}");
        for ((case, document), value) in cases.iter().zip(&documents).zip(&values) {
            if !is_same(case, value) {
                wrong.push(format!("{library}\nwritten: {case}\nread:    {value}\n{document}"));
            }
        }
    }
    wrong.sort_by_key(String::len);
    assert!(
        wrong.is_empty(),
        "{} misread; the shortest:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

#[test]
fn every_library_reads_what_is_easily_misread() {
    let mut cases: Vec<_> =
        nasty().iter().map(|text| json!({ text: { text: [text, [text]] }, "z": text })).collect();
    for number in [i64::MIN, -1, 0, i64::MAX] {
        cases.push(json!({ "n": number, "text": number.to_string() }));
    }
    for number in [-0.0, 0.1, 1.0, 1e21, 1e-7, 5e-324, f64::MIN_POSITIVE, f64::MAX, 9_007_199_254_740_993.0] {
        cases.push(json!({ "n": number, "text": format!("{number:?}") }));
    }
    for length in [127, 128, 129, 998, 1000, 1001, 1022, 1023, 1024, 1025, 5000] {
        for key in ["k".repeat(length), format!("{} ", "k".repeat(length)), "\n".repeat(length / 2)] {
            cases.push(json!({ &key: { &key: [{ &key: 1 }, [{ &key: [1] }]] }, "text": &key, "z": [] }));
        }
    }
    cases.push(
        json!({ "long": "word ".repeat(20_000), "lines": format!("{}\n", "x".repeat(20_000)).repeat(3) }),
    );
    cases.push(json!({ "empty": [{}, [], "", null, [[]], [{}], { "a": {} }, { "a": [] }], "": {} }));
    cases.push((0..30).fold(json!("deep"), |inner, _| json!({ "a": [[inner]] })));
    assert_all_read(&cases);
}

#[test]
fn every_library_reads_anything() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let random = (0..RANDOM).map(|_| json!({ "v": tree().new_tree(&mut runner).unwrap().current() }));
    assert_all_read(&random.collect::<Vec<_>>());
}

/// The negative control: what a naive writer would write is misread.
#[test]
fn the_libraries_misread_what_is_not_quoted() {
    let documents = ["v: no\n", "v: 012\n", "v: 1e3\n", "v: 2001-12-14\n"].map(str::to_owned);
    for (library, values) in read(&documents) {
        let texts = [json!("no"), json!("012"), json!("1e3"), json!("2001-12-14")];
        let misread = values.iter().zip(texts).filter(|(value, text)| value["v"] != *text).count();
        assert!(misread > 0, "{library}: {values:?}");
    }
}
