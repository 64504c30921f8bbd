//! The three kinds of patches.

use json_patch::PatchOperation;
use serde_json::Value;

use super::super::call::Call;
use super::super::failure::{Cause, Failure};
use super::{schema, strategic};
use crate::drill::store::ResourceDef;

/// More operations than this are refused.
const MOST: usize = 10_000;

/// A patch, read.
#[derive(Debug)]
pub(super) enum Patch {
    Json(Vec<PatchOperation>),
    Merge(Value),
    Strategic(Value),
}

impl Patch {
    pub(super) fn read(def: &ResourceDef, call: &Call) -> Result<Self, Failure> {
        let body = || -> Result<Value, Failure> {
            let unreadable = |e: serde_json::Error| Failure::bad_request(format!("error decoding patch: {e}"));
            serde_json::from_slice(&call.body).map_err(unreadable)
        };
        let map = || {
            let why = "json: cannot unmarshal array into Go value of type map[string]interface {}";
            body().and_then(|b| if b.is_object() { Ok(b) } else { Err(Failure::bad_request(why)) })
        };
        match call.media() {
            "application/json-patch+json" => operations(body()?).map(Self::Json),
            "application/merge-patch+json" => map().map(Self::Merge),
            "application/strategic-merge-patch+json" if !def.custom => map().map(Self::Strategic),
            _ => Err(Failure::unsupported_patch()),
        }
    }

    /// What it makes of an object.
    pub(super) fn apply(&self, def: &ResourceDef, object: &Value) -> Result<Value, Failure> {
        let mut patched = object.clone();
        match self {
            Self::Json(operations) => {
                json_patch::patch_unsafe(&mut patched, operations).map_err(|_| Failure::rejected_patch())?;
            }
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Strategic(patch) => {
                strategic::merge(&mut patched, patch).map_err(Failure::bad_request)?;
            }
        }
        let fits = if patched.is_object() { schema::check(def, &patched).err() } else { None };
        let Some(wrong) = fits else { return Ok(patched) };
        let why = if matches!(self, Self::Strategic(_)) { wrong.in_patch() } else { wrong.in_go(def.kind) };
        let cause = Cause::invalid("patch", self.told(&patched), &why);
        Err(Failure::invalid("", "", "", &[cause]))
    }

    /// How the server repeats what it does not take: the patch, or what it made of the object.
    pub(super) fn told(&self, patched: &Value) -> String {
        match self {
            Self::Strategic(patch) => format!("\"{}\"", in_go(patch)),
            _ => format!("{:?}", patched.to_string()),
        }
    }
}

fn operations(body: Value) -> Result<Vec<PatchOperation>, Failure> {
    let Value::Array(operations) = body else {
        let why = "json: cannot unmarshal object into Go value of type jsonpatch.Patch";
        return Err(Failure::bad_request(why));
    };
    if operations.len() > MOST {
        let count = operations.len();
        let message = format!("The allowed maximum operations in a JSON patch is {MOST}, got {count}");
        return Err(Failure::new(413, "RequestEntityTooLarge", message, Value::Null));
    }
    let read = operations.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
    read.map_err(|_| Failure::rejected_patch())
}

/// A value as Go prints its maps and lists.
fn in_go(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<_> = map.iter().map(|(k, v)| format!("{k}:{}", in_go(v))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(in_go).collect::<Vec<_>>().join(" ")),
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}
