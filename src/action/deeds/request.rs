//! Requests, as the API takes them.

use serde_json::{Value, json};

use super::{Case, Deed, Ref};
use crate::action::plan::{Request, Right, Write};
use crate::situation::{Kind, Text};

/// `application/strategic-merge-patch+json`
pub const STRATEGIC: &str = "application/strategic-merge-patch+json";
/// `application/merge-patch+json`
pub const MERGE: &str = "application/merge-patch+json";
/// `application/json-patch+json`
pub const OPERATIONS: &str = "application/json-patch+json";
/// `application/json`
const PLAIN: &str = "application/json";

/// The annotation that says why a revision came to be.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// A patch of an object, or of a subresource of it (`/scale`).
pub fn patch(object: &Ref, subresource: &str, content_type: &'static str, body: Value) -> Request {
    let path = format!("{}{subresource}", path(object));
    Request { write: Write::Change, method: "PATCH", path, content_type, body }
}

/// A deletion that holds only for the object with this UID.
pub fn deletion(object: &Ref) -> Request {
    let body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": object.uid.as_str() } });
    Request { write: Write::Change, method: "DELETE", path: path(object), content_type: PLAIN, body }
}

/// The right to use `verb` on an object, or on the subresource that `resource` names.
pub fn right(verb: &'static str, object: &Ref, resource: Option<&'static str>) -> Right {
    let of = object.kind.resource();
    let namespace = object.key.namespace.clone();
    let resource = resource.unwrap_or(of.plural);
    Right { verb, group: of.group, resource, namespace, allowed: None, optional: false }
}

/// The Event that tells others what was done, and the right to write it, which the plan can do without.
pub fn announcement(case: &Case<'_>, deed: &Deed<'_>) -> (Request, Right) {
    let object = &deed.object;
    // The API keeps events about nodes in `default`.
    let namespace =
        Some(object.key.namespace.clone()).filter(|n| !n.is_empty()).unwrap_or_else(|| Text::new("default"));
    let of = object.kind.resource();
    let version = if of.group.is_empty() { of.version.to_owned() } else { format!("{}/{}", of.group, of.version) };
    let made = case.made.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut about = json!({
        "apiVersion": version, "kind": of.kind, "name": object.key.name.as_str(), "uid": object.uid.as_str(),
    });
    if !object.key.namespace.is_empty() {
        about["namespace"] = object.key.namespace.as_str().into();
    }
    let body = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": format!("{}.{:x}", object.key.name, case.made.as_nanosecond()),
            "namespace": namespace.as_str(),
        },
        "involvedObject": about,
        "type": "Normal",
        "reason": deed.reason,
        "message": case.signed(&format!("crashcart: {}", deed.title)),
        "source": { "component": "crashcart" },
        "reportingComponent": "crashcart",
        "firstTimestamp": made,
        "lastTimestamp": made,
        "count": 1,
    });
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let write = Request { write: Write::BookKeeping, method: "POST", path, content_type: PLAIN, body };
    let resource = Kind::Event.resource().plural;
    (write, Right { verb: "create", group: "", resource, namespace, allowed: None, optional: true })
}

fn path(object: &Ref) -> String {
    let of = object.kind.resource();
    let root = if of.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", of.group) };
    let (version, plural, name) = (of.version, of.plural, &object.key.name);
    match &*object.key.namespace {
        "" => format!("{root}/{version}/{plural}/{name}"),
        namespace => format!("{root}/{version}/namespaces/{namespace}/{plural}/{name}"),
    }
}
