//! Writes: the body is read, the object is made of it, checked, and stored, or only shown if nothing is to be stored.
//!
//! What a write says comes from `body`, `options` and `patch`; whether it may be so is decided in `validation`, `check`
//! and `quota`; `create`, `change`, `apply`, `remove`, `scale`, `evict`, `bind` and `resize` carry it out; `managed` keeps
//! account of who wrote what.

mod apply;
mod begin;
mod bind;
mod body;
mod change;
mod check;
mod create;
mod evict;
mod fields;
mod managed;
mod options;
mod patch;
mod pod_template;
mod quota;
mod remove;
mod resize;
mod scale;
mod schema;
mod strategic;
mod validation;

use std::cell::RefCell;
use std::sync::Arc;

use http::header;
use serde_json::Value;

use super::answer::Answer;
use super::backend::Backend;
use super::call::{Call, Place};
use super::failure::Failure;
use super::render::Renderer;
use crate::drill::store::{ResourceDef, ResourceId};

pub(super) use options::asked as dry_run_asked;

/// The fields of a new object, as its maker's entry in `managedFields` tells them.
pub(in crate::drill) fn owned_fields(object: &Value) -> Value {
    fields::changes(&Value::Null, object, fields::Spot::whole(false)).without_identity().set.write()
}

/// A write, taken apart.
struct Write<'a> {
    res: ResourceId,
    def: &'static ResourceDef,
    /// Empty for what belongs to the cluster.
    namespace: &'a str,
    /// Empty for a new object and for collections.
    name: &'a str,
    /// Empty for the object itself.
    subresource: &'a str,
    call: &'a Call,
    /// Nothing is to be stored.
    dry_run: bool,
    /// What its sender is to be told besides the answer.
    warnings: &'a RefCell<Vec<String>>,
}

impl Write<'_> {
    /// The object that it is about.
    fn current(&self, backend: &mut dyn Backend) -> Result<Arc<Value>, Failure> {
        let found = backend.store().get(self.res, self.namespace, self.name);
        found.ok_or_else(|| Failure::not_found(self.def, self.name))
    }

    fn conflict(&self, why: &str) -> Failure {
        Failure::conflict(self.def.group, self.def.plural, self.name, why)
    }
}

/// Carries out a write that its sender may make.
pub(super) fn answer(
    backend: &mut dyn Backend,
    res: ResourceId,
    place: &Place,
    call: &Call,
) -> Result<Answer, Failure> {
    let def = res.def();
    let out = Renderer::new(def, call.header(header::ACCEPT), &call.query)?;
    let (name, namespace) = (place.name.as_deref().unwrap_or_default(), place.namespace.as_deref().unwrap_or_default());
    let dry_run = options::dry_run(call)?;
    let subresource = place.subresource.as_deref().unwrap_or_default();
    let warnings = RefCell::default();
    let write = Write { res, def, namespace, name, subresource, call, dry_run, warnings: &warnings };
    let answer = carry_out(backend, &write, place, &out)?;
    Ok(answer.warned(warnings.take()))
}

fn carry_out(backend: &mut dyn Backend, write: &Write<'_>, place: &Place, out: &Renderer) -> Result<Answer, Failure> {
    let def = write.def;
    match (place.subresource.as_deref(), write.call.verb(), write.name.is_empty()) {
        (None, "create", true) if def.kind == "Binding" => bind::by_name(backend, write),
        (None, "create", true) if def.namespaced != write.namespace.is_empty() => create::create(backend, write, out),
        (None | Some("finalize"), "update", false) => change::update(backend, write, out),
        (None, "patch", false) => change::patch(backend, write, out),
        (None, "delete", false) => remove::delete(backend, write, out),
        (None, "deletecollection", true) => remove::delete_all(backend, write, place, out),
        (Some("status"), "update", _) => change::update_status(backend, write, out),
        (Some("status"), "patch", _) => change::patch_status(backend, write, out),
        (Some("scale"), "update" | "patch", _) => scale::scale(backend, write, out),
        (Some("resize"), "update" | "patch", _) => resize::resize(backend, write, out),
        (Some("binding"), "create", _) => bind::bind(backend, write),
        (Some("eviction"), "create", _) => evict::evict(backend, write),
        _ => Err(Failure::method_not_allowed()),
    }
}

#[cfg(test)]
mod tests;
