//! The open file of one incident. What is appended is on disk when that is said to have worked.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Entry, Line, redact};
use crate::situation::time::Clocks;

/// An entry with its times.
#[derive(Debug)]
pub(super) struct Stamped {
    /// Cluster time.
    pub(super) at: Timestamp,
    /// Wall time.
    pub(super) wall: Timestamp,
    pub(super) entry: Entry,
}

/// Stamps entries.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub(super) clocks: Clocks,
    /// Server time minus the cluster clock's, in milliseconds.
    pub(super) skew: Arc<AtomicI64>,
}

impl Stamp {
    pub(super) fn on(&self, entry: Entry) -> Stamped {
        let now = self.clocks.cluster.now();
        let skew = SignedDuration::from_millis(self.skew.load(Ordering::Relaxed));
        Stamped { at: now.checked_add(skew).unwrap_or(now), wall: self.clocks.wall.now(), entry }
    }
}

/// The file; it is locked for as long as it is open.
#[derive(Debug)]
pub(super) struct Sheet {
    path: PathBuf,
    file: File,
    /// The number of the last line.
    seq: u64,
    /// How long the file is, up to the end of the last line.
    length: u64,
    /// Whether the last line has its line end.
    ended: bool,
    /// After a sync that failed nobody knows what is on disk, and a later one would not tell.
    broken: bool,
}

impl Sheet {
    /// A file that is open for appending. `seq` is the number of its last line, `ended` whether that has a line end.
    ///
    /// # Errors
    /// When its length cannot be read.
    pub(super) fn new(path: PathBuf, file: File, seq: u64, ended: bool) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { path, file, seq, length, ended, broken: false })
    }

    /// Appends entries and comes back when they are on disk: all of them or none.
    ///
    /// # Errors
    /// When they are not on disk: what, on which file, and what to do.
    pub(super) fn append<'a>(&mut self, entries: impl Iterator<Item = &'a Stamped>) -> io::Result<()> {
        if self.broken {
            return Err(self.fault("an earlier write was lost", "look at the disk and start again"));
        }
        let mut bytes = Vec::new();
        if !self.ended {
            bytes.push(b'\n');
        }
        let mut seq = self.seq;
        for stamped in entries {
            seq += 1;
            bytes.extend(line(stamped, seq)?);
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // A part may have been written; it must not stand before the next line.
            self.ended = self.ended && self.file.set_len(self.length).is_ok();
            return Err(self.fault(&error.to_string(), "make room or put the state folder elsewhere (XDG_STATE_HOME)"));
        }
        if let Err(error) = self.file.sync_data() {
            self.broken = true;
            return Err(self.fault(&error.to_string(), "look at the disk and start again"));
        }
        (self.seq, self.ended) = (seq, true);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn fault(&self, why: &str, remedy: &str) -> io::Error {
        io::Error::other(format!("the journal {} cannot be written: {why}; {remedy}", self.path.display()))
    }
}

/// A line as it is written: without secrets, on one line.
fn line(stamped: &Stamped, seq: u64) -> io::Result<Vec<u8>> {
    let mut entry: Value = serde_json::to_value(&stamped.entry)?;
    redact(&mut entry);
    let mut bytes = serde_json::to_vec(&Line { seq, at: stamped.at, wall: stamped.wall, entry })?;
    bytes.push(b'\n');
    Ok(bytes)
}
