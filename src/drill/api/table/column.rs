//! What a table is made of.

use jiff::Timestamp;
use serde_json::Value;

use super::since::ago;
use crate::drill::api::look::{Look, join};

/// One cell: text or a number.
pub(super) type Cell = Value;

/// A column's heading.
#[derive(Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub format: &'static str,
    pub description: &'static str,
    /// 0: always shown; more: only when wide.
    pub priority: u8,
}

/// The columns of a kind, and how an object fills them.
pub(super) struct Printer {
    pub columns: &'static [Column],
    pub cells: fn(&Value, Timestamp) -> Vec<Cell>,
}

impl Column {
    /// A column of text.
    pub(super) const fn text(name: &'static str) -> Self {
        Self { name, kind: "string", format: "", description: "", priority: 0 }
    }

    /// A column of numbers.
    pub(super) const fn number(name: &'static str) -> Self {
        Self { kind: "integer", ..Self::text(name) }
    }

    /// A column that is shown only when wide.
    pub(super) const fn wide(name: &'static str) -> Self {
        Self { priority: 1, ..Self::text(name) }
    }
}

/// The first column of nearly every table.
pub(super) const NAME: Column = Column {
    name: "Name",
    kind: "string",
    format: "name",
    description: "Name must be unique within a namespace. Is required when creating resources, although some resources \
                  may allow a client to request the generation of an appropriate name automatically. Name is primarily \
                  intended for creation idempotence and configuration definition. Cannot be updated. More info: \
                  https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    priority: 0,
};

/// How old an object is.
pub(super) const AGE: Column = Column {
    name: "Age",
    kind: "string",
    format: "",
    description: "CreationTimestamp is a timestamp representing the server time when this object was created. It is not \
                  guaranteed to be set in happens-before order across separate operations. Clients may not set this \
                  value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null \
                  for lists. More info: \
                  https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    priority: 0,
};

/// When an object was made, for kinds without columns of their own.
pub(super) const CREATED_AT: Column = Column { name: "Created At", kind: "date", ..AGE };

pub(super) fn name(object: &Value) -> Cell {
    object.text("metadata.name").into()
}

pub(super) fn age(object: &Value, now: Timestamp) -> Cell {
    ago(object.time("metadata.creationTimestamp"), now).into()
}

pub(super) fn created_at(object: &Value) -> Cell {
    object.text("metadata.creationTimestamp").into()
}

/// Text, or `none` where there is none.
pub(super) fn or(text: &str, none: &str) -> Cell {
    if text.is_empty() { none } else { text }.into()
}

/// `a=1,b=2`, or `<none>`.
pub(super) fn labels(object: &Value, path: &str) -> String {
    let pairs: Vec<_> = object.entries(path).map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    join(pairs.iter().map(String::as_str), "<none>")
}

/// A label selector as a person writes it: `app=web,tier in (a,b),!old`; `<none>` if it selects everything.
pub(super) fn selector(object: &Value, path: &str) -> String {
    let text = written(object.at(path));
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// The selector of a workload, as its scale tells it.
pub(in crate::drill::api) fn selector_of(object: &Value) -> String {
    written(object.at("spec.selector"))
}

fn written(selector: &Value) -> String {
    let equal = selector.entries("matchLabels").map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()));
    let expressions = selector.items("matchExpressions").iter().map(|e| {
        let (key, values) = (e.text("key"), join(e.items("values").iter().filter_map(Value::as_str), ""));
        match e.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        }
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}
