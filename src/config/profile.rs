//! The profile: which workload plays which role, the outside services, how to reach nodes and endpoints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The description of one deployment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Profile {
    /// What it is called, for the banner and the record.
    pub name: String,
    /// The clusters it describes, by the UID of namespace `kube-system`; for the search in the configuration folder.
    pub clusters: Vec<String>,
    /// Namespaces of the deployment: their ConfigMaps are hashed, their pods' metrics polled.
    pub namespaces: Vec<String>,
    /// Further API endpoints (`https://host:port`) that serve the same cluster; reads fail over to them.
    pub endpoints: Vec<String>,
    /// Workloads by role. Well-known roles: `ingress`, `dns`, `metrics`, `storage`, `cache`, `worker`; others are the
    /// deployment's own.
    pub roles: BTreeMap<String, Role>,
    /// The nodes and how to reach them.
    pub nodes: Vec<NodeAccess>,
    /// Outside services by name; what is not in here is "not configured".
    pub outside: BTreeMap<String, Outside>,
    /// Where probes really go, for a drill: `203.0.113.11:80: 127.0.0.1:40123`. All targets must be loopback.
    pub dial: BTreeMap<String, String>,
}

/// What plays a role.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Role {
    /// `Deployment`, `DaemonSet` or `StatefulSet`; empty: any of them.
    pub kind: String,
    /// Its namespace; empty: any.
    pub namespace: String,
    /// Its name; empty: by its labels.
    pub name: String,
    /// Labels the workload must have; used when it has no name.
    pub labels: BTreeMap<String, String>,
    /// There must never be two of it at work (a scheduler, a cache with a local volume).
    pub singleton: bool,
    /// Users' requests pass through it.
    pub serves: bool,
}

/// How to reach a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NodeAccess {
    /// Its name in Kubernetes.
    pub name: String,
    /// The alias for `ssh`.
    pub ssh: String,
    /// Its public address.
    pub public: String,
    /// Its private address.
    pub private: String,
}

/// An outside service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Outside {
    /// `edge`, `postgres`, `s3`, `smtp`, `registry`.
    pub kind: String,
    /// Host and port to probe.
    pub address: String,
}
