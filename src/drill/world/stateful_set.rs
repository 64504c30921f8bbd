//! StatefulSets: numbered pods, one after the other, each with claims of its own.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::informer::Work;
use super::json::{Id, entry, int, is, list, push, put, text};
use super::pods::{finished, new_pod};
use super::recorder::{Note, Reporter};

const REPORTER: Reporter<'_> = Reporter::Controller("statefulset-controller");
const HASH: &str = "controller-revision-hash";

/// A StatefulSet, as one look finds it.
struct Numbered {
    set: Arc<Value>,
    /// The name of the revision that pods below the partition get.
    current: String,
    /// The name of the revision of the present template.
    update: String,
    first: i64,
    replicas: i64,
    /// Whether each pod waits for the one before.
    in_order: bool,
}

impl World {
    pub(super) fn reconcile_stateful_set(&mut self, id: &Id) {
        let Some(set) = self.store.get(self.res.stateful_sets, &id.namespace, &id.name) else { return };
        if leaving(&set) {
            return;
        }
        self.claim(self.res.pods, &set);
        let update = text(&self.note_revision(&set, "controller.kubernetes.io/hash"), "/metadata/name").to_owned();
        let current = match text(&set, "/status/currentRevision") {
            "" => update.clone(),
            current => current.to_owned(),
        };
        let numbered = Numbered {
            current,
            update,
            first: int(&set, "/spec/ordinals/start"),
            replicas: int(&set, "/spec/replicas"),
            in_order: text(&set, "/spec/podManagementPolicy") != "Parallel",
            set,
        };
        if self.fill_numbers(&numbered) && self.clear_numbers(&numbered) {
            self.update_numbers(&numbered);
        }
        let in_use = self.write_stateful_status(&numbered);
        self.forget_old_revisions(&numbered.set, &in_use);
    }

    /// Makes the pods that are missing, in order. Whether there is no need to wait for one of them.
    fn fill_numbers(&mut self, numbered: &Numbered) -> bool {
        for number in numbered.first..numbered.first + numbered.replicas {
            let pod = self.pod_number(numbered, number);
            match &pod {
                Some(pod) if finished(pod) && !leaving(pod) => {
                    self.delete_pod(&Id::of(pod));
                    let message = format!(
                        "StatefulSet {} is recreating failed Pod {}",
                        told(&numbered.set),
                        text(pod, "/metadata/name")
                    );
                    self.record(&numbered.set, REPORTER, Note::warning("RecreatingFailedPod", &message));
                    return false;
                }
                Some(_) => {}
                None => self.create_numbered(numbered, number),
            }
            let settled = pod.is_some_and(|pod| is(&pod, "Ready") && !leaving(&pod));
            if numbered.in_order && !settled {
                return false;
            }
        }
        true
    }

    /// Takes away the pods beyond the last, the highest first. Whether none is left.
    fn clear_numbers(&mut self, numbered: &Numbered) -> bool {
        let within = numbered.first..numbered.first + numbered.replicas;
        let mut beyond = self.pods_of(&numbered.set);
        beyond.retain(|pod| number_of(pod).is_none_or(|number| !within.contains(&number)));
        beyond.sort_by_key(|pod| std::cmp::Reverse(number_of(pod)));
        for pod in &beyond {
            if !leaving(pod) {
                self.dismiss_numbered(&numbered.set, pod);
            }
            if numbered.in_order {
                return false;
            }
        }
        beyond.is_empty()
    }

    /// Gives pods the new template, from the highest number down to the partition, each when the one above works.
    fn update_numbers(&mut self, numbered: &Numbered) {
        if text(&numbered.set, "/spec/updateStrategy/type") == "OnDelete" {
            return;
        }
        let last = numbered.first + numbered.replicas;
        for number in (numbered.first + partition(&numbered.set)..last).rev() {
            let Some(pod) = self.pod_number(numbered, number) else { return };
            if entry(&pod, "/metadata/labels", HASH) != numbered.update && !leaving(&pod) {
                self.dismiss_numbered(&numbered.set, &pod);
                return;
            }
            if !is(&pod, "Ready") || leaving(&pod) {
                return;
            }
        }
    }

    fn pod_number(&self, numbered: &Numbered, number: i64) -> Option<Arc<Value>> {
        let id = Id::of(&numbered.set);
        self.store.get(self.res.pods, &id.namespace, &format!("{}-{number}", id.name))
    }

    fn create_numbered(&mut self, numbered: &Numbered, number: i64) {
        let set = &numbered.set;
        let Some((revision, template)) = self.template_for(numbered, number) else { return };
        let name = format!("{}-{number}", text(set, "/metadata/name"));
        let mut pod = new_pod(set, &template);
        put(&mut pod, &["metadata", "name"], name.as_str().into());
        for (label, value) in [
            (HASH, revision),
            ("statefulset.kubernetes.io/pod-name", name.clone()),
            ("apps.kubernetes.io/pod-index", number.to_string()),
        ] {
            put(&mut pod, &["metadata", "labels", label], value.into());
        }
        put(&mut pod, &["spec", "hostname"], name.as_str().into());
        if !text(set, "/spec/serviceName").is_empty() {
            put(&mut pod, &["spec", "subdomain"], set["spec"]["serviceName"].clone());
        }
        self.create_claims(set, &name, &mut pod);
        if self.store_pod(set, pod, REPORTER).is_ok() {
            let message = format!("create Pod {name} in StatefulSet {} successful", text(set, "/metadata/name"));
            self.record(set, REPORTER, Note::normal("SuccessfulCreate", &message));
        }
    }

    /// The revision that a pod gets, and its template.
    fn template_for(&self, numbered: &Numbered, number: i64) -> Option<(String, Value)> {
        let rolling = text(&numbered.set, "/spec/updateStrategy/type") != "OnDelete";
        let below = number < numbered.first + partition(&numbered.set);
        if !rolling || !below || numbered.current == numbered.update {
            return Some((numbered.update.clone(), numbered.set["spec"]["template"].clone()));
        }
        let namespace = text(&numbered.set, "/metadata/namespace");
        let revision = self.store.get(self.res.revisions, namespace, &numbered.current)?;
        let mut template = revision["data"]["spec"]["template"].clone();
        put(&mut template, &["$patch"], Value::Null);
        Some((numbered.current.clone(), template))
    }

    /// The claims of one pod, which outlive it.
    fn create_claims(&mut self, set: &Value, pod_name: &str, pod: &mut Value) {
        for template in list(set, "/spec/volumeClaimTemplates") {
            let volume = text(template, "/metadata/name");
            let name = format!("{volume}-{pod_name}");
            if let Some(volumes) = pod["spec"].get_mut("volumes").and_then(Value::as_array_mut) {
                volumes.retain(|v| text(v, "/name") != volume);
            }
            push(
                &mut pod["spec"],
                "volumes",
                json!({ "name": volume, "persistentVolumeClaim": { "claimName": name } }),
            );
            let namespace = text(set, "/metadata/namespace");
            if self.store.get(self.res.claims, namespace, &name).is_some() {
                continue;
            }
            let mut claim = json!({
                "metadata": { "name": name, "namespace": namespace, "finalizers": ["kubernetes.io/pvc-protection"],
                    "labels": set["spec"]["selector"]["matchLabels"] },
                "spec": template["spec"], "status": { "phase": "Pending" },
            });
            self.admit_claim(&mut claim);
            if self.store.create(self.res.claims, claim, self.now).is_ok() {
                let of = text(set, "/metadata/name");
                let message = format!("create Claim {name} Pod {pod_name} in StatefulSet {of} success");
                self.record(set, REPORTER, Note::normal("SuccessfulCreate", &message));
            }
        }
    }

    fn dismiss_numbered(&mut self, set: &Value, pod: &Value) {
        self.delete_pod(&Id::of(pod));
        let (pod, set_name) = (text(pod, "/metadata/name"), text(set, "/metadata/name"));
        let message = format!("delete Pod {pod} in StatefulSet {set_name} successful");
        self.record(set, REPORTER, Note::normal("SuccessfulDelete", &message));
    }

    /// Writes the status; the names of the revisions that are in use.
    fn write_stateful_status(&mut self, numbered: &Numbered) -> Vec<String> {
        let id = Id::of(&numbered.set);
        let mut pods = self.pods_of(&numbered.set);
        pods.retain(|pod| !leaving(pod) && number_of(pod).is_some());
        let ready = pods.iter().filter(|p| is(p, "Ready")).count();
        let available = self.count_available(&numbered.set, &pods, Work::StatefulSet(id.clone()));
        let of = |revision: &str| pods.iter().filter(|p| entry(p, "/metadata/labels", HASH) == revision).count();
        let updated = of(&numbered.update);
        let done =
            partition(&numbered.set) == 0 && updated as i64 == numbered.replicas && ready as i64 == numbered.replicas;
        let current = if done { &numbered.update } else { &numbered.current };
        let mut status = json!({
            "observedGeneration": numbered.set["metadata"]["generation"], "replicas": pods.len(),
            "currentRevision": current, "updateRevision": numbered.update, "collisionCount": 0,
            "availableReplicas": available,
        });
        let counts = [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)];
        for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            status[field] = count.into();
        }
        let mut in_use = vec![current.clone(), numbered.update.clone()];
        in_use.extend(pods.iter().map(|p| entry(p, "/metadata/labels", HASH).to_owned()));
        self.store.modify(self.res.stateful_sets, &id.namespace, &id.name, |set| set["status"] = status);
        in_use
    }
}

/// Pods with a lower number, counted from the first, keep their template.
fn partition(set: &Value) -> i64 {
    int(set, "/spec/updateStrategy/rollingUpdate/partition")
}

/// The number at the end of a pod's name.
fn number_of(pod: &Value) -> Option<i64> {
    text(pod, "/metadata/name").rsplit_once('-')?.1.parse().ok()
}

fn told(set: &Value) -> String {
    format!("{}/{}", text(set, "/metadata/namespace"), text(set, "/metadata/name"))
}
