//! Strategic merge patches: lists of named things are merged by their names, and directives say what else to do.

use serde_json::{Map, Value};

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const REMOVE: &str = "$deleteFromPrimitiveList/";

type Fields = Map<String, Value>;

/// How a list is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListKind {
    /// The patch's list takes its place.
    Atomic,
    /// Its elements are values that occur once.
    Set,
    /// Its elements are told apart by this field.
    By(&'static str),
}

/// The lists that are merged, by their field; all others are atomic, taints and tolerations among them.
const LISTS: &[(&str, ListKind)] = &[
    ("addresses", ListKind::By("type")),
    ("conditions", ListKind::By("type")),
    ("containers", ListKind::By("name")),
    ("env", ListKind::By("name")),
    ("ephemeralContainers", ListKind::By("name")),
    ("finalizers", ListKind::Set),
    ("hostAliases", ListKind::By("ip")),
    ("imagePullSecrets", ListKind::By("name")),
    ("initContainers", ListKind::By("name")),
    ("ownerReferences", ListKind::By("uid")),
    ("podCIDRs", ListKind::Set),
    ("podIPs", ListKind::By("ip")),
    ("resourceClaims", ListKind::By("name")),
    ("schedulingGates", ListKind::By("name")),
    ("secrets", ListKind::By("name")),
    ("topologySpreadConstraints", ListKind::By("topologyKey")),
    ("volumeDevices", ListKind::By("devicePath")),
    ("volumeMounts", ListKind::By("mountPath")),
    ("volumes", ListKind::By("name")),
];

/// Merges a patch into an object.
///
/// # Errors
/// What is wrong with the patch, in the words of the API server.
pub(super) fn merge(object: &mut Value, patch: &Value) -> Result<(), String> {
    merge_value(object, patch, "", "")
}

/// How the list at a field is merged; `within` is the list or map that the field's owner is in.
fn kind_of(field: &str, within: &str) -> ListKind {
    if field == "ports" {
        let of_container = matches!(within, "containers" | "initContainers" | "ephemeralContainers");
        return ListKind::By(if of_container { "containerPort" } else { "port" });
    }
    LISTS.iter().find(|(name, _)| *name == field).map_or(ListKind::Atomic, |(_, kind)| *kind)
}

fn merge_value(target: &mut Value, patch: &Value, field: &str, within: &str) -> Result<(), String> {
    match (&mut *target, patch) {
        (Value::Object(fields), Value::Object(patch)) => merge_map(fields, patch, field),
        (Value::Array(items), Value::Array(patch)) => merge_list(items, patch, None, kind_of(field, within), field),
        _ => {
            *target = without_directives(patch);
            Ok(())
        }
    }
}

fn merge_map(fields: &mut Fields, patch: &Fields, name: &str) -> Result<(), String> {
    match patch.get(PATCH).map(|d| d.as_str().unwrap_or_default()) {
        Some("replace") => {
            *fields = plain(patch);
            return Ok(());
        }
        Some("delete") => {
            fields.clear();
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(format!("unknown patch type found: {other}")),
    }
    retain(fields, patch)?;
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(REMOVE) {
            remove_values(fields, list, value);
        } else if let Some(list) = key.strip_prefix(ORDER) {
            let kind = kind_of(list, name);
            let change = patch.get(list).and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            if !change.is_empty() {
                fields.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            }
            if let (Some(Value::Array(items)), Value::Array(order)) = (fields.get_mut(list), value) {
                merge_list(items, change, Some(order), kind, list)?;
            }
            continue;
        }
        // A list that has an order is merged with it.
        let ordered = value.is_array() && patch.contains_key(&format!("{ORDER}{key}"));
        if !ordered && !key.starts_with('$') {
            merge_field(fields, key, value, name)?;
        }
    }
    Ok(())
}

fn merge_field(fields: &mut Fields, key: &str, value: &Value, within: &str) -> Result<(), String> {
    if value.is_null() {
        fields.remove(key);
        return Ok(());
    }
    match fields.get_mut(key) {
        Some(known) => merge_value(known, value, key, within),
        None => {
            fields.insert(key.to_owned(), without_directives(value));
            Ok(())
        }
    }
}

/// Only the keys that are named are kept.
fn retain(fields: &mut Fields, patch: &Fields) -> Result<(), String> {
    let Some(keys) = patch.get(RETAIN) else { return Ok(()) };
    let keys = keys.as_array().ok_or("invalid retainKeys in the patch")?;
    fields.retain(|field, _| keys.iter().any(|k| k == field));
    Ok(())
}

fn remove_values(fields: &mut Fields, list: &str, values: &Value) {
    let values = values.as_array().map_or(&[] as &[Value], Vec::as_slice);
    if let Some(items) = fields.get_mut(list).and_then(Value::as_array_mut) {
        items.retain(|item| !values.contains(item));
    }
}

fn merge_list(
    items: &mut Vec<Value>,
    patch: &[Value],
    order: Option<&[Value]>,
    kind: ListKind,
    field: &str,
) -> Result<(), String> {
    let before = items.clone();
    match kind {
        ListKind::Atomic => {
            *items = patch.iter().map(without_directives).collect();
            return Ok(());
        }
        ListKind::Set => {
            for value in patch {
                if !items.contains(value) {
                    items.push(value.clone());
                }
            }
        }
        ListKind::By(key) => {
            if patch.iter().any(|item| item[PATCH] == "replace") {
                let rest = patch.iter().filter(|item| item[PATCH] != "replace");
                *items = rest.map(without_directives).collect();
                return Ok(());
            }
            for change in patch {
                merge_item(items, change, key, field)?;
            }
        }
    }
    let key = if let ListKind::By(key) = kind { Some(key) } else { None };
    *items = arrange(std::mem::take(items), order.unwrap_or(patch), &before, key);
    Ok(())
}

fn merge_item(items: &mut Vec<Value>, change: &Value, key: &str, field: &str) -> Result<(), String> {
    let missing = || format!("map: {change} does not contain declared merge key: {key}");
    let name = change.get(key).ok_or_else(missing)?;
    if change[PATCH] == "delete" {
        items.retain(|item| item.get(key) != Some(name));
        return Ok(());
    }
    match items.iter_mut().find(|item| item.get(key) == Some(name)) {
        Some(item) => merge_value(item, change, field, field),
        None => {
            items.push(without_directives(change));
            Ok(())
        }
    }
}

/// Brings a merged list in order: what the patch names in the patch's order, the rest where it stood before.
fn arrange(items: Vec<Value>, order: &[Value], before: &[Value], key: Option<&str>) -> Vec<Value> {
    let same = |a: &Value, b: &Value| key.map_or_else(|| a == b, |key| a.get(key) == b.get(key));
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    let (mut named, rest): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    let mut arranged = Vec::with_capacity(named.len() + rest.len());
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    while let (Some(a), Some(b)) = (named.peek(), rest.peek()) {
        let first = matches!((place(before, a), place(before, b)), (Some(a), Some(b)) if a < b);
        arranged.extend(if first { named.next() } else { rest.next() });
    }
    arranged.extend(named);
    arranged.extend(rest);
    arranged
}

fn plain(patch: &Fields) -> Fields {
    let kept = patch.iter().filter(|(key, value)| !key.starts_with('$') && !value.is_null());
    kept.map(|(key, value)| (key.clone(), without_directives(value))).collect()
}

/// What a patch says where there was nothing.
fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(map) => plain(map).into(),
        Value::Array(items) => {
            let kept = items.iter().filter(|item| !matches!(item[PATCH].as_str(), Some("delete" | "replace")));
            kept.map(without_directives).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(object: Value, patch: Value) -> Value {
        let mut object = object;
        merge(&mut object, &patch).expect("a sound patch");
        object
    }

    #[test]
    fn named_things_are_merged_and_keep_their_places() {
        let containers =
            |env: Value| json!({"containers": [{"name": "main", "image": "x", "env": env}, {"name": "side"}]});
        let env = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]);
        let patch = json!({"containers": [{"name": "main", "env": [{"name": "C", "value": "3"}, {"name": "B", "value": "20"}]}]});
        let want = json!([{"name": "A", "value": "1"}, {"name": "C", "value": "3"}, {"name": "B", "value": "20"}]);
        assert_eq!(merged(containers(env), patch), containers(want));
        let ports = merged(
            json!({"spec": {"ports": [{"port": 80, "targetPort": 1}]}}),
            json!({"spec": {"ports": [{"port": 80, "targetPort": 2}, {"port": 443}]}}),
        );
        assert_eq!(ports["spec"]["ports"], json!([{"port": 80, "targetPort": 2}, {"port": 443}]));
    }

    #[test]
    fn directives_are_understood() {
        let object = json!({"containers": [{"name": "a"}, {"name": "b"}], "finalizers": ["x", "y"],
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "tolerations": [{"key": "k"}]});
        let patch = json!({
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}],
            "containers": [{"name": "a", "$patch": "delete"}, {"name": "c", "image": "new"}],
            "$deleteFromPrimitiveList/finalizers": ["x"], "finalizers": ["z"],
            "strategy": {"$retainKeys": ["type"], "type": "Recreate"},
            "tolerations": [{"key": "other"}],
        });
        let want = json!({"containers": [{"name": "c", "image": "new"}, {"name": "b"}], "finalizers": ["y", "z"],
            "strategy": {"type": "Recreate"}, "tolerations": [{"key": "other"}]});
        assert_eq!(merged(object.clone(), patch), want);
        let patch = json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]});
        assert_eq!(merged(object.clone(), patch)["containers"], json!([{"name": "b"}, {"name": "a"}]));
        let replace =
            json!({"containers": [{"$patch": "replace"}, {"name": "only"}], "strategy": {"$patch": "delete"}});
        let replaced = merged(object.clone(), replace);
        assert_eq!((&replaced["containers"], &replaced["strategy"]), (&json!([{"name": "only"}]), &json!({})));
        assert!(merge(&mut object.clone(), &json!({"$patch": "nonsense"})).is_err());
        let mut object = object;
        assert!(merge(&mut object, &json!({"containers": [{"image": "nameless"}]})).is_err());
    }

    #[test]
    fn null_removes_and_is_never_stored() {
        let object = json!({"spec": {"unschedulable": true}});
        let patch = json!({"spec": {"unschedulable": null, "new": {"a": null, "b": 1}}});
        assert_eq!(merged(object, patch), json!({"spec": {"new": {"b": 1}}}));
    }
}
