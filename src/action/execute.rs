//! The one choke point: it makes plans and carries out confirmed ones. Nothing else can write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::{Action, Arming, Confirmed, Outcome, Plan, Recorder, Standing};
use crate::config::Profile;
use crate::situation::time::Clocks;
use crate::watch::Reader;

/// Makes plans and carries them out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Executor {
    reader: Reader,
    profile: Arc<Profile>,
    clocks: Clocks,
    arming: Arming,
    recorder: Arc<dyn Recorder>,
}

/// Why there is no plan, or why it was not executed: what, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Refused {
    /// What is wrong.
    pub what: String,
    /// What to do next; may be empty.
    pub remedy: String,
}

/// How an execution goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    /// What the plan rests on is read again.
    Rereading,
    /// It has changed: the new plan, which needs its own key.
    Stale(Box<Plan>),
    /// Nothing was done; why.
    Refused(Refused),
    /// This request (from zero) goes out.
    Sending(usize),
    /// It was answered: HTTP code and a few words.
    Answered(usize, u16, String),
    /// No answer to this request: nobody knows whether it was carried out.
    OutcomeUnknown(usize, String),
    /// It stopped before this request; why.
    Stopped(usize, String),
    /// All requests are answered; what is left is [`Plan::verify`].
    Executed(Outcome),
}

/// Stops an execution before its next request.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks for it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked for.
    pub fn cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Executor {
    /// An executor for the cluster that the reader looks at. Nothing is sent yet.
    pub fn new(
        reader: Reader,
        profile: Arc<Profile>,
        clocks: Clocks,
        arming: Arming,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        Self { reader, profile, clocks, arming, recorder }
    }

    /// The switch it looks at.
    pub const fn arming(&self) -> &Arming {
        &self.arming
    }

    /// Reads what the action rests on from the server, asks for rights and a dry run, and makes the plan. Changes nothing;
    /// works while read-only.
    ///
    /// # Errors
    /// When there is no plan to make: no connection, no such object, nothing to roll back to.
    pub async fn plan(&self, action: Action, standing: Standing) -> Result<Plan, Refused> {
        let _ = (action, standing, &self.reader, &self.profile, &self.clocks, &self.recorder);
        std::future::ready(()).await;
        Err(Refused { what: "not written yet".into(), remedy: String::new() })
    }

    /// Carries a confirmed plan out, telling how it goes on; the last message is one after which nothing comes. Dropping
    /// the receiver does not stop it: it runs to its next safe point.
    pub async fn execute(
        &self,
        confirmed: Confirmed,
        standing: Standing,
        cancel: Cancel,
        progress: mpsc::Sender<Progress>,
    ) {
        let _ = (confirmed, standing, cancel);
        let _ =
            progress.send(Progress::Refused(Refused { what: "not written yet".into(), remedy: String::new() })).await;
    }
}
