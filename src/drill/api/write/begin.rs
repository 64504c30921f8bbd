//! What a new object has that its maker did not say.

use serde_json::{Value, json};

use super::super::backend::Backend;
use super::super::look::Look;
use super::Write;
use crate::drill::store::{ResourceDef, stamp};

/// What a DaemonSet says of its template, as of old.
const TEMPLATE: &str = "deprecated.daemonset.template.generation";

/// Fills in what a new object says that is told in a form of old.
pub(super) fn convert(def: &ResourceDef, object: &mut Value) {
    if def.kind == "DaemonSet" {
        object["metadata"]["annotations"][TEMPLATE] = "1".into();
    }
}

/// The same for a changed object.
pub(super) fn reconvert(def: &ResourceDef, before: &Value, after: &mut Value) {
    let known = before["metadata"]["annotations"][TEMPLATE].as_str().and_then(|n| n.parse::<u64>().ok());
    if let (Some(known), "DaemonSet") = (known, def.kind) {
        let new = known + u64::from(before.at("spec.template") != after.at("spec.template"));
        after["metadata"]["annotations"][TEMPLATE] = new.to_string().into();
    }
}

/// Fills in how an object of that kind begins.
pub(super) fn fill(backend: &mut dyn Backend, write: &Write<'_>, object: &mut Value) {
    let def = write.def;
    match def.kind {
        "Event" => return event(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            object["spec"] = json!({"finalizers": ["kubernetes"]});
        }
        "PersistentVolumeClaim" => object["metadata"]["finalizers"] = json!(["kubernetes.io/pvc-protection"]),
        "PersistentVolume" => object["metadata"]["finalizers"] = json!(["kubernetes.io/pv-protection"]),
        "Node" => node(object),
        "Job" => {
            let uid = backend.store().new_uid(!write.dry_run);
            job(object, &uid);
        }
        _ => {}
    }
    if def.subresource("status").is_some() && !def.custom && def.kind != "Node" {
        object["status"] = status(def.kind);
        if def.kind == "PersistentVolume" {
            object["status"]["lastPhaseTransitionTime"] = stamp(backend.now()).into();
        }
    }
}

/// A node is taken to be not ready until its kubelet has said that it is.
fn node(node: &mut Value) {
    const NOT_READY: &str = "node.kubernetes.io/not-ready";
    let mut taints = node.items("spec.taints").to_vec();
    if taints.iter().all(|taint| taint.text("key") != NOT_READY) {
        taints.push(json!({"key": NOT_READY, "effect": "NoSchedule"}));
    }
    node["spec"]["taints"] = taints.into();
    if !node.has("status.nodeInfo") {
        node["status"]["nodeInfo"] = json!({
            "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "", "kubeProxyVersion": "",
            "kubeletVersion": "", "machineID": "", "operatingSystem": "", "osImage": "", "systemUUID": "",
        });
    }
    if !node.has("status.daemonEndpoints") {
        node["status"]["daemonEndpoints"] = json!({"kubeletEndpoint": {"Port": 0}});
    }
}

/// A Job finds its pods by its own UID.
fn job(job: &mut Value, uid: &str) {
    job["metadata"]["uid"] = uid.into();
    if job.at("spec.manualSelector") == true {
        return;
    }
    job["spec"]["manualSelector"] = false.into();
    job["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid.into();
    let name = job["metadata"]["name"].clone();
    for labels in ["/metadata", "/spec/template"] {
        let Some(part) = job.pointer_mut(labels) else { continue };
        let part = if labels == "/metadata" { part } else { &mut part["metadata"] };
        for (label, value) in [("controller-uid", &Value::from(uid)), ("job-name", &name)] {
            part["labels"][label] = value.clone();
            part["labels"][format!("batch.kubernetes.io/{label}")] = value.clone();
        }
    }
}

/// How things stand with a new object.
fn status(kind: &str) -> Value {
    match kind {
        "Namespace" => json!({"phase": "Active"}),
        "Pod" | "PersistentVolumeClaim" | "PersistentVolume" => json!({"phase": "Pending"}),
        "Service" => json!({"loadBalancer": {}}),
        "PodDisruptionBudget" => {
            json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0})
        }
        "DaemonSet" => json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        }),
        "ReplicaSet" | "StatefulSet" => json!({"replicas": 0}),
        _ => json!({}),
    }
}

/// Events show what they do not say.
fn event(event: &mut Value) {
    for (field, value) in [
        ("source", json!({})),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("eventTime", Value::Null),
        ("reportingComponent", "".into()),
        ("reportingInstance", "".into()),
    ] {
        if event.get(field).is_none() {
            event[field] = value;
        }
    }
}
