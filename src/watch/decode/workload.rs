//! Deployments, ReplicaSets, DaemonSets, StatefulSets, Jobs and CronJobs.

use super::meta::MetaWire;
use super::template::{TemplateWire, WholeTemplate};
use super::wire::{ConditionWire, Selector, Time, conditions, wire};
use super::{Wire, wires};
use crate::situation::Text;
use crate::situation::object::{CronJob, DaemonSet, Deployment, Job, Object, ReplicaSet, StatefulSet};

wire! {
    struct RevisionWire {
        #[serde(rename = "deployment.kubernetes.io/revision")]
        revision: Text,
        #[serde(rename = "kubernetes.io/change-cause")]
        change_cause: Text,
        #[serde(rename = "crashcart/left-behind")]
        left_behind: Text,
    }

    struct DeploymentWire { metadata: MetaWire<RevisionWire>, spec: DeploymentSpec, status: ReplicaStatus }

    struct DeploymentSpec {
        replicas: Option<i32>,
        selector: Selector,
        paused: bool,
        strategy: StrategyWire,
        template: TemplateWire,
    }

    struct StrategyWire { r#type: Text }

    /// What the statuses of all replicated workloads are made of; each kind fills a part of it.
    struct ReplicaStatus {
        observed_generation: i64,
        replicas: i32,
        updated_replicas: i32,
        ready_replicas: i32,
        available_replicas: i32,
        unavailable_replicas: i32,
        conditions: Vec<ConditionWire>,
        current_revision: Text,
        update_revision: Text,
    }

    struct ReplicaSetWire { metadata: MetaWire<RevisionWire>, spec: ReplicaSetSpec, status: ReplicaStatus }

    struct ReplicaSetSpec { replicas: Option<i32>, selector: Selector, template: WholeTemplate }

    struct StatefulSetWire { metadata: MetaWire, spec: StatefulSetSpec, status: ReplicaStatus }

    struct StatefulSetSpec { replicas: Option<i32>, selector: Selector, template: TemplateWire }

    struct DaemonSetWire { metadata: MetaWire, spec: DaemonSetSpec, status: DaemonSetStatus }

    struct DaemonSetSpec { selector: Selector, template: TemplateWire }

    struct DaemonSetStatus {
        observed_generation: i64,
        desired_number_scheduled: i32,
        current_number_scheduled: i32,
        updated_number_scheduled: i32,
        number_ready: i32,
        number_available: i32,
        number_misscheduled: i32,
    }

    struct JobWire { metadata: MetaWire, spec: JobSpec, status: JobStatus }

    struct JobSpec { suspend: bool }

    struct JobStatus {
        active: i32,
        succeeded: i32,
        failed: i32,
        start_time: Time,
        completion_time: Time,
        conditions: Vec<ConditionWire>,
    }

    struct CronJobWire { metadata: MetaWire, spec: CronJobSpec, status: CronJobStatus }

    struct CronJobSpec { schedule: Text, suspend: bool }

    struct CronJobStatus {
        active: Vec<serde::de::IgnoredAny>,
        last_schedule_time: Time,
        last_successful_time: Time,
    }
}

wires! {
    DeploymentWire => |wire| {
        let annotations = std::mem::take(&mut wire.metadata.annotations);
        Deployment {
            meta: wire.metadata.into(),
            replicas: wire.spec.replicas.unwrap_or(1),
            selector: wire.spec.selector.match_labels.labels(),
            paused: wire.spec.paused,
            strategy: wire.spec.strategy.r#type,
            containers: wire.spec.template.containers(),
            revision: annotations.revision.parse().ok(),
            change_cause: annotations.change_cause,
            left_behind: annotations.left_behind,
            observed_generation: wire.status.observed_generation,
            current: wire.status.replicas,
            updated: wire.status.updated_replicas,
            ready: wire.status.ready_replicas,
            available: wire.status.available_replicas,
            unavailable: wire.status.unavailable_replicas,
            conditions: conditions(wire.status.conditions),
        }
    }
    ReplicaSetWire => |wire| {
        let annotations = std::mem::take(&mut wire.metadata.annotations);
        ReplicaSet {
            meta: wire.metadata.into(),
            replicas: wire.spec.replicas.unwrap_or(1),
            selector: wire.spec.selector.match_labels.labels(),
            current: wire.status.replicas,
            ready: wire.status.ready_replicas,
            available: wire.status.available_replicas,
            revision: annotations.revision.parse().ok(),
            change_cause: annotations.change_cause,
            containers: wire.spec.template.containers,
            template: wire.spec.template.canonical,
            conditions: conditions(wire.status.conditions),
        }
    }
    StatefulSetWire => |wire| {
        StatefulSet {
            meta: wire.metadata.into(),
            replicas: wire.spec.replicas.unwrap_or(1),
            selector: wire.spec.selector.match_labels.labels(),
            containers: wire.spec.template.containers(),
            observed_generation: wire.status.observed_generation,
            current: wire.status.replicas,
            updated: wire.status.updated_replicas,
            ready: wire.status.ready_replicas,
            available: wire.status.available_replicas,
            current_revision: wire.status.current_revision,
            update_revision: wire.status.update_revision,
        }
    }
    DaemonSetWire => |wire| {
        DaemonSet {
            meta: wire.metadata.into(),
            selector: wire.spec.selector.match_labels.labels(),
            containers: wire.spec.template.containers(),
            observed_generation: wire.status.observed_generation,
            desired: wire.status.desired_number_scheduled,
            current: wire.status.current_number_scheduled,
            updated: wire.status.updated_number_scheduled,
            ready: wire.status.number_ready,
            available: wire.status.number_available,
            misscheduled: wire.status.number_misscheduled,
        }
    }
    JobWire => |wire| {
        Job {
            meta: wire.metadata.into(),
            suspended: wire.spec.suspend,
            active: wire.status.active,
            succeeded: wire.status.succeeded,
            failed: wire.status.failed,
            started: wire.status.start_time.0,
            completed: wire.status.completion_time.0,
            conditions: conditions(wire.status.conditions),
        }
    }
    CronJobWire => |wire| {
        CronJob {
            meta: wire.metadata.into(),
            schedule: wire.spec.schedule,
            suspended: wire.spec.suspend,
            active: i32::try_from(wire.status.active.len()).unwrap_or(i32::MAX),
            last_scheduled: wire.status.last_schedule_time.0,
            last_successful: wire.status.last_successful_time.0,
        }
    }
}
