//! A03: replace all pods of a Deployment, one after the other.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::crew::Crew;
use super::request::{self, CHANGE_CAUSE, STRATEGIC};
use super::words::{kubectl, quoted};
use super::{Case, Deed, Pace, Ref, Refused, blast, facts, roll_back};
use crate::action::Action;
use crate::action::guard::Answer;
use crate::action::plan::{Proof, Undo};

/// The annotation that makes the template another one.
pub const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) fn deed<'a>(case: &Case<'a>, object: Ref) -> Result<Deed<'a>, Refused> {
    super::alive(case, &object)?;
    let crew = rolled(case, &object)?;
    let pace = Pace::of(case.target(), crew.wanted);
    let made = case.made.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let why = case.signed("crashcart rollout-restart");
    let body = json!({
        "metadata": { "annotations": { CHANGE_CAUSE: why } },
        "spec": { "template": { "metadata": { "annotations": { RESTARTED: made } } } },
    });
    let last = crew.wanted <= 1 || pace.least(crew.wanted) == 0;
    let (class, raised) = crew.weigh(if last { crew.ready() } else { 0 });
    Ok(Deed {
        title: format!("Restart all pods of {}", object.key.name),
        class,
        change: request::patch(&object, "", STRATEGIC, body),
        right: request::right("patch", &object, None),
        command: kubectl(&object, &format!("rollout restart deploy/{}", quoted(&object.key.name))),
        reason: "CrashcartRolloutRestart",
        touched: crew.pods.clone(),
        makes: case.target().pointer("/spec/template").cloned(),
        own: paused(case).into_iter().collect(),
        warnings: raised.into_iter().chain(under_way(case)).collect(),
        differences: Vec::new(),
        blast_radius: blast::rollout(case, &object, &crew, pace, &crew.pods),
        undo: undo(case, &object),
        proof: proof(&crew, "started by this"),
        basis: facts::deployment(case, &object, &crew),
        crew: Some(crew),
        object,
    })
}

/// The Deployment as a workload; the list that it must be in was read a moment before it.
pub(super) fn rolled<'a>(case: &Case<'a>, object: &Ref) -> Result<Crew<'a>, Refused> {
    let gone = || super::refused(format!("{object} went while it was looked at"), "plan again");
    Crew::of(case, object).ok_or_else(gone)
}

/// A paused Deployment takes a new template and does nothing with it.
pub(super) fn paused(case: &Case<'_>) -> Option<Answer> {
    let paused = case.target().pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default();
    let name = case.action.target().key.name.as_str();
    let resume = kubectl(case.action.target(), &format!("rollout resume deploy/{}", quoted(name)));
    let says = format!("{name} is paused: nothing would happen until it is resumed (A27 first: {resume})");
    paused.then_some(Answer::Refuse(says))
}

/// That a rollout has not ended yet.
pub(super) fn under_way(case: &Case<'_>) -> Option<String> {
    let at = |name: &str| case.number(&format!("/status/{name}")).unwrap_or_default();
    let wanted = case.number("/spec/replicas").unwrap_or(1);
    let moving = at("updatedReplicas") < wanted || at("replicas") > at("updatedReplicas");
    let says =
        || format!("a rollout is under way ({} of {wanted} updated): this takes its place", at("updatedReplicas"));
    moving.then(says)
}

/// What proves a rollout, and by when: what users pass takes longer.
pub(super) fn proof(crew: &Crew<'_>, of: &str) -> Proof {
    let n = crew.wanted;
    Proof { says: format!("{n} of {n} pods available, all of them {of}"), within: patience(crew), workload: None }
}

/// How long pods of a workload may take to be replaced.
pub(super) fn patience(crew: &Crew<'_>) -> SignedDuration {
    SignedDuration::from_mins(if crew.serves { 15 } else { 3 })
}

fn undo(case: &Case<'_>, object: &Ref) -> Undo {
    let Some(present) = roll_back::present_number(case) else {
        return Undo { says: "none: the present template has no revision of its own yet".to_owned(), action: None };
    };
    let says = format!("a restart has no undo; going back to revision {present} makes the same pods once more");
    Undo { says, action: Some(Action::RollBack { deployment: object.clone(), to: Some(present) }) }
}
