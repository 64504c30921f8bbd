//! Single objects and lists.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::backend::Backend;
use super::call::{Call, Place};
use super::failure::Failure;
use super::look::Look;
use super::options::{ListOptions, Page};
use super::render::Renderer;
use super::table::selector_of;
use super::view;
use crate::drill::store::{Expired, ResourceId};

/// One object.
pub(super) fn get(
    backend: &mut dyn Backend,
    res: ResourceId,
    place: &Place,
    name: &str,
    out: &Renderer,
) -> Result<Answer, Failure> {
    let def = res.def();
    let found = backend.store().get(res, place.namespace.as_deref().unwrap_or_default(), name);
    let object = view::show(def, found.ok_or_else(|| Failure::not_found(def, name))?);
    Ok(out.one(&object, backend.now()))
}

/// The `scale` of one object.
pub(super) fn scale(
    backend: &mut dyn Backend,
    res: ResourceId,
    place: &Place,
    name: &str,
    out: &Renderer,
) -> Result<Answer, Failure> {
    let found = backend.store().get(res, place.namespace.as_deref().unwrap_or_default(), name);
    let object = found.ok_or_else(|| Failure::not_found(res.def(), name))?;
    Ok(out.one(&scale_of(&object), backend.now()))
}

/// The `Scale` of an object.
pub(super) fn scale_of(object: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata[field] = object["metadata"][field].clone();
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {"replicas": object.int("spec.replicas")},
        "status": {"replicas": object.int("status.replicas"), "selector": selector_of(object)},
    })
}

/// The objects of a list and the list's metadata.
pub(super) struct Listing {
    pub objects: Vec<Arc<Value>>,
    pub metadata: Value,
}

/// A list, or a page of one.
pub(super) fn list(backend: &mut dyn Backend, res: ResourceId, place: &Place, call: &Call) -> Result<Listing, Failure> {
    let options = ListOptions::parse(res.def(), &call.query, false)?;
    let (objects, revision) = candidates(backend, res, place.namespace.as_deref(), &options)?;
    let mut objects: Vec<_> = objects.into_iter().map(|o| view::show(res.def(), o)).collect();
    objects.retain(|o| options.selector.selects(o));
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    // A list of whatever the server has at hand is never cut.
    let limit = options.limit.filter(|limit| *limit < objects.len() && options.revision != Some(0));
    if let Some(limit) = limit {
        let remaining = objects.len() - limit;
        objects.truncate(limit);
        let last = objects.last().map(|o| place_of(o)).unwrap_or_default();
        metadata["continue"] = Page { revision: Some(revision), after: last }.token().into();
        if options.selector.is_empty() {
            metadata["remainingItemCount"] = remaining.into();
        }
    }
    Ok(Listing { objects, metadata })
}

/// Everything that a list may be made of, and the revision at which it is so.
fn candidates(
    backend: &mut dyn Backend,
    res: ResourceId,
    namespace: Option<&str>,
    options: &ListOptions,
) -> Result<(Vec<Arc<Value>>, u64), Failure> {
    let store = backend.store();
    let current = store.revision();
    if let Some(page) = &options.page {
        let revision = page.revision.unwrap_or(current);
        let after = (page.after.0.as_str(), page.after.1.as_str());
        let rest = store.list_at(res, namespace, after, revision);
        return Ok((rest.map_err(|_| too_late(page))?, revision));
    }
    match options.revision {
        Some(asked) if asked > current => Err(Failure::too_new(asked, current)),
        Some(asked) if options.exact => {
            let then = store.list_at(res, namespace, (namespace.unwrap_or_default(), ""), asked);
            Ok((then.map_err(too_old)?, asked))
        }
        _ => Ok((store.list(res, namespace), current)),
    }
}

fn place_of(object: &Value) -> (String, String) {
    (object.text("metadata.namespace").to_owned(), object.text("metadata.name").to_owned())
}

fn too_old(_: Expired) -> Failure {
    Failure::new(410, "Expired", "The resourceVersion for the provided list is too old.", Value::Null)
}

/// The rest of a list is forgotten; the answer holds a token with which to read the rest as it is now.
fn too_late(page: &Page) -> Failure {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                   list without the continue parameter, or use the continue token in this response to retrieve the \
                   remainder of the results. Continuing with the provided token results in an inconsistent list - \
                   objects that were created, modified, or deleted between the time the first chunk was returned and \
                   now may show up in the list.";
    let mut failure = Failure::new(410, "Expired", message, Value::Null);
    if let Failure::Status { body, .. } = &mut failure {
        body["metadata"] = json!({"continue": Page { revision: None, ..page.clone() }.token()});
    }
    failure
}
