//! What makes pods.

use jiff::Timestamp;
use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, labels, name, or, selector};
use super::since::{ago, human};
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("apps", "Deployment") => Some(deployment()),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => Some(replicas()),
        ("apps", "DaemonSet") => Some(daemon_set()),
        ("apps", "StatefulSet") => Some(stateful_set()),
        ("apps", "ControllerRevision") => Some(controller_revision()),
        ("batch", "Job") => Some(job()),
        ("batch", "CronJob") => Some(cron_job()),
        _ => None,
    }
}

const CONTAINERS: Column = Column::wide("Containers");
const IMAGES: Column = Column::wide("Images");
const SELECTOR: Column = Column::wide("Selector");

fn deployment() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Ready"),
                Column::text("Up-to-date"),
                Column::text("Available"),
                AGE,
                CONTAINERS,
                IMAGES,
                SELECTOR,
            ]
        },
        cells: |o, now| {
            let ready = format!("{}/{}", o.int("status.readyReplicas"), o.int("spec.replicas"));
            let (updated, available) = (o.int("status.updatedReplicas"), o.int("status.availableReplicas"));
            let [containers, images] = containers(o, "spec.template.spec");
            let selector = selector(o, "spec.selector").into();
            vec![name(o), ready.into(), updated.into(), available.into(), age(o, now), containers, images, selector]
        },
    }
}

fn replicas() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::number("Desired"),
                Column::number("Current"),
                Column::number("Ready"),
                AGE,
                CONTAINERS,
                IMAGES,
                SELECTOR,
            ]
        },
        cells: |o, now| {
            let [containers, images] = containers(o, "spec.template.spec");
            let (desired, current) = (o.int("spec.replicas").into(), o.int("status.replicas").into());
            let ready = o.int("status.readyReplicas").into();
            let selector = if o.text("kind") == "ReplicationController" {
                labels(o, "spec.selector")
            } else {
                selector(o, "spec.selector")
            };
            vec![name(o), desired, current, ready, age(o, now), containers, images, selector.into()]
        },
    }
}

fn daemon_set() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::number("Desired"),
                Column::number("Current"),
                Column::number("Ready"),
                Column::number("Up-to-date"),
                Column::number("Available"),
                Column::text("Node Selector"),
                AGE,
                CONTAINERS,
                IMAGES,
                SELECTOR,
            ]
        },
        cells: |o, now| {
            let [containers, images] = containers(o, "spec.template.spec");
            vec![
                name(o),
                o.int("status.desiredNumberScheduled").into(),
                o.int("status.currentNumberScheduled").into(),
                o.int("status.numberReady").into(),
                o.int("status.updatedNumberScheduled").into(),
                o.int("status.numberAvailable").into(),
                labels(o, "spec.template.spec.nodeSelector").into(),
                age(o, now),
                containers,
                images,
                selector(o, "spec.selector").into(),
            ]
        },
    }
}

fn stateful_set() -> Printer {
    Printer {
        columns: const { &[NAME, Column::text("Ready"), AGE, CONTAINERS, IMAGES] },
        cells: |o, now| {
            let ready = format!("{}/{}", o.int("status.readyReplicas"), o.int("spec.replicas"));
            let [containers, images] = containers(o, "spec.template.spec");
            vec![name(o), ready.into(), age(o, now), containers, images]
        },
    }
}

fn controller_revision() -> Printer {
    Printer {
        columns: const { &[NAME, Column::text("Controller"), Column::number("Revision"), AGE] },
        cells: |o, now| {
            let owner = o.items("metadata.ownerReferences").iter().find(|r| r.at("controller") == true);
            let controller = owner.map_or_else(
                || "<none>".to_owned(),
                |r| {
                    let group = r.text("apiVersion").split_once('/').map_or(String::new(), |(g, _)| format!(".{g}"));
                    format!("{}{group}/{}", r.text("kind").to_lowercase(), r.text("name"))
                },
            );
            vec![name(o), controller.into(), o.int("revision").into(), age(o, now)]
        },
    }
}

fn job() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Status"),
                Column::text("Completions"),
                Column::text("Duration"),
                AGE,
                CONTAINERS,
                IMAGES,
                SELECTOR,
            ]
        },
        cells: |o, now| {
            let [containers, images] = containers(o, "spec.template.spec");
            let selector = selector(o, "spec.selector").into();
            vec![name(o), job_status(o), completions(o), job_took(o, now), age(o, now), containers, images, selector]
        },
    }
}

fn job_status(job: &Value) -> Cell {
    let is = |kind: &str| job.condition(kind).is_some_and(|c| c.text("status") == "True");
    let first = ["Complete", "Failed"].into_iter().find(|k| is(k));
    let deleting = job.has("metadata.deletionTimestamp").then_some("Terminating");
    let later = ["Suspended", "FailureTarget", "SuccessCriteriaMet"].into_iter().find(|k| is(k));
    first.or(deleting).or(later).unwrap_or("Running").into()
}

fn completions(job: &Value) -> Cell {
    let done = job.int("status.succeeded");
    let parallelism = job.int("spec.parallelism");
    match job.at("spec.completions").as_i64() {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        None => format!("{done}/1"),
    }
    .into()
}

fn job_took(job: &Value, now: Timestamp) -> Cell {
    let Some(start) = job.time("status.startTime") else { return "".into() };
    let end = job.time("status.completionTime").unwrap_or(now);
    human(end.duration_since(start).as_secs()).into()
}

fn cron_job() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Schedule"),
                Column::text("Timezone"),
                Column::text("Suspend"),
                Column::number("Active"),
                Column::text("Last Schedule"),
                AGE,
                CONTAINERS,
                IMAGES,
                SELECTOR,
            ]
        },
        cells: |o, now| {
            let last = o.time("status.lastScheduleTime").map_or_else(|| "<none>".to_owned(), |at| ago(Some(at), now));
            let [containers, images] = containers(o, "spec.jobTemplate.spec.template.spec");
            vec![
                name(o),
                o.text("spec.schedule").into(),
                or(o.text("spec.timeZone"), "<none>"),
                if o.at("spec.suspend") == true { "True" } else { "False" }.into(),
                o.items("status.active").len().into(),
                last.into(),
                age(o, now),
                containers,
                images,
                selector(o, "spec.jobTemplate.spec.selector").into(),
            ]
        },
    }
}

/// Names and images of a pod template's containers.
fn containers(object: &Value, template: &str) -> [Cell; 2] {
    let containers = object.at(template).items("containers");
    ["name", "image"].map(|field| join(containers.iter().map(|c| c.text(field)), "").into())
}
