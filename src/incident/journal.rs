//! The handle to a journal: entries go over a channel to a thread that writes and syncs them.

use std::path::Path;

use super::{Entry, Unknown};
use crate::action::{Event, Recorder};
use crate::situation::ClusterId;
use crate::situation::time::Clocks;

/// A journal that can be written to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {}

/// What came of opening one.
#[derive(Debug)]
pub struct Opened {
    /// `INC-0007`
    pub incident: String,
    /// When it began (cluster time).
    pub began: jiff::Timestamp,
    /// Requests of an earlier run whose outcome nobody knows.
    pub unknown: Vec<Unknown>,
}

/// What earlier runs left.
#[derive(Debug)]
pub struct Past {
    /// The incident that is gone on with, if one is open.
    pub opened: Option<Opened>,
    /// Requests of an earlier run whose outcome nobody knows.
    pub unknown: Vec<Unknown>,
}

impl Journal {
    /// A journal that opens its file with [`Journal::open`] later; until then entries wait.
    pub fn new(state: Option<&Path>, clocks: Clocks, drill: Option<&str>) -> Self {
        let _ = (state, clocks, drill);
        Self {}
    }

    /// Opens the file: goes on with the open incident of this cluster, or begins a new one.
    ///
    /// # Errors
    /// When it cannot be written; the console says so and nothing may be changed.
    pub fn open(&self, cluster: &ClusterId) -> std::io::Result<Opened> {
        let _ = cluster;
        Err(std::io::Error::other("not written yet"))
    }

    /// Looks at what earlier runs left: goes on with an open incident of this cluster, but begins none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look_back(&self, cluster: &ClusterId) -> std::io::Result<Past> {
        let _ = cluster;
        Err(std::io::Error::other("not written yet"))
    }

    /// The incident is over.
    pub fn close(&self, why: &str) {
        self.write(Entry::Closed { why: why.to_owned() });
    }

    /// Waits, but not long, until what was written is on disk; for the end of the program.
    pub fn finish(&self) {}

    /// What keeps the journal from being written, if anything does.
    pub fn trouble(&self) -> Option<String> {
        None
    }

    /// Writes an entry down, soon.
    pub fn write(&self, entry: Entry) {
        let _ = (self, entry);
    }
}

impl Recorder for Journal {
    fn record(&self, event: Event) {
        self.write(Entry::Action { event: Box::new(event) });
    }

    fn record_synced(&self, event: Event) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
        self.record(event);
        Box::pin(std::future::ready(Ok(())))
    }
}
