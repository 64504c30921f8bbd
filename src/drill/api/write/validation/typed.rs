//! The fields that objects of a kind have, by the types of the API's own description.

use k8s_openapi::api;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::is_described;
use crate::drill::store::ResourceDef;

/// The fields of an object that its kind does not have.
///
/// # Errors
/// Why the object is none of its kind.
pub(super) fn unknown(def: &ResourceDef, object: &Value) -> Result<Vec<String>, serde_json::Error> {
    let mut unknown = Vec::new();
    if is_described(def) {
        let mut whole = object.clone();
        whole["kind"] = def.kind.into();
        whole["apiVersion"] = def.api_version().into();
        if let Some(known) = known(def, whole)? {
            lost(object, &known, "", &mut unknown);
        }
    }
    Ok(unknown)
}

/// An object after a way through its type; nothing if there is no type for it.
fn known(def: &ResourceDef, object: Value) -> Result<Option<Value>, serde_json::Error> {
    match def.group {
        "" => core(def.kind, object),
        "apps" => apps(def.kind, object),
        _ => others(def.kind, object),
    }
}

fn core(kind: &str, object: Value) -> Result<Option<Value>, serde_json::Error> {
    use api::core::v1;
    match kind {
        "ConfigMap" => through::<v1::ConfigMap>(object),
        "Event" => through::<v1::Event>(object),
        "LimitRange" => through::<v1::LimitRange>(object),
        "Namespace" => through::<v1::Namespace>(object),
        "Node" => through::<v1::Node>(object),
        "PersistentVolume" => through::<v1::PersistentVolume>(object),
        "PersistentVolumeClaim" => through::<v1::PersistentVolumeClaim>(object),
        "Pod" => through::<v1::Pod>(object),
        "ResourceQuota" => through::<v1::ResourceQuota>(object),
        "Secret" => through::<v1::Secret>(object),
        "Service" => through::<v1::Service>(object),
        "ServiceAccount" => through::<v1::ServiceAccount>(object),
        _ => Ok(None),
    }
}

fn apps(kind: &str, object: Value) -> Result<Option<Value>, serde_json::Error> {
    use api::apps::v1;
    match kind {
        "DaemonSet" => through::<v1::DaemonSet>(object),
        "Deployment" => through::<v1::Deployment>(object),
        "ReplicaSet" => through::<v1::ReplicaSet>(object),
        "StatefulSet" => through::<v1::StatefulSet>(object),
        _ => Ok(None),
    }
}

fn others(kind: &str, object: Value) -> Result<Option<Value>, serde_json::Error> {
    match kind {
        "APIService" => through::<apiregistration::v1::APIService>(object),
        "ClusterRole" => through::<api::rbac::v1::ClusterRole>(object),
        "ClusterRoleBinding" => through::<api::rbac::v1::ClusterRoleBinding>(object),
        "CronJob" => through::<api::batch::v1::CronJob>(object),
        "EndpointSlice" => through::<api::discovery::v1::EndpointSlice>(object),
        "Event" => through::<api::events::v1::Event>(object),
        "HorizontalPodAutoscaler" => through::<api::autoscaling::v2::HorizontalPodAutoscaler>(object),
        "Ingress" => through::<api::networking::v1::Ingress>(object),
        "Job" => through::<api::batch::v1::Job>(object),
        "Lease" => through::<api::coordination::v1::Lease>(object),
        "NetworkPolicy" => through::<api::networking::v1::NetworkPolicy>(object),
        "PodDisruptionBudget" => through::<api::policy::v1::PodDisruptionBudget>(object),
        "PriorityClass" => through::<api::scheduling::v1::PriorityClass>(object),
        "Role" => through::<api::rbac::v1::Role>(object),
        "RoleBinding" => through::<api::rbac::v1::RoleBinding>(object),
        "StorageClass" => through::<api::storage::v1::StorageClass>(object),
        _ => Ok(None),
    }
}

fn through<T: DeserializeOwned + Serialize>(object: Value) -> Result<Option<Value>, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object)?).map(Some)
}

/// The fields that did not come back; null is no field.
fn lost(given: &Value, back: &Value, path: &str, lost_fields: &mut Vec<String>) {
    match (given, back) {
        (Value::Object(given), Value::Object(back)) => {
            for (field, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
                match back.get(field) {
                    Some(back) => lost(value, back, &path, lost_fields),
                    None => lost_fields.push(path),
                }
            }
        }
        (Value::Array(given), Value::Array(back)) => {
            for (index, (given, back)) in given.iter().zip(back).enumerate() {
                lost(given, back, &format!("{path}[{index}]"), lost_fields);
            }
        }
        _ => {}
    }
}
