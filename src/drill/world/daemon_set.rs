//! DaemonSets: one pod on every node that fits.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, entry, int, is, list, map, put, text};
use super::label::node_fits;
use super::pods::{finished, new_pod, portion};
use super::recorder::{Note, Reporter};
use super::revisions::hash_of;
use super::taint::untolerated;

const REPORTER: Reporter<'_> = Reporter::Controller("daemonset-controller");
const HASH: &str = "controller-revision-hash";

/// What a DaemonSet wants of the nodes, as one look finds it.
struct Daemons {
    set: Arc<Value>,
    /// The revision of the present template.
    revision: Arc<Value>,
    /// The nodes that are to have a pod.
    wanted: Vec<String>,
    /// The nodes that may keep one: those, and what would take no new one.
    kept: Vec<String>,
}

impl World {
    pub(super) fn reconcile_daemon_set(&mut self, id: &Id) {
        let Some(set) = self.store.get(self.res.daemon_sets, &id.namespace, &id.name) else { return };
        if leaving(&set) {
            return;
        }
        self.claim(self.res.pods, &set);
        let revision = self.note_revision(&set, HASH);
        let (wanted, kept) = self.daemon_nodes(&set);
        let daemons = Daemons { set, revision, wanted, kept };
        self.place_daemons(&daemons);
        if text(&daemons.set, "/spec/updateStrategy/type") != "OnDelete" {
            self.update_daemons(&daemons);
        }
        self.write_daemon_status(&daemons);
        let mut in_use: Vec<String> = self
            .pods_of(&daemons.set)
            .iter()
            .map(|p| format!("{}-{}", id.name, entry(p, "/metadata/labels", HASH)))
            .collect();
        in_use.push(text(&daemons.revision, "/metadata/name").to_owned());
        self.forget_old_revisions(&daemons.set, &in_use);
    }

    /// The nodes that are to have a pod, and those that may keep theirs.
    fn daemon_nodes(&self, set: &Value) -> (Vec<String>, Vec<String>) {
        let spec = with_tolerations(&set["spec"]["template"]["spec"]);
        let nodes = self.store.list(self.res.nodes, None);
        let keeps = |node: &&Arc<Value>| selected(&spec, node) && untolerated(&spec, node, &["NoExecute"]).is_none();
        let wants = |node: &&&Arc<Value>| untolerated(&spec, node, &["NoSchedule"]).is_none();
        let names = |node: &Arc<Value>| text(node, "/metadata/name").to_owned();
        let kept: Vec<_> = nodes.iter().filter(keeps).collect();
        (kept.iter().filter(|n| wants(n)).map(|n| names(n)).collect(), kept.iter().map(|n| names(n)).collect())
    }

    /// Every node has its pod, and no other.
    fn place_daemons(&mut self, daemons: &Daemons) {
        let pods = self.pods_of(&daemons.set);
        for pod in pods.iter().filter(|p| finished(p) && !leaving(p)) {
            self.delete_pod(&Id::of(pod));
            let (name, node) = (Id::of(pod), place(pod));
            let message =
                format!("Found failed daemon pod {}/{} on node {node}, will try to kill it", name.namespace, name.name);
            self.record(&daemons.set, REPORTER, Note::warning("FailedDaemonPod", &message));
        }
        for node in &daemons.wanted {
            if !pods.iter().any(|p| place(p) == *node) {
                self.create_daemon(daemons, node);
            }
        }
        for pod in pods.iter().filter(|p| !leaving(p) && !daemons.kept.iter().any(|n| n == place(p))) {
            self.delete_pod(&Id::of(pod));
        }
    }

    fn create_daemon(&mut self, daemons: &Daemons, node: &str) {
        let mut pod = new_pod(&daemons.set, &daemons.set["spec"]["template"]);
        put(&mut pod, &["metadata", "labels", HASH], hash_of(&daemons.revision).into());
        let generation = int(&daemons.revision, "/revision").max(1).to_string();
        put(&mut pod, &["metadata", "labels", "pod-template-generation"], generation.into());
        let field = json!({ "key": "metadata.name", "operator": "In", "values": [node] });
        put(
            &mut pod,
            &["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"],
            json!({ "nodeSelectorTerms": [{ "matchFields": [field] }] }),
        );
        pod["spec"] = with_tolerations(&pod["spec"]);
        if let Ok(pod) = self.store_pod(&daemons.set, pod, REPORTER) {
            let message = format!("Created pod: {}", text(&pod, "/metadata/name"));
            self.record(&daemons.set, REPORTER, Note::normal("SuccessfulCreate", &message));
        }
    }

    /// Pods get the new template by making way for their successors: at once those that do not work, the others as far
    /// as `maxUnavailable` allows.
    fn update_daemons(&mut self, daemons: &Daemons) {
        let pods = self.pods_of(&daemons.set);
        let wanted = daemons.wanted.len() as i64;
        let most = portion(&daemons.set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"], wanted, true);
        let serves = |p: &&Arc<Value>| is(p, "Ready") && !leaving(p);
        let serving = pods.iter().filter(serves).count() as i64;
        let mut spare = most.max(1) - (wanted - serving).max(0);
        let outdated =
            |p: &&Arc<Value>| entry(p, "/metadata/labels", HASH) != hash_of(&daemons.revision) && !leaving(p);
        for pod in pods.iter().filter(outdated) {
            if is(pod, "Ready") {
                if spare <= 0 {
                    continue;
                }
                spare -= 1;
            }
            self.dismiss_pod(&daemons.set, pod, REPORTER);
        }
    }

    fn write_daemon_status(&mut self, daemons: &Daemons) {
        let Daemons { set, wanted, .. } = daemons;
        let id = Id::of(set);
        let active = self.active_pods(set);
        let (placed, astray): (Vec<_>, Vec<_>) = active.into_iter().partition(|p| wanted.iter().any(|n| n == place(p)));
        let ready = placed.iter().filter(|p| is(p, "Ready")).count();
        let available = self.count_available(set, &placed, Work::DaemonSet(id.clone()));
        let hash = hash_of(&daemons.revision);
        let updated = placed.iter().filter(|p| entry(p, "/metadata/labels", HASH) == hash).count();
        let mut status = json!({
            "currentNumberScheduled": placed.len(), "desiredNumberScheduled": wanted.len(),
            "numberMisscheduled": astray.len(), "numberReady": ready,
            "observedGeneration": int(set, "/metadata/generation"), "updatedNumberScheduled": updated,
        });
        if available > 0 {
            status["numberAvailable"] = available.into();
        }
        if available < wanted.len() {
            status["numberUnavailable"] = (wanted.len() - available).into();
        }
        self.store.modify(self.res.daemon_sets, &id.namespace, &id.name, |set| set["status"] = status);
    }
}

/// Whether a pod may be on a node as far as its selector and affinity go.
fn selected(spec: &Value, node: &Value) -> bool {
    let labels = map(node, "/metadata/labels");
    let mut selector = map(spec, "/nodeSelector").into_iter().flatten();
    let required = spec.pointer("/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    selector.all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v)) && required.is_none_or(|r| node_fits(r, node))
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

/// A pod's spec with what every daemon tolerates: it stays on a node in any trouble.
fn with_tolerations(spec: &Value) -> Value {
    let mut spec = spec.clone();
    let own = list(&spec, "/tolerations").iter().cloned();
    let all: Vec<Value> = own.chain(always_tolerated(spec["hostNetwork"] == true)).collect();
    spec["tolerations"] = all.into();
    spec
}

fn always_tolerated(on_host_network: bool) -> impl Iterator<Item = Value> {
    let troubles = [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    let network = on_host_network.then_some(("network-unavailable", "NoSchedule"));
    troubles.into_iter().chain(network).map(
        |(name, effect)| json!({ "key": format!("node.kubernetes.io/{name}"), "operator": "Exists", "effect": effect }),
    )
}
