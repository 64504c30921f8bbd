//! What several kinds share.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::situation::{Key, Kind, Ref, Text};

/// Labels or a label selector's `matchLabels`, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(pub Box<[(Text, Text)]>);

impl Labels {
    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Whether an object with `labels` is selected. An empty selector selects nothing, as it does in a Service.
    pub fn selects(&self, labels: &Self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(k, v)| labels.get(k) == Some(v))
    }
}

/// The annotation that says what of an action remains on an object: action, incident, time, parted by blanks. A finding
/// `left-behind` stands until it is gone.
pub const LEFT_BEHIND: &str = "crashcart/left-behind";

/// The controlling owner of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `ReplicaSet`; may be a kind that is not watched.
    pub kind: Text,
    /// Its name, in the same namespace (or cluster-scoped).
    pub name: Text,
    /// Its UID.
    pub uid: Text,
}

/// What every object has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meta {
    /// Namespace and name.
    pub key: Key,
    /// UID.
    pub uid: Text,
    /// `creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `deletionTimestamp`: it is terminating since then (for pods: the end of the grace period).
    pub deleting: Option<Timestamp>,
    /// Finalizers that still hold it.
    pub finalizers: Vec<Text>,
    /// Labels.
    pub labels: Labels,
    /// The owner with `controller: true`.
    pub owner: Option<Owner>,
    /// `generation`; zero where the kind has none.
    pub generation: i64,
    /// The newest time in `managedFields` that is not a status write: when somebody last changed the object. Decoded
    /// only for kinds whose changes are told by it (ConfigMaps, Ingresses, budgets, autoscalers, quotas, webhooks).
    pub modified: Option<Timestamp>,
}

impl Meta {
    /// A typed reference to the object this belongs to.
    pub fn reference(&self, kind: Kind) -> Ref {
        Ref { kind, key: self.key.clone(), uid: self.uid.clone() }
    }
}

/// A condition's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Status {
    /// True
    True,
    /// False
    False,
    /// Unknown, or a word that is not one of the three.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A condition of an object's status.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Condition {
    /// Its type, such as `Ready`.
    pub kind: Text,
    /// Whether it holds.
    pub status: Status,
    /// One word.
    pub reason: Text,
    /// A sentence.
    pub message: Text,
    /// `lastTransitionTime`.
    pub since: Option<Timestamp>,
    /// `lastHeartbeatTime` (nodes) or `lastUpdateTime` (Deployments).
    pub heard: Option<Timestamp>,
}

/// Amounts of what a scheduler counts. `None`: not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// CPU in thousandths of a core.
    pub cpu_milli: Option<u64>,
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Pods.
    pub pods: Option<u64>,
    /// Ephemeral storage in bytes.
    pub storage: Option<u64>,
}

/// A Lease: a node's heartbeat or a leader's claim.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lease {
    /// What every object has.
    pub meta: Meta,
    /// Who holds it.
    pub holder: Text,
    /// When it was last renewed.
    pub renewed: Option<Timestamp>,
    /// For how many seconds a renewal holds.
    pub seconds: Option<u32>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Namespace {
    /// What every object has.
    pub meta: Meta,
    /// `Active` or `Terminating`.
    pub phase: Text,
}
