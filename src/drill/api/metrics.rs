//! `metrics.k8s.io`: an API of its own behind an APIService, which may be missing or not answer.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::backend::{Backend, Unavailable};
use super::call::{Call, Place};
use super::failure::{Failure, about};
use super::look::Look;
use super::render::Renderer;
use super::selector::Selector;
use crate::drill::store::{ResourceDef, Store};

/// The group.
pub(super) const GROUP: &str = "metrics.k8s.io";

fn api_service(backend: &mut dyn Backend) -> Option<Arc<Value>> {
    let services = Store::resource("apiregistration.k8s.io", "apiservices")?;
    backend.store().get(services, "", "v1beta1.metrics.k8s.io")
}

/// Whether the API is registered at all.
pub(super) fn registered(backend: &mut dyn Backend) -> bool {
    api_service(backend).is_some()
}

/// Whether what stands behind the API answers; a 503 if not, a 404 if there is no such API.
pub(super) fn available(backend: &mut dyn Backend) -> Result<(), Failure> {
    let service = api_service(backend).ok_or_else(Failure::no_page)?;
    if service.condition("Available").is_some_and(|c| c.text("status") == "True") {
        Ok(())
    } else {
        Err(Failure::unavailable("service unavailable"))
    }
}

/// Usage of one node or pod, or of all.
pub(super) fn answer(
    backend: &mut dyn Backend,
    def: &'static ResourceDef,
    place: &Place,
    call: &Call,
    out: &Renderer,
) -> Result<Answer, Failure> {
    available(backend)?;
    let down = |u: Unavailable| Failure::unavailable(&u.0);
    let found = if def.namespaced {
        backend.pod_metrics(place.namespace.as_deref()).map_err(down)?
    } else {
        backend.node_metrics().map_err(down)?
    };
    let now = backend.now();
    if let Some(name) = &place.name {
        let one = found.iter().find(|o| o.text("metadata.name") == name);
        return one.map(|o| out.one(o, now)).ok_or_else(|| not_found(def, place, name));
    }
    let selector = Selector::parse(def, call.query.text("labelSelector"), call.query.text("fieldSelector"));
    let selector = selector.map_err(Failure::bad_request)?;
    let objects: Vec<_> = found.into_iter().filter(|o| selector.selects(o)).map(Arc::new).collect();
    Ok(out.list(&objects, &json!({}), now))
}

fn not_found(def: &ResourceDef, place: &Place, name: &str) -> Failure {
    let kind = def.kind.to_lowercase();
    let name = place.namespace.as_ref().map_or_else(|| name.to_owned(), |ns| format!("{ns}/{name}"));
    let message = format!("{kind}.{GROUP} {name:?} not found");
    Failure::new(404, "NotFound", message, about(GROUP, &kind, Some(&name)))
}
