//! The cluster's own affairs: namespaces, events, Leases, APIs, webhooks, and the resources of k3s.

use jiff::Timestamp;
use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, name};
use super::since::ago;
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("", "Event") => Some(event()),
        ("events.k8s.io", "Event") => Some(Printer { cells: |o, now| event_cells(&core_of(o), now), ..event() }),
        ("", "Namespace") => Some(Printer {
            columns: const { &[NAME, Column::text("Status"), AGE] },
            cells: |o, now| vec![name(o), o.text("status.phase").into(), age(o, now)],
        }),
        ("coordination.k8s.io", "Lease") => Some(Printer {
            columns: const { &[NAME, Column::text("Holder"), AGE] },
            cells: |o, now| vec![name(o), o.text("spec.holderIdentity").into(), age(o, now)],
        }),
        ("apiregistration.k8s.io", _) => Some(api_service()),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") => {
            Some(Printer {
                columns: const { &[NAME, Column::number("Webhooks"), AGE] },
                cells: |o, now| vec![name(o), o.items("webhooks").len().into(), age(o, now)],
            })
        }
        ("scheduling.k8s.io", _) => Some(priority_class()),
        ("k3s.cattle.io", "ETCDSnapshotFile") => Some(snapshot()),
        ("k3s.cattle.io", "Addon") => Some(Printer {
            columns: const { &[NAME, Column::text("Source"), Column::text("Checksum")] },
            cells: |o, _| vec![name(o), o.text("spec.source").into(), o.text("spec.checksum").into()],
        }),
        ("helm.cattle.io", "HelmChart") => Some(helm_chart()),
        _ => None,
    }
}

fn event() -> Printer {
    Printer {
        columns: const {
            &[
                Column::text("Last Seen"),
                Column::text("Type"),
                Column::text("Reason"),
                Column::text("Object"),
                Column::wide("Subobject"),
                Column::wide("Source"),
                Column::text("Message"),
                Column::wide("First Seen"),
                Column { kind: "integer", ..Column::wide("Count") },
                Column { format: "name", ..Column::wide("Name") },
            ]
        },
        cells: event_cells,
    }
}

fn event_cells(event: &Value, now: Timestamp) -> Vec<Cell> {
    let first = event.time("firstTimestamp").or_else(|| event.time("eventTime"));
    let series = event.time("series.lastObservedTime");
    let last = series.or_else(|| event.time("lastTimestamp")).or(first);
    let count = if event.has("series") { event.int("series.count") } else { event.int("count").max(1) };
    let source = [event.text("source.component"), event.text("source.host")];
    let source = source.into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ");
    let source = if source.is_empty() { event.text("reportingComponent").to_owned() } else { source };
    let object = event.at("involvedObject");
    vec![
        ago(last, now).into(),
        event.text("type").into(),
        event.text("reason").into(),
        format!("{}/{}", object.text("kind").to_lowercase(), object.text("name")).into(),
        object.text("fieldPath").into(),
        source.into(),
        event.text("message").trim().into(),
        ago(first, now).into(),
        count.into(),
        event.text("metadata.name").into(),
    ]
}

/// An event in the shape of events.k8s.io in the older shape, as far as the cells need it.
fn core_of(event: &Value) -> Value {
    let mut core = event.clone();
    for (old, new) in [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("count", "deprecatedCount"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("reportingComponent", "reportingController"),
    ] {
        core[old] = event.at(new).clone();
    }
    core
}

fn api_service() -> Printer {
    Printer {
        columns: const { &[NAME, Column::text("Service"), Column::text("Available"), AGE] },
        cells: |o, now| {
            let service = o.at("spec.service");
            let service = if service.is_null() {
                "Local".to_owned()
            } else {
                format!("{}/{}", service.text("namespace"), service.text("name"))
            };
            let available = o.condition("Available").map_or_else(
                || "Unknown".to_owned(),
                |c| match c.text("status") {
                    "True" => "True".to_owned(),
                    status => format!("{status} ({})", c.text("reason")),
                },
            );
            vec![name(o), service.into(), available.into(), age(o, now)]
        },
    }
}

fn priority_class() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::number("Value"),
                Column { kind: "boolean", ..Column::text("Global-Default") },
                AGE,
                Column::text("PreemptionPolicy"),
            ]
        },
        cells: |o, now| {
            let default = (o.at("globalDefault") == true).into();
            vec![name(o), o.int("value").into(), default, age(o, now), o.text("preemptionPolicy").into()]
        },
    }
}

fn snapshot() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("SnapshotName"),
                Column::text("Node"),
                Column::text("Location"),
                Column::text("Size"),
                Column { kind: "date", ..Column::text("CreationTime") },
            ]
        },
        cells: |o, now| {
            let size = o.at("status.size");
            vec![
                name(o),
                o.text("spec.snapshotName").into(),
                o.text("spec.nodeName").into(),
                o.text("spec.location").into(),
                size.as_str().map_or_else(|| size.to_string(), str::to_owned).into(),
                ago(o.time("status.creationTime"), now).into(),
            ]
        },
    }
}

fn helm_chart() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Repo"),
                Column::text("Chart"),
                Column::text("Version"),
                Column::text("TargetNamespace"),
                Column { kind: "boolean", ..Column::text("Bootstrap") },
                Column::text("Failed"),
            ]
        },
        cells: |o, _| {
            let failed = o.condition("Failed").map_or("", |c| c.text("status"));
            let texts = ["spec.repo", "spec.chart", "spec.version", "spec.targetNamespace"].map(|p| o.text(p).into());
            let mut cells: Vec<Cell> = vec![name(o)];
            cells.extend(texts);
            cells.push(o.at("spec.bootstrap").clone());
            cells.push(join([failed], "").into());
            cells
        },
    }
}
