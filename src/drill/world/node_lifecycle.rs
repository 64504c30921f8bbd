//! The node lifecycle controller: what a cordon means to the scheduler is a taint.

use serde_json::{Value, json};

use super::World;
use super::informer::Work;
use super::json::{Id, list, put, text};
use super::recorder::{Note, Reporter};
use crate::drill::store::stamp;

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

impl World {
    /// Something about a machine has changed: what runs on it feels it.
    pub(super) fn machine_changed(&mut self, node: &str) {
        self.work.insert(Work::Node(Id::new("", node)));
    }

    pub(super) fn reconcile_node(&mut self, id: &Id) {
        let Some(node) = self.store.get(self.res.nodes, "", &id.name) else { return };
        let cordoned = node.pointer("/spec/unschedulable") == Some(&true.into());
        let (taints, rest): (Vec<_>, Vec<_>) =
            list(&node, "/spec/taints").iter().cloned().partition(|t| text(t, "/key") == UNSCHEDULABLE);
        if cordoned != taints.is_empty() {
            return;
        }
        let mut taints = rest;
        if cordoned {
            taints.push(json!({ "key": UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": stamp(self.now) }));
        }
        let taints = if taints.is_empty() { Value::Null } else { taints.into() };
        self.store.modify(self.res.nodes, "", &id.name, |node| put(node, &["spec", "taints"], taints));
        let word = if cordoned { "NodeNotSchedulable" } else { "NodeSchedulable" };
        let message = format!("Node {} status is now: {word}", id.name);
        self.record(&node, Reporter::Kubelet(&id.name), Note::normal(word, &message));
    }
}
