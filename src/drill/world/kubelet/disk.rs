//! Disks that fill up: images go first, then pods, and the node says so for a while after (F07).

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Container, PodRun};
use crate::drill::store::stamp;
use crate::drill::world::World;
use crate::drill::world::json::{Id, list, owner_reference, text};
use crate::drill::world::recorder::{Note, Reporter};

/// From here on the kubelet evicts: less than 5 % are free.
const FULL: u64 = 95;
/// It evicts until so much is free again.
const ENOUGH: u64 = 85;
/// A pressure that has gone shows for so long.
const TAIL: SignedDuration = SignedDuration::from_mins(5);
/// What the end of a pod frees, in MiB.
const POD: u64 = 350;

impl World {
    /// Kubelets look at their disks.
    pub(in crate::drill::world) fn look_at_disks(&mut self) {
        for node in self.machine_names() {
            if self.posts(&node) {
                self.look_at_disk(&node);
            }
        }
    }

    fn look_at_disk(&mut self, node: &str) {
        let used = self.machine(node).map_or(0, |m| m.disk.percent());
        if used >= FULL {
            self.press(node);
            return;
        }
        let Some(free_since) = self.pressed.get_mut(node) else { return };
        let since = *free_since.get_or_insert(self.now);
        if self.now.duration_since(since) >= TAIL {
            self.pressed.remove(node);
            self.post_node_status(node, false);
        }
    }

    fn press(&mut self, node: &str) {
        if self.pressed.insert(node.to_owned(), None).is_none() {
            let Some(object) = self.store.get(self.res.nodes, "", node) else { return };
            let message = "Attempting to reclaim ephemeral-storage";
            self.record(&object, Reporter::Kubelet(node), Note::warning("EvictionThresholdMet", message));
            self.post_node_status(node, false);
        }
        if self.collect_images(node) {
            return;
        }
        if let Some(id) = self.next_to_evict(node) {
            self.evict_for_space(&id, node);
        }
    }

    /// Images that nothing uses go; whether that was enough.
    fn collect_images(&mut self, node: &str) -> bool {
        let used: Vec<String> =
            self.runs.values().filter(|r| r.node == node).flat_map(PodRun::all).map(|c| c.image.clone()).collect();
        self.pulled.retain(|(on, image)| on != node || used.contains(image));
        let Some(machine) = self.machines.get_mut(node) else { return true };
        let freed = std::mem::take(&mut machine.disk.images);
        let enough = machine.disk.percent() < ENOUGH;
        if freed == 0 {
            return enough;
        }
        if let Some(object) = self.store.get(self.res.nodes, "", node).filter(|_| !enough) {
            let bytes = freed << 20;
            let message = format!(
                "Failed to garbage collect required amount of images. Attempted to free {bytes} bytes, but only \
                         found {bytes} bytes eligible to free."
            );
            self.record(&object, Reporter::Kubelet(node), Note::warning("FreeDiskSpaceFailed", &message));
        }
        enough
    }

    /// Pods of low priority go first; those that a node cannot do without stay.
    fn next_to_evict(&self, node: &str) -> Option<Id> {
        let runs =
            |pod: &Value| self.runs.get(&Id::of(pod)).is_some_and(|r| !r.stopping && r.own().any(Container::running));
        let pods = self.pods_on(node);
        let candidates = pods.iter().filter(|pod| {
            runs(pod)
                && pod["spec"]["priority"].as_i64().unwrap_or(0) < 2_000_000_000
                && owner_reference(pod).is_none_or(|o| o["kind"] != "DaemonSet")
        });
        candidates.max_by_key(|pod| text(pod, "/metadata/creationTimestamp").to_owned()).map(|pod| Id::of(pod))
    }

    fn evict_for_space(&mut self, id: &Id, node: &str) {
        let message = "The node was low on resource: ephemeral-storage. Threshold quantity: 4121600614, available: 0. ";
        let Some(pod) = self.disrupt(id, "TerminationByKubelet", message) else { return };
        self.record(&pod, Reporter::Kubelet(node), Note::warning("Evicted", message));
        self.end_for_good(id);
        let now = stamp(self.now);
        self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            pod["status"]["phase"] = "Failed".into();
            pod["status"]["reason"] = "Evicted".into();
            pod["status"]["message"] = message.into();
            if list(pod, "/status/conditions").is_empty() {
                pod["status"]["conditions"] = json!([]);
            }
            pod["status"]["startTime"] = pod["status"].get("startTime").cloned().unwrap_or_else(|| now.into());
        });
        if let Some(machine) = self.machines.get_mut(node) {
            machine.disk.base = machine.disk.base.saturating_sub(POD);
        }
    }
}
