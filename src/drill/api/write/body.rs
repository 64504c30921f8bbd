//! Objects as bodies bring them.

use serde_json::Value;

use super::super::call::Call;
use super::super::failure::Failure;
use super::super::look::Look;
use super::super::proto;
use super::schema;
use crate::drill::store::ResourceDef;

/// The object of a body, of the resource's kind and with fields of the right types.
pub(super) fn object(def: &ResourceDef, call: &Call) -> Result<Value, Failure> {
    let object = read(call, def.kind, &def.api_version())?;
    schema::check(def, &object).map_err(|wrong| {
        Failure::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {}",
            def.kind,
            def.version,
            def.kind,
            wrong.in_go(def.kind)
        ))
    })?;
    Ok(object)
}

/// A body of that kind; one that does not name its kind is taken to be of it.
pub(super) fn read(call: &Call, kind: &str, api_version: &str) -> Result<Value, Failure> {
    let unreadable = |why: &str| {
        let message = format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why}"
        );
        Failure::bad_request(message)
    };
    let object: Value = match call.media() {
        "" | "application/json" => serde_json::from_slice(&call.body).map_err(|e| unreadable(&e.to_string()))?,
        "application/yaml" => {
            let text = str::from_utf8(&call.body).map_err(|e| unreadable(&e.to_string()))?;
            serde_saphyr::from_str(text).map_err(|e| unreadable(&e.to_string()))?
        }
        "application/vnd.kubernetes.protobuf" => proto::object(&call.body).ok_or_else(Failure::unsupported_media)?,
        _ => return Err(Failure::unsupported_media()),
    };
    if !object.is_object() {
        return Err(unreadable("not an object"));
    }
    let (own_kind, own_version) = (object.text("kind"), object.text("apiVersion"));
    let same_kind = own_kind.is_empty() || own_kind == kind;
    // Options have a kind of the same name in every group.
    let same_version = own_version.is_empty() || own_version == api_version || kind == "DeleteOptions";
    if same_kind && same_version {
        return Ok(object);
    }
    let version = own_version.rsplit('/').next().unwrap_or_default();
    let group = api_version.split_once('/').map_or("core", |(group, _)| group.split('.').next().unwrap_or_default());
    Err(Failure::bad_request(format!(
        "{own_kind} in version {version:?} cannot be handled as a {kind}: converting ({version}.{own_kind}) to \
         ({group}.{kind}): unknown conversion"
    )))
}
