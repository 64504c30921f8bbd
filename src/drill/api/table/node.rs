//! Nodes, and what metrics-server says of nodes and pods.

use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, name, or};
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("", "Node") => Some(node()),
        ("metrics.k8s.io", "NodeMetrics") => Some(Printer {
            columns: const { &[NAME, Column::text("cpu"), Column::text("memory"), Column::text("window")] },
            cells: |o, _| {
                vec![name(o), o.text("usage.cpu").into(), o.text("usage.memory").into(), o.text("window").into()]
            },
        }),
        ("metrics.k8s.io", "PodMetrics") => Some(Printer {
            columns: const { &[NAME, Column::text("window")] },
            cells: |o, _| vec![name(o), o.text("window").into()],
        }),
        _ => None,
    }
}

fn node() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Status"),
                Column::text("Roles"),
                AGE,
                Column::text("Version"),
                Column::wide("Internal-IP"),
                Column::wide("External-IP"),
                Column::wide("OS-Image"),
                Column::wide("Kernel-Version"),
                Column::wide("Container-Runtime"),
            ]
        },
        cells: |o, now| {
            vec![
                name(o),
                status(o),
                roles(o).into(),
                age(o, now),
                o.text("status.nodeInfo.kubeletVersion").into(),
                address(o, "InternalIP"),
                address(o, "ExternalIP"),
                or(o.text("status.nodeInfo.osImage"), "<unknown>"),
                or(o.text("status.nodeInfo.kernelVersion"), "<unknown>"),
                or(o.text("status.nodeInfo.containerRuntimeVersion"), "<unknown>"),
            ]
        },
    }
}

fn status(node: &Value) -> Cell {
    let ready = node.condition("Ready").map(|c| c.text("status") == "True");
    let status = match ready {
        Some(true) => "Ready",
        Some(false) => "NotReady",
        None => "Unknown",
    };
    let cordoned = node.at("spec.unschedulable").as_bool() == Some(true);
    format!("{status}{}", if cordoned { ",SchedulingDisabled" } else { "" }).into()
}

fn roles(node: &Value) -> String {
    let labels = node.at("metadata").entries("labels");
    let role = |(key, value): (_, &Value)| {
        let key: &str = key;
        let by_prefix = key.strip_prefix("node-role.kubernetes.io/").filter(|r| !r.is_empty()).map(str::to_owned);
        by_prefix.or_else(|| (key == "kubernetes.io/role").then(|| value.as_str().unwrap_or_default().to_owned()))
    };
    let mut roles: Vec<_> = labels.filter_map(role).collect();
    roles.sort();
    join(roles.iter().map(String::as_str), "<none>")
}

fn address(node: &Value, kind: &str) -> Cell {
    let of_kind = node.items("status.addresses").iter().find(|a| a.text("type") == kind);
    or(of_kind.map_or("", |a| a.text("address")), "<none>")
}
