//! What reached the server: every request, kept from its arrival on, whatever becomes of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::call::{Call, Target};
use super::write::dry_run_asked;

/// How many requests are kept; the oldest go first.
const KEPT: usize = 10_000;

/// A request that reached the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number, in the order of arrival.
    pub number: u64,
    /// When it arrived, in cluster time.
    pub at: Timestamp,
    /// Who sent it; empty if the server does not know.
    pub user: String,
    /// As authorisation sees it: `patch`, `create`, `list`.
    pub verb: String,
    /// `PATCH`
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The media type of the body, without parameters.
    pub media: String,
    /// The body; as text if it is no JSON, null if there is none or it has not arrived (yet).
    pub body: Value,
    /// Whether nothing was to be stored.
    pub dry_run: bool,
    /// What the server answered, delivered or not; none before that.
    pub code: Option<u16>,
}

impl Record {
    /// Whether it was to change something: no reading, no dry run, no review of rights.
    pub fn is_change(&self) -> bool {
        let writes =
            matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection" | "post");
        let review =
            ["/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"].iter().any(|p| self.path.starts_with(p));
        writes && !self.dry_run && !review
    }
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Record>,
    arrived: u64,
}

impl Records {
    /// A request has arrived, its body perhaps not. Its number.
    pub(super) fn arrive(&self, at: Timestamp, user: &str, call: &Call, path: String) -> u64 {
        let mut kept = self.lock();
        kept.arrived += 1;
        let number = kept.arrived;
        let media = call.media().to_owned();
        if kept.records.len() == KEPT {
            kept.records.pop_front();
        }
        kept.records.push_back(Record {
            number,
            at,
            user: user.to_owned(),
            verb: call.verb().to_owned(),
            method: call.method.to_string(),
            path,
            media,
            body: Value::Null,
            dry_run: dry_run_asked(&call.query, &Value::Null),
            code: None,
        });
        number
    }

    /// Its body is there, all of it. Whether the request asks for a dry run.
    pub(super) fn complete(&self, number: u64, call: &Call) -> bool {
        let text = || Value::from(String::from_utf8_lossy(&call.body).into_owned());
        let body = if call.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&call.body).unwrap_or_else(|_| text())
        };
        let dry_run = self.with(number, |record| {
            // An eviction holds the options of the deletion that it is.
            let options = if matches!(&call.target, Target::Resource(p) if p.subresource.as_deref() == Some("eviction"))
            {
                &body["deleteOptions"]
            } else {
                &body
            };
            let deletes = record.verb.starts_with("delete") || record.path.contains("/eviction");
            record.dry_run = dry_run_asked(&call.query, if deletes { options } else { &Value::Null });
            record.body = body;
            record.dry_run
        });
        dry_run.unwrap_or_default()
    }

    /// It has been answered.
    pub(super) fn answered(&self, number: u64, code: u16) {
        self.with(number, |record| record.code = Some(code));
    }

    /// All that are kept.
    pub(super) fn all(&self) -> Vec<Record> {
        self.lock().records.iter().cloned().collect()
    }

    fn with<T>(&self, number: u64, f: impl FnOnce(&mut Record) -> T) -> Option<T> {
        let mut kept = self.lock();
        let first = kept.records.front().map_or(0, |r| r.number);
        let index = number.checked_sub(first).and_then(|i| usize::try_from(i).ok());
        index.and_then(|i| kept.records.get_mut(i)).map(f)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
