//! Reading and writing the store's JSON without ceremony. What is absent reads as empty, zero or false.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::drill::store::stamp;

/// Namespace (empty for the cluster) and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// Namespace, empty for the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Id {
    /// An identity.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The identity of an object.
    pub fn of(object: &Value) -> Self {
        Self::new(text(object, "/metadata/namespace"), text(object, "/metadata/name"))
    }
}

/// A text.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number.
pub fn int(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// A list.
pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A time.
pub fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// A map; empty where there is none.
pub fn map<'a>(object: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    object.pointer(pointer).and_then(Value::as_object)
}

/// A label or annotation, whose key may hold any character.
pub fn entry<'a>(object: &'a Value, pointer: &str, key: &str) -> &'a str {
    map(object, pointer).and_then(|m| m.get(key)).and_then(Value::as_str).unwrap_or_default()
}

/// Puts a value at a path, making the maps on the way. `Null` removes.
pub fn put(object: &mut Value, path: &[&str], value: Value) {
    let Some((last, way)) = path.split_last() else { return };
    let mut at = object;
    for key in way {
        if !at.get(*key).is_some_and(Value::is_object) {
            at[*key] = json!({});
        }
        at = &mut at[*key];
    }
    if value.is_null() {
        if let Some(map) = at.as_object_mut() {
            map.remove(*last);
        }
    } else {
        at[*last] = value;
    }
}

/// Adds an item to a list, making it first.
pub fn push(object: &mut Value, field: &str, item: Value) {
    if !object[field].is_array() {
        object[field] = json!([]);
    }
    if let Some(list) = object[field].as_array_mut() {
        list.push(item);
    }
}

/// Whether `labels` have everything that `selector` asks for; an empty selector selects nothing.
pub fn selects(selector: Option<&Map<String, Value>>, labels: Option<&Map<String, Value>>) -> bool {
    let Some(selector) = selector.filter(|s| !s.is_empty()) else { return false };
    selector.iter().all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
}

/// The UID of the controlling owner.
pub fn owner(object: &Value) -> &str {
    owner_reference(object).map(|o| text(o, "/uid")).unwrap_or_default()
}

/// The reference to the controlling owner.
pub fn owner_reference(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|o| o["controller"] == true)
}

/// The UID of an object.
pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// A reference to a controller, as its dependents carry it.
pub fn owned_by(object: &Value) -> Value {
    json!([{
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": text(object, "/metadata/name"),
        "uid": uid(object), "controller": true, "blockOwnerDeletion": true,
    }])
}

/// A condition of an object's status.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().find(|c| c["type"] == kind)
}

/// Whether a condition is `True`.
pub fn is(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|c| c["status"] == "True")
}

/// Sets a condition among others. Its transition time changes only with its status.
pub fn set_condition(conditions: &mut Vec<Value>, mut new: Value, now: Timestamp) {
    let known = conditions.iter_mut().find(|c| c["type"] == new["type"]);
    let since = known.as_ref().filter(|c| c["status"] == new["status"]).map(|c| c["lastTransitionTime"].clone());
    new["lastTransitionTime"] = since.unwrap_or_else(|| stamp(now).into());
    match known {
        Some(old) => *old = new,
        None => conditions.push(new),
    }
}

/// Bytes of a quantity such as `256Mi`; zero for one that is none.
pub fn bytes(quantity: &str) -> u64 {
    let digits = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match quantity.get(digits.len()..).unwrap_or_default() {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => 1,
    };
    digits.parse::<u64>().unwrap_or_default().saturating_mul(unit)
}

/// Thousandths of a core of a quantity such as `250m`, `2` or `1500000n`; zero for one that is none.
pub fn millicores(quantity: &str) -> f64 {
    let (digits, factor) = match quantity.as_bytes().last() {
        Some(b'm') => (quantity.trim_end_matches('m'), 1.0),
        Some(b'n') => (quantity.trim_end_matches('n'), 1e-6),
        _ => (quantity, 1000.0),
    };
    digits.parse::<f64>().unwrap_or_default() * factor
}
