//! What the operator works on: open trees, the plan on the table, the execution that runs, the incident.
//!
//! Screens look at it and answer with an [`Order`]; `app.rs` carries out what needs no I/O, the loop the rest.

use std::sync::Arc;

use jiff::Timestamp;

use crate::action::{Action, Confirmed, Fact, Outcome, Plan, Posture, Refused, Standing, Verification};
use crate::incident::Unknown;
use crate::runbook::check::Logs;
use crate::runbook::{Candidate, Library, View, Walk};
use crate::situation::Ref;

/// What the operator works on.
#[derive(Debug, Default)]
pub struct Desk {
    /// All runbooks.
    pub library: Arc<Library>,
    /// The runbooks, likeliest first, on what is known now.
    pub candidates: Vec<Candidate>,
    /// Open trees, the last one looked at first.
    pub trees: Vec<OpenTree>,
    /// The plan that is made, or on the table.
    pub planning: Option<Planning>,
    /// The execution that runs, or the last one.
    pub running: Option<Running>,
    /// Whether anything may be changed; `None`: never.
    pub posture: Option<Posture>,
    /// Why nothing can ever be changed here, if so (`--read-only`).
    pub forbidden: Option<String>,
    /// The incident's id and when it began (cluster time).
    pub incident: Option<(String, Timestamp)>,
    /// What happened in this incident, newest last, in words; bounded.
    pub story: Vec<(Timestamp, String)>,
    /// Logs that checks asked for.
    pub logs: Logs,
    /// Requests of an earlier run whose outcome nobody knows.
    pub unknown: Vec<Unknown>,
}

/// A tree that was opened and not closed.
#[derive(Debug)]
pub struct OpenTree {
    /// Tells it apart for as long as the program runs.
    pub id: u64,
    /// The way through it.
    pub walk: Walk,
    /// Its present step, on what is known now.
    pub view: View,
}

/// A plan in the making.
#[derive(Debug)]
pub struct Planning {
    /// What for.
    pub action: Action,
    /// The tree whose step it is.
    pub tree: Option<u64>,
    /// What the planner was told beyond what it reads; it belongs to the plan.
    pub standing: Standing,
    /// What became of it.
    pub state: Draft,
}

/// How far a plan is.
#[derive(Debug)]
pub enum Draft {
    /// The server is asked, since this wall time.
    Making(Timestamp),
    /// It can be looked at.
    Ready(Box<Plan>),
    /// What it rested on changed after the key: the new one, and what the one before rested on.
    Changed(Box<Plan>, Vec<Fact>),
    /// There is none.
    Refused(Refused),
}

/// An execution.
#[derive(Debug)]
pub struct Running {
    /// The plan that was confirmed.
    pub plan: Box<Plan>,
    /// The tree whose step it is.
    pub tree: Option<u64>,
    /// What the planner was told.
    pub standing: Standing,
    /// How it was confirmed.
    pub by: String,
    /// When it began (cluster time).
    pub began: Timestamp,
    /// What happened so far, in words.
    pub log: Vec<(Timestamp, String)>,
    /// How it stands.
    pub stage: Stage,
}

/// How an execution stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Requests are sent; `cancelling` when it will stop before the next.
    Sending {
        /// It was asked to stop.
        cancelling: bool,
    },
    /// All requests are answered; the proof is awaited.
    Verifying(Outcome, Verification),
    /// It worked; by what.
    Worked(String),
    /// It did not: what, and what to do next.
    Failed(String),
    /// Nobody knows whether it was carried out: why, and what to look at.
    Unknown(String),
    /// It was stopped, or refused after the key; nothing more was sent.
    Stopped(String),
}

/// What a screen asks for.
#[derive(Debug)]
pub enum Order {
    /// Make a plan and show it; for a step of this tree.
    Plan(Action, Option<u64>),
    /// Make the plan on the table anew.
    Replan,
    /// Put the plan away; nothing is done.
    Decline,
    /// The same because a key or a paste spoiled it; why.
    Close(&'static str),
    /// Carry it out, and show how it goes.
    Execute(Box<Confirmed>),
    /// Show the execution that runs, or the last one.
    ShowRun,
    /// Stop before the next request.
    Cancel,
    /// A plan that undoes what was executed last.
    Undo,
    /// Somebody looked at what became of this execution, whose outcome was unknown.
    LookedAt(String),
    /// Arm if read-only, else disarm.
    ToggleArming,
    /// Open a tree on something, or show the one that is open on it.
    OpenTree(Arc<crate::runbook::Book>, Option<Ref>),
    /// Show an open tree.
    ShowTree(u64),
    /// Take a way of a tree's present step, counted from zero.
    Take(u64, usize),
    /// A step back.
    StepBack(u64),
    /// To a former step of its path, counted from zero.
    Jump(u64, usize),
    /// Close it for good.
    CloseTree(u64),
}

impl Desk {
    /// An open tree.
    pub fn tree(&self, id: u64) -> Option<&OpenTree> {
        self.trees.iter().find(|t| t.id == id)
    }

    /// The plan on the table.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.planning.as_ref()?.state {
            Draft::Ready(plan) | Draft::Changed(plan, _) => Some(plan),
            Draft::Making(_) | Draft::Refused(_) => None,
        }
    }
}
