//! Objects as the rows that `kubectl get` prints: columns and cells for each kind, as the real server makes them.

mod cluster;
mod column;
mod network;
mod node;
mod pod;
mod policy;
mod since;
mod storage;
mod workload;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) use column::selector_of;
use column::{AGE, CREATED_AT, Cell, NAME, Printer, age, created_at, name};

use super::look::Look;
use crate::drill::store::ResourceDef;

/// How the objects of a resource become rows.
pub(super) struct Table {
    printer: Printer,
    policy: IncludeObject,
}

/// What stands beside the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IncludeObject {
    None,
    Metadata,
    Object,
}

impl IncludeObject {
    /// The parameter `includeObject`; `None` if it is no known one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Metadata" => Some(Self::Metadata),
            "None" => Some(Self::None),
            "Object" => Some(Self::Object),
            _ => None,
        }
    }
}

impl Table {
    pub(super) fn new(def: &ResourceDef, policy: IncludeObject) -> Self {
        Self { printer: printer(def), policy }
    }

    /// The table's heading.
    pub(super) fn columns(&self) -> Value {
        let column = |c: &column::Column| json!({"name": c.name, "type": c.kind, "format": c.format, "description": c.description, "priority": c.priority});
        self.printer.columns.iter().map(column).collect()
    }

    /// One object's row.
    pub(super) fn row(&self, object: &Value, now: Timestamp) -> Value {
        let cells: Vec<Cell> = (self.printer.cells)(object, now);
        let beside = match self.policy {
            IncludeObject::None => Value::Null,
            IncludeObject::Metadata => metadata_only(object),
            IncludeObject::Object => object.clone(),
        };
        json!({"cells": cells, "object": beside})
    }

    /// A whole table of rows.
    pub(super) fn whole(columns: &Value, rows: &[Value], metadata: &Value) -> Value {
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": columns, "rows": rows,
        })
    }
}

/// An object's metadata alone, as a kind of its own.
pub(super) fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.at("metadata")})
}

fn printer(def: &ResourceDef) -> Printer {
    let known = node::printer(def)
        .or_else(|| pod::printer(def))
        .or_else(|| workload::printer(def))
        .or_else(|| network::printer(def))
        .or_else(|| storage::printer(def))
        .or_else(|| policy::printer(def))
        .or_else(|| cluster::printer(def));
    known.unwrap_or(if def.custom {
        Printer { columns: const { &[NAME, AGE] }, cells: |o, now| vec![name(o), age(o, now)] }
    } else {
        Printer { columns: const { &[NAME, CREATED_AT] }, cells: |o, _| vec![name(o), created_at(o)] }
    })
}

#[cfg(test)]
mod tests;
