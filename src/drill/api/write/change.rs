//! Changes of objects: whole ones (PUT) and patches.

use std::sync::Arc;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::super::render::Renderer;
use super::super::view;
use super::patch::Patch;
use super::{Write, apply, begin, body, check, managed, validation};
use crate::drill::store::Store;

/// What is said to somebody whose object is not the newest.
const STALE: &str = "the object has been modified; please apply your changes to the latest version and try again";

/// Which part of an object a change may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All but the status, where that is a subresource.
    Object,
    /// The status alone.
    Status,
}

pub(super) fn update(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    put(backend, write, out, Part::Object)
}

pub(super) fn update_status(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    put(backend, write, out, Part::Status)
}

fn put(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer, part: Part) -> Result<Answer, Failure> {
    let mut wanted = body::object(write.def, write.call)?;
    validation::whole(write, &mut wanted)?;
    named_alike(write, &wanted)?;
    let current = write.current(backend)?;
    let (uid, given) = (current.text("metadata.uid"), wanted.text("metadata.uid"));
    if !given.is_empty() && given != uid {
        return Err(write.conflict(&other_uid(given, uid)));
    }
    if wanted.text("metadata.resourceVersion").is_empty() && (write.def.kind == "Lease" || write.def.custom) {
        let cause = Cause::invalid("metadata.resourceVersion", 0, "must be specified for an update");
        return Err(Failure::invalid(write.def.group, write.def.kind, write.name, &[cause]));
    }
    let object = view::store(write.def, wanted);
    let done = carry_out(backend, write, &current, Wanted { object, part, accounted: false })?;
    Ok(out.one(&view::show(write.def, done), backend.now()))
}

/// Says that an object is another than the one that was meant.
pub(super) fn other_uid(given: &str, uid: &str) -> String {
    format!("Precondition failed: UID in precondition: {given}, UID in object meta: {uid}")
}

pub(super) fn named_alike(write: &Write<'_>, wanted: &Value) -> Result<(), Failure> {
    let name = wanted.text("metadata.name");
    if name != write.name {
        let (kind, asked) = (name, write.name);
        let message = format!("the name of the object ({kind}) does not match the name on the URL ({asked})");
        return Err(Failure::bad_request(message));
    }
    let namespace = wanted.text("metadata.namespace");
    if write.def.namespaced && !namespace.is_empty() && namespace != write.namespace {
        let asked = write.namespace;
        let message =
            format!("the namespace of the object ({namespace}) does not match the namespace on the URL ({asked})");
        return Err(Failure::bad_request(message));
    }
    Ok(())
}

pub(super) fn patch(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    patch_part(backend, write, out, Part::Object)
}

pub(super) fn patch_status(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    patch_part(backend, write, out, Part::Status)
}

fn patch_part(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer, part: Part) -> Result<Answer, Failure> {
    if apply::is_meant(write) {
        return apply::apply(backend, write, out, part);
    }
    let patch = Patch::read(write.def, write.call)?;
    let current = write.current(backend)?;
    let shown = view::show(write.def, current.clone());
    let mut wanted = patch.apply(write.def, &shown)?;
    let told = patch.told(&wanted);
    validation::patched(write, &shown, &mut wanted, told)?;
    let fixed = ["name", "namespace", "uid"].map(|field| format!("metadata.{field}"));
    if let Some(field) = fixed.iter().find(|f| wanted.at(f) != current.at(f)) {
        let cause = Cause::invalid(field.as_str(), wanted.at(field), "field is immutable");
        return Err(Failure::invalid(write.def.group, write.def.kind, write.name, &[cause]));
    }
    let object = view::store(write.def, wanted);
    let done = carry_out(backend, write, &current, Wanted { object, part, accounted: false })?;
    Ok(out.one(&view::show(write.def, done), backend.now()))
}

/// What an object is to become.
pub(super) struct Wanted {
    pub object: Value,
    /// The part that may change.
    pub part: Part,
    /// Whether it says already who wrote what.
    pub accounted: bool,
}

/// Makes an object what is wanted, as far as that may be.
pub(super) fn carry_out(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    current: &Arc<Value>,
    wanted: Wanted,
) -> Result<Arc<Value>, Failure> {
    let Wanted { object: mut wanted, part, accounted } = wanted;
    let revision = wanted.text("metadata.resourceVersion");
    if !revision.is_empty() && revision != current.text("metadata.resourceVersion") {
        return Err(write.conflict(STALE));
    }
    restore(write, current, &mut wanted, part);
    tidy(&mut wanted);
    backend.complete(&mut wanted);
    begin::reconvert(write.def, current, &mut wanted);
    check::change(write, current, &wanted)?;
    if !accounted {
        managed::note(write, current, &mut wanted, backend.now());
    }
    if write.dry_run {
        return Ok(Arc::new(Store::changed(write.res, current, |object| *object = wanted)));
    }
    let store = backend.store();
    let done = store.modify(write.res, write.namespace, write.name, |object| *object = wanted);
    store.let_go(write.res, write.namespace, write.name);
    done.ok_or_else(|| Failure::not_found(write.def, write.name))
}

/// Fields of a spec that are not stored while they hold nothing: false, or no element.
const OMITTED: [&str; 3] = ["paused", "unschedulable", "taints"];

/// Takes out what clients send where a server stores nothing: nulls, and the empty in some places.
pub(super) fn tidy(object: &mut Value) {
    for part in ["metadata", "spec"] {
        object.get_mut(part).into_iter().for_each(strip);
    }
    let empty = |value: &Value| *value == false || value.as_array().is_some_and(Vec::is_empty);
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.retain(|field, value| !OMITTED.contains(&field.as_str()) || !empty(value));
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, value| {
            field == "managedFields" || !empty(value) && !value.as_object().is_some_and(serde_json::Map::is_empty)
        });
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Puts back what this write cannot change.
fn restore(write: &Write<'_>, current: &Value, wanted: &mut Value, part: Part) {
    if part == Part::Status {
        let status = wanted.get("status").cloned();
        let managers = wanted.at("metadata.managedFields").clone();
        *wanted = current.clone();
        set(wanted, "status", status);
        set(&mut wanted["metadata"], "managedFields", Some(managers));
        return;
    }
    if write.def.subresource("status").is_some() {
        set(wanted, "status", current.get("status").cloned());
    }
    if write.def.kind == "Namespace" {
        keep_finalizers(write, current, wanted);
    }
    for field in ["kind", "apiVersion"] {
        set(wanted, field, current.get(field).cloned());
    }
    if let Some(metadata) = wanted.get_mut("metadata") {
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
            set(metadata, field, current["metadata"].get(field).cloned());
        }
    }
}

/// What keeps a namespace is taken off by a request of its own, which changes nothing else.
fn keep_finalizers(write: &Write<'_>, current: &Value, wanted: &mut Value) {
    if write.subresource == "finalize" {
        let spec = wanted.get("spec").cloned();
        *wanted = current.clone();
        set(wanted, "spec", spec);
    } else {
        set(wanted, "spec", current.get("spec").cloned());
    }
}

fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => {
            map.insert(field.to_owned(), value);
        }
        None => {
            map.remove(field);
        }
    }
}
