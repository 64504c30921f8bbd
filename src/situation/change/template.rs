//! How two pod templates differ, in words. Values of environment variables are never told, only their names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::situation::object::{ReplicaSet, TemplateContainer};

/// The annotation that `kubectl rollout restart` sets; a template that differs in nothing else is a restart.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// What a new template changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Nothing but the stamp of a restart.
    Restart,
    /// In these parts, in words.
    Parts(Vec<String>),
}

/// How the template of `new` differs from that of `old`.
pub(super) fn difference(old: &ReplicaSet, new: &ReplicaSet) -> Difference {
    let images = image_difference(&old.containers, &new.containers);
    let (Some(before), Some(after)) = (parse(&old.template), parse(&new.template)) else {
        return Difference::Parts(Some(images).filter(|i| !i.is_empty()).into_iter().collect());
    };
    let mut parts: Vec<String> = Some(images).filter(|i| !i.is_empty()).into_iter().collect();
    let several = list(&after, "/spec/containers").len() > 1;
    for path in ["/spec/containers", "/spec/initContainers"] {
        parts.extend(containers(&before, &after, path, several));
    }
    parts.extend(spec(&before, &after));
    let (metadata, restarted) = metadata(&before, &after);
    parts.extend(metadata);
    if parts.is_empty() && restarted { Difference::Restart } else { Difference::Parts(parts) }
}

/// `image api:1.41 → api:1.42`; empty when the images are the same.
pub fn image_difference(old: &[TemplateContainer], new: &[TemplateContainer]) -> String {
    let several = new.len() > 1;
    let changed = new.iter().filter_map(|c| {
        let before = old.iter().find(|o| o.name == c.name).filter(|o| o.image != c.image)?;
        let name = if several { format!("{} ", c.name) } else { String::new() };
        let (from, to) = image_pair(&before.image, &c.image);
        Some(format!("{name}image {from} → {to}"))
    });
    changed.collect::<Vec<_>>().join(", ")
}

/// Two references as short as they can be and still be told apart.
fn image_pair(old: &str, new: &str) -> (String, String) {
    let ((a, tag_a), (b, tag_b)) = (split_image(old), split_image(new));
    if a == b { (tag_a, tag_b) } else { (format!("{a}:{tag_a}"), format!("{b}:{tag_b}")) }
}

/// The repository and its tag, or the beginning of its digest.
fn split_image(image: &str) -> (&str, String) {
    if let Some((repository, digest)) = image.split_once('@') {
        let hex = digest.rsplit(':').next().unwrap_or(digest);
        let repository = repository.rsplit_once(':').filter(|(_, t)| !t.contains('/')).map_or(repository, |(r, _)| r);
        return (repository, hex.chars().take(8).collect::<String>() + "…");
    }
    match image.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag.to_owned()),
        _ => (image, "latest".to_owned()),
    }
}

fn parse(template: &str) -> Option<Value> {
    serde_json::from_str(template).ok()
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn by_name(items: &[Value]) -> BTreeMap<&str, &Value> {
    items.iter().filter_map(|v| Some((v.get("name")?.as_str()?, v))).collect()
}

fn containers(before: &Value, after: &Value, path: &str, several: bool) -> Vec<String> {
    let (old, new) = (by_name(list(before, path)), by_name(list(after, path)));
    let mut parts = Vec::new();
    for (name, container) in &new {
        match old.get(name) {
            None => parts.push(format!("container {name} added")),
            Some(former) => {
                let name = if several { format!("{name} ") } else { String::new() };
                parts.extend(container_parts(former, container).into_iter().map(|p| format!("{name}{p}")));
            }
        }
    }
    parts.extend(old.keys().filter(|n| !new.contains_key(*n)).map(|n| format!("container {n} removed")));
    parts
}

fn container_parts(old: &Value, new: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    for key in differing(old, new) {
        match &*key {
            "image" => {}
            "env" => parts.push(format!("env {}", names(old, new, "/env"))),
            "resources" => parts.extend(resources(old, new)),
            other => parts.push(other.to_owned()),
        }
    }
    parts
}

/// The keys of two objects under which they differ.
fn differing(old: &Value, new: &Value) -> Vec<String> {
    let empty = serde_json::Map::new();
    let (old, new) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|k| old.get(*k) != new.get(*k)).cloned().collect()
}

/// The names of the list's items that were added (+), removed (-) or changed.
fn names(old: &Value, new: &Value, path: &str) -> String {
    let (old, new) = (by_name(list(old, path)), by_name(list(new, path)));
    let mut names: Vec<String> = Vec::new();
    for (name, value) in &new {
        match old.get(name) {
            None => names.push(format!("+{name}")),
            Some(former) if former != value => names.push((*name).to_owned()),
            Some(_) => {}
        }
    }
    names.extend(old.keys().filter(|n| !new.contains_key(*n)).map(|n| format!("-{n}")));
    names.join(" ")
}

fn resources(old: &Value, new: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    for (kind, word) in [("limits", "limit"), ("requests", "request")] {
        let amounts = |v: &Value| v.pointer(&format!("/resources/{kind}")).cloned().unwrap_or_default();
        let (old, new) = (amounts(old), amounts(new));
        for resource in differing(&old, &new) {
            let amount = |v: &Value| v.get(&resource).and_then(Value::as_str).unwrap_or("none").to_owned();
            parts.push(format!("{resource} {word} {} → {}", amount(&old), amount(&new)));
        }
    }
    parts
}

fn spec(before: &Value, after: &Value) -> Vec<String> {
    let empty = Value::Null;
    let at = |v: &Value| v.get("spec").cloned().unwrap_or_else(|| empty.clone());
    let own = |k: &String| k != "containers" && k != "initContainers";
    differing(&at(before), &at(after)).into_iter().filter(own).collect()
}

/// Labels and annotations that differ, and whether the stamp of a restart is among them.
fn metadata(before: &Value, after: &Value) -> (Vec<String>, bool) {
    let at = |v: &Value, what: &str| v.pointer(&format!("/metadata/{what}")).cloned().unwrap_or_default();
    let mut parts = Vec::new();
    let mut restarted = false;
    for (what, word) in [("labels", "label"), ("annotations", "annotation")] {
        for key in differing(&at(before, what), &at(after, what)) {
            if key == RESTARTED {
                restarted = true;
            } else {
                parts.push(format!("{word} {key}"));
            }
        }
    }
    (parts, restarted)
}
