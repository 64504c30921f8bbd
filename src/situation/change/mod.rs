//! What changed, and when: from the API's own time stamps, and from what was seen to happen.
//!
//! Time stamps reach back before this console was started; what leaves none (a scaling, a cordon, a changed key of a
//! ConfigMap) is noticed by comparing an object with its predecessor. A change that both tell is listed once.

mod seen;
mod stamped;
mod template;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Situation, Subject, Text, time};

pub(super) use seen::{between, gone};
pub use template::image_difference;

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

/// How many changes are listed.
const LIMIT: usize = 200;
/// How far back time stamps are read.
const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A stamp and an observation of the same thing are no further apart than this: one relist after a lost connection.
const SAME: SignedDuration = SignedDuration::from_mins(2);

/// Every change that is known, newest first, at most two hundred. Compares pod templates, so it is meant for once a
/// changed situation and not for every key press.
pub fn changes(situation: &Situation) -> Vec<Change> {
    let seen: Vec<&Change> = situation.seen_changes.iter().collect();
    let mut all: Vec<Change> = seen.iter().copied().cloned().collect();
    all.extend(stamped::changes(situation).into_iter().filter(|s| !seen.iter().any(|o| same(o, s))));
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.subject.cmp(&b.subject)));
    all.truncate(LIMIT);
    all
}

/// Whether a change that was seen and one that a stamp tells are the same.
fn same(seen: &Change, stamped: &Change) -> bool {
    let near = seen.at.duration_since(stamped.at).abs() <= SAME;
    seen.subject == stamped.subject && near && (seen.what == stamped.what || stamped.what == stamped::MODIFIED)
}

fn recent(situation: &Situation, at: Timestamp) -> bool {
    time::since(at, situation.now) <= WINDOW
}
