//! A Deployment that is to have more or fewer replicas: what its ReplicaSets get of that.

use std::sync::Arc;

use serde_json::Value;

use super::World;
use super::deployment::Rollout;
use super::json::{entry, int, text};
use super::rollout::surge;

/// The size that a Deployment had when one of its ReplicaSets was last given a size.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// The same with the surge.
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";

impl World {
    /// Whether somebody has changed the size of a Deployment.
    pub(super) fn is_scaled(rollout: &Rollout) -> bool {
        let desired = int(&rollout.deployment, "/spec/replicas").to_string();
        let known = |set: &Arc<Value>| entry(set, "/metadata/annotations", DESIRED).to_owned();
        active(rollout).iter().any(|set| !known(set).is_empty() && known(set) != desired)
    }

    /// Gives the ReplicaSets their shares of the new size, without going on with a rollout.
    pub(super) fn resize(&mut self, rollout: &Rollout) {
        let deployment = &rollout.deployment;
        let desired = int(deployment, "/spec/replicas");
        let sets = active(rollout);
        match sets.as_slice() {
            [] => {
                if let Some(latest) = rollout.new.as_ref().or_else(|| rollout.old.last()) {
                    self.scale(deployment, latest, desired);
                }
            }
            [one] => self.scale(deployment, one, desired),
            _ => self.share(rollout, sets),
        }
    }

    /// Each gets its share, and the largest what is left over.
    fn share(&mut self, rollout: &Rollout, mut sets: Vec<Arc<Value>>) {
        let deployment = &rollout.deployment;
        let desired = int(deployment, "/spec/replicas");
        let most = if desired > 0 { desired + surge(deployment) } else { 0 };
        let total: i64 = sets.iter().map(|s| int(s, "/spec/replicas")).sum();
        let change = most - total;
        sets.sort_by_key(|s| {
            (std::cmp::Reverse(int(s, "/spec/replicas")), text(s, "/metadata/creationTimestamp").to_owned())
        });
        let mut given = 0;
        let mut sizes = Vec::with_capacity(sets.len());
        for set in &sets {
            let size = int(set, "/spec/replicas");
            let before = entry(set, "/metadata/annotations", MOST).parse().unwrap_or(total).max(1);
            let fair = (2 * size * most + before) / (2 * before) - size;
            let share = if change > 0 { fair.clamp(0, change - given) } else { fair.clamp(change - given, 0) };
            given += share;
            sizes.push(size + share);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + change - given).max(0);
        }
        for (set, size) in sets.iter().zip(sizes) {
            self.scale(deployment, set, size);
        }
    }
}

/// The ReplicaSets that are to have pods.
fn active(rollout: &Rollout) -> Vec<Arc<Value>> {
    let sets = rollout.old.iter().chain(&rollout.new);
    sets.filter(|s| int(s, "/spec/replicas") > 0).cloned().collect()
}
