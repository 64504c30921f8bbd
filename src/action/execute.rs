//! The one choke point: it makes plans and carries out confirmed ones. Nothing else can write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, mpsc};

use super::run::Run;
use super::{Arming, Confirmed, Outcome, Plan, Recorder, Standing};
use crate::config::Profile;
use crate::situation::time::Clocks;
use crate::watch::Reader;

/// Makes plans and carries them out. Cheap to clone; clones carry out one plan at a time between them.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(super) reader: Reader,
    pub(super) profile: Arc<Profile>,
    pub(super) clocks: Clocks,
    pub(super) arming: Arming,
    pub(super) recorder: Arc<dyn Recorder>,
    /// Held while a plan is carried out.
    turn: Arc<Mutex<()>>,
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
    /// It stopped before this request, or the server refused it; why.
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
        Self { reader, profile, clocks, arming, recorder, turn: Arc::default() }
    }

    /// The switch it looks at.
    pub const fn arming(&self) -> &Arming {
        &self.arming
    }

    /// Carries a confirmed plan out, telling how it goes on; the last message is one after which nothing comes. Dropping
    /// the receiver, or this future, does not stop it: it runs to its next safe point.
    pub async fn execute(
        &self,
        confirmed: Confirmed,
        standing: Standing,
        cancel: Cancel,
        progress: mpsc::Sender<Progress>,
    ) {
        let Ok(turn) = self.turn.clone().try_lock_owned() else {
            let what = "another action is being carried out".to_owned();
            let refused = Refused { what, remedy: "wait until it is over, then make the plan again".into() };
            // Who does not listen does not need to know.
            let _ = progress.send(Progress::Refused(refused)).await;
            return;
        };
        let run = Run::new(self.clone(), confirmed, standing, cancel, progress.clone());
        let task = self.reader.runtime().spawn(async move {
            run.go().await;
            drop(turn);
        });
        if task.await.is_err() {
            let why = "a fault in crashcart stopped the execution; check in the cluster whether it was carried out";
            let _ = progress.send(Progress::OutcomeUnknown(0, why.into())).await;
        }
    }

    /// Comes back when nothing is being carried out, for whoever wants to end the program.
    pub async fn finished(&self) {
        drop(self.turn.lock().await);
    }
}
