//! Whether an action worked: pure predicates on the situation as the watches tell it. The time limit is the caller's.

mod node;
mod pod;
mod rollout;
#[cfg(test)]
mod tests;

use super::{Action, Outcome, Plan, Verification};
use crate::situation::{Kind, Ref, Situation, Source};

/// How the verification of a plan stands.
pub(super) fn verify(plan: &Plan, outcome: &Outcome, situation: &Situation) -> Verification {
    let Some(object) = plan.objects.first() else {
        return Verification::Unknown("the plan names no object".to_owned());
    };
    let workload = plan.proof.workload.as_ref();
    let kinds = match object.kind {
        Kind::Deployment => vec![Kind::Deployment, Kind::ReplicaSet, Kind::Pod],
        Kind::Pod => std::iter::once(Kind::Pod).chain(workload.map(|_| Kind::ReplicaSet)).collect(),
        kind => vec![kind],
    };
    let concerned = [Some(object), workload].into_iter().flatten();
    let blind = kinds.iter().find_map(|kind| not_live(situation, *kind)).or_else(|| {
        concerned.into_iter().find_map(|object| not_live(situation, object.kind).or_else(|| hidden(situation, object)))
    });
    if let Some(why) = blind {
        return Verification::Unknown(why);
    }
    match &plan.action {
        Action::Cordon { .. } => node::verify(object, true, situation),
        Action::Uncordon { .. } => node::verify(object, false, situation),
        Action::DeletePod { .. } => pod::verify(plan, object, outcome, situation),
        Action::RolloutRestart { .. } | Action::RollBack { .. } => rollout::verify(plan, object, outcome, situation),
        Action::Scale { replicas, .. } => rollout::verify_size(plan, object, *replicas, outcome, situation),
    }
}

/// Why a source does not tell how it is now.
fn not_live(situation: &Situation, kind: Kind) -> Option<String> {
    let source = Source::Watch(kind);
    let status = situation.source(&source);
    (!status.live()).then(|| format!("{source}: {}", status.state))
}

/// Why an object may be there though it is not seen: it cannot be read, or its namespace is not watched.
fn hidden(situation: &Situation, object: &Ref) -> Option<String> {
    let source = Source::Watch(object.kind);
    let status = situation.source(&source);
    let name = object.key.to_string();
    if let Some((_, why)) = status.skipped.iter().find(|(skipped, _)| **skipped == *name) {
        return Some(format!("{name} could not be read: {why}"));
    }
    let namespace = &object.key.namespace;
    let seen = match object.kind {
        Kind::Pod => situation.pods_in(namespace).next().is_some(),
        Kind::Deployment => situation.deployments.keys().any(|key| key.namespace == *namespace),
        _ => true,
    };
    (!seen && !status.limited.is_empty()).then(|| format!("{source}: {}", status.limited))
}
