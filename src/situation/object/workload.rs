//! Workloads: what makes pods.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Condition, Labels, Meta};
use crate::situation::Text;

/// A container of a pod template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateContainer {
    /// Its name.
    pub name: Text,
    /// Its image.
    pub image: Text,
}

/// A Deployment.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct Deployment {
    pub meta: Meta,
    /// `spec.replicas`, one when absent.
    pub replicas: i32,
    pub selector: Labels,
    pub paused: bool,
    /// `Recreate` or `RollingUpdate`.
    pub strategy: Text,
    pub containers: Vec<TemplateContainer>,
    /// Annotation `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// Annotation `kubernetes.io/change-cause`.
    pub change_cause: Text,
    /// What this program left on it ([`super::LEFT_BEHIND`]); empty: nothing.
    pub left_behind: Text,
    pub observed_generation: i64,
    pub current: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub unavailable: i32,
    pub conditions: Vec<Condition>,
}

impl Deployment {
    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }
}

/// A ReplicaSet: one revision of a Deployment.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct ReplicaSet {
    pub meta: Meta,
    /// `spec.replicas`, one when absent.
    pub replicas: i32,
    pub selector: Labels,
    pub current: i32,
    pub ready: i32,
    pub available: i32,
    /// Annotation `deployment.kubernetes.io/revision`.
    pub revision: Option<u64>,
    /// Annotation `kubernetes.io/change-cause`.
    pub change_cause: Text,
    pub containers: Vec<TemplateContainer>,
    /// `spec.template` as compact JSON with sorted keys and cleaned strings, without the label `pod-template-hash`;
    /// values of `env` are kept as they are in the object, so a report must pass it through the redactor.
    pub template: Arc<str>,
    pub conditions: Vec<Condition>,
}

/// A DaemonSet.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct DaemonSet {
    pub meta: Meta,
    pub selector: Labels,
    pub containers: Vec<TemplateContainer>,
    pub observed_generation: i64,
    pub desired: i32,
    pub current: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub misscheduled: i32,
}

/// A StatefulSet.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct StatefulSet {
    pub meta: Meta,
    /// `spec.replicas`, one when absent.
    pub replicas: i32,
    pub selector: Labels,
    pub containers: Vec<TemplateContainer>,
    pub observed_generation: i64,
    pub current: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub current_revision: Text,
    pub update_revision: Text,
}

/// A Job.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct Job {
    pub meta: Meta,
    pub suspended: bool,
    pub active: i32,
    pub succeeded: i32,
    pub failed: i32,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub conditions: Vec<Condition>,
}

/// A CronJob.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own; counts that are absent are zero")]
pub struct CronJob {
    pub meta: Meta,
    pub schedule: Text,
    pub suspended: bool,
    /// How many Jobs of it run now.
    pub active: i32,
    pub last_scheduled: Option<Timestamp>,
    pub last_successful: Option<Timestamp>,
}
