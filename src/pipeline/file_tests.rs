//! What files of other formats become within objects, through every room.

use super::tests::ENVIRONMENT;
use super::*;
use crate::emit;
use crate::workspace::Memory;

/// The text of a ConfigMap's only key, placed by `$file` with one argument; or the codes of what was found.
fn placed(path: &str, text: &str, argument: &str) -> Result<String, Vec<&'static str>> {
    let template = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: x, namespace: shop }}\n\
         data: {{ text: {{ $file: more/files/{path}, x: {argument} }} }}\n"
    );
    let files = Memory::default()
        .with("environments/x.toml", ENVIRONMENT)
        .with(&format!("templates/more/files/{path}"), text)
        .with("templates/more/x.yaml", &template);
    let workspace = Workspace::open(Box::new(files));
    let mut compiler = Compiler::new(&workspace).unwrap();
    let Some(compiled) = compiler.compile("x", Recording::Reads).unwrap() else {
        return Err(compiler.sink.into_sorted().into_iter().map(|found| found.code.as_str()).collect());
    };
    let mut out = Vec::new();
    emit::stream(&compiled.objects, Some("more"), emit::Format::Json, &mut out).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&out).unwrap();
    Ok(object["data"]["text"].as_str().unwrap().to_owned())
}

#[test]
fn control_leaves_no_lines_and_escapes_leave_delimiters() {
    let text = "a ${{ x.tier }}\n${% for name, service in x.services %}\n  ${{ name }} ${{ service.replicas }}\n\
                ${% endfor %}\n${% if x.tier == 'production' %}\nhot\n${% elif x.config %}\nset\n${% else %}\n\
                cold\n${% endif %}\n$${{ b }} $${% c %} {{ d }}\n";
    let x = "{ tier: \"${{ environment.tier }}\", services: \"${{ services }}\", config: \"${{ config }}\" }";
    // A structure that is written in place has no type, so its parts are judged when they are there.
    assert_eq!(
        placed("a.txt", text, x).unwrap(),
        "a development\n  web 2\ncold\n${{ b }} ${% c %} {{ d }}\n"
    );
}

#[test]
fn text_is_written_as_its_language_writes_it() {
    for (path, wanted) in [
        ("a.json", r#"["it's \"x\"\n"]"#),
        ("a.yaml", r#"["it's \"x\"\n"]"#),
        ("a.conf", r#"["it's \"x\"\n"]"#),
        ("a.lua", r#"["it's \"x\"\n"]"#),
        ("a.sql", "['it''s \"x\"\n']"),
        ("a.sh", "['it'\\''s \"x\"\n']"),
    ] {
        assert_eq!(placed(path, "[${{ x }}]", r#""it's \"x\"\n""#).as_deref(), Ok(wanted), "{path}");
    }
    let list = placed("a.json", "{\"a\": ${{ x }}}", "\"${{ services }}\"").unwrap();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["a"]["web"]["replicas"], 2);
    assert_eq!(placed("a.toml", "a = ${{ x }}", r#""\u007f\u2028é""#).unwrap(), "a = \"\\u007f\\u2028é\"");
}

#[test]
fn what_cannot_be_written_or_read_is_refused() {
    for (path, text, argument, code) in [
        ("a.txt", "${{ x }}", "a b", "template-value"),
        ("a.env", "A=${{ x }}", "\"a'b\"", "template-value"),
        ("a.ini", "a = ${{ x }}", "\"a;b\"", "template-value"),
        ("a.sql", "${{ x }}", r#""a\\b""#, "template-value"),
        ("a.json", "{${{ x }}", "a", "template-value"),
        ("a.conf", "${{ x }}", "\"${{ services }}\"", "template-value"),
        ("a.json", "${{ x }}", "\"${{ config }}\"", "template-value"),
        ("a.json", "\"${{ x }}\"", "a", "template-expression"),
        ("a.json", "${{ y }}", "a", "template-include"),
        ("a.json", "${{ x | safe }}", "a", "template-expression"),
        ("a.json", "${{ x", "a", "template-expression"),
        (
            "a.conf",
            "${% for y in x %}${{ y.nam }}${% endfor %}",
            "\"${{ services }}\"",
            "template-unknown-name",
        ),
        ("a.conf", "${% for x in x %}${% endfor %}", "\"${{ services }}\"", "template-shadowing"),
        ("a.conf", "${% if x %}", "a", "template-directive"),
        ("a.conf", "${{ x }}${% endif %}", "a", "template-directive"),
        ("a.conf", "${% set y = 1 %}${{ x }}", "a", "template-directive"),
        ("a.conf", "nothing", "a", "template-include"),
    ] {
        let found = placed(path, text, argument);
        assert!(matches!(&found, Err(codes) if codes.contains(&code)), "{path}: {text}: {found:?}");
    }
}
