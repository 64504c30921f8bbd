//! ReplicaSets: as many pods as wanted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::json::{Id, int, is, list, owned_by, owner, text, uid};
use super::recorder::{Note, Reporter};

const REPORTER: Reporter<'_> = Reporter::Controller("replicaset-controller");

impl World {
    pub(super) fn reconcile_replica_set(&mut self, id: &Id) {
        let Some(set) = self.store.get(self.res.replica_sets, &id.namespace, &id.name) else { return };
        if leaving(&set) {
            return;
        }
        let pods = self.active_pods(&set);
        let wanted = usize::try_from(int(&set, "/spec/replicas")).unwrap_or_default();
        for _ in pods.len()..wanted {
            self.create_pod(&set, REPORTER);
        }
        if pods.len() > wanted {
            let mut ranked = pods.clone();
            ranked.sort_by_key(|pod| deletion_rank(pod));
            for pod in ranked.iter().take(pods.len() - wanted) {
                self.delete_pod(&Id::of(pod));
                let message = format!("Deleted pod: {}", text(pod, "/metadata/name"));
                self.record(&set, REPORTER, Note::normal("SuccessfulDelete", &message));
            }
        }
        self.write_replica_set_status(&set);
    }

    fn write_replica_set_status(&mut self, set: &Value) {
        let id = Id::of(set);
        let pods = self.active_pods(set);
        let ready = pods.iter().filter(|p| is(p, "Ready")).count();
        let leaving = self.pods_of(set).iter().filter(|p| p.pointer("/metadata/deletionTimestamp").is_some()).count();
        self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            let mut status = json!({
                "replicas": pods.len(), "observedGeneration": set["metadata"]["generation"],
                "terminatingReplicas": leaving,
            });
            if !pods.is_empty() {
                status["fullyLabeledReplicas"] = pods.len().into();
            }
            if ready > 0 {
                status["readyReplicas"] = ready.into();
                status["availableReplicas"] = ready.into();
            }
            set["status"] = status;
        });
    }

    /// The pods of a controller that count: not finished and not on their way out.
    pub(super) fn active_pods(&self, controller: &Value) -> Vec<Arc<Value>> {
        let mut pods = self.pods_of(controller);
        pods.retain(|pod| {
            pod.pointer("/metadata/deletionTimestamp").is_none()
                && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
        });
        pods
    }

    /// All pods of a controller.
    pub(super) fn pods_of(&self, controller: &Value) -> Vec<Arc<Value>> {
        let mut pods = self.store.list(self.res.pods, Some(text(controller, "/metadata/namespace")));
        pods.retain(|pod| owner(pod) == uid(controller));
        pods
    }

    /// Makes a pod from a controller's template.
    pub(super) fn create_pod(&mut self, controller: &Value, reporter: Reporter<'_>) {
        let template = &controller["spec"]["template"];
        let name = text(controller, "/metadata/name");
        let mut pod = json!({
            "metadata": template["metadata"],
            "spec": template["spec"],
            "status": { "phase": "Pending" },
        });
        pod["metadata"]["namespace"] = controller["metadata"]["namespace"].clone();
        pod["metadata"]["generateName"] = format!("{name}-").into();
        pod["metadata"]["ownerReferences"] = owned_by(controller);
        if let Some(meta) = pod["metadata"].as_object_mut() {
            meta.remove("creationTimestamp");
        }
        self.admit_pod(&mut pod);
        if let Ok(pod) = self.store.create(self.res.pods, pod, self.now) {
            let message = format!("Created pod: {}", text(&pod, "/metadata/name"));
            self.record(controller, reporter, Note::normal("SuccessfulCreate", &message));
        }
    }
}

/// Which pod goes first: one without a node, one not ready, one with more restarts, the youngest.
fn deletion_rank(pod: &Value) -> impl Ord + use<> {
    let placed = !text(pod, "/spec/nodeName").is_empty();
    let restarts: i64 = list(pod, "/status/containerStatuses").iter().map(|c| int(c, "/restartCount")).sum();
    let born = std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned());
    (placed, is(pod, "Ready"), -restarts, born, text(pod, "/metadata/name").to_owned())
}
