//! The types of the fields that clients of a small cluster write. What is not in the table is taken as it comes.

use serde_json::Value;

use super::super::look::Look;
use crate::drill::store::ResourceDef;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Object,
    List,
    Text,
    Texts,
    Whole,
    Flag,
}

use Type::{Flag, List, Object, Text, Texts, Whole};

/// The field, the Go type that it is a field of (empty for the kind itself, `Spec` for that of its spec), its own type.
const FIELDS: &[(&str, &str, Type)] = &[
    ("metadata", "", Object),
    ("metadata.name", "ObjectMeta", Text),
    ("metadata.namespace", "ObjectMeta", Text),
    ("metadata.uid", "ObjectMeta", Text),
    ("metadata.resourceVersion", "ObjectMeta", Text),
    ("metadata.labels", "ObjectMeta", Texts),
    ("metadata.annotations", "ObjectMeta", Texts),
    ("metadata.finalizers", "ObjectMeta", List),
    ("metadata.ownerReferences", "ObjectMeta", List),
    ("data", "", Texts),
    ("spec", "", Object),
    ("status", "", Object),
    ("spec.replicas", "Spec", Whole),
    ("spec.paused", "Spec", Flag),
    ("spec.minReadySeconds", "Spec", Whole),
    ("spec.revisionHistoryLimit", "Spec", Whole),
    ("spec.progressDeadlineSeconds", "Spec", Whole),
    ("spec.unschedulable", "Spec", Flag),
    ("spec.taints", "Spec", List),
    ("spec.holderIdentity", "Spec", Text),
    ("spec.leaseDurationSeconds", "Spec", Whole),
    ("spec.leaseTransitions", "Spec", Whole),
    ("spec.nodeName", "Spec", Text),
    ("spec.containers", "Spec", List),
    ("spec.template", "Spec", Object),
    ("spec.template.metadata", "PodTemplateSpec", Object),
    ("spec.template.metadata.labels", "ObjectMeta", Texts),
    ("spec.template.metadata.annotations", "ObjectMeta", Texts),
    ("spec.template.spec", "PodTemplateSpec", Object),
    ("spec.template.spec.containers", "PodSpec", List),
    ("reason", "", Text),
    ("message", "", Text),
    ("note", "", Text),
    ("count", "", Whole),
    ("involvedObject", "", Object),
    ("regarding", "", Object),
];

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    field: &'static str,
    of: &'static str,
    found: &'static str,
    wanted: &'static str,
}

impl Wrong {
    /// As Go's decoder of JSON tells it.
    pub(super) fn in_go(&self, kind: &str) -> String {
        let of = match self.of {
            "" => kind.to_owned(),
            "Spec" => format!("{kind}Spec"),
            of => of.to_owned(),
        };
        let Self { field, found, wanted, .. } = self;
        format!("json: cannot unmarshal {found} into Go struct field {of}.{field} of type {wanted}")
    }

    /// As the converter of patched objects tells it.
    pub(super) fn in_patch(&self) -> String {
        format!("unrecognized type: {}", self.wanted)
    }
}

/// The first field whose value is of the wrong type.
pub(super) fn check(def: &ResourceDef, object: &Value) -> Result<(), Wrong> {
    // What custom resources look like is their definition's affair.
    let fields = FIELDS.iter().filter(|(field, ..)| !def.custom || field.starts_with("metadata"));
    for (field, of, kind) in fields {
        if let Some((found, wanted)) = kind.clash(object.at(field)) {
            return Err(Wrong { field, of, found, wanted });
        }
    }
    Ok(())
}

impl Type {
    /// What was found and what was wanted, where these differ. Null fits everything.
    fn clash(self, value: &Value) -> Option<(&'static str, &'static str)> {
        if value.is_null() {
            return None;
        }
        let (fits, wanted) = match self {
            Object => (value.is_object(), "struct"),
            List => (value.is_array(), "slice"),
            Text => (value.is_string(), "string"),
            Whole => (value.is_i64() || value.is_u64(), "int32"),
            Flag => (value.is_boolean(), "bool"),
            Texts => {
                let Some(map) = value.as_object() else { return Some((name(value), "map[string]string")) };
                let wrong = map.values().find(|v| !v.is_string() && !v.is_null())?;
                return Some((name(wrong), "string"));
            }
        };
        (!fits).then(|| (name(value), wanted))
    }
}

/// What Go's decoder calls a value.
const fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
