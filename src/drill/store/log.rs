//! What happened to the objects of one resource, for watches that begin in the past.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

/// How many changes of one resource are remembered: enough for a long list by pages while much changes.
pub const REMEMBERED: usize = 10_000;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Happened {
    Added,
    Modified,
    Deleted,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Logged {
    /// What happened.
    pub happened: Happened,
    /// The revision it made; the object carries the same.
    pub revision: u64,
    /// The object after the change; a deleted one as it was last.
    pub object: Arc<Value>,
    /// The object before the change, to tell what a selector makes of it.
    pub previous: Option<Arc<Value>>,
}

/// The revision is older than what is remembered: a client has to list again (410).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct Expired {
    /// The revision that was asked for.
    pub asked: u64,
    /// The oldest that would do.
    pub oldest: u64,
}

/// The last changes of one resource, oldest first.
#[derive(Debug)]
pub(super) struct Log {
    entries: VecDeque<Logged>,
    /// Everything after this revision is remembered.
    floor: u64,
}

impl Log {
    pub(super) const fn new(floor: u64) -> Self {
        Self { entries: VecDeque::new(), floor }
    }

    pub(super) fn push(&mut self, entry: Logged) {
        if self.entries.len() == REMEMBERED
            && let Some(oldest) = self.entries.pop_front()
        {
            self.floor = oldest.revision;
        }
        self.entries.push_back(entry);
    }

    /// The changes after a revision, oldest first.
    pub(super) fn after(&self, revision: u64) -> Result<impl DoubleEndedIterator<Item = &Logged>, Expired> {
        if revision < self.floor {
            return Err(Expired { asked: revision, oldest: self.floor });
        }
        let from = self.entries.partition_point(|e| e.revision <= revision);
        Ok(self.entries.range(from..))
    }

    /// The revision of the newest change.
    pub(super) fn newest(&self) -> u64 {
        self.entries.back().map_or(self.floor, |entry| entry.revision)
    }

    /// Forgets everything up to a revision.
    pub(super) fn compact(&mut self, revision: u64) {
        self.floor = self.floor.max(revision);
        while self.entries.front().is_some_and(|e| e.revision <= revision) {
            self.entries.pop_front();
        }
    }
}
