//! ReplicaSets: as many pods as wanted.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, int, is, list, map, set_condition, text};
use super::recorder::Reporter;
use super::{Due, World, label};

const REPORTER: Reporter<'_> = Reporter::Controller("replicaset-controller");
/// When it is tried again to make pods that the server did not want.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);

impl World {
    pub(super) fn reconcile_replica_set(&mut self, id: &Id) {
        let Some(set) = self.store.get(self.res.replica_sets, &id.namespace, &id.name) else { return };
        if leaving(&set) {
            return;
        }
        self.claim(self.res.pods, &set);
        let pods = self.active_pods(&set);
        let wanted = usize::try_from(int(&set, "/spec/replicas")).unwrap_or_default();
        let made: Result<(), String> = (pods.len()..wanted).try_for_each(|_| self.create_pod(&set, REPORTER));
        if made.is_err() {
            self.plan(AGAIN, Due::Work(Work::ReplicaSet(id.clone())));
        }
        if pods.len() > wanted {
            let mut ranked = pods.clone();
            ranked.sort_by_key(|pod| deletion_rank(pod));
            for pod in ranked.iter().take(pods.len() - wanted) {
                self.dismiss_pod(&set, pod, REPORTER);
            }
        }
        self.write_replica_set_status(&set, made.err());
    }

    fn write_replica_set_status(&mut self, set: &Value, failure: Option<String>) {
        let id = Id::of(set);
        let pods = self.active_pods(set);
        let ready = pods.iter().filter(|p| is(p, "Ready")).count();
        let available = self.count_available(set, &pods, Work::ReplicaSet(id.clone()));
        let labelled = pods.iter().filter(|p| fully_labelled(set, p)).count();
        let leaving = self.pods_of(set).iter().filter(|p| leaving(p)).count();
        let now = self.now;
        self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            let mut conditions = list(set, "/status/conditions").to_vec();
            conditions.retain(|c| c["type"] != "ReplicaFailure" || failure.is_some());
            if let Some(message) = failure {
                let new =
                    json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message });
                set_condition(&mut conditions, new, now);
            }
            let mut status = json!({
                "replicas": pods.len(), "observedGeneration": set["metadata"]["generation"],
                "terminatingReplicas": leaving,
            });
            let counts =
                [("fullyLabeledReplicas", labelled), ("readyReplicas", ready), ("availableReplicas", available)];
            for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                status[field] = count.into();
            }
            if !conditions.is_empty() {
                status["conditions"] = conditions.into();
            }
            set["status"] = status;
        });
    }
}

/// Whether a pod has all labels of the template.
fn fully_labelled(set: &Value, pod: &Arc<Value>) -> bool {
    let wanted = json!({ "matchLabels": set["spec"]["template"]["metadata"]["labels"] });
    label::matches(&wanted, map(pod, "/metadata/labels"))
}

/// Which pod goes first: one without a node, one not ready, one that costs least, one with more restarts, the youngest.
fn deletion_rank(pod: &Value) -> impl Ord + use<> {
    let placed = !text(pod, "/spec/nodeName").is_empty();
    let cost: i64 = super::json::entry(pod, "/metadata/annotations", "controller.kubernetes.io/pod-deletion-cost")
        .parse()
        .unwrap_or(0);
    let restarts: i64 = list(pod, "/status/containerStatuses").iter().map(|c| int(c, "/restartCount")).sum();
    let born = std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned());
    (placed, is(pod, "Ready"), cost, -restarts, born, text(pod, "/metadata/name").to_owned())
}
