//! What a write asks for besides its change.

use http::Method;
use serde_json::Value;

use super::super::call::{Call, Query};
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::body;
use crate::drill::store::{Deletion, Propagation};

/// Whether a request asks for a dry run: in its query, or in the options that are its body.
pub(in crate::drill::api) fn asked(query: &Query, options: &Value) -> bool {
    query.all("dryRun").any(|v| !v.is_empty()) || !options.items("dryRun").is_empty()
}

/// Whether nothing is to be stored, by the query.
pub(super) fn dry_run(call: &Call) -> Result<bool, Failure> {
    let wanted: Vec<_> = call.query.all("dryRun").filter(|v| !v.is_empty()).collect();
    all_or_nothing(&wanted, kind(call))
}

/// What the parameters of a write are called together.
pub(super) fn kind(call: &Call) -> &'static str {
    match call.method {
        Method::POST => "CreateOptions",
        Method::PUT => "UpdateOptions",
        Method::PATCH => "PatchOptions",
        _ => "DeleteOptions",
    }
}

fn all_or_nothing(wanted: &[&str], kind: &str) -> Result<bool, Failure> {
    if let Some(wrong) = wanted.iter().find(|v| **v != "All") {
        let cause = Cause::unsupported("dryRun", wrong, &["All"]);
        return Err(Failure::invalid("meta.k8s.io", kind, "", &[cause]));
    }
    Ok(!wanted.is_empty())
}

/// What a deletion asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DeleteOptions {
    pub wish: Deletion,
    pub dry_run: bool,
    /// The object must have this UID; empty for any.
    pub uid: String,
    /// The object must have this revision; empty for any.
    pub revision: String,
}

impl DeleteOptions {
    /// From the body, or from the query where there is no body.
    pub(super) fn of(call: &Call) -> Result<Self, Failure> {
        let given = if call.body.is_empty() { Value::Null } else { body::read(call, "DeleteOptions", "v1")? };
        let mut options = Self::read(&given)?;
        let query = |name: &str| call.query.get(name).filter(|v| !v.is_empty());
        if given.is_null() {
            options.wish.grace = query("gracePeriodSeconds").and_then(|v| v.parse().ok());
            options.wish.propagation = query("propagationPolicy").map(propagation).transpose()?;
        }
        options.dry_run |= dry_run(call)?;
        Ok(options)
    }

    /// From the options that a body holds.
    pub(super) fn read(options: &Value) -> Result<Self, Failure> {
        let wanted: Vec<_> = options.items("dryRun").iter().filter_map(Value::as_str).collect();
        let policy = options.text("propagationPolicy");
        Ok(Self {
            wish: Deletion {
                grace: options.at("gracePeriodSeconds").as_i64(),
                propagation: if policy.is_empty() { None } else { Some(propagation(policy)?) },
            },
            dry_run: all_or_nothing(&wanted, "DeleteOptions")?,
            uid: options.text("preconditions.uid").to_owned(),
            revision: options.text("preconditions.resourceVersion").to_owned(),
        })
    }
}

fn propagation(policy: &str) -> Result<Propagation, Failure> {
    match policy {
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        "Orphan" => Ok(Propagation::Orphan),
        other => {
            let cause = Cause::unsupported("propagationPolicy", other, &["Background", "Foreground", "Orphan", "nil"]);
            Err(Failure::invalid("meta.k8s.io", "DeleteOptions", "", &[cause]))
        }
    }
}
