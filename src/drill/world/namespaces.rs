//! Namespaces: what each of them gets from the controllers, and how it goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::json::{Id, list, set_condition};
use crate::drill::store::{Deletion, ResourceId};

/// What is left in a namespace that goes.
#[derive(Debug, Default)]
struct Rest {
    /// How many of each resource.
    objects: BTreeMap<String, usize>,
    /// How many have each finalizer.
    finalizers: BTreeMap<String, usize>,
}

impl World {
    /// A namespace has a service account and the authority's certificate, always.
    pub(super) fn reconcile_namespace(&mut self, id: &Id) {
        let Some(namespace) = self.store.get(self.res.namespaces, "", &id.name) else { return };
        if !leaving(&namespace) {
            self.furnish(&id.name);
        }
    }

    /// Everything in a namespace goes, then the namespace.
    pub(super) fn empty_namespace(&mut self, id: &Id) {
        let mut rest = Rest::default();
        let kinds = ResourceId::all().filter(|k| k.def().namespaced && k.def().stored() && k.def().view_of.is_none());
        for kind in kinds {
            for object in self.store.list(kind, Some(&id.name)) {
                let of = Id::of(&object);
                let stays = leaving(&object) || {
                    let done = self.store.delete(kind, &of.namespace, &of.name, Deletion::default(), self.now);
                    done.is_some_and(|(_, gone)| !gone)
                };
                if stays {
                    rest.note(kind, &object);
                }
            }
        }
        if rest.objects.is_empty() {
            self.store.modify(self.res.namespaces, "", &id.name, |namespace| namespace["spec"] = json!({}));
            self.store.let_go(self.res.namespaces, "", &id.name);
            return;
        }
        let now = self.now;
        self.store.modify(self.res.namespaces, "", &id.name, |namespace| {
            let mut conditions = list(namespace, "/status/conditions").to_vec();
            for (kind, holds, reason, message) in rest.conditions() {
                let status = if holds { "True" } else { "False" };
                let new = json!({ "type": kind, "status": status, "reason": reason, "message": message });
                set_condition(&mut conditions, new, now);
            }
            namespace["status"]["conditions"] = conditions.into();
        });
    }
}

impl Rest {
    fn note(&mut self, kind: ResourceId, object: &Value) {
        *self.objects.entry(format!("{}.{}", kind.def().plural, kind.def().group)).or_default() += 1;
        for finalizer in list(object, "/metadata/finalizers").iter().filter_map(Value::as_str) {
            *self.finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }

    fn conditions(&self) -> [(&'static str, bool, &'static str, String); 5] {
        let told = |counts: &BTreeMap<String, usize>, how: &str| {
            let parts = counts.iter().map(|(name, count)| format!("{name} {how} {count} resource instances"));
            parts.collect::<Vec<_>>().join(", ")
        };
        let finalizers = if self.finalizers.is_empty() {
            let message = "All content-preserving finalizers finished".to_owned();
            ("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", message)
        } else {
            let told = told(&self.finalizers, "in");
            let message = format!("Some content in the namespace has finalizers remaining: {told}");
            ("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
        };
        let remaining = format!("Some resources are remaining: {}", told(&self.objects, "has"));
        [
            (
                "NamespaceDeletionDiscoveryFailure",
                false,
                "ResourcesDiscovered",
                "All resources successfully discovered".to_owned(),
            ),
            (
                "NamespaceDeletionGroupVersionParsingFailure",
                false,
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed".to_owned(),
            ),
            (
                "NamespaceDeletionContentFailure",
                false,
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization".to_owned(),
            ),
            ("NamespaceContentRemaining", true, "SomeResourcesRemain", remaining),
            finalizers,
        ]
    }
}
