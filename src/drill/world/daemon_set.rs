//! DaemonSets: one pod on every node that fits.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::json::{Id, entry, int, is, list, map, put, text};
use super::random::template_hash;
use super::recorder::{Note, Reporter};

const REPORTER: Reporter<'_> = Reporter::Controller("daemonset-controller");
const HASH: &str = "controller-revision-hash";

impl World {
    pub(super) fn reconcile_daemon_set(&mut self, id: &Id) {
        let Some(set) = self.store.get(self.res.daemon_sets, &id.namespace, &id.name) else { return };
        if leaving(&set) {
            return;
        }
        let hash = template_hash(&set["spec"]["template"].to_string());
        let nodes = self.daemon_nodes(&set);
        let pods = self.pods_of(&set);
        for node in &nodes {
            if !pods.iter().any(|p| place(p) == *node && text(p, "/status/phase") != "Failed") {
                self.create_daemon(&set, node, &hash);
            }
        }
        for pod in pods.iter().filter(|p| !nodes.iter().any(|n| n == place(p))) {
            self.delete_pod(&Id::of(pod));
        }
        self.update_daemons(&set, &hash);
        self.write_daemon_status(&set, &nodes, &hash);
    }

    fn daemon_nodes(&self, set: &Value) -> Vec<String> {
        let selector = map(set, "/spec/template/spec/nodeSelector");
        let nodes = self.store.list(self.res.nodes, None);
        let fits = |node: &&Arc<Value>| {
            let labels = map(node, "/metadata/labels");
            selector.into_iter().flatten().all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
        };
        nodes.iter().filter(fits).map(|n| text(n, "/metadata/name").to_owned()).collect()
    }

    fn create_daemon(&mut self, set: &Value, node: &str, hash: &str) {
        let mut set = set.clone();
        let template = &mut set["spec"]["template"];
        put(template, &["metadata", "labels", HASH], hash.into());
        put(template, &["metadata", "labels", "pod-template-generation"], "1".into());
        let field = json!({ "key": "metadata.name", "operator": "In", "values": [node] });
        template["spec"]["affinity"] = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution":
            { "nodeSelectorTerms": [{ "matchFields": [field] }] } } });
        let tolerations =
            list(template, "/spec/tolerations").iter().cloned().chain(always_tolerated()).collect::<Vec<_>>();
        template["spec"]["tolerations"] = tolerations.into();
        self.create_pod(&set, REPORTER);
    }

    /// One pod after the other gets the new template: the next goes when all are ready.
    fn update_daemons(&mut self, set: &Value, hash: &str) {
        let pods = self.pods_of(set);
        let settled = pods.iter().all(|p| is(p, "Ready") && p.pointer("/metadata/deletionTimestamp").is_none());
        let outdated = pods.iter().filter(|p| entry(p, "/metadata/labels", HASH) != hash);
        let broken = outdated.clone().find(|p| !is(p, "Ready"));
        let next = broken.or_else(|| outdated.clone().next().filter(|_| settled));
        if let Some(pod) = next.filter(|p| p.pointer("/metadata/deletionTimestamp").is_none()) {
            self.delete_pod(&Id::of(pod));
            let message = format!("Deleted pod: {}", text(pod, "/metadata/name"));
            self.record(set, REPORTER, Note::normal("SuccessfulDelete", &message));
        }
    }

    fn write_daemon_status(&mut self, set: &Value, nodes: &[String], hash: &str) {
        let id = Id::of(set);
        let pods = self.active_pods(set);
        let ready = pods.iter().filter(|p| is(p, "Ready")).count();
        let updated = pods.iter().filter(|p| entry(p, "/metadata/labels", HASH) == hash).count();
        let mut status = json!({
            "currentNumberScheduled": pods.len(), "desiredNumberScheduled": nodes.len(), "numberMisscheduled": 0,
            "numberReady": ready, "observedGeneration": int(set, "/metadata/generation"),
            "updatedNumberScheduled": updated,
        });
        if ready > 0 {
            status["numberAvailable"] = ready.into();
        }
        if ready < nodes.len() {
            status["numberUnavailable"] = (nodes.len() - ready).into();
        }
        self.store.modify(self.res.daemon_sets, &id.namespace, &id.name, |set| set["status"] = status);
    }
}

/// The node a daemon's pod is on, or is meant for.
fn place(pod: &Value) -> &str {
    match text(pod, "/spec/nodeName") {
        "" => {
            let terms =
                "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0";
            pod.pointer(terms).map(|t| text(t, "/matchFields/0/values/0")).unwrap_or_default()
        }
        node => node,
    }
}

/// A daemon stays on a node in any trouble.
fn always_tolerated() -> impl Iterator<Item = Value> {
    let troubles = [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    troubles.into_iter().map(
        |(name, effect)| json!({ "key": format!("node.kubernetes.io/{name}"), "operator": "Exists", "effect": effect }),
    )
}
