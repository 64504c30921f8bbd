//! What goes with what: the dependents of what is gone, and what waits for its dependents before it goes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::informer::Work;
use super::json::{Id, list, owner, text, uid};
use super::{Due, World};
use crate::drill::store::{Deletion, Propagation, ResourceId};

/// How often it is looked whether something that waits may go.
const AGAIN: SignedDuration = SignedDuration::from_millis(500);

impl World {
    /// What an object owned goes with it.
    pub(super) fn collect_garbage(&mut self, resource: ResourceId, owner: &Value) {
        for (kind, id) in self.dependents(resource, owner) {
            self.store.delete(kind, &id.namespace, &id.name, Deletion::default(), self.now);
        }
    }

    /// What an object owns.
    fn dependents(&self, resource: ResourceId, of: &Value) -> Vec<(ResourceId, Id)> {
        let kind = if resource == self.res.deployments {
            self.res.replica_sets
        } else if resource == self.res.services {
            self.res.slices
        } else if resource == self.res.cron_jobs {
            self.res.jobs
        } else if [self.res.replica_sets, self.res.daemon_sets, self.res.jobs].contains(&resource) {
            self.res.pods
        } else {
            return Vec::new();
        };
        let objects = self.store.list(kind, Some(text(of, "/metadata/namespace")));
        objects.iter().filter(|o| owner(o) == uid(of)).map(|o| (kind, Id::of(o))).collect()
    }

    /// Sees to something that was wished to go and waits for something.
    pub(super) fn reconcile_leaving(&mut self, resource: ResourceId, id: &Id) {
        let Some(object) = self.store.get(resource, &id.namespace, &id.name) else { return };
        if !leaving(&object) {
            return;
        }
        if resource == self.res.namespaces {
            self.empty_namespace(id);
        }
        for finalizer in list(&object, "/metadata/finalizers").iter().filter_map(Value::as_str) {
            if self.done_with(resource, &object, finalizer) {
                self.store.release(resource, &id.namespace, &id.name, finalizer);
            }
        }
        if self.store.get(resource, &id.namespace, &id.name).is_some() {
            self.plan(AGAIN, Due::Work(Work::Leaving(resource, id.clone())));
        }
    }

    /// Whether what a finalizer stands for is done. Those of strangers never are.
    fn done_with(&mut self, resource: ResourceId, object: &Value, finalizer: &str) -> bool {
        let dependents = self.dependents(resource, object);
        match finalizer {
            "foregroundDeletion" => {
                let wish = Deletion { propagation: Some(Propagation::Foreground), ..Deletion::default() };
                for (kind, id) in &dependents {
                    let known = self.store.get(*kind, &id.namespace, &id.name);
                    if known.is_some_and(|o| !leaving(&o)) {
                        let wish = if *kind == self.res.pods { Deletion::default() } else { wish };
                        self.store.delete(*kind, &id.namespace, &id.name, wish, self.now);
                    }
                }
                dependents.is_empty()
            }
            "orphan" => {
                for (kind, id) in dependents {
                    self.store.modify(kind, &id.namespace, &id.name, |o| disown(o, uid(object)));
                }
                true
            }
            "kubernetes.io/pvc-protection" => !self.claim_in_use(object),
            "kubernetes.io/pv-protection" => text(object, "/status/phase") != "Bound",
            // k3s lets its nodes go by itself.
            other => other.starts_with("wrangler.cattle.io/"),
        }
    }

    fn claim_in_use(&self, claim: &Value) -> bool {
        let pods = self.store.list(self.res.pods, Some(text(claim, "/metadata/namespace")));
        let uses = |pod: &Value| {
            let mut volumes = list(pod, "/spec/volumes").iter();
            volumes.any(|v| text(v, "/persistentVolumeClaim/claimName") == text(claim, "/metadata/name"))
        };
        // A pod without a node does not use it yet.
        pods.iter().any(|pod| !text(pod, "/spec/nodeName").is_empty() && uses(pod))
    }

    /// Everything in a namespace goes, then the namespace.
    fn empty_namespace(&mut self, id: &Id) {
        let mut left = 0;
        let kinds = ResourceId::all().filter(|k| k.def().namespaced && k.def().stored() && k.def().view_of.is_none());
        for kind in kinds {
            for object in self.store.list(kind, Some(&id.name)) {
                let of = Id::of(&object);
                let stays = leaving(&object) || {
                    let done = self.store.delete(kind, &of.namespace, &of.name, Deletion::default(), self.now);
                    done.is_some_and(|(_, gone)| !gone)
                };
                left += usize::from(stays);
            }
        }
        if left == 0 {
            self.store.modify(self.res.namespaces, "", &id.name, |namespace| namespace["spec"] = json!({}));
            self.store.let_go(self.res.namespaces, "", &id.name);
        }
    }
}

/// Whether an object was wished to go.
pub(super) fn leaving(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

fn disown(object: &mut Value, owner: &str) {
    if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
        owners.retain(|o| o["uid"] != owner);
    }
}
