//! What each action is, one file an action, on common words: from what was read to a [`Deed`]. Pure.

mod blast;
mod cordon;
pub(super) mod crew;
mod delete_pod;
mod facts;
mod pace;
pub(super) mod request;
mod restart;
mod roll_back;
mod scale;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
pub(super) mod words;

use jiff::Timestamp;
use serde_json::Value;

use super::draft::Ground;
use super::guard::Answer;
use super::plan::{Class, Difference, Fact, Proof, Request, Right, Standing, Undo};
use super::{Action, Refused};
use crate::config::Profile;
use crate::situation::object::Pod;
use crate::situation::{Kind, Ref, Situation, Text};
use crew::Crew;

pub(super) use pace::Pace;
pub(super) use restart::RESTARTED;

/// What is asked for, and all that may be known to answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) action: &'a Action,
    pub(super) ground: &'a Ground,
    pub(super) profile: &'a Profile,
    pub(super) standing: &'a Standing,
    /// When the plan is made (cluster time).
    pub(super) made: Timestamp,
}

/// What an action comes to, before the guards are asked.
#[derive(Debug)]
pub(super) struct Deed<'a> {
    /// One line.
    pub(super) title: String,
    /// Its class; guards may raise it.
    pub(super) class: Class,
    /// What is changed.
    pub(super) object: Ref,
    /// The change.
    pub(super) change: Request,
    /// The right it needs.
    pub(super) right: Right,
    /// What a person would type.
    pub(super) command: String,
    /// The reason of the Event that announces it: `CrashcartRollBack`.
    pub(super) reason: &'static str,
    /// The workload it is about, if there is one.
    pub(super) crew: Option<Crew<'a>>,
    /// The pods that it ends or strands.
    pub(super) touched: Vec<&'a Pod>,
    /// The pod or pod template that new pods are made of, if it makes any.
    pub(super) makes: Option<Value>,
    /// Why this action should not be done here, where that is nobody else's business.
    pub(super) own: Vec<Answer>,
    /// What should be known and refuses nothing.
    pub(super) warnings: Vec<String>,
    /// Before and after.
    pub(super) differences: Vec<Difference>,
    /// What is lost meanwhile.
    pub(super) blast_radius: Vec<String>,
    /// What undoes it.
    pub(super) undo: Undo,
    /// What proves it.
    pub(super) proof: Proof,
    /// What it rests on.
    pub(super) basis: Vec<Fact>,
}

/// The deed for a case.
///
/// # Errors
/// When there is nothing to do, or nothing to do it to.
pub(super) fn of<'a>(case: &Case<'a>) -> Result<Deed<'a>, Refused> {
    let object = case.object()?;
    match case.action {
        Action::Cordon { .. } => cordon::deed(case, object, true),
        Action::Uncordon { .. } => cordon::deed(case, object, false),
        Action::RolloutRestart { .. } => restart::deed(case, object),
        Action::DeletePod { .. } => delete_pod::deed(case, object),
        Action::RollBack { to, .. } => roll_back::deed(case, object, *to),
        Action::Scale { replicas, .. } => scale::deed(case, object, *replicas),
    }
}

impl<'a> Case<'a> {
    /// The lists that were read.
    pub(super) fn situation(&self) -> &'a Situation {
        &self.ground.situation
    }

    /// The target as the server sent it.
    pub(super) fn target(&self) -> &'a Value {
        &self.ground.target
    }

    /// A text of the target, empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &'a str {
        self.target().pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number of the target.
    pub(super) fn number(&self, pointer: &str) -> Option<i64> {
        self.target().pointer(pointer).and_then(Value::as_i64)
    }

    /// Why a kind could not be read, if it could not.
    pub(super) fn unseen(&self, kind: Kind) -> Option<&'a str> {
        self.ground.unseen.iter().find(|(k, _)| *k == kind).map(|(_, why)| why.as_str())
    }

    /// The target with the UID that the server gives: what the plan is for, and nothing else of that name.
    fn object(&self) -> Result<Ref, Refused> {
        let wanted = self.action.target();
        let key = &wanted.key;
        let uid = Text::new(self.text("/metadata/uid"));
        let same = self.text("/metadata/name") == &*key.name && self.text("/metadata/namespace") == &*key.namespace;
        if uid.is_empty() || !same {
            let what = format!("{wanted} is not there");
            return Err(Refused { what, remedy: "look at the list again: it may be gone or renamed".to_owned() });
        }
        if !wanted.uid.is_empty() && wanted.uid != uid {
            let what = format!("{wanted} is another object of that name now (UID {uid}, not {})", wanted.uid);
            return Err(Refused {
                what,
                remedy: "open the new one, and plan for that if it is still needed".to_owned(),
            });
        }
        Ok(Ref { kind: wanted.kind, key: key.clone(), uid })
    }

    /// A sentence that ends with the incident in brackets, where there is one.
    pub(super) fn signed(&self, what: &str) -> String {
        match self.standing.incident.as_str() {
            "" => what.to_owned(),
            incident => format!("{what} ({incident})"),
        }
    }
}

/// A refusal.
fn refused(what: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused { what: what.into(), remedy: remedy.into() }
}

/// A Deployment that is being deleted can neither be rolled nor scaled.
fn alive(case: &Case<'_>, object: &Ref) -> Result<(), Refused> {
    match case.text("/metadata/deletionTimestamp") {
        "" => Ok(()),
        since => {
            let what = format!("{object} is being deleted since {}", Text::new(since));
            Err(refused(what, "find out who deletes it and why; what is gone has to be applied anew from its manifest"))
        }
    }
}
