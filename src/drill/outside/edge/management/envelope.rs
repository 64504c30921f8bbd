//! The envelope of every answer, and its pages.

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::super::super::http::{Reply, json as as_json, plain};
use super::Call;

/// What a call is answered with when it succeeds.
#[derive(Debug)]
pub struct Answer {
    /// What was asked for.
    pub result: Value,
    /// Which page of how many, for lists.
    pub pages: Option<Value>,
    /// What else is to say.
    pub messages: Vec<Value>,
}

impl Answer {
    /// One thing.
    pub fn of(result: Value) -> Self {
        Self { result, pages: None, messages: Vec::new() }
    }

    /// The page of a list that a call asks for.
    ///
    /// # Errors
    /// When there is no such page size.
    pub fn page(call: &Call<'_>, all: Vec<Value>, usual: usize, largest: usize) -> Result<Self, Fault> {
        let number = |name: &str, usual: usize| match call.asks(name) {
            None => Ok(usual),
            Some(text) => text.parse().ok().filter(|n| *n > 0).ok_or_else(|| Fault::parameter(name)),
        };
        let (page, size) = (number("page", 1)?, number("per_page", usual)?);
        if size > largest {
            return Err(Fault::parameter("per_page"));
        }
        let total = all.len();
        let result: Vec<_> = all.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
        let pages = json!({
            "page": page, "per_page": size, "count": result.len(), "total_count": total,
            "total_pages": total.div_ceil(size),
        });
        Ok(Self { result: result.into(), pages: Some(pages), messages: Vec::new() })
    }
}

/// Why a call fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    status: u16,
    error: Value,
    /// Seconds until it may be tried again.
    wait: Option<i64>,
}

impl Fault {
    /// With a status, and the API's own code and message.
    pub fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, error: json!({ "code": code, "message": message }), wait: None }
    }

    /// With the error behind it.
    pub fn because(mut self, cause: Value) -> Self {
        self.error["error_chain"] = json!([cause]);
        self
    }

    /// A parameter of the query is none.
    pub fn parameter(name: &str) -> Self {
        Self::new(400, 1004, "DNS Validation Error")
            .because(json!({ "code": 9010, "message": format!("Invalid {name}.") }))
    }

    /// Too many calls; there may be more after so many seconds.
    pub fn throttled(wait: i64) -> Self {
        let fault = Self::new(429, 971, "Please wait and consider throttling your request speed");
        Self { wait: Some(wait), ..fault }
    }

    /// Its code.
    #[cfg(test)]
    pub fn code(&self) -> u64 {
        self.error
            .pointer("/error_chain/0/code")
            .or_else(|| self.error.get("code"))
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }
}

/// The whole answer.
pub fn reply(answer: Result<Answer, Fault>) -> Reply {
    match answer {
        Ok(Answer { result, pages, messages }) => {
            let mut body = json!({ "result": result, "success": true, "errors": [], "messages": messages });
            if let Some(pages) = pages {
                body["result_info"] = pages;
            }
            as_json(StatusCode::OK, &body)
        }
        Err(fault) => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
            let body = json!({ "result": null, "success": false, "errors": [fault.error], "messages": [] });
            let mut reply = as_json(status, &body);
            if let Some(Ok(wait)) = fault.wait.map(|wait| HeaderValue::from_str(&wait.to_string())) {
                reply.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            reply
        }
    }
}

/// What comes when the API itself is unwell.
pub fn ailing(status: u16) -> Reply {
    match status {
        401 | 403 => reply(Err(Fault::new(status, 10000, "Authentication error"))),
        429 => reply(Err(Fault::throttled(60))),
        500 => reply(Err(Fault::new(500, 10001, "Internal server error"))),
        400..=499 => reply(Err(Fault::new(status, 10001, "Unable to process the request"))),
        // The edge answers in the API's place.
        _ => plain(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), format!("error code: {status}")),
    }
}
