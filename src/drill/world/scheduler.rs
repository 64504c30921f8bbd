//! The scheduler: a node for every pod that has none.

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
        let fitting = nodes.iter().filter(|node| self.fits(pod, node));
        let pods = self.store.list(self.res.pods, None);
        let on = |node: &Value, wanted: &dyn Fn(&Value) -> bool| {
            let name = text(node, "/metadata/name");
            pods.iter().filter(|p| text(p, "/spec/nodeName") == name && wanted(p)).count()
        };
        let siblings = |p: &Value| !owner(p).is_empty() && owner(p) == owner(pod);
        let best = fitting.min_by_key(|node| (on(node, &siblings), on(node, &|_| true)));
        match best {
            Some(node) => self.bind(&id, text(node, "/metadata/name")),
            None => self.refuse(&id, nodes.len()),
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

    fn refuse(&mut self, id: &Id, nodes: usize) {
        let now = self.now;
        let message = format!(
            "0/{nodes} nodes are available: {nodes} node(s) didn't match Pod's node affinity/selector. no new claims to \
             deallocate, preemption: 0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling."
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

    fn fits(&self, pod: &Value, node: &Arc<Value>) -> bool {
        let named =
            list(pod, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
        let name = text(node, "/metadata/name");
        if named.iter().any(|t| !list(t, "/matchFields/0/values").iter().any(|v| v == name)) {
            return false;
        }
        let daemon = !named.is_empty();
        let labels = map(node, "/metadata/labels");
        let selector = map(pod, "/spec/nodeSelector").into_iter().flatten();
        let selected = selector.into_iter().all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v));
        selected
            && is(node, "Ready")
            && (daemon || node.pointer("/spec/unschedulable") != Some(&true.into()))
            && list(node, "/spec/taints").iter().all(|taint| tolerates(pod, taint))
            && self.volumes_reach(pod, name)
    }

    /// Local volumes can be used on one node only.
    fn volumes_reach(&self, pod: &Value, node: &str) -> bool {
        let namespace = text(pod, "/metadata/namespace");
        let claims = list(pod, "/spec/volumes").iter().map(|v| text(v, "/persistentVolumeClaim/claimName"));
        claims.filter(|c| !c.is_empty()).all(|claim| {
            let Some(claim) = self.store.get(self.res.claims, namespace, claim) else { return false };
            let Some(volume) = self.store.get(self.res.volumes, "", text(&claim, "/spec/volumeName")) else {
                return true;
            };
            let terms = list(&volume, "/spec/nodeAffinity/required/nodeSelectorTerms");
            terms.is_empty() || terms.iter().any(|t| list(t, "/matchExpressions/0/values").iter().any(|v| v == node))
        })
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
