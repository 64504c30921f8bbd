//! What the executor writes down, and to whom.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Plan, Request};

/// What comes of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// When the change was answered (cluster time).
    pub at: Timestamp,
    /// The generation of the changed object, from the answer; what a controller has to have observed.
    pub generation: Option<i64>,
    /// The answer in a few words: `200 OK`.
    pub says: String,
}

/// Something that the record of an incident must hold. `execution` is the plan's digest.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Event {
    /// A plan was made.
    Planned {
        execution: String,
        #[schemars(with = "Map<String, Value>")]
        plan: Box<Plan>,
    },
    /// Somebody confirmed it, and how: `key y`, `digest`, `script`.
    Confirmed { execution: String, by: String },
    /// A plan was not executed; why.
    Refused { execution: String, why: String },
    /// This request goes out next. On disk before it does.
    Intent {
        execution: String,
        number: usize,
        #[schemars(with = "Map<String, Value>")]
        request: Request,
    },
    /// It was answered: HTTP code and a few words.
    Answered { execution: String, number: usize, code: u16, says: String },
    /// No answer came: nobody knows whether it was carried out.
    OutcomeUnknown { execution: String, number: usize, why: String },
    /// The execution is over.
    Executed { execution: String, outcome: Outcome },
    /// It stopped before this request.
    Stopped { execution: String, number: usize, why: String },
    /// The verification ended: `worked`, `failed`, `timed out`.
    Verified { execution: String, verdict: String, says: String },
}

/// Who keeps the record.
pub trait Recorder: Send + Sync + std::fmt::Debug {
    /// Writes it down, soon.
    fn record(&self, event: Event);

    /// Writes it down and comes back when it is on disk.
    fn record_synced(&self, event: Event) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>>;
}
