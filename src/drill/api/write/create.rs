//! New objects.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::super::render::Renderer;
use super::super::view;
use super::change::tidy;
use super::{Write, begin, body, check, managed, quota, validation};
use crate::drill::store::{Refusal, Store};

/// What only the server sets.
const SERVERS: [&str; 9] = [
    "uid",
    "creationTimestamp",
    "generation",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "namespace",
];

pub(super) fn create(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    let mut object = body::object(write.def, write.call)?;
    validation::whole(write, &mut object)?;
    let now = backend.now();
    make(backend, write, out, object, |object| managed::note(write, &Value::Null, object, now))
}

/// Makes an object; `account` notes who made it, of what was said and the defaults.
pub(super) fn make(
    backend: &mut dyn Backend,
    write: &Write<'_>,
    out: &Renderer,
    mut object: Value,
    account: impl FnOnce(&mut Value),
) -> Result<Answer, Failure> {
    let (def, now) = (write.def, backend.now());
    placed(write, &object)?;
    namespace_lives(backend, write, &object)?;
    prepare(write, &mut object);
    tidy(&mut object);
    backend.complete(&mut object);
    begin::convert(def, &mut object);
    account(&mut object);
    let mut object = view::store(def, object);
    begin::fill(backend, write, &mut object);
    backend.admit(&mut object);
    check::new(def, &object)?;
    quota::allows(backend, write, &object)?;
    let made = if write.dry_run {
        backend.store().preview(write.res, object, now).map(std::sync::Arc::new)
    } else {
        backend.store().create(write.res, object, now)
    };
    let made = made.map_err(|refusal| refused(write, &refusal))?;
    Ok(out.one(&view::show(def, made), now).code(201))
}

fn refused(write: &Write<'_>, refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Exists { name, .. } => Failure::exists(write.def, name),
        other => Failure::bad_request(other.to_string()),
    }
}

/// The object must belong where the request puts it.
fn placed(write: &Write<'_>, object: &Value) -> Result<(), Failure> {
    let namespace = object.text("metadata.namespace");
    if write.def.namespaced && !namespace.is_empty() && namespace != write.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Failure::bad_request(message));
    }
    if !object.text("metadata.resourceVersion").is_empty() {
        return Err(Failure::bad_request("resourceVersion should not be set on objects to be created"));
    }
    Ok(())
}

fn namespace_lives(backend: &mut dyn Backend, write: &Write<'_>, object: &Value) -> Result<(), Failure> {
    let Some(namespaces) = Store::resource("", "namespaces").filter(|_| write.def.namespaced) else { return Ok(()) };
    let found = backend.store().get(namespaces, "", write.namespace);
    let namespace = found.ok_or_else(|| Failure::not_found(namespaces.def(), write.namespace))?;
    if namespace.has("metadata.deletionTimestamp") {
        return Err(Failure::terminating(write.def, object.text("metadata.name"), write.namespace));
    }
    Ok(())
}

fn prepare(write: &Write<'_>, object: &mut Value) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["kind"] = write.def.kind.into();
    object["apiVersion"] = write.def.api_version().into();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| !SERVERS.contains(&field.as_str()));
        if write.def.namespaced {
            metadata.insert("namespace".into(), write.namespace.into());
        }
    }
    // Kubelets register their nodes with a status; nobody else says how a new thing stands.
    if write.def.subresource("status").is_some() && write.def.kind != "Node" {
        object.as_object_mut().map(|o| o.remove("status"));
    }
}

/// An object needs a name, or the beginning of one.
pub(super) fn nameless() -> Cause {
    Cause::required("metadata.name", "name or generateName is required")
}
