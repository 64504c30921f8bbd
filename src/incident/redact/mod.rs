//! Takes secrets out of what is written down: those the process has read, by value, and what looks like one, by the name
//! it stands behind and by its shape. When in doubt it goes: a journal is passed on.

mod names;
mod shape;
mod text;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::names::telling;
use crate::secrets::{self, BLOT};

/// Takes secrets out of every text in a value, keys of objects included.
pub fn redact(value: &mut Value) {
    walk(value, Hide::Nothing);
}

/// How much of a value goes because of where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hide {
    /// Only what looks like a secret.
    Nothing,
    /// All but what says where the secret is kept: `secretKeyRef: {name, key}`.
    AllButPlace,
    /// Every text and number.
    All,
}

fn walk(value: &mut Value, hide: Hide) {
    match value {
        Value::String(text) if hide == Hide::Nothing => clean(text),
        Value::String(text) if text.is_empty() => {}
        Value::String(_) | Value::Number(_) if hide != Hide::Nothing => *value = Value::from(BLOT),
        Value::Array(items) => list(items, hide),
        Value::Object(fields) => object(fields, hide),
        _ => {}
    }
}

/// Takes out what looks like a secret.
fn clean(text: &mut String) {
    let known = secrets::blot(text);
    let places = text::places(&known);
    if !places.is_empty() {
        *text = secrets::cover(&known, places);
    } else if known != *text {
        *text = known.into_owned();
    }
}

/// An argument behind a telling flag goes too.
fn list(items: &mut [Value], hide: Hide) {
    let mut behind = false;
    for item in items {
        let asks = item.as_str().is_some_and(text::asks);
        let flag = item.as_str().is_some_and(|text| text.starts_with('-'));
        walk(item, if behind && !flag { Hide::All } else { hide });
        behind = asks;
    }
}

fn object(fields: &mut Map<String, Value>, hide: Hide) {
    let secret = fields.get("kind").is_some_and(|kind| kind == "Secret");
    let named =
        ["name", "what"].iter().any(|field| fields.get(*field).and_then(Value::as_str).is_some_and(names_secret))
            || patches_secret(fields);
    let placed = fields.contains_key("name") || fields.contains_key("path");
    for (key, value) in fields.iter_mut() {
        let hide = match (hide, key.as_str()) {
            (Hide::All, _) => Hide::All,
            (_, "data" | "stringData") if secret => Hide::All,
            (_, "value" | "before" | "after") if named => Hide::All,
            (Hide::AllButPlace, key) if tells_place(key, value, placed) => Hide::Nothing,
            (Hide::Nothing, key) if !telling(key) => Hide::Nothing,
            _ => Hide::AllButPlace,
        };
        walk(value, hide);
    }
    clean_keys(fields);
}

/// Whether a variable, a header or a difference (`DB_PASSWORD of api`) is named like a secret.
fn names_secret(name: &str) -> bool {
    name.split_whitespace().any(telling)
}

/// Whether a JSON Patch operation sets something that is, or may be, a secret.
fn patches_secret(fields: &Map<String, Value>) -> bool {
    let path = fields.get("path").and_then(Value::as_str).filter(|_| fields.contains_key("op")).unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    // The variable's name stands in another operation, or nowhere.
    telling(&last.replace("~1", "/")) || (last == "value" && path.contains("/env/"))
}

/// Whether a field below a telling name says where a secret is kept.
fn tells_place(key: &str, value: &Value, placed: bool) -> bool {
    let scalar = !value.is_array() && !value.is_object();
    match key {
        "key" => placed && scalar,
        "name" | "namespace" | "secretName" | "kind" | "apiVersion" | "uid" | "path" | "mode" | "defaultMode"
        | "expirationSeconds" | "audience" => scalar,
        _ => false,
    }
}

fn clean_keys(fields: &mut Map<String, Value>) {
    let cleaned = |key: &String| {
        let mut clean_key = key.clone();
        clean(&mut clean_key);
        (clean_key != *key).then(|| (key.clone(), clean_key))
    };
    let changed: Vec<(String, String)> = fields.keys().filter_map(cleaned).collect();
    for (key, clean_key) in changed {
        if let Some(value) = fields.remove(&key) {
            fields.insert(clean_key, value);
        }
    }
}
