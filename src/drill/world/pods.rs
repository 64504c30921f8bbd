//! What every controller does with its pods: finds them, makes them, takes up those that nobody has.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::garbage::{disown, leaving};
use super::informer::Work;
use super::json::{Id, condition, int, is, map, owned_by, owner, push, text, time, uid};
use super::recorder::{Note, Reporter};
use super::{Due, World, label};
use crate::drill::store::ResourceId;

impl World {
    /// What a controller controls of a kind.
    pub(super) fn controlled(&self, resource: ResourceId, controller: &Value) -> Vec<Arc<Value>> {
        let mut objects = self.store.owned(resource, uid(controller));
        objects.retain(|object| owner(object) == uid(controller));
        objects
    }

    /// All pods of a controller.
    pub(super) fn pods_of(&self, controller: &Value) -> Vec<Arc<Value>> {
        self.controlled(self.res.pods, controller)
    }

    /// The pods of a controller that count: not finished and not on their way out.
    pub(super) fn active_pods(&self, controller: &Value) -> Vec<Arc<Value>> {
        let mut pods = self.pods_of(controller);
        pods.retain(|pod| !leaving(pod) && !finished(pod));
        pods
    }

    /// Takes up what a controller's selector selects and nobody owns, and lets go what it selects no longer.
    pub(super) fn claim(&mut self, resource: ResourceId, controller: &Value) {
        let selector = &controller["spec"]["selector"];
        if !selector.is_object() {
            return;
        }
        let selected = |object: &Value| label::matches(selector, map(object, "/metadata/labels"));
        for object in self.controlled(resource, controller) {
            if !selected(&object) {
                let id = Id::of(&object);
                self.store.modify(resource, &id.namespace, &id.name, |object| disown(object, uid(controller)));
            }
        }
        for object in self.store.orphans(resource, text(controller, "/metadata/namespace")) {
            if selected(&object) && !leaving(&object) && !finished(&object) {
                let (id, owners) = (Id::of(&object), owned_by(controller));
                self.store.modify(resource, &id.namespace, &id.name, |object| {
                    object["metadata"]["ownerReferences"] = owners;
                });
            }
        }
    }

    /// Makes a pod from a controller's template; why it cannot.
    pub(super) fn create_pod(&mut self, controller: &Value, reporter: Reporter<'_>) -> Result<(), String> {
        let pod = new_pod(controller, &controller["spec"]["template"]);
        let pod = self.store_pod(controller, pod, reporter)?;
        let message = format!("Created pod: {}", text(&pod, "/metadata/name"));
        self.record(controller, reporter, Note::normal("SuccessfulCreate", &message));
        Ok(())
    }

    /// Stores a controller's new pod as a server would; why it would not, in its words.
    pub(super) fn store_pod(
        &mut self,
        controller: &Value,
        mut pod: Value,
        reporter: Reporter<'_>,
    ) -> Result<Arc<Value>, String> {
        self.admit_pod(&mut pod);
        // What its selector does not select would be let go at once, and made again for ever.
        let selector = &controller["spec"]["selector"];
        let foreign = selector.is_object() && !label::matches(selector, map(&pod, "/metadata/labels"));
        let stored = match self.exceeded_quota(self.res.pods, &pod) {
            Some(refusal) => Err(refusal),
            None if foreign => Err("`selector` does not match template `labels`".to_owned()),
            None => self.store.create(self.res.pods, pod, self.now).map_err(|refusal| refusal.to_string()),
        };
        if let Err(refusal) = &stored {
            let message = format!("Error creating: {refusal}");
            self.record(controller, reporter, Note::warning("FailedCreate", &message));
        }
        stored
    }

    /// Takes a controller's pod away.
    pub(super) fn dismiss_pod(&mut self, controller: &Value, pod: &Value, reporter: Reporter<'_>) {
        self.delete_pod(&Id::of(pod));
        let message = format!("Deleted pod: {}", text(pod, "/metadata/name"));
        self.record(controller, reporter, Note::normal("SuccessfulDelete", &message));
    }

    /// How many pods have been ready for long enough; looks again when the next of them will have been.
    pub(super) fn count_available(&mut self, controller: &Value, pods: &[Arc<Value>], again: Work) -> usize {
        let least = int(controller, "/spec/minReadySeconds");
        let waits: Vec<_> = pods.iter().filter_map(|pod| until_available(pod, least, self.now)).collect();
        let next = waits.iter().filter(|wait| wait.is_positive()).min();
        if let Some(next) = next {
            self.plan(*next, Due::Work(again));
        }
        waits.iter().filter(|wait| !wait.is_positive()).count()
    }
}

/// A pod as a controller makes it, with a name of its own to come.
pub(super) fn new_pod(controller: &Value, template: &Value) -> Value {
    let name = text(controller, "/metadata/name");
    let mut pod = json!({
        "metadata": template["metadata"], "spec": template["spec"], "status": { "phase": "Pending" },
    });
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    pod["metadata"]["namespace"] = controller["metadata"]["namespace"].clone();
    pod["metadata"]["generateName"] = format!("{name}-").into();
    pod["metadata"]["ownerReferences"] = owned_by(controller);
    if let Some(meta) = pod["metadata"].as_object_mut() {
        meta.remove("creationTimestamp");
    }
    pod
}

/// Adds a variable to each container of a pod.
pub(super) fn add_variable(pod: &mut Value, variable: &Value) {
    for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
        push(container, "env", variable.clone());
    }
}

/// Whether a pod has ended and will not run again.
pub(super) fn finished(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// How long a ready pod has still to wait until it counts as available; nothing for one that is not ready.
fn until_available(pod: &Value, least: i64, now: Timestamp) -> Option<SignedDuration> {
    if !is(pod, "Ready") {
        return None;
    }
    let since = condition(pod, "Ready").and_then(|c| time(c, "/lastTransitionTime")).unwrap_or(now);
    Some(SignedDuration::from_secs(least) - now.duration_since(since))
}

/// A number, or a percentage of a whole, rounded up or down.
pub(super) fn portion(value: &Value, whole: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent: i64 = value.as_str().and_then(|t| t.trim_end_matches('%').parse().ok()).unwrap_or_default();
    let part = percent.saturating_mul(whole);
    if up { part.saturating_add(99) / 100 } else { part / 100 }
}
