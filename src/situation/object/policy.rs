//! What constrains and configures workloads.

use super::{Condition, Labels, Meta, Status};
use crate::situation::Text;

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Budget {
    /// What every object has.
    pub meta: Meta,
    /// Which pods it guards.
    pub selector: Labels,
    /// `minAvailable`, a number or a percentage.
    pub min_available: Text,
    /// `maxUnavailable`, likewise.
    pub max_unavailable: Text,
    /// How many may go now.
    pub allowed: i32,
    /// Healthy now.
    pub healthy: i32,
    /// Healthy wanted.
    pub desired: i32,
    /// Expected in all.
    pub expected: i32,
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Autoscaler {
    /// What every object has.
    pub meta: Meta,
    /// Kind and name of what it scales.
    pub target: (Text, Text),
    /// Least replicas.
    pub min: i32,
    /// Most replicas.
    pub max: i32,
    /// Replicas now.
    pub current: i32,
    /// Replicas wanted.
    pub desired: i32,
    /// `ScalingActive` and its like.
    pub conditions: Vec<Condition>,
}

/// One key of a ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyHash {
    /// The key.
    pub key: Text,
    /// A hash of its value, never kept beyond this run.
    pub hash: u64,
}

/// A ConfigMap. Values are hashed while decoding and never kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConfigMap {
    /// What every object has.
    pub meta: Meta,
    /// Keys with the hash of their value, sorted; `None` outside the profile's namespaces, where only metadata is read.
    pub keys: Option<Vec<KeyHash>>,
}

/// A ResourceQuota.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quota {
    /// What every object has.
    pub meta: Meta,
    /// Resource, used, hard, as the API writes them.
    pub amounts: Vec<(Text, Text, Text)>,
}

/// One webhook of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Webhook {
    /// Its name.
    pub name: Text,
    /// Whether a failing call refuses the request (`failurePolicy: Fail`).
    pub fails_closed: bool,
    /// Namespace and name of the Service behind it, if it is in the cluster.
    pub service: Option<(Text, Text)>,
}

/// A ValidatingWebhookConfiguration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Validating {
    /// What every object has.
    pub meta: Meta,
    /// Its webhooks.
    pub hooks: Vec<Webhook>,
}

/// A MutatingWebhookConfiguration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mutating {
    /// What every object has.
    pub meta: Meta,
    /// Its webhooks.
    pub hooks: Vec<Webhook>,
}

/// An APIService.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApiService {
    /// What every object has.
    pub meta: Meta,
    /// Namespace and name of the Service that answers for it; `None`: the API server itself.
    pub service: Option<(Text, Text)>,
    /// `Available` and its like.
    pub conditions: Vec<Condition>,
}

impl ApiService {
    /// The condition `Available`.
    pub fn available(&self) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == "Available")
    }

    /// Whether it says it is available; absent counts as unknown.
    pub fn status(&self) -> Status {
        self.available().map_or(Status::Unknown, |c| c.status)
    }
}
