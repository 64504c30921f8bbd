//! Bindings: a pod is given its node.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::backend::Backend;
use super::super::failure::{Cause, Failure};
use super::super::look::Look;
use super::{Write, body};
use crate::drill::store::{Store, stamp};

/// A binding of old, which names its pod itself.
pub(super) fn by_name(backend: &mut dyn Backend, write: &Write<'_>) -> Result<Answer, Failure> {
    let binding = body::read(write.call, "Binding", "v1")?;
    let pods = Store::resource("", "pods").ok_or_else(Failure::no_resource)?;
    let of_pod = Write { res: pods, def: pods.def(), name: binding.text("metadata.name"), ..*write };
    carry_out(backend, &of_pod, &binding)
}

pub(super) fn bind(backend: &mut dyn Backend, write: &Write<'_>) -> Result<Answer, Failure> {
    let binding = body::read(write.call, "Binding", "v1")?;
    let name = binding.text("metadata.name");
    if !name.is_empty() && name != write.name {
        return Err(Failure::bad_request("name in URL does not match name in Binding object"));
    }
    carry_out(backend, write, &binding)
}

fn carry_out(backend: &mut dyn Backend, write: &Write<'_>, binding: &Value) -> Result<Answer, Failure> {
    let (kind, node) = (binding.text("target.kind"), binding.text("target.name"));
    let mut causes = Vec::new();
    if !matches!(kind, "" | "Node") {
        causes.push(Cause::unsupported("target.kind", kind, &["Node", "<empty>"]));
    }
    if node.is_empty() {
        causes.push(Cause::required("target.name", ""));
    }
    if !causes.is_empty() {
        return Err(Failure::invalid("", "Binding", binding.text("metadata.name"), &causes));
    }
    let pod = write.current(backend)?;
    let refuse = |why: String| Failure::conflict("", "pods/binding", write.name, &why);
    if pod.has("metadata.deletionTimestamp") {
        return Err(refuse(format!("pod {} is being deleted, cannot be assigned to a host", write.name)));
    }
    if !pod.text("spec.nodeName").is_empty() {
        let assigned = pod.text("spec.nodeName");
        return Err(refuse(format!("pod {} is already assigned to node {assigned:?}", write.name)));
    }
    if !write.dry_run {
        assign(backend, write, node);
    }
    Ok(Answer::json(
        201,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

fn assign(backend: &mut dyn Backend, write: &Write<'_>, node: &str) {
    let now = stamp(backend.now());
    backend.store().modify(write.res, write.namespace, write.name, |pod| {
        pod["spec"]["nodeName"] = node.into();
        let mut conditions = pod.items("status.conditions").to_vec();
        conditions.retain(|c| c.text("type") != "PodScheduled");
        conditions.push(json!({
            "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
        }));
        pod["status"]["conditions"] = conditions.into();
    });
}
