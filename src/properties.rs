//! Properties: what holds for every input, not only for those that somebody thought of.

mod mutations;

use crate::diag::{Sink, Sources};
use crate::k8s::FieldPath;
use crate::load::Environments;
use crate::merge::{self, Merged, Value};
use crate::template;
use crate::workspace::{Memory, Workspace};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value as Json;

fn merged(files: Memory, environment: &str) -> (Merged, Sources, Sink) {
    let workspace = Workspace::open(Box::new(files));
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let layers = Environments::new(&workspace).layers(environment, &mut sources, &mut sink);
    let layers = layers.expect("readable").expect("there");
    (merge::merge(layers, &mut sink), sources, sink)
}

/// The rule of `docs/environments.md`, in three lines.
fn lay(below: &Json, above: &Json) -> Json {
    let (Json::Object(below), Json::Object(above)) = (below, above) else { return above.clone() };
    let mut all = below.clone();
    for (key, value) in above {
        let laid = all.get(key).map_or_else(|| value.clone(), |below| lay(below, value));
        all.insert(key.clone(), laid);
    }
    Json::Object(all)
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[ -~é]{0,6}".prop_map(Json::from)
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::from),
            btree_map("[a-d]", inner, 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

fn table() -> impl Strategy<Value = Json> {
    btree_map("[a-d]", value(), 0..4).prop_map(|entries| entries.into_iter().collect())
}

fn toml(table: &Json) -> String {
    toml::to_string(table).expect("a table is TOML")
}

proptest! {
    #[test]
    fn layers_merge_by_the_rule_and_every_value_knows_its_text(base in table(), middle in table(), top in table()) {
        let files = Memory::default()
            .with("environments/base.toml", &toml(&base))
            .with("environments/middle.toml", &format!("extends = [\"base.toml\"]\n{}", toml(&middle)))
            .with("environments/top.toml", &format!("extends = [\"middle.toml\"]\n{}", toml(&top)));
        let (merged, sources, sink) = merged(files, "top");
        prop_assert_eq!(sink.errors(), 0);
        prop_assert_eq!(merged.tree.json(), lay(&lay(&base, &middle), &top));
        for (_, info) in merged.inputs.iter() {
            if let Some(Value::Int(number)) = info.leaf {
                prop_assert_eq!(sources.text(info.origin), number.to_string());
            }
        }
    }

    #[test]
    fn no_text_makes_the_loader_panic(text in "(?s)[ -~\n\\[\\]=\".{}é]{0,80}") {
        let files = Memory::default().with("environments/x.toml", &text);
        merged(files, "x");
    }

    #[test]
    fn no_text_makes_the_template_parser_panic(text in "(?s)([a-c]: |- |\\$if: |\\$for: |x in y|\\$\\{\\{|\\}\\}|[ -~\n\té\"']){0,40}") {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = sources.add("templates/a/b.yaml", text);
        let template = template::template("a/b.yaml", file, &sources, &mut sink);
        prop_assert!(template.is_some() || sink.errors() > 0);
        for diagnostic in sink.into_sorted() {
            crate::diag::human::render(&diagnostic, &sources);
        }
    }

    #[test]
    fn no_change_of_a_template_makes_a_room_panic(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        length in 0usize..12, put in "(?s)([ -~\n]|\\$\\{\\{|\\}\\}|\\$if: |\\$for: |\\$merge: |\\$include: |\\$value: ){0,4}",
    ) {
        let paths = crate::render::built_in_paths();
        let path = which.get(&paths);
        let text = crate::render::built_in_text(path).expect("there");
        let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
        let start = at.index(starts.len());
        let end = starts.get(start + length).copied().unwrap_or(text.len());
        let mutant = format!("{}{put}{}", &text[..starts[start]], &text[end..]);
        let files = Memory::default()
            .with("environments/x.toml", crate::pipeline::tests::ENVIRONMENT)
            .with(&format!("templates/{path}"), &mutant);
        let workspace = Workspace::open(Box::new(files));
        let mut compiler = crate::pipeline::Compiler::new(&workspace).expect("readable");
        let compiled = compiler.compile("x", template::Recording::Leaves).expect("readable");
        prop_assert!(compiled.is_some() || compiler.sink.errors() > 0, "{}", mutant);
        // What the static check let pass lacks no field, has none that is unknown and none of another type.
        let found = compiler.sink.clone().into_sorted();
        let is_structural = |code: &str| matches!(code, "unknown-field" | "missing-field" | "wrong-field-type");
        let codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
        prop_assert!(!codes.iter().any(|code: &&str| is_structural(code)), "{}: {:?}", mutant, codes);
        for diagnostic in found {
            crate::diag::human::render(&diagnostic, &compiler.sources);
        }
    }

    #[test]
    fn a_field_path_is_read_as_it_is_written(text in "[ -~]{0,20}") {
        if let Ok(path) = text.parse::<FieldPath>() {
            prop_assert_eq!(path.to_string().parse::<FieldPath>().ok(), Some(path));
        }
    }
}
