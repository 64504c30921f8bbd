//! `managedFields`: who wrote what, and when. Every client's writes have one entry, for each subresource its own.

use http::header;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::look::Look;
use super::Write;
use crate::drill::store::stamp;

/// How deep fields are told apart.
const DEPTH: usize = 4;
/// What a server sets of its own accord, and what only says which object this is.
const NOBODYS: [&str; 10] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "name",
    "namespace",
    "kind",
    "apiVersion",
    "deletionTimestamp",
];

/// Notes who made an object of what it was before (null for a new one). What changes nothing is not noted.
pub(super) fn note(write: &Write<'_>, before: &Value, object: &mut Value, now: Timestamp) {
    let fields = differing(before, object, DEPTH);
    if fields.is_empty() {
        return;
    }
    let mut entry = json!({
        "manager": manager(write), "operation": "Update", "apiVersion": write.def.api_version(),
        "time": stamp(now), "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    if !write.subresource.is_empty() {
        entry["subresource"] = write.subresource.into();
    }
    let same =
        |e: &Value| ["manager", "operation", "apiVersion", "subresource"].iter().all(|f| e.get(*f) == entry.get(*f));
    let mut entries = object.items("metadata.managedFields").to_vec();
    if let Some(known) = entries.iter().position(same) {
        let mut all = entries.remove(known)["fieldsV1"].take();
        unite(&mut all, &entry["fieldsV1"]);
        entry["fieldsV1"] = all;
    }
    entries.push(entry);
    object["metadata"]["managedFields"] = entries.into();
}

/// As a client calls itself: by parameter, else by the begin of its user agent.
fn manager(write: &Write<'_>) -> String {
    let asked = write.call.query.text("fieldManager");
    let agent = write.call.header(header::USER_AGENT).split('/').next().unwrap_or_default();
    let name = if asked.is_empty() { agent } else { asked };
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

/// The fields of `after` that are not as in `before`, as `f:` paths.
fn differing(before: &Value, after: &Value, depth: usize) -> Map<String, Value> {
    let mut fields = Map::new();
    for (field, value) in after.as_object().into_iter().flatten() {
        let known = before.get(field).unwrap_or(&Value::Null);
        if known == value || NOBODYS.contains(&field.as_str()) {
            continue;
        }
        let below = if depth > 1 { differing(known, value, depth - 1) } else { Map::new() };
        fields.insert(format!("f:{field}"), below.into());
    }
    fields
}

fn unite(all: &mut Value, new: &Value) {
    let (Some(all), Some(new)) = (all.as_object_mut(), new.as_object()) else { return };
    for (field, below) in new {
        unite(all.entry(field).or_insert_with(|| json!({})), below);
    }
}
