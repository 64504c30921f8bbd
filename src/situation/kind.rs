//! The kinds of object that are watched, and how to ask for them.

use serde::{Deserialize, Serialize};

/// A kind of Kubernetes object that the situation holds. A closed list: what is not here is never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Kubernetes' own")]
pub enum Kind {
    Node,
    Lease,
    Namespace,
    Pod,
    Deployment,
    ReplicaSet,
    DaemonSet,
    StatefulSet,
    Job,
    CronJob,
    Service,
    EndpointSlice,
    PersistentVolumeClaim,
    PersistentVolume,
    PodDisruptionBudget,
    HorizontalPodAutoscaler,
    Ingress,
    ConfigMap,
    ResourceQuota,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    #[serde(rename = "APIService")]
    ApiService,
    #[serde(rename = "ETCDSnapshotFile")]
    EtcdSnapshotFile,
    Event,
}

/// Where a kind lives in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// `Deployment`
    pub kind: &'static str,
    /// `apps`; empty for the core group
    pub group: &'static str,
    /// `v1`
    pub version: &'static str,
    /// `deployments`
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether the console is half blind without it (catalogue 4.1, "needed"); the rest is optional.
    pub needed: bool,
}

const fn r(kind: &'static str, group: &'static str, plural: &'static str, namespaced: bool, needed: bool) -> Resource {
    Resource { kind, group, version: "v1", plural, namespaced, needed }
}

impl Kind {
    /// Every kind, in the order in which first lists are asked for: what findings need most comes first.
    pub const ALL: [Self; 24] = [
        Self::Node,
        Self::Pod,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::Event,
        Self::EndpointSlice,
        Self::Lease,
        Self::Namespace,
        Self::Service,
        Self::StatefulSet,
        Self::ApiService,
        Self::ConfigMap,
        Self::Job,
        Self::CronJob,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::PodDisruptionBudget,
        Self::HorizontalPodAutoscaler,
        Self::Ingress,
        Self::ResourceQuota,
        Self::ValidatingWebhookConfiguration,
        Self::MutatingWebhookConfiguration,
        Self::EtcdSnapshotFile,
    ];

    /// Where the kind lives in the API.
    pub const fn resource(self) -> Resource {
        match self {
            Self::Node => r("Node", "", "nodes", false, true),
            Self::Lease => r("Lease", "coordination.k8s.io", "leases", true, true),
            Self::Namespace => r("Namespace", "", "namespaces", false, true),
            Self::Pod => r("Pod", "", "pods", true, true),
            Self::Deployment => r("Deployment", "apps", "deployments", true, true),
            Self::ReplicaSet => r("ReplicaSet", "apps", "replicasets", true, true),
            Self::DaemonSet => r("DaemonSet", "apps", "daemonsets", true, true),
            Self::StatefulSet => r("StatefulSet", "apps", "statefulsets", true, false),
            Self::Job => r("Job", "batch", "jobs", true, false),
            Self::CronJob => r("CronJob", "batch", "cronjobs", true, false),
            Self::Service => r("Service", "", "services", true, true),
            Self::EndpointSlice => r("EndpointSlice", "discovery.k8s.io", "endpointslices", true, true),
            Self::PersistentVolumeClaim => r("PersistentVolumeClaim", "", "persistentvolumeclaims", true, true),
            Self::PersistentVolume => r("PersistentVolume", "", "persistentvolumes", false, true),
            Self::PodDisruptionBudget => r("PodDisruptionBudget", "policy", "poddisruptionbudgets", true, false),
            Self::HorizontalPodAutoscaler => Resource {
                version: "v2",
                ..r("HorizontalPodAutoscaler", "autoscaling", "horizontalpodautoscalers", true, false)
            },
            Self::Ingress => r("Ingress", "networking.k8s.io", "ingresses", true, false),
            Self::ConfigMap => r("ConfigMap", "", "configmaps", true, false),
            Self::ResourceQuota => r("ResourceQuota", "", "resourcequotas", true, false),
            Self::ValidatingWebhookConfiguration => r(
                "ValidatingWebhookConfiguration",
                "admissionregistration.k8s.io",
                "validatingwebhookconfigurations",
                false,
                false,
            ),
            Self::MutatingWebhookConfiguration => r(
                "MutatingWebhookConfiguration",
                "admissionregistration.k8s.io",
                "mutatingwebhookconfigurations",
                false,
                false,
            ),
            Self::ApiService => r("APIService", "apiregistration.k8s.io", "apiservices", false, false),
            Self::EtcdSnapshotFile => r("ETCDSnapshotFile", "k3s.cattle.io", "etcdsnapshotfiles", false, false),
            Self::Event => r("Event", "", "events", true, true),
        }
    }

    /// The kind of that name (`Deployment`), as it stands in owner references and events.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.resource().kind == name)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.resource().kind)
    }
}
