//! What becomes of an object that somebody wants to go: it goes at once, or it stays, marked, until its pods have stopped
//! or whoever put a finalizer on it has taken it off.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ResourceId, Store, set_meta, stamp};

/// What holds an object until those that it owns are gone.
const FOREGROUND: &str = "foregroundDeletion";
/// What holds an object until those that it owns are nobody's.
const ORPHAN: &str = "orphan";
/// How long a pod gets to stop where nobody says.
const USUAL_GRACE: i64 = 30;

/// The wish that an object go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Seconds to stop in; as the object has it where absent. Only pods take their time.
    pub grace: Option<i64>,
    /// What becomes of those that it owns.
    pub propagation: Option<Propagation>,
}

/// What becomes of those that an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Fate {
    /// The object with the marks of its end.
    pub object: Value,
    /// Whether nothing keeps it.
    pub gone: bool,
}

impl Deletion {
    /// What becomes of an object that is wished to go.
    pub fn fate(&self, res: ResourceId, object: &Value, now: Timestamp) -> Fate {
        let grace = if res.def().kind == "Pod" { self.pod_grace(object) } else { 0 };
        let finalizers = self.finalizers(object);
        let known = object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64);
        let object = Store::changed(res, object, |object| {
            if !finalizers.is_empty() {
                set_meta(object, "finalizers", json!(finalizers));
            }
            mark(object, grace, known, now);
        });
        let gone = finalizers.is_empty() && !kept_by_spec(&object) && grace == 0;
        Fate { object, gone }
    }

    fn pod_grace(&self, pod: &Value) -> i64 {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/spec/nodeName").is_empty() || matches!(text("/status/phase"), "Succeeded" | "Failed") {
            return 0;
        }
        let own = pod.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64);
        let wanted = self.grace.or(own).unwrap_or(USUAL_GRACE);
        let wanted = if wanted < 0 { 1 } else { wanted };
        let known = pod.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64);
        known.map_or(wanted, |known| known.min(wanted))
    }

    fn finalizers(&self, object: &Value) -> Vec<String> {
        let mut finalizers = finalizers(object);
        let wanted = match self.propagation {
            None => return finalizers,
            Some(Propagation::Background) => None,
            Some(Propagation::Foreground) => Some(FOREGROUND),
            Some(Propagation::Orphan) => Some(ORPHAN),
        };
        finalizers.retain(|f| f != FOREGROUND && f != ORPHAN);
        finalizers.extend(wanted.map(str::to_owned));
        finalizers
    }
}

/// Marks an object as leaving. A mark may come nearer, never move away.
fn mark(object: &mut Value, grace: i64, known: Option<i64>, now: Timestamp) {
    let is_namespace = object["kind"] == "Namespace";
    let stamped = object.pointer("/metadata/deletionTimestamp").and_then(Value::as_str);
    let end = match (stamped.and_then(|t| t.parse::<Timestamp>().ok()), known) {
        (Some(end), Some(known)) if grace >= known => end,
        (Some(end), known) => later(end, grace - known.unwrap_or_default()),
        (None, _) => later(now, grace),
    };
    set_meta(object, "deletionTimestamp", stamp(end).into());
    if is_namespace {
        object["status"] = json!({"phase": "Terminating"});
    } else {
        set_meta(object, "deletionGracePeriodSeconds", grace.into());
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// Whether an object is wished to go.
pub(super) fn marked(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// Namespaces keep their finalizers in their spec.
fn kept_by_spec(object: &Value) -> bool {
    object["kind"] == "Namespace" && object["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty())
}

fn finalizers(object: &Value) -> Vec<String> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Store {
    /// Wishes an object to go: as it is then, and whether it is gone. Nothing if there is no such object.
    pub fn delete(
        &mut self,
        res: ResourceId,
        namespace: &str,
        name: &str,
        wish: Deletion,
        now: Timestamp,
    ) -> Option<(Arc<Value>, bool)> {
        let object = self.get(res, namespace, name)?;
        let fate = wish.fate(res, &object, now);
        let marked = self.modify_to(res, namespace, name, &fate)?;
        Some((marked, fate.gone))
    }

    fn modify_to(&mut self, res: ResourceId, namespace: &str, name: &str, fate: &Fate) -> Option<Arc<Value>> {
        if fate.gone {
            return self.remove(res, namespace, name).map(|_| Arc::new(fate.object.clone()));
        }
        self.modify(res, namespace, name, |object| *object = fate.object.clone())
    }

    /// Takes a finalizer off an object; the object goes if nothing else keeps it.
    pub fn release(&mut self, res: ResourceId, namespace: &str, name: &str, finalizer: &str) {
        self.modify(res, namespace, name, |object| {
            let mut rest = finalizers(object);
            rest.retain(|f| f != finalizer);
            if rest.is_empty() {
                object["metadata"].as_object_mut().map(|m| m.remove("finalizers"));
            } else {
                set_meta(object, "finalizers", json!(rest));
            }
        });
        self.let_go(res, namespace, name);
    }

    /// Removes an object that was wished to go and that nothing keeps any more. Whether it did.
    pub fn let_go(&mut self, res: ResourceId, namespace: &str, name: &str) -> bool {
        let Some(object) = self.get(res, namespace, name) else { return false };
        let waits = object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or_default();
        let free = marked(&object) && waits == 0 && finalizers(&object).is_empty() && !kept_by_spec(&object);
        free && self.remove(res, namespace, name).is_some()
    }
}
