#[cfg(feature = "real")]
mod readers;

use proptest::prelude::*;
use serde_json::{Map, Number};

use super::*;
use crate::diag::{Sources, Span};
use crate::emit::json::{self, Layout};
use crate::k8s::Made;

/// Strings that some reader takes for something else when written plainly.
const NASTY: &str = include_str!("nasty.txt");

fn node(json: &serde_json::Value) -> Node {
    let value = match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int)
        }
        serde_json::Value::String(text) => Value::String(text.as_str().into()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(node).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.as_str().into(), node(value))).collect())
        }
    };
    let at = Span::new(Sources::default().add("", ""), 0..0);
    Node { value, at, lead: 0, made: Made::Literal, from: None }
}

fn written(json: &serde_json::Value, schema: Option<Cursor<'_>>) -> String {
    let mut out = String::new();
    write(&node(json), schema, &mut out);
    out
}

fn written_as_json(json: &serde_json::Value, schema: Option<Cursor<'_>>) -> String {
    let mut out = Vec::new();
    json::write(&node(json), schema, Layout::Line, &mut out);
    String::from_utf8(out).unwrap()
}

fn read_back(json: &serde_json::Value) -> (String, Result<serde_json::Value, String>) {
    let text = written(json, None);
    let read = serde_yaml::from_str(&text).map_err(|error| error.to_string());
    (text, read)
}

/// Each line of the file is a JSON string, so that blanks and controls show.
fn nasty() -> Vec<String> {
    NASTY.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn value_of(text: &str) -> String {
    let out = written(&serde_json::json!({ "k": text }), None);
    out.strip_prefix("k: ").unwrap().strip_suffix('\n').unwrap().to_owned()
}

#[test]
fn an_object_reads_as_kubernetes_users_expect() {
    let json = serde_json::json!({
        "status": {}, "spec": { "ports": [{ "protocol": "TCP", "port": 80, "name": "http" }], "args": [["-c", "on"], []] },
        "data": { "b": "one\n  two\n", "a": "line\nline" },
        "metadata": { "uid": "x", "annotations": { "z": "1", "a": "no" }, "labels": {}, "namespace": "p8fs", "name": "api" },
        "kind": "Service", "apiVersion": "v1",
    });
    let text = "\
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: p8fs
  labels: {}
  annotations:
    a: \"no\"
    z: \"1\"
  uid: x
data:
  a: |-
    line
    line
  b: |
    one
      two
spec:
  args:
  - - -c
    - \"on\"
  - []
  ports:
  - name: http
    port: 80
    protocol: TCP
status: {}
";
    assert_eq!(written(&json, None), text);
    let line = concat!(
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"api","namespace":"p8fs","labels":{},"#,
        r#""annotations":{"a":"no","z":"1"},"uid":"x"},"data":{"a":"line\nline","b":"one\n  two\n"},"#,
        r#""spec":{"args":[["-c","on"],[]],"ports":[{"name":"http","port":80,"protocol":"TCP"}]},"status":{}}"#,
        "\n"
    );
    assert_eq!(written_as_json(&json, None), line);
}

#[test]
fn a_list_map_item_starts_with_its_keys() {
    let port = serde_json::json!({ "name": "dns", "appProtocol": "dns", "protocol": "UDP", "port": 53 });
    let schema = crate::k8s::Catalog::of("1.36").and_then(|catalog| catalog.cursor("v1", "Service"));
    let text = "spec:\n  ports:\n  - port: 53\n    protocol: UDP\n    name: dns\n    appProtocol: dns\n";
    let json = serde_json::json!({ "spec": { "ports": [port] } });
    assert_eq!(written(&json, schema), text);
    let line = r#"{"spec":{"ports":[{"port":53,"protocol":"UDP","name":"dns","appProtocol":"dns"}]}}"#;
    assert_eq!(written_as_json(&json, schema), format!("{line}\n"));
}

#[test]
fn ordinary_strings_are_plain() {
    let ordinary = "v1 p8fs-api 250m 2Gi 30s RollingUpdate registry.example/p8fs-api:v1.4.2 /var/lib/data \
        10.0.0.0/8 kubernetes.io/hostname $(POD_IP) --leader-elect=true a#b http://nats:4222 größe -c ./run \
        k8s-app it's";
    for text in ordinary.split_whitespace().chain(["two words"]) {
        assert_eq!(value_of(text), text);
    }
}

#[test]
fn what_a_reader_would_take_for_something_else_is_quoted() {
    for text in nasty().iter().filter(|text| !text.contains('\n')) {
        let written = value_of(text);
        assert!(written.starts_with('"') && written.ends_with('"'), "{text:?} written as {written}");
        assert!(written.chars().all(scalar_is_readable), "{text:?} written as {written}");
        let key = self::written(&serde_json::json!({ text: 1 }), None);
        assert_eq!(key, format!("{written}: 1\n"));
    }
}

fn scalar_is_readable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}' | '\u{feff}')
}

#[test]
fn several_lines_are_a_literal_block_where_that_round_trips() {
    for (text, expected) in [
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("a\n\nb\n\n\n", "|+\n  a\n\n  b\n\n"),
        (" a\nb", "|2-\n   a\n  b"),
        ("\na\n", "|2\n\n  a"),
        ("a\n\tb\n", "|\n  a\n  \tb"),
        ("a\n# b: c\n---\n", "|\n  a\n  # b: c\n  ---"),
        ("a \nb", r#""a \nb""#),
        ("a\n \nb", r#""a\n \nb""#),
        ("a\r\nb", r#""a\r\nb""#),
        ("a\n\u{1b}b", r#""a\n\u001Bb""#),
        ("\n", r#""\n""#),
    ] {
        assert_eq!(value_of(text), expected, "{text:?}");
    }
}

#[test]
fn a_key_too_long_for_readers_is_announced() {
    let key = "k".repeat(LONGEST_KEY);
    let long = format!("{key}l");
    let json = serde_json::json!({ &key: 1, &long: { "a": 2 } });
    assert_eq!(written(&json, None), format!("{key}: 1\n? {long}\n:\n  a: 2\n"));
    let json = serde_json::json!({ "in": [{ &long: { &long: [1, { &long: "a\nb" }] } }] });
    let (text, read) = read_back(&json);
    assert_eq!(read, Ok(json), "{text}");
}

#[test]
fn numbers_keep_their_type() {
    let cases = [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e21, "1.0e+21"),
        (1.5e300, "1.5e+300"),
        (5e-324, "5.0e-324"),
    ];
    for (number, text) in cases {
        let mut out = String::new();
        scalar::float(number, &mut out);
        assert_eq!(out, text);
        assert_eq!(out.parse(), Ok(number));
    }
}

#[test]
fn nasty_strings_read_back() {
    for text in nasty() {
        let json = serde_json::json!({ &text: { &text: [&text, [&text], { &text: &text, "z": &text }] } });
        let (written, read) = read_back(&json);
        assert_eq!(read, Ok(json), "{written}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        proptest::sample::select(nasty()),
        "[-+.0-9a-fxoeE_:TZ ]{0,12}",
        "[ \t\na-b:#'\"|>%@&*!?{}\\[\\],~=<\\\\-]{0,12}",
        proptest::collection::vec(r"[ \t]{0,2}[a-c#: ]{0,4}", 0..5).prop_map(|lines| lines.join("\n")),
        "k{120,140}",
        "[k\n]{980,1040}",
    ]
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Json;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Json::Number)),
        text().prop_map(Json::from),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(text(), inner, 0..4)
                .prop_map(|map| Json::Object(Map::from_iter(map))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_reads_back(entries in proptest::collection::btree_map(text(), tree(), 1..4)) {
        let json = serde_json::Value::Object(Map::from_iter(entries));
        let (text, read) = read_back(&json);
        prop_assert_eq!(read.as_ref(), Ok(&json), "{}", text);
        let line = written_as_json(&json, None);
        prop_assert!(line.ends_with('\n') && line.lines().count() == 1, "{}", line);
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), json, "{}", line);
    }
}
