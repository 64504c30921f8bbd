//! Objects of the cluster itself that no manifest holds.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::drill::store::stamp;
use crate::drill::world::json::{put, text, uid};
use crate::drill::world::random::uid_for;

/// The parts of the API: group, version, priorities.
const LOCAL: &[(&str, &str, u32, u32)] = &[
    ("", "v1", 18000, 1),
    ("admissionregistration.k8s.io", "v1", 16700, 15),
    ("apiextensions.k8s.io", "v1", 16700, 15),
    ("apps", "v1", 17800, 15),
    ("authentication.k8s.io", "v1", 17700, 15),
    ("authorization.k8s.io", "v1", 17600, 15),
    ("autoscaling", "v2", 17500, 30),
    ("batch", "v1", 17400, 15),
    ("certificates.k8s.io", "v1", 17300, 15),
    ("coordination.k8s.io", "v1", 16500, 15),
    ("discovery.k8s.io", "v1", 16200, 15),
    ("events.k8s.io", "v1", 17750, 15),
    ("flowcontrol.apiserver.k8s.io", "v1", 16100, 21),
    ("helm.cattle.io", "v1", 1000, 100),
    ("k3s.cattle.io", "v1", 1000, 100),
    ("networking.k8s.io", "v1", 17200, 15),
    ("node.k8s.io", "v1", 16300, 15),
    ("policy", "v1", 17100, 15),
    ("rbac.authorization.k8s.io", "v1", 17000, 15),
    ("scheduling.k8s.io", "v1", 16600, 15),
    ("storage.k8s.io", "v1", 16800, 15),
    ("traefik.io", "v1alpha1", 1000, 100),
];

/// The APIServices: the server's own and that of metrics-server.
pub(super) fn api_services() -> Vec<Value> {
    let local = LOCAL.iter().map(|(group, version, group_priority, priority)| {
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": { "name": format!("{version}.{group}"), "labels": { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
            "spec": { "group": group, "version": version, "groupPriorityMinimum": group_priority, "versionPriority": priority },
        })
    });
    let metrics = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": { "name": "v1beta1.metrics.k8s.io" },
        "spec": { "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true,
            "service": { "name": "metrics-server", "namespace": "kube-system", "port": 443 } },
    });
    local.chain([metrics]).collect()
}

/// The Jobs with which k3s installed Traefik; their pods are long gone.
pub(super) fn helm_jobs(now: Timestamp) -> Vec<Value> {
    let job = |chart: &str| {
        let name = format!("helm-install-{chart}");
        let done = stamp(now + SignedDuration::from_secs(38));
        let labels = json!({ "helmcharts.helm.cattle.io/chart": chart });
        let container = json!({ "name": "helm", "image": "rancher/klipper-helm:v0.9.14-build20260309", "args": ["install"],
            "resources": {}, "imagePullPolicy": "IfNotPresent" });
        let condition = |kind: &str| {
            json!({ "type": kind, "status": "True", "reason": "CompletionsReached", "lastProbeTime": done,
                "lastTransitionTime": done, "message": "Reached expected number of succeeded pods" })
        };
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": name, "namespace": "kube-system", "labels": labels },
            "spec": { "backoffLimit": 1000, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed", "suspend": false,
                "template": { "metadata": { "labels": labels },
                    "spec": { "restartPolicy": "OnFailure", "serviceAccountName": name, "containers": [container] } } },
            "status": { "startTime": stamp(now), "completionTime": done, "succeeded": 1, "ready": 0, "terminating": 0,
                "uncountedTerminatedPods": {},
                "conditions": [condition("SuccessCriteriaMet"), condition("Complete")] },
        })
    };
    vec![job("traefik-crd"), job("traefik")]
}

/// The endpoints of Service `kubernetes`, which the API servers keep themselves, in both forms.
pub(super) fn own_endpoints() -> Vec<Value> {
    let servers = ["10.0.0.11", "10.0.0.12", "10.0.0.13"];
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": { "name": "kubernetes", "namespace": "default", "labels": { "kubernetes.io/service-name": "kubernetes" } },
        "addressType": "IPv4", "ports": [{ "name": "https", "port": 6443, "protocol": "TCP" }],
        "endpoints": servers.map(|address| json!({ "addresses": [address], "conditions": { "ready": true } })),
    });
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": { "name": "kubernetes", "namespace": "default", "uid": uid_for("endpoints/kubernetes"),
            "labels": { "endpointslice.kubernetes.io/skip-mirror": "true" } },
        "subsets": [{ "addresses": servers.map(|ip| json!({ "ip": ip })),
            "ports": [{ "name": "https", "port": 6443, "protocol": "TCP" }] }],
    });
    vec![slice, endpoints]
}

/// The volume behind the claim of redis: a folder on one node.
pub(super) fn redis_volume(claim: &Value) -> Value {
    let name = format!("pvc-{}", uid(claim));
    let path = format!("/var/lib/rancher/k3s/storage/{name}_honeydue_redis-data");
    json!({
        "metadata": { "name": name, "finalizers": ["kubernetes.io/pv-protection"], "annotations": {
            "local.path.provisioner/selected-node": "nbg1-1", "pv.kubernetes.io/provisioned-by": "rancher.io/local-path" } },
        "spec": {
            "capacity": { "storage": "5Gi" }, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "local-path", "volumeMode": "Filesystem",
            "hostPath": { "path": path, "type": "DirectoryOrCreate" },
            "claimRef": { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": text(claim, "/metadata/namespace"),
                "name": text(claim, "/metadata/name"), "uid": uid(claim) },
            "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
                { "key": "kubernetes.io/hostname", "operator": "In", "values": ["nbg1-1"] }] }] } },
        },
        "status": { "phase": "Bound" },
    })
}

/// Traefik says in an Ingress where it can be reached.
pub(super) fn publish(ingress: &mut Value) {
    let addresses = ["203.0.113.11", "203.0.113.12", "203.0.113.13"].map(|ip| json!({ "ip": ip }));
    put(ingress, &["status", "loadBalancer", "ingress"], json!(addresses));
}
