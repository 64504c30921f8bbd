//! Objects and lists as bytes, in the shape that was asked for.

use std::sync::Arc;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use super::answer::{Answer, JSON};
use super::call::Query;
use super::failure::Failure;
use super::look::Look;
use super::media::{Shape, negotiate};
use super::table::{IncludeObject, Table, metadata_only};
use crate::drill::store::{Happened, ResourceDef};

/// Writes objects of one resource in one shape.
pub(super) struct Renderer {
    def: &'static ResourceDef,
    form: Form,
}

enum Form {
    Plain,
    Metadata,
    /// The columns are told once a watch.
    Table {
        table: Table,
        told: bool,
    },
}

impl Renderer {
    pub(super) fn new(def: &'static ResourceDef, accept: &str, query: &Query) -> Result<Self, Failure> {
        let form = match negotiate(accept)? {
            Shape::Plain => Form::Plain,
            Shape::Metadata => Form::Metadata,
            Shape::Table => {
                let policy = IncludeObject::parse(query.text("includeObject"));
                let refuse =
                    || Failure::bad_request("Invalid value: includeObject must be one of None, Metadata, Object");
                Form::Table { table: Table::new(def, policy.ok_or_else(refuse)?), told: false }
            }
        };
        Ok(Self { def, form })
    }

    /// One object.
    pub(super) fn one(&self, object: &Value, now: Timestamp) -> Answer {
        match &self.form {
            Form::Plain => Answer::json(200, object),
            Form::Metadata => Answer::json(200, &metadata_only(object)),
            Form::Table { table, .. } => {
                let metadata = json!({"resourceVersion": object.at("metadata.resourceVersion")});
                Answer::json(200, &Table::whole(&table.columns(), &[table.row(object, now)], &metadata))
            }
        }
    }

    /// A list with its metadata.
    pub(super) fn list(&self, objects: &[Arc<Value>], metadata: &Value, now: Timestamp) -> Answer {
        let (kind, version) = match &self.form {
            Form::Plain => (format!("{}List", self.def.kind), self.def.api_version()),
            Form::Metadata => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
            Form::Table { table, .. } => {
                let rows: Vec<_> = objects.iter().map(|o| table.row(o, now)).collect();
                return Answer::json(200, &Table::whole(&table.columns(), &rows, metadata));
            }
        };
        let mut body =
            format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{version}\",\"metadata\":{metadata},\"items\":[");
        let mut body = std::mem::take(&mut body).into_bytes();
        for (n, object) in objects.iter().enumerate() {
            if n > 0 {
                body.push(b',');
            }
            // Writing into memory cannot fail, and values have only text as keys.
            let _ = match self.form {
                Form::Plain if self.def.custom => serde_json::to_writer(&mut body, object),
                Form::Plain => serde_json::to_writer(&mut body, &Nameless(object)),
                _ => serde_json::to_writer(&mut body, &metadata_only(object)),
            };
        }
        body.extend_from_slice(b"]}");
        Answer::Json { code: 200, body, media: JSON }
    }

    /// One event of a watch, as a line.
    pub(super) fn event(&mut self, happened: Happened, object: &Value, now: Timestamp, out: &mut Vec<u8>) {
        let kind = match happened {
            Happened::Added => "ADDED",
            Happened::Modified => "MODIFIED",
            Happened::Deleted => "DELETED",
        };
        match &mut self.form {
            Form::Plain => line(kind, object, out),
            Form::Metadata => line(kind, &metadata_only(object), out),
            Form::Table { table, told } => {
                let columns = if *told { Value::Null } else { table.columns() };
                *told = true;
                let metadata = json!({"resourceVersion": object.at("metadata.resourceVersion")});
                line(kind, &Table::whole(&columns, &[table.row(object, now)], &metadata), out);
            }
        }
    }

    /// A bookmark; the first after the initial events says so.
    pub(super) fn bookmark(&self, revision: u64, ends_initial: bool, out: &mut Vec<u8>) {
        let mut metadata = json!({"resourceVersion": revision.to_string(), "creationTimestamp": null});
        if ends_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match &self.form {
            Form::Plain => json!({"kind": self.def.kind, "apiVersion": self.def.api_version(), "metadata": metadata}),
            Form::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            }),
            Form::Table { table, .. } => Table::whole(&table.columns(), &[], &metadata),
        };
        line("BOOKMARK", &object, out);
    }
}

/// One line of a watch.
pub(super) fn line(kind: &str, object: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
    let _ = serde_json::to_writer(&mut *out, object);
    out.extend_from_slice(b"}\n");
}

/// An object without its kind, as the items of built-in lists are.
struct Nameless<'a>(&'a Value);

impl Serialize for Nameless<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let fields = self.0.as_object().into_iter().flatten();
        for (field, value) in fields.filter(|(f, _)| !matches!(f.as_str(), "kind" | "apiVersion")) {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}
