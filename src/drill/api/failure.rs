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
                       application/json, application/vnd.kubernetes.protobuf";
        Self::new(415, "UnsupportedMediaType", message, Value::Null)
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
        let mut details = about(group, kind, (!name.is_empty()).then_some(name));
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
    pub field: &'static str,
    pub message: String,
}

impl Cause {
    pub(super) fn forbidden(field: &'static str, message: impl AsRef<str>) -> Self {
        Self { reason: "FieldValueForbidden", field, message: format!("Forbidden: {}", message.as_ref()) }
    }

    pub(super) fn invalid(field: &'static str, value: impl std::fmt::Display, message: &str) -> Self {
        Self { reason: "FieldValueInvalid", field, message: format!("Invalid value: {value}: {message}") }
    }

    pub(super) fn unsupported(field: &'static str, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|s| format!("{s:?}")).collect();
        let message = format!("Unsupported value: {value:?}: supported values: {}", supported.join(", "));
        Self { reason: "FieldValueNotSupported", field, message }
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
