//! The JSON Schema of environment files, made from the raw types.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::Declared;

/// The schema of a whole environment, after its layers were merged; without references, so that a finding's
/// path leads to the part that refused it.
pub(super) fn whole() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Declared>().to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: what is optional is simply not written.
fn without_null(schema: &mut Value) {
    let is_null = |form: &Value| form.get("type").is_some_and(|kind| kind == "null");
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Array(kinds)) = entries.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [kind] = kinds.as_slice() {
                    let kind = kind.clone();
                    entries.insert("type".to_owned(), kind);
                }
            }
            if let Some(Value::Array(forms)) = entries.get_mut("anyOf") {
                forms.retain(|form| !is_null(form));
                if let [Value::Object(form)] = forms.as_slice() {
                    let form = form.clone();
                    entries.remove("anyOf");
                    // The field's own description stands.
                    for (key, value) in form {
                        entries.entry(key).or_insert(value);
                    }
                }
            }
            entries.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// The schema for editors. A single file may be a layer, so nothing is required in it, and it may say what it
/// extends and unsets.
pub fn published() -> Value {
    let mut schema = whole();
    relax(&mut schema);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let strings = |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
        properties.insert(
            "extends".into(),
            strings("The layers below this file, the lowest first; in the same folder."),
        );
        properties.insert(
            "unset".into(),
            strings("Paths such as `services.api.scale` to remove from the layers below."),
        );
    }
    schema
}

/// Removes what holds for whole environments only, and what editors do not know.
fn relax(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            entries.remove("x-form");
            entries.remove("x-example");
            // A property may be called `required`; the keyword is the one that holds a list.
            if entries.get("required").is_some_and(Value::is_array) {
                entries.remove("required");
            }
            entries.values_mut().for_each(relax);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}
