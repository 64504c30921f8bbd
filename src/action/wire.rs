//! Sends what is more than a question. There is no other place that does, and each request is sent once.

use std::error::Error;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper_util::client::legacy::Error as Unsent;
use kube::client::{AuthError, Body};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{DryRun, Request, Right};
use crate::situation::Text;
use crate::watch::Pinned;

/// How long the answer to a change is waited for. A server that is slow may still carry it out, so this is long.
const PATIENCE: Duration = Duration::from_secs(60);
/// As much of an answer is read; no object is larger.
const LIMIT: usize = 4 << 20;
/// As much of a server's message is shown.
const WORDS: usize = 240;
const JSON: &str = "application/json";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// What came of one request.
#[derive(Debug)]
pub(super) enum Reply {
    /// The server carried it out: HTTP code, words, and the object it sent back.
    Done(u16, String, Value),
    /// The server refused it: HTTP code, and why. Nothing was changed.
    No(u16, String),
    /// It never went out; why.
    NotSent(String),
    /// It went out, and nobody knows whether it was carried out; why.
    Lost(String),
}

/// The way out through a pinned endpoint.
pub(super) struct Wire<'a> {
    pinned: &'a Pinned,
    #[expect(clippy::disallowed_types, reason = "the one place that sends what may change something")]
    client: kube::Client,
}

impl<'a> Wire<'a> {
    #[expect(clippy::disallowed_methods, reason = "see above")]
    pub(super) fn new(pinned: &'a Pinned) -> Self {
        Self { pinned, client: pinned.client() }
    }

    /// Carries a request out.
    pub(super) async fn carry_out(&self, request: &Request) -> Reply {
        self.send(request, &query(request, false), &request.body, PATIENCE).await
    }

    /// Asks the server what it would say to a request. Nothing is changed.
    pub(super) async fn dry_run(&self, request: &Request) -> DryRun {
        let mut body = request.body.clone();
        if request.method == "DELETE" {
            // A server that finds options in the body does not look at the query.
            let options = json!({ "apiVersion": "v1", "kind": "DeleteOptions" });
            let mut options = if body.is_object() { body } else { options };
            options["dryRun"] = json!(["All"]);
            body = options;
        }
        match self.send(request, &query(request, true), &body, self.pinned.patience()).await {
            Reply::Done(..) => DryRun::Accepted,
            Reply::No(429 | 503, why) | Reply::NotSent(why) | Reply::Lost(why) => DryRun::Unknown(why),
            // A webhook with effects of its own; the server would not even ask it.
            Reply::No(_, why) if why.contains("does not support dry run") => DryRun::Unknown(why),
            Reply::No(_, why) => DryRun::Refused(why),
        }
    }

    /// Asks whether this account has a right; `None`: it could not be asked.
    pub(super) async fn allowed(&self, right: &Right) -> Option<bool> {
        let (resource, subresource) = right.resource.split_once('/').unwrap_or((right.resource, ""));
        let attributes = json!({
            "verb": right.verb, "group": right.group, "resource": resource, "subresource": subresource,
            "namespace": right.namespace,
        });
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let review = Request {
            write: super::Write::Rehearsal,
            method: "POST",
            path: REVIEWS.to_owned(),
            content_type: JSON,
            body: Value::Null,
        };
        match self.send(&review, "", &body, self.pinned.patience()).await {
            Reply::Done(_, _, answer) => answer.pointer("/status/allowed").and_then(Value::as_bool),
            Reply::No(..) | Reply::NotSent(_) | Reply::Lost(_) => None,
        }
    }

    async fn send(&self, request: &Request, query: &str, body: &Value, patience: Duration) -> Reply {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::POST);
        let built = http::Request::builder()
            .method(method)
            .uri(format!("{}{query}", request.path))
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, request.content_type)
            .body(Body::from(bytes));
        let built = match built {
            Ok(built) => built,
            Err(error) => return Reply::NotSent(format!("the request cannot be written: {error}")),
        };
        match timeout(patience, self.client.send(built)).await {
            Err(_) => Reply::Lost(format!("no answer within {} s", patience.as_secs())),
            Ok(Err(error)) if never_left(&error) => Reply::NotSent(self.pinned.explain(&error)),
            Ok(Err(error)) => Reply::Lost(self.pinned.explain(&error)),
            Ok(Ok(answer)) => read(answer, patience).await,
        }
    }
}

fn query(request: &Request, dry: bool) -> String {
    let manager = (request.method != "DELETE").then_some("fieldManager=crashcart");
    let parts: Vec<&str> = manager.into_iter().chain(dry.then_some("dryRun=All")).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// Whether an error comes from before anything was sent: no connection, or no credentials to send.
fn never_left(error: &kube::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let unconnected = error.downcast_ref::<Unsent>().is_some_and(Unsent::is_connect);
        if unconnected || error.is::<AuthError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Reads the answer. Its first line decides: a body that breaks off takes nothing back.
async fn read(answer: http::Response<Body>, patience: Duration) -> Reply {
    let (head, body) = answer.into_parts();
    let body = timeout(patience, Limited::new(body, LIMIT).collect()).await;
    let bytes = body.ok().and_then(Result::ok).map(Collected::to_bytes).unwrap_or_default();
    let object: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let page = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    judge(head.status, page, object)
}

fn judge(status: StatusCode, page: bool, object: Value) -> Reply {
    let message = object.get("message").and_then(Value::as_str).map(Text::new).unwrap_or_default();
    let plain = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default()).trim().to_owned();
    if status.is_success() && !page {
        return Reply::Done(status.as_u16(), plain, object);
    }
    let words = if message.is_empty() { String::new() } else { format!(": {}", short(&message)) };
    let says = format!("HTTP {plain}{words}");
    if page && !status.is_client_error() {
        return Reply::Lost(format!("not the Kubernetes API answered but a web page (HTTP {plain})"));
    }
    match status.as_u16() {
        // Admission comes before the store, so nothing was written.
        500 if message.contains("webhook") => Reply::No(500, says),
        // The store, or a proxy, gave up waiting; what it waited for may still have happened.
        408 | 500 | 502 | 504..=599 => Reply::Lost(says),
        code => Reply::No(code, says),
    }
}

fn short(message: &str) -> String {
    if message.chars().count() <= WORDS {
        return message.to_owned();
    }
    message.chars().take(WORDS).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, message: &str) -> Reply {
        judge(StatusCode::from_u16(code).expect("a status"), false, json!({ "message": message }))
    }

    #[test]
    fn only_an_answer_that_says_so_means_that_nothing_was_changed() {
        for (code, message) in [(403, "forbidden"), (409, "conflict"), (422, "a test failed"), (429, ""), (503, "")] {
            assert!(matches!(reply(code, message), Reply::No(..)), "{code}");
        }
        for (code, message) in [(500, "etcdserver: request timed out"), (502, ""), (504, "Timeout"), (522, "")] {
            assert!(matches!(reply(code, message), Reply::Lost(_)), "{code}");
        }
        let webhook = "Internal error occurred: failed calling webhook \"x\"";
        assert!(matches!(reply(500, webhook), Reply::No(..)), "admission comes before the store");
        assert!(matches!(judge(StatusCode::OK, true, Value::Null), Reply::Lost(_)), "a portal's page is no answer");
        assert!(matches!(judge(StatusCode::OK, false, Value::Null), Reply::Done(..)), "a body that broke off");
    }
}
