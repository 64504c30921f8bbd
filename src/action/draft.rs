//! From what was read to a plan, without its rights and dry run: pure, one file an action in `deeds/`.

use jiff::Timestamp;
use serde_json::Value;

use super::plan::{Class, Difference, Fact, Guard, Proof, Request, Right, Standing, Undo};
use super::{Action, Refused};
use crate::config::Profile;
use crate::situation::{Kind, Ref, Situation, Text};

/// A list that a plan rests on, read from the server and not from the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The kind.
    pub(super) kind: Kind,
    /// Only of this namespace.
    pub(super) namespace: Option<Text>,
}

/// What was read for one plan.
#[derive(Debug)]
pub(super) struct Ground {
    /// The lists, as a situation of their own: what is not in [`looks`] is not in it. `now` is cluster time.
    pub(super) situation: Situation,
    /// The target, as the server sent it.
    pub(super) target: Value,
    /// For a roll back: the ReplicaSets of the target's namespace, as the server sent them; else empty.
    pub(super) sets: Vec<Value>,
    /// Optional lists that could not be read, with the reason (budgets, autoscalers).
    pub(super) unseen: Vec<(Kind, String)>,
}

/// A plan without cluster, rights' answers and dry run.
#[derive(Debug)]
#[expect(missing_docs, reason = "they are those of the plan")]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) class: Class,
    pub(super) objects: Vec<Ref>,
    pub(super) requests: Vec<Request>,
    pub(super) command: String,
    pub(super) guards: Vec<Guard>,
    pub(super) warnings: Vec<String>,
    /// `allowed` is `None` in all of them.
    pub(super) rights: Vec<Right>,
    pub(super) differences: Vec<Difference>,
    pub(super) blast_radius: Vec<String>,
    pub(super) undo: Undo,
    pub(super) proof: Proof,
    pub(super) basis: Vec<Fact>,
}

/// The lists that a plan for this action rests on.
pub(super) fn looks(action: &Action) -> Vec<Look> {
    let _ = action;
    Vec::new()
}

/// The plan for an action on what was read. `made` stamps its requests.
///
/// # Errors
/// When there is nothing to do or nothing to do it to: the object is gone or another of the same name, there is no such
/// revision, it has that size already.
pub(super) fn draft(
    action: &Action,
    ground: &Ground,
    profile: &Profile,
    standing: &Standing,
    made: Timestamp,
) -> Result<Draft, Refused> {
    let _ = (ground, profile, standing, made);
    Err(Refused { what: format!("{}: not written yet", action.spec().name), remedy: String::new() })
}
