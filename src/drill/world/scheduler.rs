//! The scheduler: a node for every pod that has none.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::json::{Id, is, list, map, owner, set_condition, text};
use super::recorder::{Note, Reporter};

impl World {
    /// Binds a pod to a node, or says why it cannot.
    pub(super) fn schedule(&mut self, pod: &Value) {
        let id = Id::of(pod);
        let nodes = self.store.list(self.res.nodes, None);
        let fitting = nodes.iter().filter(|node| self.obstacle(pod, node).is_none());
        let mut siblings = if owner(pod).is_empty() { Vec::new() } else { self.store.owned(self.res.pods, owner(pod)) };
        siblings.retain(|p| owner(p) == owner(pod));
        let best = fitting.min_by_key(|node| {
            let name = text(node, "/metadata/name");
            let near = siblings.iter().filter(|p| text(p, "/spec/nodeName") == name).count();
            (near, self.store.count_on(self.res.pods, name))
        });
        match best {
            Some(node) => {
                if self.bind_claims(pod, text(node, "/metadata/name")) {
                    self.bind(&id, text(node, "/metadata/name"));
                }
            }
            None => self.refuse(&id, pod, &nodes),
        }
    }

    fn bind(&mut self, id: &Id, node: &str) {
        let now = self.now;
        let bound = self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            pod["spec"]["nodeName"] = node.into();
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let new =
                json!({ "type": "PodScheduled", "status": "True", "lastProbeTime": null, "observedGeneration": 1 });
            set_condition(&mut conditions, new, now);
            pod["status"]["conditions"] = conditions.into();
        });
        let message = format!("Successfully assigned {}/{} to {node}", id.namespace, id.name);
        if let Some(pod) = bound {
            self.record(&pod, Reporter::Scheduler, Note::normal("Scheduled", &message));
        }
    }

    fn refuse(&mut self, id: &Id, pod: &Value, nodes: &[Arc<Value>]) {
        let now = self.now;
        let mut obstacles: BTreeMap<String, usize> = BTreeMap::new();
        for obstacle in nodes.iter().filter_map(|node| self.obstacle(pod, node)) {
            *obstacles.entry(obstacle).or_default() += 1;
        }
        let told: Vec<_> = obstacles.iter().map(|(why, count)| format!("{count} {why}")).collect();
        let (told, nodes) = (told.join(", "), nodes.len());
        let message = format!(
            "0/{nodes} nodes are available: {told}. no new claims to deallocate, preemption: 0/{nodes} nodes are \
             available: {nodes} Preemption is not helpful for scheduling."
        );
        let before = self.store.get(self.res.pods, &id.namespace, &id.name);
        let pod = self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let new = json!({ "type": "PodScheduled", "status": "False", "lastProbeTime": null, "observedGeneration": 1,
                "reason": "Unschedulable", "message": message });
            set_condition(&mut conditions, new, now);
            pod["status"]["conditions"] = conditions.into();
        });
        if let Some(pod) = pod.filter(|pod| before.as_ref() != Some(pod)) {
            self.record(&pod, Reporter::Scheduler, Note::warning("FailedScheduling", &message));
        }
    }

    /// Why a pod cannot run on a node, in the scheduler's words.
    fn obstacle(&self, pod: &Value, node: &Arc<Value>) -> Option<String> {
        let named =
            list(pod, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
        let name = text(node, "/metadata/name");
        let daemon = !named.is_empty();
        if !daemon && node.pointer("/spec/unschedulable") == Some(&true.into()) {
            return Some("node(s) were unschedulable".to_owned());
        }
        let labels = map(node, "/metadata/labels");
        let mut selector = map(pod, "/spec/nodeSelector").into_iter().flatten();
        let selected = selector.all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v));
        if !selected || named.iter().any(|t| !list(t, "/matchFields/0/values").iter().any(|v| v == name)) {
            return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
        }
        if let Some(taint) = list(node, "/spec/taints").iter().find(|taint| !tolerates(pod, taint)) {
            let (key, value) = (text(taint, "/key"), text(taint, "/value"));
            return Some(format!("node(s) had untolerated taint {{{key}: {value}}}"));
        }
        if !is(node, "Ready") {
            return Some("node(s) had untolerated taint {node.kubernetes.io/not-ready: }".to_owned());
        }
        self.claims_allow(pod, node).err()
    }
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    taint["effect"] == "PreferNoSchedule"
        || list(pod, "/spec/tolerations").iter().any(|t| {
            (t["key"].is_null() || t["key"] == taint["key"])
                && (t["effect"].is_null() || t["effect"] == taint["effect"])
                && (t["operator"] == "Exists" || t["value"] == taint["value"])
        })
}
