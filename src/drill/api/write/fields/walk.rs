//! Walks through objects: what somebody says of one, what a change touches, how the said is merged in and taken back.

use serde_json::{Map, Value};

use super::FieldSet;
use super::shape::Spot;

/// The fields that a change touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::drill::api::write) struct Changes {
    /// Fields that came or have another value.
    pub set: FieldSet,
    /// Fields that went.
    pub removed: FieldSet,
}

/// The fields that somebody sets who says this of an object.
pub(in crate::drill::api::write) fn said(value: &Value, spot: Spot<'_>) -> FieldSet {
    let mut set = FieldSet::default();
    match value {
        Value::Object(map) if !map.is_empty() && !spot.is_atomic_map() => {
            for (field, value) in map {
                set.insert(format!("f:{field}"), said(value, spot.field(field)));
            }
        }
        Value::Array(items) if !items.is_empty() => match spot.list().elements(items) {
            Some(elements) => {
                for (element, item) in elements {
                    let mut below = said(item, spot.item());
                    below.own = true;
                    set.insert(element, below);
                }
            }
            None => return FieldSet::leaf(),
        },
        _ => return FieldSet::leaf(),
    }
    set
}

/// The fields in which an object differs from what it was before; null stands for no object.
pub(in crate::drill::api::write) fn changes(before: &Value, after: &Value, spot: Spot<'_>) -> Changes {
    differing((!before.is_null()).then_some(before), Some(after), spot)
}

fn differing(before: Option<&Value>, after: Option<&Value>, spot: Spot<'_>) -> Changes {
    if before == after {
        return Changes::default();
    }
    let below = match (before, after) {
        (None | Some(Value::Object(_)), Some(Value::Object(_))) | (Some(Value::Object(_)), None) => {
            let (before, after) = (before.and_then(Value::as_object), after.and_then(Value::as_object));
            (!spot.is_atomic_map()).then(|| below_map(before, after, spot))
        }
        (None | Some(Value::Array(_)), Some(Value::Array(_))) | (Some(Value::Array(_)), None) => {
            below_list(before, after, spot)
        }
        _ => None,
    };
    let is_one_value = below.is_none();
    let mut found = below.unwrap_or_default();
    match (before, after) {
        (None, Some(_)) => found.set.own = is_one_value || !spot.is_part(),
        (Some(_), None) => found.removed.own = is_one_value || !spot.is_part(),
        _ => found.set.own = is_one_value,
    }
    found
}

fn below_map(before: Option<&Map<String, Value>>, after: Option<&Map<String, Value>>, spot: Spot<'_>) -> Changes {
    let mut found = Changes::default();
    let known = before.into_iter().flatten().map(|(field, _)| field);
    let new = after.into_iter().flatten().map(|(field, _)| field);
    for field in known.chain(new.filter(|f| before.is_none_or(|b| !b.contains_key(*f)))) {
        let of = |map: Option<&'_ Map<String, Value>>| map.and_then(|m| m.get(field)).cloned();
        let (before, after) = (of(before), of(after));
        found.add(format!("f:{field}"), differing(before.as_ref(), after.as_ref(), spot.field(field)));
    }
    found
}

/// Nothing if one of the lists is one value.
fn below_list(before: Option<&Value>, after: Option<&Value>, spot: Spot<'_>) -> Option<Changes> {
    let items = |list: Option<&'_ Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (items(before), items(after));
    let (before, after) = (spot.list().elements(&before)?, spot.list().elements(&after)?);
    let find = |list: &[(String, &Value)], element: &str| {
        list.iter().find(|(e, _)| e == element).map(|(_, item)| Value::clone(item))
    };
    let mut found = Changes::default();
    let new = after.iter().filter(|(e, _)| before.iter().all(|(known, _)| known != e));
    for (element, _) in before.iter().chain(new) {
        let (before, after) = (find(&before, element), find(&after, element));
        let mut below = differing(before.as_ref(), after.as_ref(), spot.item());
        below.set.own |= before.is_none();
        below.removed.own |= after.is_none();
        found.add(element.clone(), below);
    }
    Some(found)
}

impl Changes {
    fn add(&mut self, element: String, below: Self) {
        self.set.insert(element.clone(), below.set);
        self.removed.insert(element, below.removed);
    }

    pub(in crate::drill::api::write) fn without_identity(self) -> Self {
        Self { set: self.set.without_identity(), removed: self.removed.without_identity() }
    }
}

/// Makes an object what somebody says of it; of what is not said nothing changes.
pub(in crate::drill::api::write) fn merge(object: &mut Value, said: &Value, spot: Spot<'_>) {
    match (object, said) {
        (Value::Object(object), Value::Object(said)) if !spot.is_atomic_map() => {
            for (field, value) in said {
                if value.is_null() {
                    object.remove(field);
                } else {
                    merge(object.entry(field).or_insert(Value::Null), value, spot.field(field));
                }
            }
        }
        (Value::Array(items), Value::Array(said)) if spot.list().elements(said).is_some() => {
            for new in said {
                let element = spot.list().element(new);
                match items.iter_mut().find(|item| spot.list().element(item) == element) {
                    Some(item) => merge(item, new, spot.item()),
                    None => items.push(new.clone()),
                }
            }
        }
        (object, said) => *object = said.clone(),
    }
}

/// Takes out of an object what was said of it once and is nobody's any more.
pub(in crate::drill::api::write) fn prune(object: &mut Value, once: &FieldSet, kept: &FieldSet, spot: Spot<'_>) {
    match object {
        Value::Object(map) => {
            map.retain(|field, value| {
                let element = format!("f:{field}");
                stays(value, once.below(&element), kept.below(&element), spot.field(field))
            });
        }
        Value::Array(items) => {
            let list = spot.list();
            items.retain_mut(|item| {
                let Some(element) = list.element(item) else { return true };
                stays(item, once.below(&element), kept.below(&element), spot.item())
            });
        }
        _ => {}
    }
}

fn stays(value: &mut Value, once: Option<&FieldSet>, kept: Option<&FieldSet>, spot: Spot<'_>) -> bool {
    match (once, kept) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(once), Some(kept)) => {
            prune(value, once, kept, spot);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(env: &Value) -> Value {
        json!({"metadata": {"name": "x", "labels": {"app": "p"}},
            "spec": {"containers": [{"name": "main", "image": "a", "env": env, "args": ["1"]}], "nodeSelector": {"a": "b"}}})
    }

    const SPOT: Spot<'_> = Spot::whole(false);

    #[test]
    fn a_new_object_is_told_as_a_real_server_tells_it() {
        let told = changes(&Value::Null, &pod(&json!([{"name": "A", "value": "1"}])), SPOT).without_identity();
        let want = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:nodeSelector": {}, "f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:args": {},
                "f:env": {".": {}, "k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}},
                "f:image": {}, "f:name": {}}}}});
        assert_eq!(told.set.write(), want);
        assert!(told.removed.is_empty());
    }

    #[test]
    fn a_change_is_told_by_its_leaves() {
        let (a, b) = (json!({"name": "A", "value": "1"}), json!({"name": "B", "value": "2"}));
        let (before, after) = (pod(&json!([a, b])), pod(&json!([{"name": "B", "value": "3"}])));
        let told = changes(&before, &after, SPOT);
        let path = ".spec.containers[name=\"main\"].env";
        assert_eq!(told.set.paths(), [format!("{path}[name=\"B\"].value")]);
        let gone = ["", ".name", ".value"].map(|end| format!("{path}[name=\"A\"]{end}"));
        assert_eq!(told.removed.paths(), gone);
        let turned = changes(&pod(&json!([a, b])), &pod(&json!([b, a])), SPOT);
        assert_eq!(turned, Changes::default(), "the order is nobody's");
    }

    #[test]
    fn what_was_said_once_goes_with_what_nobody_said_in_it() {
        let mut object = json!({"metadata": {"labels": {"a": "1", "b": "2"}},
            "spec": {"probe": {"path": "/", "period": 10}, "replicas": 3}});
        let once =
            said(&json!({"metadata": {"labels": {"a": "1"}}, "spec": {"probe": {"path": "/"}, "replicas": 3}}), SPOT);
        let kept = said(&json!({"metadata": {"labels": {"b": "2"}}, "spec": {"replicas": 3}}), SPOT);
        prune(&mut object, &once, &kept, SPOT);
        assert_eq!(object, json!({"metadata": {"labels": {"b": "2"}}, "spec": {"replicas": 3}}));
    }

    #[test]
    fn elements_are_merged_by_what_tells_them_apart() {
        let mut service =
            json!({"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 1}], "selector": {"a": "b"}}});
        let said = json!({"spec": {"ports": [{"port": 80, "targetPort": 2}, {"port": 80, "protocol": "UDP"}], "selector": {"c": "d"}}});
        merge(&mut service, &said, SPOT);
        let ports = json!([{"port": 80, "protocol": "TCP", "targetPort": 2}, {"port": 80, "protocol": "UDP"}]);
        assert_eq!(service["spec"], json!({"ports": ports, "selector": {"c": "d"}}));
    }
}
