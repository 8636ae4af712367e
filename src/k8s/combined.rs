//! Schemas that combine others: `allOf`, `anyOf`, `oneOf`, `not`.

use std::sync::Arc;

use super::format::is_unchecked;
use super::schema::Schema;
use super::{Node, Refusal, Value};
use crate::diag::Code;

impl Schema {
    /// Why the combined schemas refuse what stands here, looking into it.
    pub fn refuses_combination(&self, node: &Node) -> Option<Refusal> {
        if !self.is_combination() {
            return None;
        }
        // The API server fills in defaults before it looks.
        let (what, wanted) = self.combination(&self.filled(node).value)?;
        Some(Refusal { code: Code::InvalidFieldValue, what: what.to_owned(), wanted })
    }

    /// What is said here that the API server checks, but nothing in this program does.
    pub fn unproved(&self) -> Option<String> {
        if !self.validations.is_empty() {
            return Some(match self.validations.len() {
                1 => "a CEL rule".to_owned(),
                count => format!("{count} CEL rules"),
            });
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| pattern.fits("").is_none()) {
            return Some(format!("the pattern `{}`", pattern.as_str()));
        }
        if let Some(format) = self.format.as_deref().filter(|format| is_unchecked(format)) {
            return Some(format!("the format `{format}`"));
        }
        // Seldom, and this is asked of every value of every object.
        if self.is_combination() { self.combined().find_map(Schema::unproved) } else { None }
    }

    fn combined(&self) -> impl Iterator<Item = &Schema> {
        let not = self.not.as_deref();
        self.all_of.iter().chain(&self.any_of).chain(&self.one_of).chain(not)
    }

    fn is_combination(&self) -> bool {
        let lists = [&self.all_of, &self.any_of, &self.one_of];
        lists.iter().any(|list| !list.is_empty()) || self.not.is_some()
    }

    fn combination(&self, value: &Value) -> Option<(&'static str, String)> {
        let accepting = |schemas: &[Schema]| schemas.iter().filter(|schema| schema.accepts(value)).count();
        if accepting(&self.all_of) < self.all_of.len() {
            return Some(("breaks a rule", "all of several rules have to hold".to_owned()));
        }
        if !self.any_of.is_empty() && accepting(&self.any_of) == 0 {
            return Some((
                "has none of the allowed forms",
                format!("at least one of {}", forms(&self.any_of)),
            ));
        }
        match accepting(&self.one_of) {
            _ if self.one_of.is_empty() => {}
            1 => {}
            0 => return Some(("has none of the allowed forms", format!("one of {}", forms(&self.one_of)))),
            _ => return Some(("has several forms at once", format!("only one of {}", forms(&self.one_of)))),
        }
        let refused = self.not.as_ref().is_some_and(|not| not.accepts(value));
        refused.then(|| ("has a form that is not allowed", "has to be something else".to_owned()))
    }

    /// Whether a value may stand here, looking into it.
    fn accepts(&self, value: &Value) -> bool {
        if self.refuses(value).is_some() || self.combination(value).is_some() {
            return false;
        }
        match value {
            Value::Map(entries) => {
                let get = |name: &str| entries.iter().find(|(key, _)| &**key == name).map(|(_, node)| node);
                let is_there = |name: &str| get(name).is_some_and(|node| node.value != Value::Null);
                self.required.iter().all(|name| is_there(name))
                    && entries.iter().all(|(key, node)| {
                        let field = self.properties.get(&**key).or(self.additional_properties.as_deref());
                        field.is_none_or(|field| field.accepts(&node.value))
                    })
            }
            Value::List(items) => {
                let place = self.items.as_deref();
                place.is_none_or(|place| items.iter().all(|item| place.accepts(&item.value)))
            }
            _ => true,
        }
    }

    /// The node with all defaults filled in, as far as they are said in place.
    fn filled(&self, node: &Node) -> Node {
        let with =
            |value| Node { value, at: node.at, lead: node.lead, made: node.made, from: node.from.clone() };
        match &node.value {
            Value::Map(entries) => {
                let known =
                    entries.iter().filter(|(_, node)| node.value != Value::Null).map(|(key, node)| {
                        let field = self.properties.get(&**key).or(self.additional_properties.as_deref());
                        (Arc::clone(key), field.map_or_else(|| node.clone(), |field| field.filled(node)))
                    });
                let mut filled: Vec<_> = known.collect();
                for (name, field) in &self.properties {
                    if let (Some(default), false) =
                        (&field.default, filled.iter().any(|(key, _)| **key == **name))
                    {
                        let node = Value::of(default, node);
                        filled.push((name.as_str().into(), field.filled(&with(node))));
                    }
                }
                with(Value::Map(filled))
            }
            Value::List(items) => {
                let fill = |item: &Node| {
                    self.items.as_deref().map_or_else(|| item.clone(), |place| place.filled(item))
                };
                with(Value::List(items.iter().map(fill).collect()))
            }
            _ => node.clone(),
        }
    }
}

impl Value {
    /// A value of a schema, as if it stood where `node` does.
    fn of(value: &serde_json::Value, node: &Node) -> Self {
        let inner =
            |value| Node { value: Value::of(value, node), at: node.at, lead: 0, made: node.made, from: None };
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Float(number.as_f64().unwrap_or_default()),
            },
            serde_json::Value::String(text) => Value::String(text.as_str().into()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(inner).collect()),
            serde_json::Value::Object(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.as_str().into(), inner(value))).collect())
            }
        }
    }
}

/// The alternatives: by the fields that they require, if that is what they differ in.
fn forms(schemas: &[Schema]) -> String {
    let fields: Vec<String> =
        schemas.iter().map(|schema| format!("`{}`", schema.required.join("` with `"))).collect();
    if schemas.iter().all(|schema| !schema.required.is_empty()) {
        fields.join(", ")
    } else {
        format!("{} forms", schemas.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sources, Span};
    use crate::k8s::Made;

    fn refusal(schema: &str, value: &serde_json::Value) -> Option<String> {
        let schema: Schema = serde_json::from_str(schema).expect("a schema");
        let node = Node {
            value: Value::Null,
            at: Span::new(Sources::default().add("", ""), 0..0),
            lead: 0,
            made: Made::Literal,
            from: None,
        };
        let node = Node { value: Value::of(value, &node), ..node };
        schema.refuses_combination(&node).map(|refusal| format!("{}: {}", refusal.what, refusal.wanted))
    }

    #[test]
    fn exactly_one_form_counts_with_defaults_filled_in() {
        let schema = r#"{
            "properties": {"type": {"type": "string", "default": "IPAddress"}, "value": {"type": "string"}},
            "oneOf": [
                {"properties": {"type": {"enum": ["IPAddress"]}, "value": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}}},
                {"properties": {"type": {"not": {"enum": ["IPAddress"]}}}}
            ]
        }"#;
        assert_eq!(refusal(schema, &serde_json::json!({"value": "192.0.2.1"})), None);
        assert_eq!(refusal(schema, &serde_json::json!({"value": "a.example", "type": "Hostname"})), None);
        let refused = refusal(schema, &serde_json::json!({"value": "a.example"}));
        assert_eq!(refused.as_deref(), Some("has none of the allowed forms: one of 2 forms"));
    }

    #[test]
    fn alternatives_are_named_by_what_they_require() {
        let schema = r#"{"oneOf": [{"required": ["http"]}, {"required": ["dns"]}]}"#;
        assert_eq!(refusal(schema, &serde_json::json!({"http": 1})), None);
        let both = refusal(schema, &serde_json::json!({"http": 1, "dns": 2}));
        assert_eq!(both.as_deref(), Some("has several forms at once: only one of `http`, `dns`"));
        let schema = r#"{"not": {"required": ["old"]}, "allOf": [{"minProperties": 1}]}"#;
        assert_eq!(refusal(schema, &serde_json::json!({"new": 1})), None);
        assert!(refusal(schema, &serde_json::json!({"old": 1})).is_some());
        assert!(refusal(schema, &serde_json::json!({})).is_some());
    }
}
