//! ControllerRevisions: the templates that a DaemonSet or a StatefulSet has had, so that it can go back to one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::json::{Id, int, map, owned_by, put, text};
use super::random::{template_hash, uid_for};

impl World {
    /// The revisions of a set, oldest first.
    pub(super) fn revisions_of(&self, set: &Value) -> Vec<Arc<Value>> {
        let mut revisions = self.controlled(self.res.revisions, set);
        revisions.sort_by_key(|r| int(r, "/revision"));
        revisions
    }

    /// Notes the present template of a set as its newest revision, and answers with it. `label` names its hash.
    pub(super) fn note_revision(&mut self, set: &Value, label: &str) -> Arc<Value> {
        let known = self.revisions_of(set);
        let newest = known.last().map_or(0, |r| int(r, "/revision"));
        let data = json!({ "spec": { "template": patch_of(&set["spec"]["template"]) } });
        let Some(same) = known.iter().find(|r| r["data"] == data) else {
            return self.store_revision(set, label, newest + 1, data);
        };
        let id = Id::of(same);
        let renumbered = self.store.modify(self.res.revisions, &id.namespace, &id.name, |revision| {
            if int(revision, "/revision") < newest {
                revision["revision"] = (newest + 1).into();
            }
        });
        renumbered.unwrap_or_else(|| same.clone())
    }

    fn store_revision(&mut self, set: &Value, label: &str, number: i64, data: Value) -> Arc<Value> {
        let hash = template_hash(&set["spec"]["template"].to_string());
        let name = format!("{}-{hash}", text(set, "/metadata/name"));
        let mut labels = set["spec"]["template"]["metadata"]["labels"].clone();
        put(&mut labels, &[label], hash.as_str().into());
        let mut annotations = map(set, "/metadata/annotations").cloned().unwrap_or_default();
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        let namespace = text(set, "/metadata/namespace");
        let mut revision = json!({
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels, "ownerReferences": owned_by(set),
                // It is made behind the story's back: no chance is spent on it.
                "uid": uid_for(&format!("{}/{name}", super::json::uid(set))),
            },
            "data": data, "revision": number,
        });
        if !annotations.is_empty() {
            revision["metadata"]["annotations"] = annotations.into();
        }
        let stored = self.store.create(self.res.revisions, revision.clone(), self.now);
        stored.unwrap_or_else(|_| {
            self.store.get(self.res.revisions, namespace, &name).unwrap_or_else(|| Arc::new(revision))
        })
    }

    /// Keeps no more of the old revisions than the set wants; those that pods still have (by name) do not count.
    pub(super) fn forget_old_revisions(&mut self, set: &Value, in_use: &[String]) {
        let limit = set.pointer("/spec/revisionHistoryLimit").and_then(Value::as_u64).unwrap_or(10);
        let mut old = self.revisions_of(set);
        old.retain(|r| !in_use.iter().any(|name| name == text(r, "/metadata/name")));
        let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        for revision in old.iter().take(surplus) {
            let id = Id::of(revision);
            self.store.remove(self.res.revisions, &id.namespace, &id.name);
        }
    }
}

/// A template as the patch that brings it back.
fn patch_of(template: &Value) -> Value {
    let mut patch = template.clone();
    put(&mut patch, &["$patch"], "replace".into());
    patch
}

/// The hash of a revision, as its name ends.
pub(super) fn hash_of(revision: &Value) -> &str {
    text(revision, "/metadata/name").rsplit_once('-').map(|(_, hash)| hash).unwrap_or_default()
}
