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

/// Something that the record of an incident must hold. `execution` is the plan's digest, `number` that of a request of
/// the plan, from zero.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A plan was made.
    Planned {
        /// The plan's digest.
        execution: String,
        /// The whole plan, as `crashcart act --dry-run -o json` has it.
        #[schemars(with = "Map<String, Value>")]
        plan: Box<Plan>,
    },
    /// Somebody confirmed it.
    Confirmed {
        /// The plan's digest.
        execution: String,
        /// How: `key y`, `digest`, `script`.
        by: String,
    },
    /// A plan was not executed.
    Refused {
        /// The plan's digest.
        execution: String,
        /// Why.
        why: String,
    },
    /// This request goes out next. On disk before it does.
    Intent {
        /// The plan's digest.
        execution: String,
        /// Which request of the plan.
        number: usize,
        /// The request: which kind of `write` it is, `method`, `path`, `contentType`, `body`.
        #[schemars(with = "Map<String, Value>")]
        request: Request,
    },
    /// A request was answered.
    Answered {
        /// The plan's digest.
        execution: String,
        /// Which request of the plan.
        number: usize,
        /// The HTTP code; 0 when a request of book-keeping got none.
        code: u16,
        /// The answer in a few words.
        says: String,
    },
    /// No answer came: nobody knows whether it was carried out.
    OutcomeUnknown {
        /// The plan's digest.
        execution: String,
        /// Which request of the plan.
        number: usize,
        /// What happened instead.
        why: String,
    },
    /// All requests are answered.
    Executed {
        /// The plan's digest.
        execution: String,
        /// What came of the change.
        outcome: Outcome,
    },
    /// It stopped before this request, which was not sent.
    Stopped {
        /// The plan's digest.
        execution: String,
        /// Which request of the plan.
        number: usize,
        /// Why.
        why: String,
    },
    /// The verification ended.
    Verified {
        /// The plan's digest.
        execution: String,
        /// `worked`, `failed`, `timed out`
        verdict: String,
        /// By what.
        says: String,
    },
}

/// Who keeps the record.
pub trait Recorder: Send + Sync + std::fmt::Debug {
    /// Writes it down, soon.
    fn record(&self, event: Event);

    /// Writes it down and comes back when it is on disk.
    fn record_synced(&self, event: Event) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>>;
}
