//! What tells the items of a list from each other.

use std::borrow::Cow;

use super::{Cursor, Node, Value};

/// What tells an item of a list-map from the others, in words: its keys, which the API server fills in where they
/// have a default.
pub fn item_identity(item: &Node, list: Cursor<'_>) -> Vec<String> {
    let value = |key| value(item, list, key).unwrap_or_default();
    list.list_map_keys().iter().map(|key| format!("{key} `{}`", value(key))).collect()
}

/// The first of the list's keys that neither the item nor a default says.
pub fn missing_key<'a>(item: &Node, list: Cursor<'a>) -> Option<&'a str> {
    list.list_map_keys().iter().find(|key| value(item, list, key).is_none()).map(String::as_str)
}

/// The values of a list-map's keys in an item of it, where neither a default nor the item says one empty.
pub fn item_key<'a>(item: &'a Node, list: Cursor<'a>) -> Vec<Cow<'a, str>> {
    list.list_map_keys().iter().map(|key| value(item, list, key).unwrap_or_default()).collect()
}

fn value<'a>(item: &'a Node, list: Cursor<'a>, key: &str) -> Option<Cow<'a, str>> {
    match item.get(key).map(|node| &node.value) {
        Some(Value::Int(number)) => Some(number.to_string().into()),
        Some(Value::String(text)) => Some((&**text).into()),
        _ => {
            let default = list.item()?.field(key)?.schema().default.as_ref()?;
            Some(default.as_str().map_or_else(|| default.to_string().into(), Cow::from))
        }
    }
}
