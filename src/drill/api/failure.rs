//! What the server says when it does not do what was asked: `Status` bodies with the reasons and words of a real one.

use serde_json::{Value, json};

use crate::drill::store::{Expired, ResourceDef};

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure {
    /// A `Status` object.
    Status { code: u16, body: Value },
    /// Plain text, as what stands before the resources answers.
    Text { code: u16, body: String },
}

impl Failure {
    /// A `Status`; an empty reason and null details are left out, as a real server does.
    pub(super) fn new(code: u16, reason: &str, message: impl Into<String>, details: Value) -> Self {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message.into(), "code": code,
        });
        if !reason.is_empty() {
            body["reason"] = reason.into();
        }
        if !details.is_null() {
            body["details"] = details;
        }
        Self::Status { code, body }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message, Value::Null)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized", Value::Null)
    }

    /// There is no such object.
    pub(super) fn not_found(def: &ResourceDef, name: &str) -> Self {
        let details = about(def.group, def.plural, Some(name));
        Self::new(404, "NotFound", format!("{} {name:?} not found", def.qualified()), details)
    }

    /// There is no such resource in a group that exists.
    pub(super) fn no_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource", json!({}))
    }

    /// There is no such path.
    pub(super) fn no_page() -> Self {
        Self::Text { code: 404, body: "404 page not found\n".into() }
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message, json!({}))
    }

    pub(super) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, \
                       application/json;as=Table;g=meta.k8s.io;v=v1, \
                       application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, \
                       application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        Self::new(406, "NotAcceptable", message, Value::Null)
    }

    pub(super) fn unsupported_media() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: \
                       application/json, application/yaml, application/vnd.kubernetes.protobuf";
        Self::new(415, "UnsupportedMediaType", message, Value::Null)
    }

    /// A patch in a format that the server does not take.
    pub(super) fn unsupported_patch() -> Self {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type", json!({}))
    }

    /// A patch that cannot be applied, its own test among the reasons.
    pub(super) fn rejected_patch() -> Self {
        Self::new(422, "Invalid", "the server rejected our request due to an error in our request", json!({}))
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, "RequestEntityTooLarge", message, Value::Null)
    }

    /// There is one of that name.
    pub(super) fn exists(def: &ResourceDef, name: &str) -> Self {
        let details = about(def.group, def.plural, Some(name));
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", def.qualified()), details)
    }

    /// The object is not as the request takes it to be; `what` is its resource or its kind.
    pub(super) fn conflict(group: &str, what: &str, name: &str, why: &str) -> Self {
        let qualified = if group.is_empty() { what.to_owned() } else { format!("{what}.{group}") };
        let message = format!("Operation cannot be fulfilled on {qualified} {name:?}: {why}");
        Self::new(409, "Conflict", message, about(group, what, Some(name)))
    }

    /// Nothing new may be made in a namespace that goes.
    pub(super) fn terminating(def: &ResourceDef, name: &str, namespace: &str) -> Self {
        let message = format!(
            "{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
            def.qualified()
        );
        let mut details = about(def.group, def.plural, Some(name));
        let told = format!("namespace {namespace} is being terminated");
        details["causes"] = json!([{"reason": "NamespaceTerminating", "message": told, "field": "metadata.namespace"}]);
        Self::new(403, "Forbidden", message, details)
    }

    /// The revision that a watch or a list wants is forgotten.
    pub(super) fn expired(expired: Expired) -> Self {
        Self::new(410, "Expired", expired.to_string(), Value::Null)
    }

    /// A revision that does not exist yet.
    pub(super) fn too_new(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        Self::new(504, "Timeout", message, json!({"causes": causes, "retryAfterSeconds": 1}))
    }

    /// Parameters that contradict each other or lie out of range.
    pub(super) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let told: Vec<_> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let told = if let [one] = told.as_slice() { one.clone() } else { format!("[{}]", told.join(", ")) };
        let known = about(group, kind, (!name.is_empty()).then_some(name));
        let mut details = if kind.is_empty() { json!({}) } else { known };
        details["causes"] =
            causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
        Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {told}"), details)
    }

    /// A fault that has no reason of its own.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message, Value::Null)
    }

    /// What stands behind an aggregated API does not answer.
    pub(super) fn unavailable(message: &str) -> Self {
        Self::Text { code: 503, body: format!("{message}\n") }
    }
}

/// One thing wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub reason: &'static str,
    pub field: String,
    pub message: String,
}

impl Cause {
    pub(super) fn forbidden(field: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self { reason: "FieldValueForbidden", field: field.into(), message: format!("Forbidden: {}", message.as_ref()) }
    }

    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    pub(super) fn duplicate(field: impl Into<String>, value: &str) -> Self {
        Self { reason: "FieldValueDuplicate", field: field.into(), message: format!("Duplicate value: {value:?}") }
    }

    pub(super) fn invalid(field: impl Into<String>, value: impl std::fmt::Display, message: &str) -> Self {
        Self { reason: "FieldValueInvalid", field: field.into(), message: format!("Invalid value: {value}: {message}") }
    }

    pub(super) fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|s| format!("{s:?}")).collect();
        let message = format!("Unsupported value: {value:?}: supported values: {}", supported.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }
}

/// The `details` of a Status about an object or a resource; Kubernetes calls the resource its kind there.
pub(super) fn about(group: &str, kind: &str, name: Option<&str>) -> Value {
    let mut details = json!({"kind": kind});
    if !group.is_empty() {
        details["group"] = group.into();
    }
    if let Some(name) = name {
        details["name"] = name.into();
    }
    details
}
