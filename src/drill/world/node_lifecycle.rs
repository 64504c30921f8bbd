//! The node lifecycle controller: nodes that are no longer heard of, the taints that follow from their conditions, and what
//! the taints mean to their pods (1.4).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::genesis::condition as condition_of;
use super::informer::Work;
use super::json::{Id, condition, is, list, put, set_condition, text, time};
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::stamp;

const REPORTER: Reporter<'_> = Reporter::Controller("node-controller");
const TAINTS: Reporter<'_> = Reporter::Controller("taint-eviction-controller");

/// A kubelet not heard of for longer is taken for dead.
const GRACE: SignedDuration = SignedDuration::from_secs(50);
/// How long the pods of a node that is gone are left alone.
const QUARANTINE: SignedDuration = SignedDuration::from_secs(40);

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
/// The taints of conditions that are bad when they hold.
const PRESSURES: [(&str, &str); 3] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
];
/// What a kubelet tells of itself.
const KUBELETS: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];

impl World {
    /// Looks whether all kubelets are heard of. Those of the load never fall silent.
    pub(super) fn monitor_nodes(&mut self) {
        if !self.controllers_lead() {
            return;
        }
        for name in self.machine_names() {
            let Some(node) = self.store.get(self.res.nodes, "", &name) else { continue };
            let lease = self.store.get(self.res.leases, "kube-node-lease", &name);
            let heard = lease.and_then(|l| time(&l, "/spec/renewTime"));
            let heard = heard.max(time(&node, "/metadata/creationTimestamp")).unwrap_or_default();
            // Nobody could be heard before somebody listened.
            let heard = heard.max(self.listening_since);
            if self.now.duration_since(heard) > GRACE && ready_status(&node) != "Unknown" {
                self.take_for_dead(&name);
            }
            if !list(&node, "/spec/taints").is_empty() || !is(&node, "Ready") {
                self.work.insert(Work::Node(Id::new("", &name)));
            }
        }
    }

    fn take_for_dead(&mut self, name: &str) {
        let unknown = |kind: &&str| {
            condition_of(kind, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", self.now)
        };
        let conditions = KUBELETS.iter().map(unknown).collect::<Vec<_>>();
        let now = self.now;
        let node = self.store.modify(self.res.nodes, "", name, |node| {
            let mut all = list(node, "/status/conditions").to_vec();
            for mut new in conditions {
                let told = all.iter().find(|c| c["type"] == new["type"]).map(|c| c["lastHeartbeatTime"].clone());
                new["lastHeartbeatTime"] = told.unwrap_or_default();
                set_condition(&mut all, new, now);
            }
            put(node, &["status", "conditions"], all.into());
        });
        if let Some(node) = node {
            let message = format!("Node {name} status is now: NodeNotReady");
            self.record(&node, REPORTER, Note::normal("NodeNotReady", &message));
        }
        self.work.insert(Work::Node(Id::new("", name)));
        self.mark_pods_not_ready(name);
    }

    /// The pods of a node that is not ready serve nobody.
    pub(super) fn mark_pods_not_ready(&mut self, node: &str) {
        let now = self.now;
        for pod in self.pods_on(node).into_iter().filter(|p| is(p, "Ready")) {
            let id = Id::of(&pod);
            self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
                let mut conditions = list(pod, "/status/conditions").to_vec();
                for ready in conditions.iter_mut().filter(|c| c["type"] == "Ready") {
                    ready["status"] = "False".into();
                    ready["lastTransitionTime"] = stamp(now).into();
                }
                pod["status"]["conditions"] = conditions.into();
            });
            self.record(&pod, REPORTER, Note::warning("NodeNotReady", "Node is not ready"));
        }
    }

    /// The pods that were given to a node.
    pub(super) fn pods_on(&self, node: &str) -> Vec<Arc<Value>> {
        let mut pods = self.store.list(self.res.pods, None);
        pods.retain(|p| text(p, "/spec/nodeName") == node);
        pods
    }

    /// Sees to a node: its taints, what they mean to its pods, and what becomes of those when it is gone.
    pub(super) fn reconcile_node(&mut self, id: &Id) {
        let Some(node) = self.store.get(self.res.nodes, "", &id.name) else {
            self.clear_after(&id.name);
            return;
        };
        self.missing.remove(&id.name);
        self.heed_removal(&node);
        self.taint(&node);
        if let Some(node) = self.store.get(self.res.nodes, "", &id.name) {
            self.evict_untolerating(&node);
        }
    }

    /// The taints of a node are those that its state asks for, and those of others.
    fn taint(&mut self, node: &Value) {
        let wanted = wanted_taints(node);
        let ours = |t: &&Value| {
            let key = text(t, "/key");
            [UNSCHEDULABLE, UNREACHABLE, NOT_READY].contains(&key) || PRESSURES.iter().any(|(_, k)| *k == key)
        };
        let is_one = |taint: &Value, (key, effect): (&str, &str)| taint["key"] == key && taint["effect"] == effect;
        let mut taints: Vec<Value> = list(node, "/spec/taints")
            .iter()
            .filter(|t| !ours(t) || wanted.iter().any(|w| is_one(t, *w)))
            .cloned()
            .collect();
        for (key, effect) in wanted {
            if !taints.iter().any(|t| is_one(t, (key, effect))) {
                taints.push(json!({ "key": key, "effect": effect, "timeAdded": stamp(self.now) }));
            }
        }
        if taints == list(node, "/spec/taints") {
            return;
        }
        let cordon = |taints: &[Value]| taints.iter().any(|t| t["key"] == UNSCHEDULABLE);
        let (before, after) = (cordon(list(node, "/spec/taints")), cordon(&taints));
        let name = text(node, "/metadata/name");
        let taints = if taints.is_empty() { Value::Null } else { taints.into() };
        self.store.modify(self.res.nodes, "", name, |node| put(node, &["spec", "taints"], taints));
        if before != after {
            let word = if after { "NodeNotSchedulable" } else { "NodeSchedulable" };
            let message = format!("Node {name} status is now: {word}");
            self.record(node, Reporter::Kubelet(name), Note::normal(word, &message));
        }
    }

    /// Pods stay on a node as long as they tolerate its taints.
    fn evict_untolerating(&mut self, node: &Value) {
        let taints: Vec<_> = list(node, "/spec/taints").iter().filter(|t| t["effect"] == "NoExecute").collect();
        if taints.is_empty() {
            return;
        }
        let out_of_service = taints.iter().any(|t| t["key"] == OUT_OF_SERVICE) && !is(node, "Ready");
        for pod in self.pods_on(text(node, "/metadata/name")) {
            let id = Id::of(&pod);
            if pod.pointer("/metadata/deletionTimestamp").is_some() {
                if out_of_service {
                    self.force_delete(&pod);
                }
                continue;
            }
            let Some(until) = taints.iter().filter_map(|t| tolerated_until(&pod, t)).min() else { continue };
            if until <= self.now {
                self.evict_by_taint(&id);
            } else {
                self.plan(until.duration_since(self.now), Due::Work(Work::Node(Id::of(node))));
            }
        }
    }

    fn evict_by_taint(&mut self, id: &Id) {
        let message = "Taint manager: deleting due to NoExecute taint";
        let Some(pod) = self.disrupt(id, "DeletionByTaintManager", message) else { return };
        let message = format!("Marking for deletion Pod {}/{}", id.namespace, id.name);
        self.record(&pod, TAINTS, Note::normal("TaintManagerEviction", &message));
        self.delete_pod(id);
    }

    /// Says in a pod's status who ends it.
    pub(super) fn disrupt(&mut self, id: &Id, reason: &str, message: &str) -> Option<Arc<Value>> {
        let now = self.now;
        self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let new = json!({ "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
                "lastProbeTime": null });
            set_condition(&mut conditions, new, now);
            pod["status"]["conditions"] = conditions.into();
        })
    }

    /// Takes a pod out whose kubelet cannot confirm its end.
    fn force_delete(&mut self, pod: &Value) {
        let id = Id::of(pod);
        self.disrupt(&id, "DeletionByPodGC", "PodGC: node no longer exists");
        self.store.remove(self.res.pods, &id.namespace, &id.name);
    }

    /// A node is gone: its Lease at once, its etcd member with it, its pods after a while.
    fn clear_after(&mut self, name: &str) {
        let since = *self.missing.entry(name.to_owned()).or_insert(self.now);
        if since == self.now {
            self.store.remove(self.res.leases, "kube-node-lease", name);
            self.remove_member(name);
        }
        let waits = QUARANTINE - self.now.duration_since(since);
        if waits > SignedDuration::ZERO {
            self.plan(waits, Due::Work(Work::Node(Id::new("", name))));
            return;
        }
        for pod in self.pods_on(name) {
            self.force_delete(&pod);
        }
    }
}

/// The status of a node's condition `Ready`.
fn ready_status(node: &Value) -> &str {
    condition(node, "Ready").map(|c| text(c, "/status")).unwrap_or_default()
}

/// The taints that a node's state asks for, by key and effect.
fn wanted_taints(node: &Value) -> Vec<(&'static str, &'static str)> {
    let mut wanted = Vec::new();
    let sick = match ready_status(node) {
        "" | "True" => None,
        "False" => Some(NOT_READY),
        _ => Some(UNREACHABLE),
    };
    if let Some(key) = sick {
        wanted.extend([(key, "NoSchedule"), (key, "NoExecute")]);
    }
    wanted.extend(PRESSURES.iter().filter(|(kind, _)| is(node, kind)).map(|(_, key)| (*key, "NoSchedule")));
    if node.pointer("/spec/unschedulable") == Some(&true.into()) {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    wanted
}

/// Until when a pod tolerates a taint; nothing if for ever.
fn tolerated_until(pod: &Value, taint: &Value) -> Option<Timestamp> {
    let added = time(taint, "/timeAdded").unwrap_or_default();
    let tolerates = |t: &&Value| super::taint::tolerates(&json!({ "tolerations": [t] }), taint);
    let mut fitting = list(pod, "/spec/tolerations").iter().filter(tolerates).peekable();
    if fitting.peek().is_none() {
        return Some(added);
    }
    let seconds = fitting.filter_map(|t| t["tolerationSeconds"].as_i64()).min()?;
    added.checked_add(SignedDuration::from_secs(seconds.max(0))).ok()
}
