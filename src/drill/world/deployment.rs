//! Deployments: one ReplicaSet a revision, the newest grown and the others shrunk.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::json::{Id, condition, entry, int, owned_by, owner, put, set_condition, text, time, uid};
use super::random::template_hash;
use super::recorder::{Note, Reporter};
use super::{Due, World, informer::Work};
use crate::drill::store::stamp;

const REPORTER: Reporter<'_> = Reporter::Controller("deployment-controller");
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";

/// A Deployment and its ReplicaSets, as one look finds them.
pub(super) struct Rollout {
    pub(super) deployment: Arc<Value>,
    /// The ReplicaSet of the present template.
    pub(super) new: Arc<Value>,
    /// The others, oldest first.
    pub(super) old: Vec<Arc<Value>>,
}

impl World {
    pub(super) fn reconcile_deployment(&mut self, id: &Id) {
        let Some(deployment) = self.store.get(self.res.deployments, &id.namespace, &id.name) else { return };
        let Some(mut rollout) = self.find_rollout(&deployment) else { return };
        if deployment.pointer("/spec/paused") != Some(&true.into()) {
            if text(&deployment, "/spec/strategy/type") == "Recreate" {
                self.recreate(&rollout);
            } else {
                self.roll(&rollout);
            }
        }
        rollout.old = rollout.old.iter().filter_map(|set| self.fresh(set)).collect();
        rollout.new = self.fresh(&rollout.new).unwrap_or(rollout.new);
        self.write_deployment_status(&rollout);
        self.forget_revisions(&rollout);
    }

    fn fresh(&self, set: &Value) -> Option<Arc<Value>> {
        let id = Id::of(set);
        self.store.get(self.res.replica_sets, &id.namespace, &id.name)
    }

    fn find_rollout(&mut self, deployment: &Arc<Value>) -> Option<Rollout> {
        let mut sets = self.store.list(self.res.replica_sets, Some(text(deployment, "/metadata/namespace")));
        sets.retain(|set| owner(set) == uid(deployment));
        sets.sort_by_key(|set| revision(set));
        let present = sets.iter().position(|set| bare_template(set) == deployment["spec"]["template"]);
        let newest = sets.iter().map(|set| revision(set)).max();
        let new = if let Some(index) = present {
            let set = sets.remove(index);
            self.renumber(deployment, set, newest.unwrap_or_default())
        } else {
            let next = newest.unwrap_or_else(|| revision(deployment).saturating_sub(1)) + 1;
            self.create_replica_set(deployment, next)?
        };
        self.sync_revision(deployment, &new);
        let id = Id::of(deployment);
        let deployment = self.store.get(self.res.deployments, &id.namespace, &id.name)?;
        Some(Rollout { deployment, new, old: sets })
    }

    /// A former revision that is wanted again becomes the newest.
    fn renumber(&mut self, deployment: &Value, set: Arc<Value>, newest: u64) -> Arc<Value> {
        let id = Id::of(&set);
        let cause = entry(deployment, "/metadata/annotations", CAUSE).to_owned();
        let was = revision(&set);
        if was < newest {
            self.progress(deployment, "FoundNewReplicaSet", &format!("Found new replica set \"{}\"", id.name));
        }
        let modified = self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            if was < newest {
                put(set, &["metadata", "annotations", REVISION], (newest + 1).to_string().into());
                put(
                    set,
                    &["metadata", "annotations", "deployment.kubernetes.io/revision-history"],
                    was.to_string().into(),
                );
            }
            if !cause.is_empty() {
                put(set, &["metadata", "annotations", CAUSE], cause.into());
            }
        });
        modified.unwrap_or(set)
    }

    fn create_replica_set(&mut self, deployment: &Value, revision: u64) -> Option<Arc<Value>> {
        let hash = template_hash(&deployment["spec"]["template"].to_string());
        let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
        let mut template = deployment["spec"]["template"].clone();
        put(&mut template, &["metadata", "labels", "pod-template-hash"], hash.as_str().into());
        let mut selector = deployment["spec"]["selector"].clone();
        put(&mut selector, &["matchLabels", "pod-template-hash"], hash.as_str().into());
        let mut annotations = json!({ REVISION: revision.to_string() });
        let cause = entry(deployment, "/metadata/annotations", CAUSE);
        if !cause.is_empty() {
            annotations[CAUSE] = cause.into();
        }
        let set = json!({
            "metadata": {
                "name": name, "namespace": deployment["metadata"]["namespace"], "annotations": annotations,
                "labels": template["metadata"]["labels"], "ownerReferences": owned_by(deployment),
            },
            "spec": { "replicas": 0, "selector": selector, "template": template },
            "status": { "replicas": 0 },
        });
        let set = self.store.create(self.res.replica_sets, set, self.now).ok()?;
        self.progress(deployment, "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
        Some(set)
    }

    /// Something moves: the deadline begins anew.
    fn progress(&mut self, deployment: &Value, reason: &str, message: &str) {
        let (id, now) = (Id::of(deployment), self.now);
        self.store.modify(self.res.deployments, &id.namespace, &id.name, |deployment| {
            let mut conditions = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let new = json!({ "type": "Progressing", "status": "True", "reason": reason, "message": message,
                "lastUpdateTime": stamp(now) });
            set_condition(&mut conditions, new, now);
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

    /// Gives a ReplicaSet another size.
    pub(super) fn scale(&mut self, deployment: &Value, set: &Value, to: i64) {
        let from = int(set, "/spec/replicas");
        if from == to {
            return;
        }
        let id = Id::of(set);
        let desired = int(deployment, "/spec/replicas");
        let most = desired + super::rollout::surge(deployment);
        self.store.modify(self.res.replica_sets, &id.namespace, &id.name, |set| {
            set["spec"]["replicas"] = to.into();
            let annotations = &["metadata", "annotations"];
            put(
                set,
                &[annotations[0], annotations[1], "deployment.kubernetes.io/desired-replicas"],
                desired.to_string().into(),
            );
            put(
                set,
                &[annotations[0], annotations[1], "deployment.kubernetes.io/max-replicas"],
                most.to_string().into(),
            );
        });
        let direction = if to > from { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {} from {from} to {to}", id.name);
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
        if !complete {
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
