//! The errors of the API.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::status_named;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// There is no such thing.
    Missing(String),
    /// There is no such path.
    NoSuchPath,
    /// The path takes no such method.
    WrongMethod,
    /// Something else is being done with the server.
    Locked,
    /// Too many requests.
    RateLimited,
    /// A field is wrong: which, and why.
    Invalid(&'static str, String),
    /// It fails with this status.
    Failing(StatusCode),
}

impl Refusal {
    /// There is no such thing.
    pub fn missing(what: &str, id: &str) -> Self {
        Self::Missing(format!("{what} with ID '{id}' not found"))
    }

    /// By its status (`503`) or the API's own word for it (`locked`).
    pub fn named(name: &str) -> Self {
        match name {
            "401" | "unauthorized" => Self::Unauthorized,
            "423" | "locked" => Self::Locked,
            "429" | "rate_limit_exceeded" => Self::RateLimited,
            other => Self::Failing(status_named(other).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)),
        }
    }

    /// The answer.
    pub fn answer(self) -> (StatusCode, Value) {
        let (status, code, message, details) = match self {
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "unable to authenticate".to_owned(), Value::Null)
            }
            Self::Missing(message) => (StatusCode::NOT_FOUND, "not_found", message, Value::Null),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "not_found", "route not found".to_owned(), Value::Null),
            Self::WrongMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "method not allowed".to_owned(), Value::Null)
            }
            Self::Locked => (StatusCode::LOCKED, "locked", "server is locked".to_owned(), Value::Null),
            Self::RateLimited => {
                let message = format!("limit of {} requests per hour reached", super::desk::HOURLY);
                (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message, Value::Null)
            }
            Self::Invalid(field, reason) => {
                let message = format!("invalid input in field '{field}'");
                let details = json!({ "fields": [{ "name": field, "messages": [reason] }] });
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", message, details)
            }
            Self::Failing(status) => {
                let code = if status == StatusCode::SERVICE_UNAVAILABLE { "unavailable" } else { "service_error" };
                (status, code, "Service temporarily unavailable".to_owned(), Value::Null)
            }
        };
        (status, json!({ "error": { "code": code, "message": message, "details": details } }))
    }
}
