//! One way through a runbook: a state machine without I/O and without a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::check::Logs;
use super::{Book, View, WayVerdict, What, look};
use crate::detect::{Finding, Scene};
use crate::situation::{Kind, Ref};

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
        look::view(self, scene, findings, logs)
    }

    /// The present step, with what it shows noted: for whoever keeps the walk, at each look. The step is worked out once
    /// more only where what was noted may decide it.
    pub fn look(&mut self, scene: Scene<'_>, findings: &[Finding], logs: &Logs, at: Timestamp) -> View {
        let view = self.view(scene, findings, logs);
        let before = (self.holding, self.subject.clone());
        self.observe(&view, at);
        if before == (self.holding, self.subject.clone()) { view } else { self.view(scene, findings, logs) }
    }

    /// Time passed and things became known: notes since when an `until` condition holds. To be called with each new view,
    /// before it is shown.
    pub fn observe(&mut self, view: &View, at: Timestamp) {
        if view.step != self.here().step {
            return;
        }
        self.holding = if view.holds { self.holding.or(Some(at)) } else { None };
        // Pods come and go: what a tree about a workload was opened on may be gone at the next look.
        let part = |s: &Ref| matches!(s.kind, Kind::Pod | Kind::ReplicaSet);
        let within = self.subject.as_ref().is_some_and(part);
        if let Some(workload) = view.subject.as_ref().filter(|s| within && !part(s)) {
            self.subject = Some(workload.clone());
        }
    }

    /// Takes a way of the view, counted from zero; any of them, not only the suggested one.
    pub fn take(&mut self, way: usize, view: &View, at: Timestamp) -> Taken {
        if view.step != self.here().step {
            return Taken::Refused("the tree is at another step by now; look again".to_owned());
        }
        let Some(way) = view.ways.get(way) else { return Taken::Refused(format!("there is no way {}", way + 1)) };
        let (to, _) = &way.to;
        if !self.book.steps.contains_key(to) {
            return Taken::Refused(format!("{} has no step {to:?}; mend the file, or take another way", self.book.id));
        }
        if let Some(here) = self.path.last_mut() {
            here.left = Some(at);
            here.result.clone_from(&view.result);
            here.took = Some((way.say.clone(), way.verdict == WayVerdict::Suggested));
        }
        self.path.push(Visit { step: to.clone(), entered: at, left: None, result: None, took: None });
        self.arrive();
        self.before().map_or(Taken::Moved, Taken::Again)
    }

    /// A step back: the step before is where we are again, with its time running on. Whether there was one.
    pub fn back(&mut self, at: Timestamp) -> bool {
        self.path.len().checked_sub(2).is_some_and(|before| self.jump(before, at))
    }

    /// To a former step of the path, counted from zero: as many steps back. Whether there is one.
    pub fn jump(&mut self, to: usize, at: Timestamp) -> bool {
        let _ = at;
        if to + 1 >= self.path.len() {
            return false;
        }
        self.path.truncate(to + 1);
        if let Some(here) = self.path.last_mut() {
            (here.left, here.result, here.took) = (None, None, None);
        }
        self.arrive();
        true
    }

    /// What came of the action of the present `act` step. At any other step it means nothing.
    pub fn acted(&mut self, result: ActResult, at: Timestamp) {
        let step = self.book.steps.get(&self.here().step);
        if step.is_some_and(|s| matches!(s.what, What::Act { .. })) {
            self.acted = Some((result, at));
        }
    }

    /// What came of the action of the present `act` step.
    pub fn came(&self) -> Option<&ActResult> {
        self.acted.as_ref().map(|(result, _)| result)
    }

    /// Whether something came of the action of the present `act` step.
    pub const fn acting(&self) -> bool {
        self.acted.is_some()
    }

    /// What people answered on the way here: `STEP: answer`.
    pub fn told(&self) -> Vec<String> {
        let asked = |v: &&Visit| self.book.steps.get(&v.step).is_some_and(|s| matches!(s.what, What::Ask { .. }));
        let answers = self.path.iter().filter(asked).filter_map(|v| Some((&v.step, v.took.as_ref()?)));
        answers.map(|(step, (say, _))| format!("{step}: {say}")).collect()
    }

    /// Where we are.
    pub(super) fn here(&self) -> &Visit {
        // The path is never empty: it begins with a visit, and going back keeps one.
        &self.path[self.path.len() - 1]
    }

    /// When the present step was entered the last time before this.
    pub(super) fn before(&self) -> Option<Timestamp> {
        let (here, before) = self.path.split_last()?;
        before.iter().rev().find(|v| v.step == here.step).map(|v| v.entered)
    }

    /// The step that we came from; at the first one, that itself.
    pub(super) fn step_before(&self) -> &str {
        let before = self.path.iter().rev().nth(1).unwrap_or_else(|| self.here());
        &before.step
    }

    /// What belongs to the step that was left goes; what was found on the way here stays.
    fn arrive(&mut self) {
        (self.holding, self.acted) = (None, None);
        self.results.clear();
        for visit in &self.path {
            match (&visit.result, visit.left) {
                (Some(result), _) => drop(self.results.insert(visit.step.clone(), result.clone())),
                // The newest look is what counts, also when it could tell nothing.
                (None, Some(_)) => drop(self.results.remove(&visit.step)),
                (None, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
