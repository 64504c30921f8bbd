//! Processes that wait for themselves: they listen and pass their probes, and whatever needs database or cache hangs.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::World;
use super::json::{Id, text};
use super::kubelet::{State, workload_name};

/// The processes of a workload that run now wait for themselves; those that are started anew do not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deadlock {
    /// Its namespace.
    pub namespace: String,
    /// The workload, by its name label.
    pub workload: String,
    /// Only the pod on this node; absent: all.
    pub node: Option<String>,
}

/// A process: its pod, and since when it runs.
pub type Process = (Id, Timestamp);

impl World {
    pub(super) fn deadlock(&mut self, fault: &Deadlock) -> Vec<Process> {
        let is_meant = |pod: &Value| {
            workload_name(pod) == fault.workload
                && fault.node.as_deref().is_none_or(|node| node == text(pod, "/spec/nodeName"))
        };
        let pods = self.store.list(self.res.pods, Some(&fault.namespace));
        let ids = pods.iter().filter(|pod| is_meant(pod)).map(|pod| Id::of(pod));
        let processes: Vec<Process> = ids.filter_map(|id| self.process_of(&id).map(|since| (id, since))).collect();
        self.deadlocked.extend(processes.iter().cloned());
        processes
    }

    /// Since when the process of a pod runs.
    fn process_of(&self, id: &Id) -> Option<Timestamp> {
        match self.runs.get(id)?.container.state {
            State::Running(since) => Some(since),
            _ => None,
        }
    }

    /// Whether the process of a pod waits for itself.
    pub(super) fn is_deadlocked(&self, id: &Id) -> bool {
        self.deadlocked.get(id).is_some_and(|since| self.process_of(id) == Some(*since))
    }

    /// They go on after all.
    pub(super) fn unlock(&mut self, processes: &[Process]) {
        for (id, since) in processes {
            if self.deadlocked.get(id) == Some(since) {
                self.deadlocked.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::drill::world::Fault;

    #[test]
    fn a_process_that_is_started_anew_is_free_of_it() {
        let mut world = World::new(1, "2026-03-01T04:00:00Z".parse().unwrap());
        let fault = Deadlock { namespace: "honeydue".into(), workload: "api".into(), node: None };
        let undo = world.inject(&Fault::Deadlock(fault)).unwrap();
        let locked = |world: &World| world.runs.keys().filter(|id| world.is_deadlocked(id)).count();
        assert_eq!((locked(&world), world.at_work(&undo)), (3, true));
        let id = world.deadlocked.keys().next().cloned().unwrap();
        assert!(world.vitals(&id.namespace, &id.name).unwrap().deadlocked);
        world.delete_pod(&id);
        world.advance(world.now + SignedDuration::from_secs(60));
        assert_eq!(locked(&world), 2);
        world.heal(undo.clone());
        assert_eq!((locked(&world), world.at_work(&undo)), (0, false));
    }
}
