//! What the API server asks of the world behind it.

use jiff::Timestamp;
use serde_json::Value;

use crate::drill::store::Store;

/// The world behind the API. It is locked for each call only briefly; nothing here may wait.
pub trait Backend: Send + 'static {
    /// The objects.
    fn store(&mut self) -> &mut Store;

    /// Fills in the defaults of an object that a client makes or changes.
    fn complete(&self, object: &mut Value) {
        let _ = object;
    }

    /// What admission adds to a new object.
    fn admit(&mut self, object: &mut Value) {
        let _ = object;
    }

    /// Why nothing can be read or written at the moment: what the database says of itself.
    fn outage(&self) -> Option<String> {
        None
    }

    /// What time it is in that world: the `Date` header, ages, stamps of new objects.
    fn now(&self) -> Timestamp;

    /// What a container has written, oldest first. The pod and the container exist (the API has looked).
    fn logs(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<Vec<LogLine>, LogRefusal>;

    /// `NodeMetrics` objects by name.
    fn node_metrics(&self) -> Result<Vec<Value>, Unavailable>;

    /// `PodMetrics` objects by namespace and name; of one namespace or of all.
    fn pod_metrics(&self, namespace: Option<&str>) -> Result<Vec<Value>, Unavailable>;

    /// The checks behind `/readyz`, in order, and whether they pass: [`CHECKS`] with what is broken set to false. Those
    /// that are not about readiness alone stand behind `/livez` too.
    fn readyz(&self) -> Vec<(&'static str, bool)>;

    /// The body of `/version`.
    fn version(&self) -> Value;
}

/// One line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// What, without the end of the line.
    pub text: String,
}

/// Why a log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogRefusal {
    /// No run before the present one is kept.
    #[error("previous terminated container not found")]
    NoPrevious,
    /// The container has not started; the reason that its status gives (`ContainerCreating`).
    #[error("waiting to start: {0}")]
    Waiting(String),
    /// The kubelet does not answer; the error of the dial (`dial tcp 203.0.113.12:10250: connect: no route to host`).
    #[error("{0}")]
    Unreachable(String),
}

/// The metrics API does not answer; what the API server says about it (`service unavailable`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl Default for Unavailable {
    fn default() -> Self {
        Self("service unavailable".into())
    }
}

/// The checks of `/readyz` as a k3s server with its own etcd lists them.
pub const CHECKS: &[&str] = &[
    "ping",
    "log",
    "etcd",
    "etcd-readiness",
    "informer-sync",
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/aggregator-reload-proxy-client-cert",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
    "shutdown",
];
