//! What goes with what: the dependents of what is gone, and what waits for its dependents before it goes.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::claims::claim_names;
use super::informer::Work;
use super::json::{Id, list, text, uid};
use super::pods::finished;
use super::{Due, World};
use crate::drill::store::{Deletion, Propagation, ResourceId};

/// How often it is looked whether something that waits may go.
const AGAIN: SignedDuration = SignedDuration::from_millis(500);

impl World {
    /// What an object owned goes with it, unless somebody else owns it as well.
    pub(super) fn collect_garbage(&mut self, owner: &Value) {
        for (kind, object) in self.dependents(owner) {
            let id = Id::of(&object);
            if self.owned_by_another(&object, owner) {
                self.store.modify(kind, &id.namespace, &id.name, |object| disown(object, uid(owner)));
            } else if !leaving(&object) {
                self.store.delete(kind, &id.namespace, &id.name, Deletion::default(), self.now);
            }
        }
    }

    /// An object whose owners are all unknown goes.
    pub(super) fn collect_if_abandoned(&mut self, resource: ResourceId, object: &Value) {
        let owners = list(object, "/metadata/ownerReferences");
        let namespace = text(object, "/metadata/namespace");
        if owners.is_empty() || owners.iter().any(|owner| self.lives(namespace, owner)) {
            return;
        }
        let id = Id::of(object);
        self.store.delete(resource, &id.namespace, &id.name, Deletion::default(), self.now);
    }

    fn owned_by_another(&self, object: &Value, owner: &Value) -> bool {
        let others = list(object, "/metadata/ownerReferences").iter().filter(|o| o["uid"] != *uid(owner));
        let namespace = text(object, "/metadata/namespace");
        others.into_iter().any(|other| self.lives(namespace, other))
    }

    /// Whether the object behind a reference is there. What no resource is known for may well be.
    fn lives(&self, namespace: &str, reference: &Value) -> bool {
        let Some(kind) = ResourceId::of_kind(text(reference, "/apiVersion"), text(reference, "/kind")) else {
            return true;
        };
        let namespace = if kind.def().namespaced { namespace } else { "" };
        self.store.get(kind, namespace, text(reference, "/name")).is_some_and(|o| uid(&o) == text(reference, "/uid"))
    }

    /// What an object owns.
    fn dependents(&self, of: &Value) -> Vec<(ResourceId, Arc<Value>)> {
        let kinds = ResourceId::all().filter(|kind| kind.def().stored() && kind.def().view_of.is_none());
        kinds.flat_map(|kind| self.store.owned(kind, uid(of)).into_iter().map(move |o| (kind, o))).collect()
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
            if self.done_with(&object, finalizer) {
                self.store.release(resource, &id.namespace, &id.name, finalizer);
            }
        }
        if self.store.get(resource, &id.namespace, &id.name).is_some() {
            self.plan(AGAIN, Due::Work(Work::Leaving(resource, id.clone())));
        }
    }

    /// Whether what a finalizer stands for is done. Those of strangers never are.
    fn done_with(&mut self, object: &Value, finalizer: &str) -> bool {
        match finalizer {
            "foregroundDeletion" => self.dismiss_dependents(object),
            "orphan" => {
                for (kind, dependent) in self.dependents(object) {
                    let id = Id::of(&dependent);
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

    /// Has the dependents of an object go first. Whether none is left that it has to wait for.
    fn dismiss_dependents(&mut self, object: &Value) -> bool {
        let dependents = self.dependents(object);
        let wish = Deletion { propagation: Some(Propagation::Foreground), ..Deletion::default() };
        for (kind, dependent) in dependents.iter().filter(|(_, dependent)| !leaving(dependent)) {
            let id = Id::of(dependent);
            if self.owned_by_another(dependent, object) {
                self.store.modify(*kind, &id.namespace, &id.name, |o| disown(o, uid(object)));
                continue;
            }
            let wish = if *kind == self.res.pods { Deletion::default() } else { wish };
            self.store.delete(*kind, &id.namespace, &id.name, wish, self.now);
        }
        let blocks = |o: &Value| {
            let mut owners = list(o, "/metadata/ownerReferences").iter();
            owners.any(|owner| owner["uid"] == *uid(object) && owner["blockOwnerDeletion"] == true)
        };
        !dependents.iter().any(|(_, dependent)| blocks(dependent))
    }

    fn claim_in_use(&self, claim: &Value) -> bool {
        let pods = self.store.list(self.res.pods, Some(text(claim, "/metadata/namespace")));
        let uses = |pod: &Value| claim_names(pod).any(|name| name == text(claim, "/metadata/name"));
        // A pod without a node does not use it yet, one that has ended no more.
        pods.iter().any(|pod| !text(pod, "/spec/nodeName").is_empty() && !finished(pod) && uses(pod))
    }
}

/// Whether an object was wished to go.
pub(super) fn leaving(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Takes an owner off an object.
pub(super) fn disown(object: &mut Value, owner: &str) {
    if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
        owners.retain(|o| o["uid"] != owner);
        if owners.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("ownerReferences");
        }
    }
}
