//! The scheduler: a node for every pod that has none.

mod fit;
mod ledger;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::World;
use super::informer::Work;
use super::json::{Id, list, owner, set_condition, text};
use super::recorder::{Note, Reporter};
use fit::Obstacle;

pub use ledger::Ledger;

impl World {
    /// Binds a pod to a node, or says why it cannot. Pods of another scheduler are left to it.
    pub(super) fn schedule(&mut self, pod: &Value) {
        let id = Id::of(pod);
        if !matches!(text(pod, "/spec/schedulerName"), "" | "default-scheduler") || self.is_gated(&id, pod) {
            return;
        }
        self.ledger.catch_up(&self.store, self.res.pods);
        let nodes = self.store.list(self.res.nodes, None);
        let candidate = self.candidate(pod, &nodes);
        let mut obstacles = Vec::new();
        let mut fitting = Vec::new();
        for node in &nodes {
            match self.obstacle(&candidate, node) {
                Some(obstacle) => obstacles.push(obstacle),
                None => fitting.push(node),
            }
        }
        let best = fitting.into_iter().min_by_key(|node| {
            let name = text(node, "/metadata/name");
            let pods = self.ledger.of(name).map_or(0, |sum| sum.pods);
            (Reverse(fit::liking(pod, node)), self.ledger.siblings(owner(pod), name), pods)
        });
        match best {
            Some(node) => self.bind(&id, text(node, "/metadata/name")),
            None => self.refuse(&id, &obstacles),
        }
    }

    fn bind(&mut self, id: &Id, node: &str) {
        self.waiting.remove(id);
        let bound = self.place(id, node);
        let message = format!("Successfully assigned {}/{} to {node}", id.namespace, id.name);
        if let Some(pod) = bound {
            self.record(&pod, Reporter::Scheduler, Note::normal("Scheduled", &message));
        }
    }

    fn place(&mut self, id: &Id, node: &str) -> Option<std::sync::Arc<Value>> {
        let now = self.now;
        self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            pod["spec"]["nodeName"] = node.into();
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let new =
                json!({ "type": "PodScheduled", "status": "True", "lastProbeTime": null, "observedGeneration": 1 });
            set_condition(&mut conditions, new, now);
            pod["status"]["conditions"] = conditions.into();
        })
    }

    /// Whether a pod is not to be placed yet.
    fn is_gated(&mut self, id: &Id, pod: &Value) -> bool {
        let gated = !list(pod, "/spec/schedulingGates").is_empty();
        if gated {
            let message = "Scheduling is blocked due to non-empty scheduling gates";
            self.leave(id, "SchedulingGated", message);
        }
        gated
    }

    fn refuse(&mut self, id: &Id, obstacles: &[Obstacle]) {
        self.waiting.insert(id.clone());
        let message = told(obstacles);
        if let Some(pod) = self.leave(id, "Unschedulable", &message) {
            self.record(&pod, Reporter::Scheduler, Note::warning("FailedScheduling", &message));
        }
    }

    /// Says in a pod's status why it has no node; the pod, if that is news.
    fn leave(&mut self, id: &Id, reason: &str, message: &str) -> Option<std::sync::Arc<Value>> {
        let now = self.now;
        let before = self.store.get(self.res.pods, &id.namespace, &id.name);
        let pod = self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let new = json!({ "type": "PodScheduled", "status": "False", "lastProbeTime": null, "observedGeneration": 1,
                "reason": reason, "message": message });
            set_condition(&mut conditions, new, now);
            pod["status"]["conditions"] = conditions.into();
        });
        pod.filter(|pod| before.as_ref() != Some(pod))
    }

    /// Something of a node has become free: those that found no place look again.
    pub(super) fn make_room(&mut self) {
        self.work.extend(std::mem::take(&mut self.waiting).into_iter().map(Work::Pod));
    }
}

/// What a pod hears that finds no place.
fn told(obstacles: &[Obstacle]) -> String {
    let nodes = obstacles.len();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in obstacles.iter().flat_map(|o| &o.reasons) {
        *counts.entry(reason).or_default() += 1;
    }
    let passing = obstacles.iter().filter(|o| o.resolvable).count();
    let victims = [
        (passing, "No preemption victims found for incoming pod"),
        (nodes - passing, "Preemption is not helpful for scheduling"),
    ];
    let victims = victims.into_iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}"));
    let victims = victims.collect::<Vec<_>>().join(", ");
    // What is wrong with the pod itself is told once, for all nodes.
    if let Some(own) = counts.keys().find(|why| !why.starts_with("node(s)") && why.contains("ersistent")) {
        return format!("0/{nodes} nodes are available: {own}. preemption: 0/{nodes} nodes are available: {victims}.");
    }
    let mut reasons: Vec<_> = counts.iter().map(|(why, count)| format!("{count} {why}")).collect();
    reasons.sort();
    let reasons = reasons.join(", ");
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    format!(
        "0/{nodes} nodes are available: {reasons}. no new claims to deallocate, preemption: 0/{nodes} nodes are \
         available: {victims}."
    )
}
