//! A plan: exactly what would be done, to what, with what consequence. Pure data; it is made by the executor's planner
//! and shown, serialised and compared by everyone.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{Action, Outcome};
use crate::situation::template;
use crate::situation::{ClusterId, Ref, Situation, Text};

/// How much harm it can do, and so how it is confirmed (DESIGN 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Class {
    /// Reads. Confirmed with Enter.
    R0,
    /// Reversible and local. Confirmed with `y`.
    R1,
    /// Affects capacity or traffic. Confirmed with `Y`.
    R2,
    /// Cannot be undone. Confirmed by typing the object's name.
    R3,
}

/// Which kind of write a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Changes nothing: dry run, access review.
    Rehearsal,
    /// An Event that announces the action, a Lease.
    BookKeeping,
    /// The change itself.
    Change,
}

/// One request, as it will be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Which kind of write it is.
    pub write: Write,
    /// `PATCH`, `DELETE`, `POST`.
    pub method: &'static str,
    /// Path, without query.
    pub path: String,
    /// `application/json-patch+json` and its like.
    pub content_type: &'static str,
    /// The body. Whoever serialises the request gets it without the values of environment variables: they may be
    /// secrets, and a roll back has to send them.
    #[serde(serialize_with = "veiled")]
    pub body: Value,
}

/// What a guard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing speaks against it.
    Passed,
    /// It must not be done.
    Refused,
    /// It may be done, but not as lightly: the class was raised, or something has to be known.
    Raised,
    /// What it would have to know is not known; it is told and does not refuse.
    CannotTell,
}

/// One guard (catalogue 2.1) and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guard {
    /// `G7`
    pub id: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// Why, as a sentence.
    pub says: String,
}

/// A right that the plan needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Right {
    /// `patch`
    pub verb: &'static str,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// `deployments`, `deployments/scale`
    pub resource: &'static str,
    /// Where; empty for the cluster.
    pub namespace: Text,
    /// Whether the server grants it; `None`: it could not be asked.
    pub allowed: Option<bool>,
    /// Whether the plan works without it (book-keeping).
    pub optional: bool,
}

/// What the server's own dry run said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DryRun {
    /// The server would do it.
    Accepted,
    /// The server would refuse; why.
    Refused(String),
    /// It could not be asked; why.
    Unknown(String),
}

/// A fact that guards or blast radius rest on. Read again after the key; a difference voids the plan (G11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What: `ready pods of api`.
    pub what: String,
    /// Its value: `2 of 3`.
    pub value: String,
}

/// One line of before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What: `image of api`.
    pub what: String,
    /// Before; empty: it is new.
    pub before: String,
    /// After; empty: it goes.
    pub after: String,
}

/// What undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undo {
    /// In words: `roll forward to revision 42`, or why there is none.
    pub says: String,
    /// The action that does it, which gets a plan of its own.
    pub action: Option<Action>,
}

/// What proves that it worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// In words: `3 of 3 ready on revision 41`.
    pub says: String,
    /// How long it may take (cluster time).
    #[serde(serialize_with = "as_text")]
    pub within: SignedDuration,
    /// The workload whose pods have to be well again, where it is not the target itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<Ref>,
}

/// How the verification stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// Not yet; how far it is, in words: `2 of 3 updated`.
    Waiting(String),
    /// It worked; by what.
    Worked(String),
    /// It did not; why.
    Failed(String),
    /// What would tell is not known (a watch is lost).
    Unknown(String),
}

/// What the console knows beyond what the planner reads: it decides guards too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Ids of confirmed findings (`F20`), for G7.
    pub confirmed: BTreeSet<String>,
    /// The incident, for annotations and events; empty when there is none.
    pub incident: String,
    /// The question that a person answered before this plan (`migrated`: no), for guards that need a person's word.
    pub told: BTreeSet<String>,
}

/// Exactly what would be done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What for.
    pub action: Action,
    /// One line: `Roll back api to revision 41`.
    pub title: String,
    /// How it is confirmed, after guards raised it.
    pub class: Class,
    /// The cluster it is for: context, server and UID as pinned.
    #[serde(serialize_with = "cluster")]
    pub cluster: ClusterId,
    /// The endpoint it will use.
    pub endpoint: Text,
    /// Every object that is changed, with UIDs.
    pub objects: Vec<Ref>,
    /// Every request, in order.
    pub requests: Vec<Request>,
    /// What a person would type.
    pub command: String,
    /// Every guard that was asked.
    pub guards: Vec<Guard>,
    /// What should be known and refuses nothing.
    pub warnings: Vec<String>,
    /// The rights it needs.
    pub rights: Vec<Right>,
    /// The server's dry run of the change.
    pub dry_run: DryRun,
    /// Before and after, most telling first.
    pub differences: Vec<Difference>,
    /// What is lost meanwhile: pods, endpoints, budgets; one sentence a line.
    pub blast_radius: Vec<String>,
    /// What undoes it.
    pub undo: Undo,
    /// What proves it.
    pub proof: Proof,
    /// What it rests on.
    pub basis: Vec<Fact>,
    /// When it was made (cluster time); stamps in its requests are this.
    pub made: Timestamp,
}

impl Plan {
    /// Why it must not be executed; `None`: it may, once confirmed.
    pub fn refusal(&self) -> Option<String> {
        let guard = self.guards.iter().find(|g| g.verdict == Verdict::Refused);
        if let Some(guard) = guard {
            return Some(format!("{}: {}", guard.id, guard.says));
        }
        if let Some(right) = self.rights.iter().find(|r| r.allowed == Some(false) && !r.optional) {
            return Some(format!("this account lacks a right: {right}"));
        }
        match &self.dry_run {
            DryRun::Refused(why) => Some(format!("the server would refuse it: {why}")),
            DryRun::Accepted | DryRun::Unknown(_) => None,
        }
    }

    /// Identifies the plan's content and the time it was made: `1795322629-4f1c…`.
    pub fn digest(&self) -> String {
        super::confirm::digest(self)
    }

    /// Whether it worked, as far as the situation tells. Pure; to be asked again whenever the situation changes.
    pub fn verify(&self, outcome: &Outcome, situation: &Situation) -> Verification {
        super::verify::verify(self, outcome, situation)
    }
}

impl std::fmt::Display for Right {
    /// `patch deployments.apps in shop`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(f, "{} {}{dot}{}", self.verb, self.resource, self.group)?;
        if self.namespace.is_empty() { f.write_str(" in the cluster") } else { write!(f, " in {}", self.namespace) }
    }
}

fn veiled<S: serde::Serializer>(body: &Value, s: S) -> Result<S::Ok, S::Error> {
    template::without_env(body).serialize(s)
}

fn as_text<S: serde::Serializer>(duration: &SignedDuration, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(duration)
}

fn cluster<S: serde::Serializer>(id: &ClusterId, s: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let mut map = s.serialize_map(Some(3))?;
    map.serialize_entry("context", &id.context)?;
    map.serialize_entry("server", &id.server)?;
    map.serialize_entry("uid", &id.uid)?;
    map.end()
}
