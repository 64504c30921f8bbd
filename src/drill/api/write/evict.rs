//! Evictions: deletions of pods that respect their disruption budgets.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::Failure;
use super::super::look::Look;
use super::options::DeleteOptions;
use super::{Write, body, remove};
use crate::drill::store::{Store, stamp};

pub(super) fn evict(backend: &mut dyn Backend, write: &Write<'_>) -> Result<Answer, Failure> {
    let eviction = body::read(write.call, "Eviction", "policy/v1")?;
    let name = eviction.text("metadata.name");
    if !name.is_empty() && name != write.name {
        return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
    }
    let mut options = DeleteOptions::read(eviction.at("deleteOptions"))?;
    options.dry_run |= write.dry_run;
    let pod = write.current(backend)?;
    let ends =
        matches!(pod.text("status.phase"), "Succeeded" | "Failed" | "Pending") || pod.has("metadata.deletionTimestamp");
    let budget = if ends { None } else { budget(backend, &pod)? };
    if let Some(budget) = &budget {
        refuse_if_spent(&pod, budget)?;
    }
    remove::preconditions(write, &pod, &options)?;
    if !options.dry_run {
        mark(backend, write);
    }
    // The mark has changed the revision that was asked for.
    options.revision.clear();
    let pod = write.current(backend)?;
    remove::let_go(backend, write, &pod, &options)?;
    if let (Some(budget), false) = (budget, options.dry_run) {
        spend(backend, &budget, write.name);
    }
    Ok(Answer::json(
        201,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// A pod that is evicted says so.
fn mark(backend: &mut dyn Backend, write: &Write<'_>) {
    let now = stamp(backend.now());
    backend.store().modify(write.res, write.namespace, write.name, |pod| {
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
            "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
        });
        let mut conditions = pod.items("status.conditions").to_vec();
        conditions.retain(|c| c.text("type") != "DisruptionTarget");
        conditions.push(condition);
        pod["status"]["conditions"] = conditions.into();
    });
}

/// The budget that a pod falls under.
fn budget(backend: &mut dyn Backend, pod: &Value) -> Result<Option<Arc<Value>>, Failure> {
    let Some(budgets) = Store::resource("policy", "poddisruptionbudgets") else { return Ok(None) };
    let mut found = backend.store().list(budgets, Some(pod.text("metadata.namespace")));
    let labels = pod.at("metadata.labels");
    found.retain(|b| {
        let mut wanted = b.entries("spec.selector.matchLabels").peekable();
        wanted.peek().is_some() && wanted.all(|(k, v)| labels.get(k) == Some(v))
    });
    if found.len() > 1 {
        let message =
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(Failure::internal(message));
    }
    Ok(found.pop())
}

fn refuse_if_spent(pod: &Value, budget: &Value) -> Result<(), Failure> {
    let ready = pod.condition("Ready").is_some_and(|c| c.text("status") == "True");
    let (healthy, needed) = (budget.int("status.currentHealthy"), budget.int("status.desiredHealthy"));
    // A pod that does not work may go while those that do suffice.
    if budget.int("status.disruptionsAllowed") > 0 || (!ready && healthy >= needed && needed > 0) {
        return Ok(());
    }
    let name = budget.text("metadata.name");
    let told = format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently");
    let details = json!({"causes": [{"reason": "DisruptionBudget", "message": told}]});
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Err(Failure::new(429, "TooManyRequests", message, details))
}

/// What one eviction takes of a budget, until its controller has counted again.
fn spend(backend: &mut dyn Backend, budget: &Value, pod: &str) {
    let Some(budgets) = Store::resource("policy", "poddisruptionbudgets") else { return };
    let now = stamp(backend.now());
    let (namespace, name) = (budget.text("metadata.namespace"), budget.text("metadata.name"));
    backend.store().modify(budgets, namespace, name, |budget| {
        let left = (budget.int("status.disruptionsAllowed") - 1).max(0);
        budget["status"]["disruptionsAllowed"] = left.into();
        budget["status"]["disruptedPods"][pod] = now.into();
    });
}
