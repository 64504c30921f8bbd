//! What changed, and when: from the API's own time stamps, and from what was seen to happen.

use jiff::Timestamp;
use serde::Serialize;

use super::object::Object;
use super::{Situation, Subject, Text};

/// One change, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When (cluster time).
    pub at: Timestamp,
    /// What changed.
    pub subject: Subject,
    /// What happened to it: `revision 41 → 42`, `2 keys changed`, `cordoned`.
    pub what: Text,
    /// More of it: `image 9f3c… → 1b77…`, or empty.
    pub detail: Text,
}

/// Every change that is known, newest first.
pub fn changes(situation: &Situation) -> Vec<Change> {
    let mut all: Vec<Change> = situation.seen_changes.iter().cloned().collect();
    all.sort_by_key(|c| std::cmp::Reverse(c.at));
    all
}

/// What an object's new version changes against the one that is known, where no time stamp will tell it afterwards.
pub(super) fn between(_situation: &Situation, _now: &Object) -> Option<Change> {
    None
}
