//! The little of OpenAPI that clients look at before they write: which objects can be patched, and with what parameters.

use serde_json::{Map, Value, json};

use super::failure::Failure;
use crate::drill::store::{ResourceDef, ResourceId};

/// Answers `/openapi/v3` and what lies below it.
pub(super) fn answer(path: &str) -> Result<Value, Failure> {
    let Some(group_version) = path.strip_prefix("/openapi/v3/") else { return Ok(index()) };
    let paths: Map<_, _> =
        stored().filter(|def| place(def) == group_version).map(|def| (one(def), operations(def))).collect();
    if paths.is_empty() {
        return Err(Failure::no_page());
    }
    let info = json!({"title": "Kubernetes", "version": "unversioned"});
    Ok(json!({"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}))
}

fn index() -> Value {
    let entry = |def| {
        let place = place(def);
        let url = json!({"serverRelativeURL": format!("/openapi/v3/{place}")});
        (place, url)
    };
    json!({"paths": stored().map(entry).collect::<Map<_, _>>()})
}

fn stored() -> impl Iterator<Item = &'static ResourceDef> {
    ResourceId::all().map(ResourceId::def).filter(|def| def.stored())
}

/// `api/v1`, `apis/apps/v1`
fn place(def: &ResourceDef) -> String {
    if def.group.is_empty() { format!("api/{}", def.version) } else { format!("apis/{}", def.api_version()) }
}

/// The path of one object.
fn one(def: &ResourceDef) -> String {
    let scope = if def.namespaced { "namespaces/{namespace}/" } else { "" };
    format!("/{}/{scope}{}/{{name}}", place(def), def.plural)
}

fn operations(def: &ResourceDef) -> Value {
    let text = json!({"type": "string", "uniqueItems": true});
    let parameters: Vec<_> = ["dryRun", "fieldManager", "fieldValidation", "force"]
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": text}))
        .collect();
    let kind = json!({"group": def.group, "version": def.version, "kind": def.kind});
    json!({"patch": {
        "parameters": parameters, "responses": {"200": {"description": "OK"}}, "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": kind,
    }})
}
