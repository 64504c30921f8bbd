//! A03, A05, A06: the controller has seen the change, and all wanted pods are of it and available.

use jiff::Timestamp;
use serde_json::Value;

use crate::action::deeds::RESTARTED;
use crate::action::deeds::words::count;
use crate::action::{Action, Outcome, Plan, Verification};
use crate::situation::object::{Deployment, Pod, ReplicaSet, Status};
use crate::situation::{Ref, Situation, template};

pub(super) fn verify(plan: &Plan, object: &Ref, outcome: &Outcome, situation: &Situation) -> Verification {
    let deployment = match observed(object, outcome, situation) {
        Ok(deployment) => deployment,
        Err(verdict) => return verdict,
    };
    let revisions = situation.revisions(&object.key);
    let Some(newest) = revisions.first() else {
        return Verification::Waiting("no ReplicaSet of the new template yet".to_owned());
    };
    match is_wanted(plan, newest) {
        Some(true) => {}
        Some(false) if changed_since(deployment, outcome) => {
            let says = format!("somebody changed {} since: it has another template now", object.key.name);
            return Verification::Failed(says);
        }
        Some(false) => return Verification::Waiting("no ReplicaSet of the new template yet".to_owned()),
        None => return Verification::Unknown("the plan does not say which template was wanted".to_owned()),
    }
    let name = newest.revision.map_or_else(|| "the new revision".to_owned(), |r| format!("revision {r}"));
    progress(deployment, outcome, &name).or_else(|| old_pods(deployment, newest, situation)).unwrap_or_else(|| {
        Verification::Worked(format!("{} of {} available on {name}", deployment.available, deployment.replicas))
    })
}

/// A06: as many pods as wanted, all available.
pub(super) fn verify_size(
    plan: &Plan,
    object: &Ref,
    replicas: u32,
    outcome: &Outcome,
    situation: &Situation,
) -> Verification {
    let deployment = match observed(object, outcome, situation) {
        Ok(deployment) => deployment,
        Err(verdict) => return verdict,
    };
    let wanted = i32::try_from(replicas).unwrap_or(i32::MAX);
    if deployment.replicas != wanted {
        return another_size(plan, deployment, outcome);
    }
    if deployment.current > wanted {
        let there = count(usize::try_from(deployment.current).unwrap_or_default(), "pod");
        return Verification::Waiting(format!("{there} there, {wanted} wanted"));
    }
    progress(deployment, outcome, "the present revision")
        .unwrap_or_else(|| Verification::Worked(format!("{} of {wanted} available", deployment.available)))
}

/// The subresource answers without a generation; then the former size means that the watch is behind.
fn another_size(plan: &Plan, deployment: &Deployment, outcome: &Outcome) -> Verification {
    let size = deployment.replicas;
    let former = match plan.undo.action {
        Some(Action::Scale { replicas, .. }) => i32::try_from(replicas).ok(),
        _ => None,
    };
    if outcome.generation.is_none() && former == Some(size) {
        return Verification::Waiting(format!("it still wants {size}"));
    }
    Verification::Failed(format!("somebody, or an autoscaler, set it to {size} since"))
}

/// The Deployment, once its controller has seen the change.
fn observed<'a>(object: &Ref, outcome: &Outcome, situation: &'a Situation) -> Result<&'a Deployment, Verification> {
    let name = &object.key.name;
    let Some(deployment) = situation.deployments.get(&object.key).filter(|d| d.meta.uid == object.uid) else {
        return Err(Verification::Failed(format!("{name} is gone")));
    };
    let wanted = outcome.generation.unwrap_or(deployment.meta.generation);
    if deployment.meta.generation < wanted || deployment.observed_generation < wanted {
        return Err(Verification::Waiting(format!("the controller has not seen the change to {name} yet")));
    }
    Ok(deployment)
}

/// What is still missing, or that the controller gave up.
fn progress(d: &Deployment, outcome: &Outcome, name: &str) -> Option<Verification> {
    if let Some(why) = gave_up(d, outcome) {
        return Some(Verification::Failed(why));
    }
    let wanted = d.replicas;
    let refusal = d.condition("ReplicaFailure").filter(|c| c.status == Status::True);
    let why = refusal.map(|c| format!(": {}", c.message)).unwrap_or_default();
    let why = if d.paused { format!("{why}; it is paused") } else { why };
    let waiting = if d.updated < wanted {
        format!("{} of {wanted} pods are of {name}{why}", d.updated)
    } else if d.current > d.updated {
        old(d.current.saturating_sub(d.updated).unsigned_abs() as usize)
    } else if d.available < wanted {
        format!("{} of {wanted} available{why}", d.available)
    } else {
        return None;
    };
    Some(Verification::Waiting(waiting))
}

/// `2 old pods are still there`
fn old(n: usize) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb} still there", count(n, "old pod"))
}

/// Whether the rollout exceeded its deadline. The verdict on a former, stuck rollout stands until the new one moves, so
/// only one that was given after the change counts.
fn gave_up(d: &Deployment, outcome: &Outcome) -> Option<String> {
    let condition = d.condition("Progressing").filter(|c| c.reason == "ProgressDeadlineExceeded")?;
    let said = condition.heard.or(condition.since)?;
    (said > outcome.at).then(|| format!("the rollout made no progress in time: {}", condition.message))
}

/// Pods of former revisions that are not on their way out; the status may be a moment behind.
fn old_pods(d: &Deployment, newest: &ReplicaSet, situation: &Situation) -> Option<Verification> {
    let of_deployment = |p: &&Pod| situation.workload_of(p).is_some_and(|w| w.key == d.meta.key && w.uid == d.meta.uid);
    let former = |p: &&Pod| {
        p.meta.deleting.is_none() && !p.finished() && p.meta.owner.as_ref().is_some_and(|o| o.uid != newest.meta.uid)
    };
    let n = situation.pods_in(&d.meta.key.namespace).filter(former).filter(of_deployment).count();
    (n > 0).then(|| Verification::Waiting(old(n)))
}

/// Whether a revision has the template that the plan asked for; `None`: the plan does not say.
fn is_wanted(plan: &Plan, newest: &ReplicaSet) -> Option<bool> {
    let body = plan.requests.first().map(|r| &r.body)?;
    if matches!(plan.action, Action::RollBack { .. }) {
        let replace = |op: &&Value| op["op"] == "replace" && op["path"] == "/spec/template";
        let wanted = body.as_array()?.iter().find(replace)?.get("value")?;
        return Some(template::canonical(wanted.clone()) == newest.template);
    }
    let wanted = restarted(body.pointer("/spec/template")?)?;
    let now = restarted(&serde_json::from_str(&newest.template).unwrap_or_default());
    // A later restart replaces the pods as well.
    Some(now.is_some_and(|at| at >= wanted))
}

/// When a template was last restarted.
fn restarted(template: &Value) -> Option<Timestamp> {
    template.pointer("/metadata/annotations")?.get(RESTARTED)?.as_str()?.parse().ok()
}

/// Whether the spec was changed again after our change.
fn changed_since(deployment: &Deployment, outcome: &Outcome) -> bool {
    outcome.generation.is_some_and(|ours| deployment.meta.generation > ours)
}
