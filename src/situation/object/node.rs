//! Nodes.

use jiff::Timestamp;

use super::{Amounts, Condition, LEFT_BEHIND, Meta, Status};
use crate::situation::Text;

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// What every object has.
    pub meta: Meta,
    /// Cordoned.
    pub unschedulable: bool,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Addresses with their type (`InternalIP`, `ExternalIP`, `Hostname`).
    pub addresses: Vec<(Text, Text)>,
    /// Conditions, `EtcdIsVoter` of k3s among them.
    pub conditions: Vec<Condition>,
    /// What the machine has.
    pub capacity: Amounts,
    /// What pods may use of it.
    pub allocatable: Amounts,
    /// What the kubelet says of itself.
    pub info: NodeInfo,
    /// Annotations of k3s, etcd, flannel and this program only, sorted by key.
    pub annotations: Vec<(Text, Text)>,
}

/// A taint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taint {
    /// Its key.
    pub key: Text,
    /// Its value, often empty.
    pub value: Text,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Text,
    /// `timeAdded`; the controllers set it, people mostly do not.
    pub added: Option<Timestamp>,
}

/// `status.nodeInfo`, as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own")]
pub struct NodeInfo {
    pub kubelet_version: Text,
    pub os_image: Text,
    pub kernel_version: Text,
    pub architecture: Text,
    pub container_runtime: Text,
    pub machine_id: Text,
    pub boot_id: Text,
}

impl Node {
    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether the node says it is ready; absent counts as unknown.
    pub fn ready(&self) -> Status {
        self.condition("Ready").map_or(Status::Unknown, |c| c.status)
    }

    /// What this program left on it ([`LEFT_BEHIND`]), if anything.
    pub fn left_behind(&self) -> Option<&Text> {
        self.annotations.iter().find(|(key, _)| *key == LEFT_BEHIND).map(|(_, note)| note)
    }

    /// The roles in its labels (`control-plane`, `etcd`), sorted.
    pub fn roles(&self) -> Vec<&str> {
        self.meta.labels.0.iter().filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/")).collect()
    }
}
