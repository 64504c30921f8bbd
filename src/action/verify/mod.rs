//! Whether an action worked: pure predicates on the situation as the watches tell it. The time limit is the caller's.

mod node;
mod pod;
mod rollout;
#[cfg(test)]
mod tests;

use super::{Action, Outcome, Plan, Verification};
use crate::situation::{Kind, Situation, Source};

/// How the verification of a plan stands.
pub(super) fn verify(plan: &Plan, outcome: &Outcome, situation: &Situation) -> Verification {
    let (kinds, target): (&[Kind], _) = match &plan.action {
        Action::Cordon { .. } | Action::Uncordon { .. } => (&[Kind::Node], Kind::Node),
        Action::DeletePod { .. } => (&[Kind::Pod, Kind::ReplicaSet], Kind::Pod),
        _ => (&[Kind::Deployment, Kind::ReplicaSet, Kind::Pod], Kind::Deployment),
    };
    if let Some(why) = blind(situation, kinds) {
        return Verification::Unknown(why);
    }
    let Some(object) = plan.objects.iter().find(|o| o.kind == target) else {
        return Verification::Unknown("the plan names no object".to_owned());
    };
    match &plan.action {
        Action::Cordon { .. } => node::verify(object, true, situation),
        Action::Uncordon { .. } => node::verify(object, false, situation),
        Action::DeletePod { .. } => pod::verify(plan, object, outcome, situation),
        Action::RolloutRestart { .. } | Action::RollBack { .. } => rollout::verify(plan, object, outcome, situation),
        Action::Scale { replicas, .. } => rollout::verify_size(object, *replicas, outcome, situation),
    }
}

/// The first source that does not tell how it is now.
fn blind(situation: &Situation, kinds: &[Kind]) -> Option<String> {
    kinds.iter().find_map(|kind| {
        let source = Source::Watch(*kind);
        let status = situation.source(&source);
        (!status.live()).then(|| format!("{source}: {}", status.state))
    })
}
