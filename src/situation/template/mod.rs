//! Pod templates: their canonical form, and how two of them differ.

mod diff;
mod veil;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::clean;

pub use diff::{CHANGED, Difference, differences};
pub use veil::{HIDDEN, without_env};

/// The label that the Deployment controller adds to the templates of its ReplicaSets.
pub const HASH_LABEL: &str = "pod-template-hash";

/// A template as compact JSON with sorted keys and cleaned strings, without what differs between equal templates: the
/// hash label that the controller adds, and nulls. It is the form of [`super::object::ReplicaSet::template`].
pub fn canonical(mut template: Value) -> Arc<str> {
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH_LABEL);
    }
    tidy(&mut template);
    Arc::from(template.to_string())
}

fn tidy(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(cleaned) = clean(text) {
                *text = cleaned;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            fields.retain(|key, value| !value.is_null() && clean(key) == *key);
            fields.values_mut().for_each(tidy);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
