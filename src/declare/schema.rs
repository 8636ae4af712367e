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
