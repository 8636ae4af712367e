//! The JSON Schema of environment files, made from the raw types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Declared;

/// The schema of a whole environment, after its layers were merged; without references, so that a finding's
/// path leads to the part that refused it.
pub fn whole() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Declared>().to_value();
    each(&mut schema, &without_null);
    schema
}

/// The same with references and without words, which the program is compiled with: `schemas/environment.terse.json`.
#[cfg(test)]
fn terse() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Declared>().to_value();
    each(&mut schema, &without_null);
    each(&mut schema, &without_words);
    schema
}

/// Removes what is there for people. A property may be called `title`; the keyword is the one that holds a text.
#[cfg(test)]
fn without_words(part: &mut Map<String, Value>) {
    for word in ["title", "description", "format", "x-form", "x-example"] {
        if part.get(word).is_some_and(Value::is_string) {
            part.remove(word);
        }
    }
}

/// For each key of a path, whether the table that it stands in must have it.
pub fn required_keys(path: &str) -> Vec<bool> {
    let schema = whole();
    let mut parts = vec![&schema];
    let mut required = Vec::new();
    for key in path.split('.') {
        let tables: Vec<&Value> = parts.iter().flat_map(|part| forms(part)).collect();
        let names =
            |part: &&Value| part["required"].as_array().is_some_and(|names| names.iter().any(|it| it == key));
        required.push(tables.iter().any(names));
        let next = tables.iter().flat_map(|part| match part["properties"].get(key) {
            Some(named) => vec![named],
            None => {
                let by_pattern = part["patternProperties"].as_object().into_iter().flat_map(Map::values);
                by_pattern.chain(part.get("additionalProperties")).collect()
            }
        });
        parts = next.collect();
    }
    required
}

/// A part and the alternatives that it allows.
fn forms(part: &Value) -> Vec<&Value> {
    let alternatives = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|held| part[held].as_array());
    std::iter::once(part).chain(alternatives.flatten().flat_map(forms)).collect()
}

/// Changes every part of a schema, those within after those that hold them.
fn each(schema: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match schema {
        Value::Object(part) => {
            change(part);
            part.values_mut().for_each(|within| each(within, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        _ => {}
    }
}

/// TOML has no null: what is optional is simply not written.
fn without_null(part: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = part.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_mut_slice() {
            let kind = kind.take();
            part.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(forms)) = part.get_mut("anyOf") {
        forms.retain(|form| form["type"] != "null");
        if let [Value::Object(form)] = forms.as_mut_slice() {
            let form = std::mem::take(form);
            part.remove("anyOf");
            // The field's own description stands.
            for (key, value) in form {
                part.entry(key).or_insert(value);
            }
        }
    }
}

/// The schema for editors. A single file may be a layer, so nothing is required in it, and it may say what it
/// extends and unsets.
pub fn published() -> Value {
    let mut schema = whole();
    each(&mut schema, &relax);
    let strings =
        |about: &str| json!({ "type": "array", "items": { "type": "string" }, "description": about });
    let properties = &mut schema["properties"];
    properties["extends"] = strings("The layers below this file, the lowest first; in the same folder.");
    let mut cluster = properties["cluster"].clone();
    cluster["description"] = json!("What this cluster has else than `[cluster]` says.");
    properties["clusters"] = json!({
        "type": "object",
        "description": "The clusters of an environment that has several, by name; each is rendered by itself, as `prod/eu`.",
        "patternProperties": { "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$": cluster },
        "additionalProperties": false,
    });
    properties["unset"] = strings("Paths such as `services.api.scale` to remove from the layers below.");
    schema
}

/// Removes what holds for whole environments only, and what editors do not know.
fn relax(part: &mut Map<String, Value>) {
    part.remove("x-form");
    part.remove("x-example");
    // A property may be called `required`; the keyword is the one that holds a list.
    if part.get("required").is_some_and(Value::is_array) {
        part.remove("required");
    }
}

#[cfg(test)]
mod tests_of_required_keys {
    use super::required_keys;

    #[test]
    fn a_key_is_required_where_its_table_must_have_it() {
        assert_eq!(required_keys("services.web.image"), [false, false, true]);
        assert_eq!(required_keys("services.web.probes.liveness.path"), [false, false, true, true, false]);
        assert_eq!(required_keys("services.web.replicas.min"), [false, false, true, true]);
        assert_eq!(required_keys("services.web.env.A"), [false; 4]);
        assert_eq!(required_keys("no.such"), [false, false]);
    }
}

#[cfg(test)]
mod tests_of_terse {
    use std::fs;

    use crate::workspace;

    #[test]
    fn the_program_is_compiled_with_the_schema_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/environment.terse.json");
        let text = format!("{:#}\n", super::terse());
        if workspace::variable("GOLDEN").is_some_and(|value| value == "overwrite") {
            fs::write(path, text).unwrap();
        } else {
            assert!(fs::read_to_string(path).unwrap() == text, "differs (GOLDEN=overwrite accepts it)");
        }
    }
}
