//! What a new object has that its maker did not say.

use serde_json::{Value, json};

use crate::drill::store::ResourceDef;

/// Fills in how an object of that kind begins.
pub(super) fn fill(def: &ResourceDef, object: &mut Value) {
    match def.kind {
        "Event" => return event(object),
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            object["spec"] = json!({"finalizers": ["kubernetes"]});
        }
        "PersistentVolumeClaim" => object["metadata"]["finalizers"] = json!(["kubernetes.io/pvc-protection"]),
        "PersistentVolume" => object["metadata"]["finalizers"] = json!(["kubernetes.io/pv-protection"]),
        _ => {}
    }
    if def.subresource("status").is_some() && !def.custom && def.kind != "Node" {
        object["status"] = status(def.kind);
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
