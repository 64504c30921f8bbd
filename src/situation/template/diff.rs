//! How two pod templates differ, field by field. What may be a secret is named, never shown.

use std::collections::BTreeMap;

use serde_json::Value;

use super::veil;

/// What stands for a difference in a value that is not shown.
pub const CHANGED: &str = "(changed)";

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `containers[api].resources.limits.memory`.
    pub path: String,
    /// What it was; `None` where there was nothing.
    pub old: Option<String>,
    /// What it is; `None` where there is nothing any more.
    pub new: Option<String>,
}

/// The fields in which two templates differ, in the order of their paths; `None` where one of them cannot be read.
pub fn differences(old: &str, new: &str) -> Option<Vec<Difference>> {
    let (old, new): (Value, Value) = (serde_json::from_str(old).ok()?, serde_json::from_str(new).ok()?);
    let mut found = Vec::new();
    compare(&mut Path::default(), Some(&old), Some(&new), &mut found);
    Some(found)
}

/// The way to a field, and whether what lies there may be a secret.
#[derive(Debug, Default, Clone)]
struct Path {
    steps: Vec<String>,
}

impl Path {
    fn with<T>(&mut self, step: String, then: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(step);
        let result = then(self);
        self.steps.pop();
        result
    }

    /// As people write it; what every path would begin with is left out.
    fn words(&self) -> String {
        let mut words = String::new();
        for step in &self.steps {
            if !step.starts_with('[') && !words.is_empty() {
                words.push('.');
            }
            words.push_str(step);
        }
        let short = words.strip_prefix("spec.").or_else(|| words.strip_prefix("metadata."));
        short.map(str::to_owned).unwrap_or(words)
    }

    fn last(&self) -> &str {
        self.steps.last().map_or("", String::as_str)
    }
}

fn compare(path: &mut Path, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    let branches = |value: Option<&Value>| match value {
        None | Some(Value::Object(_)) => true,
        Some(Value::Array(items)) => named(items),
        Some(_) => false,
    };
    if branches(old) && branches(new) && (children(old).len() + children(new).len()) > 0 {
        let (old, new) = (children(old), children(new));
        let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            path.with(key.clone(), |path| compare(path, old.get(key).copied(), new.get(key).copied(), found));
        }
        return;
    }
    let said = |value: Option<&Value>| value.map(|v| veil::shown(&path.steps, v));
    let (old, new) = (said(old), said(new));
    // A name says nothing of its container when it is part of the path.
    if path.last() == "name" && (old.is_none() || new.is_none()) {
        return;
    }
    let (old, new) = match (old, new) {
        // What differs is in the part that is not shown.
        (Some(old), Some(new)) if old == new => (None, Some(CHANGED.to_owned())),
        other => other,
    };
    found.push(Difference { path: path.words(), old, new });
}

/// Whether a list is one of things with names, so that its order does not matter.
fn named(items: &[Value]) -> bool {
    let mut names: Vec<&str> = items.iter().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    names.len() == items.len()
}

fn name(item: &Value) -> Option<&str> {
    ["name", "mountPath", "containerPort", "key"].into_iter().find_map(|key| item.get(key)?.as_str())
}

/// What lies below a value, by the step that leads there.
fn children(value: Option<&Value>) -> BTreeMap<String, &Value> {
    match value {
        Some(Value::Object(map)) => map.iter().map(|(key, value)| (step(key), value)).collect(),
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| Some((format!("[{}]", name(item)?), item))).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// A key that holds dots or slashes, as labels do, is set in brackets.
fn step(key: &str) -> String {
    if key.contains(['.', '/']) { format!("[{key}]") } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(old: &str, new: &str) -> Vec<String> {
        let found = differences(old, new).expect("templates");
        let side = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
        found.into_iter().map(|d| format!("{}: {} → {}", d.path, side(d.old), side(d.new))).collect()
    }

    #[test]
    fn a_field_is_told_by_its_path() {
        let old = r#"{"spec":{"containers":[{"name":"api","image":"a:1","resources":{"limits":{"memory":"256Mi"}}}]}}"#;
        let new = r#"{"spec":{"containers":[{"name":"api","image":"a:2","resources":{"limits":{"memory":"128Mi"}}}]}}"#;
        assert_eq!(
            words(old, new),
            ["containers[api].image: a:1 → a:2", "containers[api].resources.limits.memory: 256Mi → 128Mi"]
        );
    }

    #[test]
    fn values_of_the_environment_are_never_shown() {
        let old = r#"{"spec":{"containers":[{"name":"api","env":[{"name":"A","value":"s3cret"},{"name":"B","value":"s3cret"}]}]}}"#;
        let new = r#"{"spec":{"containers":[{"name":"api","env":[{"name":"C","value":"s3cret"},{"name":"A","value":"s3cret2"}]}]}}"#;
        let words = words(old, new);
        assert!(words.iter().all(|w| !w.contains("s3cret")), "{words:?}");
        assert_eq!(
            words,
            [
                "containers[api].env[A].value: - → (changed)",
                "containers[api].env[B].value: (hidden) → -",
                "containers[api].env[C].value: - → (hidden)",
            ]
        );
    }

    #[test]
    fn where_a_value_comes_from_is_no_secret() {
        let from = |key: &str| {
            format!(
                r#"{{"spec":{{"containers":[{{"name":"api","env":[{{"name":"A","valueFrom":{{"secretKeyRef":{{"name":"db","key":"{key}"}}}}}}]}}]}}}}"#
            )
        };
        assert_eq!(words(&from("old"), &from("new")), ["containers[api].env[A].valueFrom.secretKeyRef.key: old → new"]);
    }

    #[test]
    fn secrets_in_arguments_are_hidden_and_the_rest_is_shown() {
        let with = |args: &str| format!(r#"{{"spec":{{"containers":[{{"name":"api","args":{args}}}]}}}}"#);
        let words = words(
            &with(r#"["--port=80","--token","abc123","--db=postgres://u:pw1@db/x"]"#),
            &with(r#"["--port=81","--token","abc124","--db=postgres://u:pw2@db/x","--api-key=abc125"]"#),
        );
        assert!(words.iter().all(|w| !w.contains("abc12") && !w.contains("pw")), "{words:?}");
        assert!(words[0].contains("--port=80") && words[0].contains("--port=81"), "{words:?}");
    }

    #[test]
    fn order_of_named_things_and_labels_with_dots_are_no_trouble() {
        let old = r#"{"metadata":{"annotations":{"a.b/c":"1"}},"spec":{"volumes":[{"name":"x"},{"name":"y"}]}}"#;
        let new = r#"{"metadata":{"annotations":{"a.b/c":"2"}},"spec":{"volumes":[{"name":"y"},{"name":"x"}]}}"#;
        assert_eq!(words(old, new), ["annotations[a.b/c]: 1 → 2"]);
        assert_eq!(differences(old, "no json"), None);
        assert_eq!(differences(old, old), Some(Vec::new()));
    }
}
