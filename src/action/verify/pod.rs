//! A04: the pod is gone, and a new one of its workload is ready.

use jiff::{SignedDuration, Timestamp};

use crate::action::{Outcome, Plan, Verification};
use crate::situation::object::Pod;
use crate::situation::{Kind, Ref, Situation};

/// Creation times have whole seconds, and the controller may have acted before the answer came.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn verify(plan: &Plan, object: &Ref, outcome: &Outcome, situation: &Situation) -> Verification {
    let name = &object.key.name;
    if let Some(pod) = situation.pods.get(&object.key).filter(|p| p.meta.uid == object.uid) {
        let how = if pod.meta.deleting.is_some() { "is ending" } else { "is still there" };
        return Verification::Waiting(format!("{name} {how}"));
    }
    let Some(workload) = &plan.proof.workload else {
        return Verification::Worked(format!("{name} is gone"));
    };
    let Some(wanted) = wanted(situation, workload) else {
        return Verification::Failed(format!("{name} is gone, and so is {workload}: nobody makes another"));
    };
    let since = outcome.at.checked_sub(SLACK).unwrap_or(outcome.at);
    let pods: Vec<&Pod> =
        situation.pods_in(&workload.key.namespace).filter(|p| belongs(situation, p, workload)).collect();
    let ready = pods.iter().filter(|p| p.ready()).count();
    let new = |p: &&&Pod| p.meta.created.is_some_and(|at: Timestamp| at >= since);
    let mut fresh = pods.iter().filter(new);
    if let Some(pod) = fresh.clone().find(|p| p.ready()) {
        let says = format!("{name} is gone, {} is ready; {ready} of {wanted} ready", pod.meta.key.name);
        return Verification::Worked(says);
    }
    match fresh.next() {
        Some(pod) => Verification::Waiting(format!("{} is not ready yet: {}", pod.meta.key.name, pod.status())),
        None => Verification::Waiting(format!("{name} is gone; no new pod yet, {ready} of {wanted} ready")),
    }
}

/// How many pods the workload should have; `None`: it is gone.
fn wanted(situation: &Situation, workload: &Ref) -> Option<i32> {
    let key = &workload.key;
    match workload.kind {
        Kind::Deployment => situation.deployments.get(key).map(|w| w.replicas),
        Kind::ReplicaSet => situation.replica_sets.get(key).map(|w| w.replicas),
        Kind::DaemonSet => situation.daemon_sets.get(key).map(|w| w.desired),
        Kind::StatefulSet => situation.stateful_sets.get(key).map(|w| w.replicas),
        _ => None,
    }
}

fn belongs(situation: &Situation, pod: &Pod, workload: &Ref) -> bool {
    pod.meta.deleting.is_none()
        && situation.workload_of(pod).is_some_and(|w| w.kind == workload.kind && w.key == workload.key)
}
