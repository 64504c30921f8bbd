//! PodDisruptionBudgets: how many pods may go now.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::informer::Work;
use super::json::{Id, int, is, list, map, owner_reference, set_condition, text, time};
use super::pods::{finished, portion};
use super::recorder::{Note, Reporter};
use super::{Due, World, label};

const REPORTER: Reporter<'_> = Reporter::Controller("controllermanager");
/// How long a pod whose eviction was allowed counts as gone before it is.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(2);

/// How many pods there should be and how many of them must stay.
struct Need {
    expected: i64,
    desired: i64,
}

impl World {
    pub(super) fn reconcile_budget(&mut self, id: &Id) {
        let Some(budget) = self.store.get(self.res.budgets, &id.namespace, &id.name) else { return };
        let mut pods = self.store.list(self.res.pods, Some(&id.namespace));
        pods.retain(|p| {
            label::matches(&budget["spec"]["selector"], map(p, "/metadata/labels"))
                && p.pointer("/metadata/deletionTimestamp").is_none()
                && !finished(p)
        });
        let disrupted = self.still_disrupted(&budget, &pods);
        match self.need(&budget, &pods) {
            Ok(need) => self.write_budget(id, &pods, &need, disrupted),
            Err(why) => {
                self.record(&budget, REPORTER, Note::warning("CalculateExpectedPodCountFailed", &why));
                self.fail_budget(id, &why);
            }
        }
    }

    fn need(&self, budget: &Value, pods: &[Arc<Value>]) -> Result<Need, String> {
        if let Some(most) = budget.pointer("/spec/maxUnavailable") {
            let expected = self.expected(pods)?;
            return Ok(Need { expected, desired: (expected - portion(most, expected, true)).max(0) });
        }
        let least = &budget["spec"]["minAvailable"];
        if least.is_string() {
            let expected = self.expected(pods)?;
            return Ok(Need { expected, desired: portion(least, expected, true) });
        }
        Ok(Need { expected: pods.len() as i64, desired: least.as_i64().unwrap_or_default() })
    }

    /// How many pods the controllers of these pods want.
    fn expected(&self, pods: &[Arc<Value>]) -> Result<i64, String> {
        let mut scales: BTreeMap<String, i64> = BTreeMap::new();
        for pod in pods {
            let Some(reference) = owner_reference(pod) else {
                let message = format!("found no controllers for pod \"{}\"", text(pod, "/metadata/name"));
                return Err(message);
            };
            let namespace = text(pod, "/metadata/namespace");
            let (key, scale) = self.scale_behind(namespace, reference)?;
            scales.insert(key, scale);
        }
        Ok(scales.values().sum())
    }

    /// The size of what is in the end behind a reference: of the Deployment of a ReplicaSet.
    fn scale_behind(&self, namespace: &str, reference: &Value) -> Result<(String, i64), String> {
        let (kind, name) = (text(reference, "/kind"), text(reference, "/name"));
        let resource = match kind {
            "ReplicaSet" => self.res.replica_sets,
            "StatefulSet" => self.res.stateful_sets,
            "Deployment" => self.res.deployments,
            _ => return Err(format!("{kind}.{name} does not implement the scale subresource")),
        };
        let Some(object) = self.store.get(resource, namespace, name) else {
            return Err(format!("{} \"{name}\" not found", resource.def().qualified()));
        };
        match owner_reference(&object) {
            Some(above) if kind == "ReplicaSet" => self.scale_behind(namespace, above),
            _ => Ok((text(reference, "/uid").to_owned(), int(&object, "/spec/replicas"))),
        }
    }

    /// The pods whose eviction was allowed a moment ago and that are still there.
    fn still_disrupted(&mut self, budget: &Value, pods: &[Arc<Value>]) -> Value {
        let mut kept = serde_json::Map::new();
        for (name, at) in map(budget, "/status/disruptedPods").into_iter().flatten() {
            let since = time(&json!({ "at": at }), "/at").unwrap_or(self.now);
            let left = FORGOTTEN - self.now.duration_since(since);
            if left.is_positive() && pods.iter().any(|p| text(p, "/metadata/name") == name) {
                self.plan(left, Due::Work(Work::Budget(Id::of(budget))));
                kept.insert(name.clone(), at.clone());
            }
        }
        if kept.is_empty() { Value::Null } else { kept.into() }
    }

    fn write_budget(&mut self, id: &Id, pods: &[Arc<Value>], need: &Need, disrupted: Value) {
        let counts = |p: &&Arc<Value>| is(p, "Ready") && disrupted.get(text(p, "/metadata/name")).is_none();
        let healthy = pods.iter().filter(counts).count() as i64;
        let allowed = if need.expected > 0 { (healthy - need.desired).max(0) } else { 0 };
        let now = self.now;
        self.store.modify(self.res.budgets, &id.namespace, &id.name, |budget| {
            let mut conditions = list(budget, "/status/conditions").to_vec();
            let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
            let generation = &budget["metadata"]["generation"];
            let new = json!({ "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "",
                "observedGeneration": generation });
            set_condition(&mut conditions, new, now);
            let mut status = json!({
                "observedGeneration": generation, "disruptionsAllowed": allowed, "currentHealthy": healthy,
                "desiredHealthy": need.desired, "expectedPods": need.expected, "conditions": conditions,
            });
            if !disrupted.is_null() {
                status["disruptedPods"] = disrupted;
            }
            budget["status"] = status;
        });
    }

    /// A budget that cannot be counted allows nothing.
    fn fail_budget(&mut self, id: &Id, why: &str) {
        let now = self.now;
        self.store.modify(self.res.budgets, &id.namespace, &id.name, |budget| {
            let mut conditions = list(budget, "/status/conditions").to_vec();
            let new = json!({ "type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": why,
                "observedGeneration": budget["metadata"]["generation"] });
            set_condition(&mut conditions, new, now);
            budget["status"]["conditions"] = conditions.into();
            budget["status"]["disruptionsAllowed"] = 0.into();
        });
    }
}
