//! Other resources for the containers of a pod that runs.

use std::sync::Arc;

use serde_json::Value;

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::super::render::Renderer;
use super::change::{Part, Wanted, carry_out, named_alike};
use super::patch::Patch;
use super::{Write, body, validation};

pub(super) fn resize(backend: &mut dyn Backend, write: &Write<'_>, out: &Renderer) -> Result<Answer, Failure> {
    let (current, wanted) = wanted(backend, write)?;
    let mut object = Value::clone(&current);
    object["metadata"]["resourceVersion"] = wanted["metadata"]["resourceVersion"].clone();
    for list in ["containers", "initContainers"] {
        for container in object["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let other = wanted.at("spec").items(list).iter().find(|c| c["name"] == container["name"]);
            for field in ["resources", "resizePolicy"] {
                if let Some(value) = other.and_then(|c| c.get(field)) {
                    container[field] = value.clone();
                }
            }
        }
    }
    check(&current, &object)?;
    let done = carry_out(backend, write, &current, Wanted { object, part: Part::Object, accounted: false })?;
    Ok(out.one(&done, backend.now()))
}

fn wanted(backend: &mut dyn Backend, write: &Write<'_>) -> Result<(Arc<Value>, Value), Failure> {
    if write.call.verb() == "patch" {
        let patch = Patch::read(write.def, write.call)?;
        let current = write.current(backend)?;
        let mut wanted = patch.apply(write.def, &current)?;
        let told = patch.told(&wanted);
        validation::patched(write, &current, &mut wanted, told)?;
        return Ok((current, wanted));
    }
    let mut wanted = body::object(write.def, write.call)?;
    validation::whole(write, &mut wanted)?;
    named_alike(write, &wanted)?;
    Ok((write.current(backend)?, wanted))
}

/// Whether a pod may get these resources.
fn check(before: &Value, after: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    if quality(before.at("spec")) != quality(after.at("spec")) {
        let class = format!("{:?}", before.text("status.qosClass"));
        causes.push(Cause::invalid("spec", class, "Pod QOS Class may not change as a result of resizing"));
    }
    if !is_supported(before) {
        causes.push(Cause::forbidden("spec", "Pod running on node without support for resize"));
    }
    if others(before) != others(after) {
        causes.push(Cause::forbidden("spec", "only cpu and memory resources are mutable"));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid("", "Pod", before.text("metadata.name"), &causes))
}

/// A kubelet that can resize tells what its running containers have.
fn is_supported(pod: &Value) -> bool {
    let running = pod.items("status.containerStatuses").iter().find(|c| c.has("state.running"));
    running.is_none_or(|container| container.has("resources"))
}

/// How a pod is treated when its node runs short.
fn quality(spec: &Value) -> &'static str {
    let containers = || spec.items("containers").iter().chain(spec.items("initContainers"));
    let has = |c: &Value, kind: &str, name: &str| !c.at("resources").at(kind).at(name).is_null();
    let asks = |c: &Value| ["requests", "limits"].iter().any(|k| ["cpu", "memory"].iter().any(|n| has(c, k, n)));
    let sure = |c: &Value| {
        let limits = c.at("resources.limits");
        let requests = c.at("resources.requests");
        ["cpu", "memory"].iter().all(|n| {
            let limit = limits.at(n);
            !limit.is_null() && (requests.at(n).is_null() || requests.at(n) == limit)
        })
    };
    if containers().all(sure) {
        "Guaranteed"
    } else if containers().any(asks) {
        "Burstable"
    } else {
        "BestEffort"
    }
}

/// The resources that stay as they are.
fn others(pod: &Value) -> Vec<(String, Value)> {
    let mut others = Vec::new();
    for container in pod.items("spec.containers").iter().chain(pod.items("spec.initContainers")) {
        for kind in ["requests", "limits"] {
            let kept = container.at("resources").entries(kind).filter(|(n, _)| !matches!(*n, "cpu" | "memory"));
            others
                .extend(kept.map(|(name, value)| (format!("{} {kind} {name}", container.text("name")), value.clone())));
        }
    }
    others
}
