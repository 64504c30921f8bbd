//! Volumes and claims.

use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, name, or};
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("", "PersistentVolumeClaim") => Some(claim()),
        ("", "PersistentVolume") => Some(volume()),
        ("storage.k8s.io", "StorageClass") => Some(class()),
        ("storage.k8s.io", "VolumeAttachment") => Some(Printer {
            columns: const {
                &[
                    NAME,
                    Column::text("Attacher"),
                    Column::text("PV"),
                    Column::text("Node"),
                    Column { kind: "boolean", ..Column::text("Attached") },
                    AGE,
                ]
            },
            cells: |o, now| {
                vec![
                    name(o),
                    o.text("spec.attacher").into(),
                    o.text("spec.source.persistentVolumeName").into(),
                    o.text("spec.nodeName").into(),
                    (o.at("status.attached") == true).into(),
                    age(o, now),
                ]
            },
        }),
        _ => None,
    }
}

fn claim() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Status"),
                Column::text("Volume"),
                Column::text("Capacity"),
                Column::text("Access Modes"),
                Column::text("StorageClass"),
                Column::text("VolumeAttributesClass"),
                AGE,
                Column::wide("VolumeMode"),
            ]
        },
        cells: |o, now| {
            let bound = !o.text("spec.volumeName").is_empty();
            let modes = if bound { modes(o, "status.accessModes") } else { String::new() };
            vec![
                name(o),
                phase(o),
                o.text("spec.volumeName").into(),
                if bound { o.text("status.capacity.storage") } else { "" }.into(),
                modes.into(),
                o.text("spec.storageClassName").into(),
                or(o.text("spec.volumeAttributesClassName"), "<unset>"),
                age(o, now),
                or(o.text("spec.volumeMode"), "<unset>"),
            ]
        },
    }
}

fn volume() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Capacity"),
                Column::text("Access Modes"),
                Column::text("Reclaim Policy"),
                Column::text("Status"),
                Column::text("Claim"),
                Column::text("StorageClass"),
                Column::text("VolumeAttributesClass"),
                Column::text("Reason"),
                AGE,
                Column::wide("VolumeMode"),
            ]
        },
        cells: |o, now| {
            let claim = o.at("spec.claimRef");
            let claim = if claim.is_null() {
                String::new()
            } else {
                format!("{}/{}", claim.text("namespace"), claim.text("name"))
            };
            vec![
                name(o),
                o.text("spec.capacity.storage").into(),
                modes(o, "spec.accessModes").into(),
                o.text("spec.persistentVolumeReclaimPolicy").into(),
                phase(o),
                claim.into(),
                o.text("spec.storageClassName").into(),
                or(o.text("spec.volumeAttributesClassName"), "<unset>"),
                o.text("status.reason").into(),
                age(o, now),
                or(o.text("spec.volumeMode"), "<unset>"),
            ]
        },
    }
}

fn class() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Provisioner"),
                Column::text("ReclaimPolicy"),
                Column::text("VolumeBindingMode"),
                Column { kind: "boolean", ..Column::text("AllowVolumeExpansion") },
                AGE,
            ]
        },
        cells: |o, now| {
            let annotations = o.at("metadata.annotations");
            let is_default =
                annotations.get("storageclass.kubernetes.io/is-default-class").is_some_and(|v| v == "true");
            let mark = if is_default { " (default)" } else { "" };
            vec![
                format!("{}{mark}", o.text("metadata.name")).into(),
                o.text("provisioner").into(),
                or(o.text("reclaimPolicy"), "Delete"),
                or(o.text("volumeBindingMode"), "Immediate"),
                (o.at("allowVolumeExpansion") == true).into(),
                age(o, now),
            ]
        },
    }
}

fn phase(object: &Value) -> Cell {
    if object.has("metadata.deletionTimestamp") { "Terminating" } else { object.text("status.phase") }.into()
}

/// `RWO,ROX`
fn modes(object: &Value, path: &str) -> String {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        Some("ReadWriteMany") => "RWX",
        Some("ReadWriteOncePod") => "RWOP",
        _ => "",
    };
    join(object.items(path).iter().map(short), "")
}
