//! Deployments: one ReplicaSet a revision, the newest grown and the others shrunk.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::garbage::leaving;
use super::json::{Id, condition, entry, int, map, owned_by, put, text, time};
use super::random::template_hash;
use super::recorder::{Note, Reporter};
use super::rollout::{room, set_timed, surge};
use super::scaling::{DESIRED, MOST};
use super::{Due, World, informer::Work};
use crate::drill::store::stamp;

const REPORTER: Reporter<'_> = Reporter::Controller("deployment-controller");
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// A Deployment and its ReplicaSets, as one look finds them.
pub(super) struct Rollout {
    pub(super) deployment: Arc<Value>,
    /// The ReplicaSet of the present template; none yet while the Deployment is paused.
    pub(super) new: Option<Arc<Value>>,
    /// The others, oldest first.
    pub(super) old: Vec<Arc<Value>>,
}

impl World {
    pub(super) fn reconcile_deployment(&mut self, id: &Id) {
        let Some(deployment) = self.store.get(self.res.deployments, &id.namespace, &id.name) else { return };
        if leaving(&deployment) {
            return;
        }
        self.tell_of_pause(&deployment);
        let Some(mut rollout) = self.find_rollout(&deployment) else { return };
        if paused(&deployment) || Self::is_scaled(&rollout) {
            self.resize(&rollout);
        } else if text(&deployment, "/spec/strategy/type") == "Recreate" {
            self.recreate(&rollout);
        } else {
            self.roll(&rollout);
        }
        rollout.old = rollout.old.iter().filter_map(|set| self.fresh(set)).collect();
        rollout.new = rollout.new.map(|new| self.fresh(&new).unwrap_or(new));
        self.write_deployment_status(&rollout);
        self.forget_revisions(&rollout);
    }

    /// A pause shows in the conditions, and so does its end.
    fn tell_of_pause(&mut self, deployment: &Value) {
        let known = condition(deployment, "Progressing").is_some_and(|c| c["reason"] == "DeploymentPaused");
        if known == paused(deployment) {
            return;
        }
        let (reason, message) = if known {
            ("DeploymentResumed", "Deployment is resumed")
        } else {
            ("DeploymentPaused", "Deployment is paused")
        };
        self.progress(deployment, "Unknown", reason, message);
    }

    fn fresh(&self, set: &Value) -> Option<Arc<Value>> {
        let id = Id::of(set);
        self.store.get(self.res.replica_sets, &id.namespace, &id.name)
    }

    fn find_rollout(&mut self, deployment: &Arc<Value>) -> Option<Rollout> {
        self.claim(self.res.replica_sets, deployment);
        let mut sets = self.controlled(self.res.replica_sets, deployment);
        sets.sort_by_key(|set| revision(set));
        let present = sets.iter().position(|set| bare_template(set) == deployment["spec"]["template"]);
        let newest = sets.iter().map(|set| revision(set)).max();
        let new = if let Some(index) = present {
            let set = sets.remove(index);
            Some(self.renumber(deployment, set, newest.unwrap_or_default()))
        } else if paused(deployment) {
            None
        } else {
            let next = newest.unwrap_or_else(|| revision(deployment).saturating_sub(1)) + 1;
            Some(self.create_replica_set(deployment, next, room(deployment, &sets))?)
        };
        if let Some(new) = &new {
            self.sync_revision(deployment, new);
        }
        let id = Id::of(deployment);
        let deployment = self.store.get(self.res.deployments, &id.namespace, &id.name)?;
        Some(Rollout { deployment, new, old: sets })
    }

    /// A former revision that is wanted again becomes the newest.
    fn renumber(&mut self, deployment: &Value, set: Arc<Value>, newest: u64) -> Arc<Value> {
        let id = Id::of(&set);
        let was = revision(&set);
        if was < newest {
            self.progress(deployment, "True", "FoundNewReplicaSet", &format!("Found new replica set \"{}\"", id.name));
        }
        let (annotations, least) = (annotations(deployment), deployment["spec"]["minReadySeconds"].clone());
        let modified = self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            if was < newest {
                let former = entry(set, "/metadata/annotations", HISTORY);
                let former = if former.is_empty() { was.to_string() } else { format!("{former},{was}") };
                put(set, &["metadata", "annotations", HISTORY], former.into());
                put(set, &["metadata", "annotations", REVISION], (newest + 1).to_string().into());
            }
            for (name, value) in annotations {
                put(set, &["metadata", "annotations", &name], value);
            }
            put(set, &["spec", "minReadySeconds"], least);
        });
        modified.unwrap_or(set)
    }

    /// Makes the ReplicaSet of a new revision, with as many replicas as there is room for.
    fn create_replica_set(&mut self, deployment: &Value, revision: u64, replicas: i64) -> Option<Arc<Value>> {
        let hash = self.free_hash(deployment);
        let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
        let mut template = deployment["spec"]["template"].clone();
        put(&mut template, &["metadata", "labels", "pod-template-hash"], hash.as_str().into());
        let mut selector = deployment["spec"]["selector"].clone();
        put(&mut selector, &["matchLabels", "pod-template-hash"], hash.as_str().into());
        let mut annotations = annotations(deployment);
        annotations.insert(REVISION.to_owned(), revision.to_string().into());
        for (name, count) in sizes(deployment) {
            annotations.insert(name.to_owned(), count.to_string().into());
        }
        let mut set = json!({
            "metadata": {
                "name": name, "namespace": deployment["metadata"]["namespace"], "annotations": annotations,
                "labels": template["metadata"]["labels"], "ownerReferences": owned_by(deployment),
            },
            "spec": { "replicas": replicas, "selector": selector, "template": template },
            "status": { "replicas": 0 },
        });
        put(&mut set, &["spec", "minReadySeconds"], deployment["spec"]["minReadySeconds"].clone());
        let set = self.store.create(self.res.replica_sets, set, self.now).ok()?;
        self.progress(deployment, "True", "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
        self.tell_of_size(deployment, &name, 0, replicas);
        Some(set)
    }

    /// The hash of a Deployment's template; another one if that makes a name which is taken.
    fn free_hash(&mut self, deployment: &Value) -> String {
        let (id, template) = (Id::of(deployment), deployment["spec"]["template"].to_string());
        let mut collisions = int(deployment, "/status/collisionCount");
        loop {
            let salt = if collisions > 0 { collisions.to_string() } else { String::new() };
            let hash = template_hash(&format!("{template}{salt}"));
            if self.store.get(self.res.replica_sets, &id.namespace, &format!("{}-{hash}", id.name)).is_none() {
                return hash;
            }
            collisions += 1;
            self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| {
                put(deployment, &["status", "collisionCount"], collisions.into());
            });
        }
    }

    /// Something moves: the deadline begins anew.
    fn progress(&mut self, deployment: &Value, status: &str, reason: &str, message: &str) {
        let (id, now) = (Id::of(deployment), self.now);
        self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| {
            let mut conditions = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let new = json!({ "type": "Progressing", "status": status, "reason": reason, "message": message,
                "lastUpdateTime": stamp(now) });
            set_timed(&mut conditions, new, now);
            put(deployment, &["status", "conditions"], conditions.into());
        });
    }

    fn sync_revision(&mut self, deployment: &Value, new: &Value) {
        let id = Id::of(deployment);
        let revision = entry(new, "/metadata/annotations", REVISION).to_owned();
        self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| {
            put(deployment, &["metadata", "annotations", REVISION], revision.into());
        });
    }

    /// Gives a ReplicaSet a size, and notes for which size of the whole.
    pub(super) fn scale(&mut self, deployment: &Value, set: &Value, to: i64) {
        let from = int(set, "/spec/replicas");
        let id = Id::of(set);
        self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            set["spec"]["replicas"] = to.into();
            for (name, count) in sizes(deployment) {
                put(set, &["metadata", "annotations", name], count.to_string().into());
            }
        });
        self.tell_of_size(deployment, &id.name, from, to);
    }

    fn tell_of_size(&mut self, deployment: &Value, set: &str, from: i64, to: i64) {
        if from == to {
            return;
        }
        let direction = if to > from { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
        self.record(deployment, REPORTER, Note::normal("ScalingReplicaSet", &message));
    }

    fn write_deployment_status(&mut self, rollout: &Rollout) {
        let id = Id::of(&rollout.deployment);
        let Some(deployment) = self.store.get(self.res.deployments, &id.namespace, &id.name) else { return };
        let status = rollout.status(&deployment, self.now);
        let deadline = SignedDuration::from_secs(int(&deployment, "/spec/progressDeadlineSeconds"));
        let moving = |c: &&Value| c["reason"] != "NewReplicaSetAvailable" && c["status"] == "True";
        let progressing = status["conditions"].as_array().and_then(|c| c.iter().find(|c| c["type"] == "Progressing"));
        let updated = progressing.filter(moving).and_then(|c| time(c, "/lastUpdateTime"));
        if let Some(at) = updated.and_then(|u| u.checked_add(deadline).ok()) {
            let wait = at.duration_since(self.now) + SignedDuration::from_secs(1);
            self.plan(wait.max(SignedDuration::from_secs(1)), Due::Work(Work::Deployment(id.clone())));
        }
        self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| deployment["status"] = status);
    }

    /// Only so many old revisions are kept.
    fn forget_revisions(&mut self, rollout: &Rollout) {
        let complete =
            condition(&rollout.deployment, "Progressing").is_some_and(|c| c["reason"] == "NewReplicaSetAvailable");
        let limit = usize::try_from(int(&rollout.deployment, "/spec/revisionHistoryLimit")).unwrap_or_default();
        let surplus = rollout.old.len().saturating_sub(limit);
        if !complete || paused(&rollout.deployment) {
            return;
        }
        for set in rollout
            .old
            .iter()
            .take(surplus)
            .filter(|s| int(s, "/status/replicas") == 0 && int(s, "/spec/replicas") == 0)
        {
            let id = Id::of(set);
            self.store.remove(self.res.replica_sets, &id.namespace, &id.name);
        }
    }
}

/// The size of a Deployment, as its ReplicaSets note it.
fn sizes(deployment: &Value) -> [(&'static str, i64); 2] {
    let desired = int(deployment, "/spec/replicas");
    [(DESIRED, desired), (MOST, desired + surge(deployment))]
}

/// Whether a rollout is to stand still.
pub(super) fn paused(deployment: &Value) -> bool {
    deployment.pointer("/spec/paused") == Some(&true.into())
}

/// The annotations of a Deployment that its ReplicaSet gets.
fn annotations(deployment: &Value) -> Map<String, Value> {
    let mut annotations = map(deployment, "/metadata/annotations").cloned().unwrap_or_default();
    annotations.retain(|name, _| {
        !name.starts_with("deployment.kubernetes.io/") && name != "kubectl.kubernetes.io/last-applied-configuration"
    });
    annotations
}

/// The revision in an object's annotation; zero if it has none.
pub(super) fn revision(object: &Value) -> u64 {
    entry(object, "/metadata/annotations", REVISION).parse().unwrap_or_default()
}

/// A ReplicaSet's template as its Deployment has it.
pub(super) fn bare_template(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    put(&mut template, &["metadata", "labels", "pod-template-hash"], Value::Null);
    template
}
