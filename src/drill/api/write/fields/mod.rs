//! Sets of fields, as `managedFields` tells them, and which fields an object has or a change touches.

mod shape;
mod walk;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(super) use shape::Spot;
pub(super) use walk::{Changes, changes, merge, prune, said};

/// A set of fields, as a tree: an element of a path (`f:spec`, `k:{"name":"main"}`, `v:"x"`) and what lies below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    /// Whether the field itself belongs to the set, besides what lies below it.
    own: bool,
    below: BTreeMap<String, Self>,
}

impl FieldSet {
    /// A field without anything below it.
    const fn leaf() -> Self {
        Self { own: true, below: BTreeMap::new() }
    }

    /// From the form in which objects carry it.
    pub(super) fn read(fields: &Value) -> Self {
        let mut set = Self::default();
        for (element, below) in fields.as_object().into_iter().flatten() {
            if element == "." {
                set.own = true;
            } else {
                let below = Self::read(below);
                let below = if below.is_empty() { Self::leaf() } else { below };
                set.below.insert(element.clone(), below);
            }
        }
        set
    }

    /// The form in which objects carry it.
    pub(super) fn write(&self) -> Value {
        let mut fields: serde_json::Map<_, _> =
            self.below.iter().map(|(e, below)| (e.clone(), below.write())).collect();
        if self.own && !fields.is_empty() {
            fields.insert(".".into(), json!({}));
        }
        fields.into()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.own && self.below.is_empty()
    }

    pub(super) fn below(&self, element: &str) -> Option<&Self> {
        self.below.get(element)
    }

    fn insert(&mut self, element: String, below: Self) {
        if !below.is_empty() {
            self.below.insert(element, below);
        }
    }

    pub(super) fn unite(&mut self, other: &Self) {
        self.own |= other.own;
        for (element, below) in &other.below {
            self.below.entry(element.clone()).or_default().unite(below);
        }
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.own &= !other.own;
        for (element, below) in &other.below {
            if let Some(own) = self.below.get_mut(element) {
                own.subtract(below);
            }
        }
        self.below.retain(|_, below| !below.is_empty());
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut both = Self { own: self.own && other.own, below: BTreeMap::new() };
        for (element, below) in &self.below {
            if let Some(other) = other.below.get(element) {
                both.insert(element.clone(), below.intersection(other));
            }
        }
        both
    }

    /// Its fields as messages name them: `.spec.containers[name="main"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect("", &mut paths);
        paths
    }

    fn collect(&self, begin: &str, paths: &mut Vec<String>) {
        if self.own {
            paths.push(begin.to_owned());
        }
        for (element, below) in &self.below {
            below.collect(&format!("{begin}{}", in_words(element)), paths);
        }
    }

    /// Takes out what only the server sets, and what only says which object this is.
    pub(super) fn without_identity(mut self) -> Self {
        for field in ["f:kind", "f:apiVersion"] {
            self.below.remove(field);
        }
        if let Some(metadata) = self.below.get_mut("f:metadata") {
            metadata.own = false;
            metadata.below.retain(|field, _| !IDENTITY.contains(&field.as_str()));
        }
        self.below.retain(|_, below| !below.is_empty());
        self
    }
}

const IDENTITY: [&str; 10] = [
    "f:name",
    "f:namespace",
    "f:uid",
    "f:resourceVersion",
    "f:generation",
    "f:creationTimestamp",
    "f:deletionTimestamp",
    "f:deletionGracePeriodSeconds",
    "f:managedFields",
    "f:selfLink",
];

fn in_words(element: &str) -> String {
    match element.split_once(':') {
        Some(("k", keys)) => {
            let keys: Value = serde_json::from_str(keys).unwrap_or_default();
            let told = keys.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={value}"));
            format!("[{}]", told.collect::<Vec<_>>().join(","))
        }
        Some(("v", value)) => format!("[={value}]"),
        Some((_, field)) => format!(".{field}"),
        None => element.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_as_it_is_written() {
        let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}, "f:replicas": {}}});
        let set = FieldSet::read(&fields);
        assert_eq!(set.write(), fields);
        let want = [
            ".metadata.labels",
            ".metadata.labels.a",
            ".spec.ports[port=80,protocol=\"TCP\"]",
            ".spec.ports[port=80,protocol=\"TCP\"].port",
            ".spec.replicas",
        ];
        assert_eq!(set.paths(), want);
        let mut rest = set.clone();
        rest.subtract(&FieldSet::read(&json!({"f:spec": {"f:replicas": {}}, "f:metadata": {"f:labels": {"f:a": {}}}})));
        let left = rest.paths();
        assert_eq!(left, [want[0], want[2], want[3]]);
        rest.subtract(&set);
        assert!(rest.is_empty());
    }
}
