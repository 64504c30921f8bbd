//! How a Deployment gets from one ReplicaSet to the next, and what its status says meanwhile.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::deployment::{Rollout, paused};
use super::json::{condition, int, set_condition, text, time};
use super::pods::{finished, portion};
use crate::drill::store::stamp;

impl World {
    /// First everything old goes, then the new comes.
    pub(super) fn recreate(&mut self, rollout: &Rollout) {
        for set in &rollout.old {
            self.scale(&rollout.deployment, set, 0);
        }
        let Some(new) = &rollout.new else { return };
        if rollout.old.iter().all(|set| self.pods_of(set).iter().all(|p| finished(p))) {
            self.scale(&rollout.deployment, new, int(&rollout.deployment, "/spec/replicas"));
        }
    }

    /// Grows the new and shrinks the old within `maxSurge` and `maxUnavailable`.
    pub(super) fn roll(&mut self, rollout: &Rollout) {
        let deployment = &rollout.deployment;
        let desired = int(deployment, "/spec/replicas");
        let Some(set) = &rollout.new else { return };
        let new = int(set, "/spec/replicas");
        let old: i64 = rollout.old.iter().map(|s| int(s, "/spec/replicas")).sum();
        if new > desired {
            self.scale(deployment, set, desired);
        } else if new < desired {
            let room = (desired + surge(deployment) - new - old).max(0);
            self.scale(deployment, set, new + room.min(desired - new));
        }
        if old > 0 {
            self.shrink(rollout, set);
        }
    }

    fn shrink(&mut self, rollout: &Rollout, new: &Arc<Value>) {
        let deployment = &rollout.deployment;
        let least = int(deployment, "/spec/replicas") - unavailable(deployment);
        let total: i64 = rollout.old.iter().chain([new]).map(|s| int(s, "/spec/replicas")).sum();
        let missing = int(new, "/spec/replicas") - int(new, "/status/availableReplicas");
        let mut spare = total - least - missing;
        // What does not work goes first: it serves nobody.
        let mut sizes: Vec<i64> = rollout.old.iter().map(|s| int(s, "/spec/replicas")).collect();
        for (set, size) in rollout.old.iter().zip(&mut sizes) {
            let broken = (*size - int(set, "/status/availableReplicas")).clamp(0, spare.max(0));
            *size -= broken;
            spare -= broken;
        }
        let available: i64 = rollout.old.iter().chain([new]).map(|s| int(s, "/status/availableReplicas")).sum();
        let mut surplus = (available - least).min(spare);
        for size in &mut sizes {
            let less = (*size).min(surplus.max(0));
            *size -= less;
            surplus -= less;
        }
        for (set, size) in rollout.old.iter().zip(sizes) {
            self.scale(deployment, set, size);
        }
    }
}

/// How many replicas a new revision begins with beside the old ones.
pub(super) fn room(deployment: &Value, old: &[Arc<Value>]) -> i64 {
    let desired = int(deployment, "/spec/replicas");
    let others: i64 = old.iter().map(|s| int(s, "/spec/replicas")).sum();
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        return if old.iter().any(|s| int(s, "/status/replicas") > 0) || others > 0 { 0 } else { desired };
    }
    (desired + surge(deployment) - others).clamp(0, desired)
}

impl Rollout {
    /// The status that the Deployment gets.
    pub(super) fn status(&self, deployment: &Value, now: Timestamp) -> Value {
        let sum = |field| self.old.iter().chain(&self.new).map(|s| int(s, field)).sum::<i64>();
        let desired = int(deployment, "/spec/replicas");
        let (total, available) = (sum("/status/replicas"), sum("/status/availableReplicas"));
        let mut status = json!({
            "observedGeneration": deployment["metadata"]["generation"],
            "terminatingReplicas": sum("/status/terminatingReplicas"),
        });
        let counts = [
            ("replicas", total),
            ("updatedReplicas", self.new.as_ref().map_or(0, |new| int(new, "/status/replicas"))),
            ("readyReplicas", sum("/status/readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", (total.max(desired) - available).max(0)),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            status[name] = count.into();
        }
        let mut conditions = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
        set_timed(&mut conditions, availability(available >= desired - unavailable(deployment)), now);
        if let Some(progress) = self.progress(deployment, &status, now) {
            set_timed(&mut conditions, progress, now);
        }
        conditions.retain(|c| c["type"] != "ReplicaFailure");
        let failure = self.new.iter().chain(&self.old).find_map(|set| condition(set, "ReplicaFailure"));
        conditions.extend(failure.map(|failure| {
            let mut failure = failure.clone();
            failure["lastUpdateTime"] = failure["lastTransitionTime"].clone();
            failure
        }));
        status["conditions"] = conditions.into();
        if let Some(collisions) = deployment.pointer("/status/collisionCount") {
            status["collisionCount"] = collisions.clone();
        }
        status
    }

    fn progress(&self, deployment: &Value, status: &Value, now: Timestamp) -> Option<Value> {
        // A rollout that stands still makes no progress, and none is missed.
        let new = self.new.as_ref().filter(|_| !paused(deployment))?;
        let known = condition(deployment, "Progressing");
        let name = text(new, "/metadata/name");
        let desired = int(deployment, "/spec/replicas");
        let all = |field: &str| status[field].as_i64().unwrap_or_default() == desired;
        let reason = known.map(|c| text(c, "/reason")).unwrap_or_default();
        if reason == "NewReplicaSetAvailable" && status["replicas"] == status["updatedReplicas"] {
            return None;
        }
        if all("updatedReplicas") && all("replicas") && all("availableReplicas") {
            let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
            return Some(progressing("True", "NewReplicaSetAvailable", &message));
        }
        let count = |of: &Value, field: &str| of[field].as_i64().unwrap_or_default();
        let before = &deployment["status"];
        let old = |of| count(of, "replicas") - count(of, "updatedReplicas");
        let moved = count(status, "updatedReplicas") > count(before, "updatedReplicas")
            || old(status) < old(before)
            || count(status, "readyReplicas") > count(before, "readyReplicas")
            || count(status, "availableReplicas") > count(before, "availableReplicas");
        if moved || known.is_none() {
            let message = format!("ReplicaSet \"{name}\" is progressing.");
            let mut progress = progressing("True", "ReplicaSetUpdated", &message);
            progress["lastUpdateTime"] = stamp(now).into();
            return Some(progress);
        }
        let deadline = SignedDuration::from_secs(int(deployment, "/spec/progressDeadlineSeconds"));
        let updated = known.and_then(|c| time(c, "/lastUpdateTime"))?;
        (reason != "ProgressDeadlineExceeded" && now.duration_since(updated) >= deadline).then(|| {
            let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
            progressing("False", "ProgressDeadlineExceeded", &message)
        })
    }
}

fn progressing(status: &str, reason: &str, message: &str) -> Value {
    json!({ "type": "Progressing", "status": status, "reason": reason, "message": message })
}

fn availability(enough: bool) -> Value {
    let (status, reason, message) = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    json!({ "type": "Available", "status": status, "reason": reason, "message": message })
}

/// Sets a condition; its update time changes when its status or reason does, or when it brings a new one. What changed
/// last stands last.
pub(super) fn set_timed(conditions: &mut Vec<Value>, mut new: Value, now: Timestamp) {
    let known = conditions.iter().find(|c| c["type"] == new["type"]);
    let same = known.filter(|c| c["status"] == new["status"] && c["reason"] == new["reason"]);
    if new.get("lastUpdateTime").is_none() {
        new["lastUpdateTime"] = same.map_or_else(|| stamp(now).into(), |c| c["lastUpdateTime"].clone());
    }
    let before = conditions.clone();
    set_condition(conditions, new.clone(), now);
    if *conditions != before
        && let Some(index) = conditions.iter().position(|c| c["type"] == new["type"])
    {
        let changed = conditions.remove(index);
        conditions.push(changed);
    }
}

/// How many pods more than wanted there may be.
pub(super) fn surge(deployment: &Value) -> i64 {
    amount(deployment, "/spec/strategy/rollingUpdate/maxSurge", true)
}

/// How many pods fewer than wanted may be available; one if neither this nor a surge is allowed.
fn unavailable(deployment: &Value) -> i64 {
    match amount(deployment, "/spec/strategy/rollingUpdate/maxUnavailable", false) {
        0 if surge(deployment) == 0 && text(deployment, "/spec/strategy/type") != "Recreate" => 1,
        n => n.min(int(deployment, "/spec/replicas")),
    }
}

/// A number, or a percentage of the replicas, rounded up or down.
fn amount(deployment: &Value, pointer: &str, up: bool) -> i64 {
    deployment.pointer(pointer).map_or(0, |value| portion(value, int(deployment, "/spec/replicas"), up))
}
