//! One way through a runbook: a state machine without I/O and without a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::check::Logs;
use super::{Book, View};
use crate::detect::{Finding, Scene};
use crate::situation::Ref;

/// One stay at one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// The step.
    pub step: String,
    /// When it was entered (cluster time).
    pub entered: Timestamp,
    /// When it was left; `None`: we are here.
    pub left: Option<Timestamp>,
    /// The check's result as it was when it was left.
    pub result: Option<Value>,
    /// What was taken, in words, and whether it was the suggested one.
    pub took: Option<(String, bool)>,
}

/// What came of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// We are at another step now.
    Moved,
    /// We are at a step that we have been at before, since when: a loop.
    Again(Timestamp),
    /// There is no such way; why.
    Refused(String),
}

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActResult {
    /// It was verified.
    Worked(String),
    /// It was refused, failed, or was not verified in time.
    Failed(String),
    /// It was not confirmed.
    Declined,
}

/// One way through one runbook.
#[derive(Debug, Clone)]
pub struct Walk {
    pub(super) book: Arc<Book>,
    /// What the tree is about.
    pub(super) subject: Option<Ref>,
    /// The way taken; the last is where we are. Never empty.
    pub(super) path: Vec<Visit>,
    /// The newest result of each step that was left, for conditions of later ones.
    pub(super) results: BTreeMap<String, Value>,
    /// Since when the condition of an `until` step holds without a break.
    pub(super) holding: Option<Timestamp>,
    /// What came of the action of an `act` step, and when; its `verify` is awaited since then.
    pub(super) acted: Option<(ActResult, Timestamp)>,
}

impl Walk {
    /// At the first step. `subject`: what it was opened on; else the book's role decides at each look.
    pub fn open(book: Arc<Book>, subject: Option<Ref>, at: Timestamp) -> Self {
        let here = Visit { step: book.start.clone(), entered: at, left: None, result: None, took: None };
        Self { book, subject, path: vec![here], results: BTreeMap::new(), holding: None, acted: None }
    }

    /// The runbook.
    pub const fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// What it was opened on.
    pub const fn subject(&self) -> Option<&Ref> {
        self.subject.as_ref()
    }

    /// The way taken, oldest first; the last is where we are.
    pub fn path(&self) -> &[Visit] {
        &self.path
    }

    /// The present step on what is known now. Pure and cheap enough for once a frame.
    pub fn view(&self, scene: Scene<'_>, findings: &[Finding], logs: &Logs) -> View {
        let _ = (scene, findings, logs, &self.results, &self.holding, &self.acted);
        View::default()
    }

    /// Time passed and things became known: notes since when an `until` condition holds. To be called with each new view,
    /// before it is shown.
    pub fn observe(&mut self, view: &View, at: Timestamp) {
        let _ = (view, at);
    }

    /// Takes a way of the view, counted from zero; any of them, not only the suggested one.
    pub fn take(&mut self, way: usize, view: &View, at: Timestamp) -> Taken {
        let _ = (view, at);
        Taken::Refused(format!("there is no way {}", way + 1))
    }

    /// A step back: the step before is where we are again, with its time running on. Whether there was one.
    pub fn back(&mut self, at: Timestamp) -> bool {
        let _ = at;
        false
    }

    /// To a former step of the path, counted from zero. Whether there is one.
    pub fn jump(&mut self, to: usize, at: Timestamp) -> bool {
        let _ = (to, at);
        false
    }

    /// stub
    pub fn acting(&self) -> bool {
        self.acted.is_some()
    }

    /// stub
    pub fn told(&self) -> Vec<String> {
        Vec::new()
    }

    /// What came of the action of the present `act` step.
    pub fn acted(&mut self, result: ActResult, at: Timestamp) {
        self.acted = Some((result, at));
    }
}
