//! What an API server adds to an object before it is stored: defaults, and the service account's token for pods.

use serde_json::{Value, json};

use super::World;
use super::json::{list, put, text};
use super::random::mix;

/// Sets a field that is absent.
fn default(object: &mut Value, field: &str, value: Value) {
    if object.get(field).is_none() {
        object[field] = value;
    }
}

impl World {
    /// Fills in what every pod has in the end.
    pub(super) fn admit_pod(&mut self, pod: &mut Value) {
        default_pod(pod);
        let spec = &mut pod["spec"];
        default(spec, "serviceAccountName", "default".into());
        let account = spec["serviceAccountName"].clone();
        default(spec, "serviceAccount", account);
        default(spec, "preemptionPolicy", "PreemptLowerPriority".into());
        let priority = match text(spec, "/priorityClassName") {
            "system-node-critical" => 2_000_001_000,
            "system-cluster-critical" => 2_000_000_000,
            _ => 0,
        };
        default(spec, "priority", priority.into());
        tolerate_trouble(spec);
        self.mount_token(spec);
        let class = quality(spec);
        put(pod, &["status", "qosClass"], class.into());
    }

    fn mount_token(&mut self, spec: &mut Value) {
        let name = format!("kube-api-access-{}", self.random.hex(5));
        let volume = json!({ "name": name, "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [{ "path": "namespace",
                "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
        ] } });
        push(spec, "volumes", volume);
        let mount =
            json!({ "name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true });
        for container in spec["containers"].as_array_mut().into_iter().flatten() {
            push(container, "volumeMounts", mount.clone());
        }
    }
}

fn push(object: &mut Value, field: &str, item: Value) {
    default(object, field, json!([]));
    if let Some(list) = object[field].as_array_mut() {
        list.push(item);
    }
}

/// Pods stay five minutes on a node that is in trouble.
fn tolerate_trouble(spec: &mut Value) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |t: &Value| t["key"] == key || text(t, "/key").is_empty();
        if list(spec, "/tolerations").iter().any(tolerates) {
            continue;
        }
        let toleration = json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 });
        push(spec, "tolerations", toleration);
    }
}

fn quality(spec: &Value) -> &'static str {
    let asks = |c: &Value| ["requests", "limits"].iter().any(|k| c["resources"].get(*k).is_some());
    if list(spec, "/containers").iter().any(asks) { "Burstable" } else { "BestEffort" }
}

/// The defaults of a pod.
pub(super) fn default_pod(pod: &mut Value) {
    default_pod_spec(&mut pod["spec"]);
    default(&mut pod["spec"], "enableServiceLinks", true.into());
}

/// The defaults of a pod's spec, in a pod or in a template.
pub(super) fn default_pod_spec(spec: &mut Value) {
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ] {
        default(spec, field, value);
    }
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        default_container(container);
    }
}

fn default_container(container: &mut Value) {
    default(container, "resources", json!({}));
    let image = text(container, "/image");
    let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map_or("latest", |(_, tag)| tag);
    let pull = if tag == "latest" { "Always" } else { "IfNotPresent" };
    default(container, "imagePullPolicy", pull.into());
    default(container, "terminationMessagePath", "/dev/termination-log".into());
    default(container, "terminationMessagePolicy", "File".into());
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        default(port, "protocol", "TCP".into());
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(name) else { continue };
        for (field, value) in
            [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
        {
            default(probe, field, value.into());
        }
        if probe.get("httpGet").is_some() {
            default(&mut probe["httpGet"], "scheme", "HTTP".into());
        }
    }
}

/// The defaults of an object of the past.
pub(super) fn default_object(object: &mut Value) {
    match text(object, "/kind").to_owned().as_str() {
        "Deployment" => {
            let spec = &mut object["spec"];
            default(spec, "replicas", 1.into());
            default(spec, "progressDeadlineSeconds", 600.into());
            default(spec, "revisionHistoryLimit", 10.into());
            let rolling = json!({ "maxSurge": "25%", "maxUnavailable": "25%" });
            default(spec, "strategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
            default_pod_spec(&mut spec["template"]["spec"]);
        }
        "ReplicaSet" | "StatefulSet" => {
            default(&mut object["spec"], "replicas", 1.into());
            default_pod_spec(&mut object["spec"]["template"]["spec"]);
        }
        "DaemonSet" => {
            let spec = &mut object["spec"];
            default(spec, "revisionHistoryLimit", 10.into());
            let rolling = json!({ "maxSurge": 0, "maxUnavailable": 1 });
            default(spec, "updateStrategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
            default_pod_spec(&mut spec["template"]["spec"]);
        }
        "Service" => default_service(object),
        "APIService" if object["spec"].get("service").is_some() => {
            default(&mut object["spec"]["service"], "port", 443.into());
        }
        "Job" => {
            let spec = &mut object["spec"];
            for (field, value) in [
                ("backoffLimit", json!(6)),
                ("completionMode", json!("NonIndexed")),
                ("completions", json!(1)),
                ("parallelism", json!(1)),
                ("podReplacementPolicy", json!("TerminatingOrFailed")),
                ("suspend", json!(false)),
            ] {
                default(spec, field, value);
            }
            default_pod_spec(&mut spec["template"]["spec"]);
        }
        "PersistentVolume" | "PersistentVolumeClaim" => default(&mut object["spec"], "volumeMode", "Filesystem".into()),
        "CronJob" => {
            let spec = &mut object["spec"];
            default(spec, "concurrencyPolicy", "Forbid".into());
            default(spec, "suspend", false.into());
            default(spec, "successfulJobsHistoryLimit", 3.into());
            default(spec, "failedJobsHistoryLimit", 1.into());
            default_pod_spec(&mut spec["jobTemplate"]["spec"]["template"]["spec"]);
        }
        _ => {}
    }
}

/// What a Service gets besides its defaults: an address.
pub(super) fn give_address(service: &mut Value) {
    let number = mix(&format!("{}/{}", service["metadata"]["namespace"], service["metadata"]["name"]), 0);
    let spec = &mut service["spec"];
    if text(spec, "/type") != "ExternalName" {
        let address = format!("10.43.{}.{}", 100 + number % 100, 1 + number / 100 % 250);
        default(spec, "clusterIP", address.into());
    }
    let address = spec["clusterIP"].clone();
    for (field, value) in
        [("clusterIPs", json!([address])), ("ipFamilies", json!(["IPv4"])), ("ipFamilyPolicy", json!("SingleStack"))]
    {
        default(spec, field, value);
    }
}

fn default_service(service: &mut Value) {
    let spec = &mut service["spec"];
    for (field, value) in
        [("type", json!("ClusterIP")), ("sessionAffinity", json!("None")), ("internalTrafficPolicy", json!("Cluster"))]
    {
        default(spec, field, value);
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        default(port, "protocol", "TCP".into());
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
}
