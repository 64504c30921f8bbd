//! What the desk needs from the outside: errands that the loop runs, and what they come back with.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::action::{Action, Cancel, Confirmed, Executor, Plan, Progress, Refused, Standing};
use crate::incident::{Entry, Journal, Opened, Past};
use crate::situation::ClusterId;
use crate::watch::{LogLine, LogQuery, Reader};

/// How many messages of errands may wait.
const CHANNEL: usize = 64;

/// Something to be done outside.
#[derive(Debug)]
pub enum Errand {
    /// Make a plan; the number tells it from others.
    Plan(u64, Action, Standing),
    /// Carry a plan out.
    Execute(Box<Confirmed>, Standing, Cancel),
    /// Read a log to its end for a check.
    Log(LogQuery),
    /// See whether an incident of this cluster is open, and what an earlier run left unknown.
    LookBack(ClusterId),
    /// Open an incident.
    OpenJournal(ClusterId),
    /// Write an entry down.
    Write(Box<Entry>),
    /// The incident is over; why.
    CloseJournal(String),
}

/// What an errand comes back with.
#[derive(Debug)]
pub enum Message {
    /// The plan of this number.
    Planned(u64, Result<Box<Plan>, Refused>),
    /// How the execution goes on.
    Progress(Progress),
    /// A log, or why it cannot be read.
    Log(LogQuery, Result<Vec<LogLine>, String>),
    /// What was left by earlier runs.
    Past(Result<Past, String>),
    /// The incident, or why it cannot be written.
    Opened(Result<Opened, String>),
}

/// Runs errands on the runtime, where no screen waits for them.
#[derive(Debug)]
pub struct Runner {
    runtime: Handle,
    reader: Reader,
    executor: Executor,
    journal: Arc<Journal>,
    outlet: mpsc::Sender<Message>,
    /// What comes back.
    pub messages: mpsc::Receiver<Message>,
}

impl Runner {
    /// A runner without an errand.
    pub fn new(runtime: Handle, reader: Reader, executor: Executor, journal: Journal) -> Self {
        let (outlet, messages) = mpsc::channel(CHANNEL);
        Self { runtime, reader, executor, journal: Arc::new(journal), outlet, messages }
    }

    /// Begins an errand and comes back at once.
    pub fn run(&self, errand: Errand) {
        let outlet = self.outlet.clone();
        match errand {
            Errand::Plan(number, action, standing) => {
                let executor = self.executor.clone();
                self.runtime.spawn(async move {
                    let plan = executor.plan(action, standing).await.map(Box::new);
                    // The console may have ended meanwhile.
                    let _ = outlet.send(Message::Planned(number, plan)).await;
                });
            }
            Errand::Execute(confirmed, standing, cancel) => self.execute(*confirmed, standing, cancel),
            Errand::Log(query) => {
                let reader = self.reader.clone();
                self.runtime.spawn(async move {
                    let lines = reader.whole_log(query.clone()).await;
                    let _ = outlet.send(Message::Log(query, lines)).await;
                });
            }
            Errand::LookBack(cluster) => {
                let journal = self.journal.clone();
                self.runtime.spawn_blocking(move || {
                    let past = journal.look_back(&cluster).map_err(|e| e.to_string());
                    let _ = outlet.blocking_send(Message::Past(past));
                });
            }
            Errand::OpenJournal(cluster) => {
                let journal = self.journal.clone();
                self.runtime.spawn_blocking(move || {
                    let opened = journal.open(&cluster).map_err(|e| e.to_string());
                    let _ = outlet.blocking_send(Message::Opened(opened));
                });
            }
            Errand::Write(entry) => self.journal.write(*entry),
            Errand::CloseJournal(why) => self.journal.close(&why),
        }
    }

    /// The server's clock differs from ours by so much: the record's times are the server's.
    pub fn correct(&self, skew: SignedDuration) {
        self.journal.correct(skew);
    }

    /// What keeps the journal from being written, if anything does.
    pub fn trouble(&self) -> Option<String> {
        self.journal.trouble()
    }

    fn execute(&self, confirmed: Confirmed, standing: Standing, cancel: Cancel) {
        let (executor, outlet) = (self.executor.clone(), self.outlet.clone());
        let (progress, mut steps) = mpsc::channel(CHANNEL);
        self.runtime.spawn(async move { executor.execute(confirmed, standing, cancel, progress).await });
        self.runtime.spawn(async move {
            while let Some(step) = steps.recv().await {
                if outlet.send(Message::Progress(step)).await.is_err() {
                    return;
                }
            }
        });
    }
}
