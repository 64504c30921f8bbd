//! What a user may ask about itself: may I, what may I, who am I.

use serde_json::{Value, json};

use super::access::{INFO, PATHS, Wish, allows};
use super::answer::Answer;
use super::failure::Failure;
use super::identity::User;
use super::look::Look;
use super::proto::review_spec;
use super::rights::Rights;
use crate::drill::store::{ResourceDef, stamp};

/// Answers a review that was posted; a kind that the server does not review is a method it does not allow.
pub(super) fn answer(
    user: &User,
    def: &ResourceDef,
    media: &str,
    body: &[u8],
    now: jiff::Timestamp,
) -> Result<Answer, Failure> {
    let spec = without_empty(&spec_of(def, media, body)?);
    let (spec, status) = match def.plural {
        "selfsubjectaccessreviews" => {
            let status = access(user, &spec);
            (spec, status)
        }
        "selfsubjectrulesreviews" => (json!({}), rules(user)),
        "selfsubjectreviews" => (Value::Null, identity(user)),
        _ => return Err(Failure::method_not_allowed()),
    };
    let mut answer = json!({
        "kind": def.kind, "apiVersion": def.api_version(), "metadata": {"creationTimestamp": null}, "status": status,
    });
    if spec.is_null() {
        answer["metadata"]["creationTimestamp"] = stamp(now).into();
    } else {
        answer["spec"] = spec;
    }
    Ok(Answer::json(201, &answer))
}

/// The `spec` of a review, from either format in which clients send it.
fn spec_of(def: &ResourceDef, media: &str, body: &[u8]) -> Result<Value, Failure> {
    let unreadable = |why: &str| {
        let message = format!("{} in version {:?} cannot be handled as a {}: {why}", def.kind, def.version, def.kind);
        Failure::bad_request(message)
    };
    match media.split(';').next().unwrap_or_default() {
        "" | "application/json" => {
            let review: Value = serde_json::from_slice(body).map_err(|e| unreadable(&e.to_string()))?;
            Ok(review.at("spec").clone())
        }
        "application/vnd.kubernetes.protobuf" => {
            review_spec(body).ok_or_else(|| unreadable("provided data does not appear to be a protobuf message"))
        }
        _ => Err(Failure::unsupported_media()),
    }
}

fn access(user: &User, spec: &Value) -> Value {
    let path = spec.at("nonResourceAttributes");
    let wanted = spec.at("resourceAttributes");
    let wish = if path.is_null() {
        Wish::Resource {
            verb: wanted.text("verb"),
            group: wanted.text("group"),
            plural: wanted.text("resource"),
            subresource: wanted.text("subresource"),
            namespace: wanted.text("namespace"),
            name: wanted.text("name"),
        }
    } else {
        Wish::Path { verb: path.text("verb"), path: path.text("path") }
    };
    match allows(user, wish) {
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false}),
    }
}

fn rules(user: &User) -> Value {
    let rule = |[verbs, groups, resources]: &[Vec<String>; 3]| json!({"verbs": verbs, "apiGroups": groups, "resources": resources});
    let mut paths: Vec<_> = [PATHS, INFO].map(|p| json!({"verbs": ["get"], "nonResourceURLs": p})).into();
    if user.rights == Rights::All {
        paths.insert(0, json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    let resources: Vec<_> = user.rights.rules().iter().map(rule).collect();
    json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false})
}

fn identity(user: &User) -> Value {
    let mut info = json!({"username": user.name, "groups": user.groups});
    if !user.credential.is_empty() {
        info["extra"] = json!({"authentication.kubernetes.io/credential-id": [user.credential]});
    }
    json!({"userInfo": info})
}

/// A value without empty texts and nulls, as the server gives it back.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().filter(|(_, v)| !v.is_null() && *v != "").map(|(k, v)| (k.clone(), without_empty(v))).collect()
        }
        Value::Null => json!({}),
        other => other.clone(),
    }
}
