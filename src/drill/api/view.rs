//! Core events in the shape of events.k8s.io.

use std::sync::Arc;

use serde_json::Value;

use super::look::Look;
use crate::drill::store::ResourceDef;

/// What a field is called in the core group and in events.k8s.io.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// The object as the resource shows it.
pub(super) fn show(def: &ResourceDef, object: Arc<Value>) -> Arc<Value> {
    if def.view_of.is_none() { object } else { Arc::new(as_events_api(&object)) }
}

/// The object as it is stored, from the shape in which the resource shows it.
pub(super) fn store(def: &ResourceDef, object: Value) -> Value {
    let Value::Object(fields) = object else { return object };
    if def.view_of.is_none() {
        return fields.into();
    }
    let core = |field: String| RENAMED.iter().find(|(_, new)| *new == field).map_or(field, |(core, _)| (*core).into());
    let mut stored: serde_json::Map<_, _> = fields.into_iter().map(|(field, value)| (core(field), value)).collect();
    stored.insert("apiVersion".into(), "v1".into());
    stored.into()
}

fn as_events_api(event: &Value) -> Value {
    let mut shown = serde_json::Map::new();
    for (field, value) in event.as_object().into_iter().flatten() {
        let name = RENAMED.iter().find(|(core, _)| core == field).map_or(field.as_str(), |(_, new)| new);
        shown.insert(name.to_owned(), value.clone());
    }
    shown.insert("apiVersion".into(), "events.k8s.io/v1".into());
    shown.entry("eventTime").or_insert(Value::Null);
    if event.text("reportingComponent").is_empty() {
        shown.insert("reportingController".into(), event.text("source.component").into());
    }
    shown.into()
}
