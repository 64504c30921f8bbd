//! The handle to a journal: entries go over a channel to a thread that writes and syncs them.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::folder::Folder;
use super::sheet::{Stamp, Stamped};
use super::writer::{Message, Reply, Writer};
use super::{Entry, Unknown};
use crate::action::{Event, Recorder};
use crate::situation::ClusterId;
use crate::situation::time::Clocks;

/// How long the end of the program waits for the disk.
const PATIENCE: Duration = Duration::from_millis(150);

/// A journal that can be written to. Cheap to clone. The file stays open (and locked) until the last clone is gone.
#[derive(Debug, Clone)]
pub struct Journal {
    thread: Sender<Message>,
    stamp: Stamp,
    trouble: Arc<Mutex<Option<String>>>,
}

/// What came of opening one.
#[derive(Debug)]
pub struct Opened {
    /// `INC-0007`
    pub incident: String,
    /// When it began (cluster time).
    pub began: Timestamp,
    /// Requests of an earlier run whose outcome nobody knows; empty when it was open already.
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
    /// A journal that opens its file with [`Journal::open`] later; until then entries wait. `state` is the user's state
    /// folder; `drill` the id of the drill that this is, whose journal is marked and never gone on with.
    pub fn new(state: Option<&Path>, clocks: Clocks, drill: Option<&str>) -> Self {
        let (thread, messages) = channel();
        let trouble = Arc::new(Mutex::new(None));
        let stamp = Stamp { clocks, skew: Arc::default() };
        let writer = Writer::new(state.map(Folder::of), stamp.clone(), drill.map(str::to_owned), Arc::clone(&trouble));
        let started = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run(&messages));
        let journal = Self { thread, stamp, trouble };
        if let Err(error) = started {
            journal.tell(format!("the journal cannot be written: no thread for it: {error}; start again"));
        }
        journal
    }

    /// Looks at what earlier runs left: goes on with an open incident of this cluster, but begins none. Waits for the
    /// disk, as [`Journal::open`] does: not for the thread of the screen.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look_back(&self, cluster: &ClusterId) -> io::Result<Past> {
        self.ask(|reply| Message::LookBack(cluster.clone(), reply))
    }

    /// Opens the file: goes on with the open incident of this cluster, or begins a new one. An incident is gone on with
    /// when it was not closed, its last line is younger than twelve hours, and no running program writes to it.
    ///
    /// # Errors
    /// When it cannot be written; the console says so and nothing may be changed.
    pub fn open(&self, cluster: &ClusterId) -> io::Result<Opened> {
        self.ask(|reply| Message::Open(cluster.clone(), reply))
    }

    /// Writes an entry down, soon. Without an open incident it waits for one.
    pub fn write(&self, entry: Entry) {
        self.send(Message::Write(self.stamp(entry)));
    }

    /// Server time minus the cluster clock's, from now on: lines bear the cluster's time.
    pub fn correct(&self, skew: SignedDuration) {
        self.stamp.skew.store(skew.as_millis() as i64, Ordering::Relaxed);
    }

    /// The incident is over; the next [`Journal::open`] begins another.
    pub fn close(&self, why: &str) {
        self.write(Entry::Closed { why: why.to_owned() });
    }

    /// Waits, but not long, until what was written is on disk; for the end of the program.
    pub fn finish(&self) {
        let (reply, answer) = channel();
        self.send(Message::Finish(sending(reply)));
        // Who does not come in time is not waited for: what was promised to be on disk is.
        let _ = answer.recv_timeout(PATIENCE);
    }

    /// What keeps the journal from being written, if anything does; gone once it can be written again.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask<T: Send + 'static>(&self, message: impl FnOnce(Reply<T>) -> Message) -> io::Result<T> {
        let (reply, answer) = channel();
        self.send(message(sending(reply)));
        answer.recv().unwrap_or_else(|_| Err(ended()))
    }

    fn send(&self, message: Message) {
        if self.thread.send(message).is_err() {
            self.tell(ended().to_string());
        }
    }

    fn stamp(&self, entry: Entry) -> Box<Stamped> {
        Box::new(self.stamp.on(entry))
    }

    fn tell(&self, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }
}

impl Recorder for Journal {
    fn record(&self, event: Event) {
        self.write(Entry::Action { event: Box::new(event) });
    }

    fn record_synced(&self, event: Event) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        // Whoever waited may have gone.
        let reply: Reply<()> = Box::new(move |result| drop(reply.send(result)));
        self.send(Message::Sync(self.stamp(Entry::Action { event: Box::new(event) }), reply));
        Box::pin(async { answer.await.unwrap_or_else(|_| Err(ended())) })
    }
}

fn sending<T: Send + 'static>(reply: Sender<io::Result<T>>) -> Reply<T> {
    Box::new(move |result| drop(reply.send(result)))
}

fn ended() -> io::Error {
    io::Error::other("the journal cannot be written: its thread has ended; start again")
}
