//! Objects of a real API server (`tests/recordings/objects.json`), and what happens to them when they are mangled.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::page::{WatchEvent, event, page};
use super::{Form, Undecodable};
use crate::situation::object::{ContainerState, Object, Phase, Status};
use crate::situation::{Kind, Observation};

fn samples() -> BTreeMap<String, Vec<Value>> {
    serde_json::from_str(include_str!("../../../tests/recordings/objects.json")).expect("the recordings")
}

fn samples_of(kind: Kind) -> Vec<Value> {
    let name = match kind {
        Kind::ApiService => "ApiService",
        other => other.resource().kind,
    };
    samples().remove(name).unwrap_or_else(|| panic!("no sample of {kind}"))
}

fn list(items: &[Value]) -> Vec<u8> {
    let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "99"}, "items": items});
    serde_json::to_vec(&list).expect("JSON")
}

fn decode(kind: Kind, items: &[Value]) -> Vec<Observation> {
    page(kind, Form::Whole, &list(items)).expect("a list").items
}

fn seen(kind: Kind, item: &Value) -> Object {
    match decode(kind, std::slice::from_ref(item)).pop() {
        Some(Observation::Seen(object)) => *object,
        other => panic!("{kind}: {other:?}"),
    }
}

#[test]
fn real_objects_of_every_kind() {
    let all: Vec<Object> =
        Kind::ALL.into_iter().flat_map(|kind| samples_of(kind).into_iter().map(move |o| seen(kind, &o))).collect();
    // Hashes are keyed anew in each run; whether they are equal is tested below.
    let mut shown = format!("{all:#?}");
    let mut at = 0;
    while let Some(found) = shown[at..].find("hash: ") {
        let from = at + found + 6;
        let to = from + shown[from..].find(',').expect("an end");
        shown.replace_range(from..to, "…");
        at = from;
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn spec_and_status_of_containers_are_joined_by_name() {
    let Object::Pod(pod) = seen(Kind::Pod, &samples_of(Kind::Pod)[2]) else { panic!("no pod") };
    assert_eq!(pod.phase, Phase::Running);
    let [a, b] = pod.containers.as_slice() else { panic!("{:?}", pod.containers) };
    assert!(a.ready && matches!(a.state, ContainerState::Running(Some(_))) && a.last.is_none());
    assert!(matches!(&b.state, ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff"));
    assert_eq!((b.restarts, b.last.as_ref().map(|t| t.exit_code)), (7, Some(2)));
    assert_eq!((a.limits.cpu_milli, a.limits.memory, a.requests.cpu_milli), (Some(500), Some(128 << 20), Some(100)));
    assert_eq!(pod.condition("Ready").map(|c| c.status), Some(Status::False));
    assert_eq!(pod.claims, ["data-0"]);
}

#[test]
fn the_last_change_is_the_newest_that_is_not_of_the_status() {
    let Object::PodDisruptionBudget(budget) =
        seen(Kind::PodDisruptionBudget, &samples_of(Kind::PodDisruptionBudget)[1])
    else {
        panic!("no budget")
    };
    assert_eq!(budget.meta.modified, "2026-01-02T00:00:00Z".parse().ok());
    assert_eq!((budget.min_available.as_str(), budget.max_unavailable.as_str()), ("50%", "1"));
}

#[test]
fn values_of_config_maps_leave_only_hashes_that_can_be_compared() {
    let sample = &samples_of(Kind::ConfigMap)[1];
    let Object::ConfigMap(map) = seen(Kind::ConfigMap, sample) else { panic!("no map") };
    let keys = map.keys.expect("hashed");
    assert_eq!(keys.iter().map(|k| k.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "k"]);
    assert_eq!(keys[0].hash, keys[1].hash);
    assert_ne!(keys[0].hash, keys[2].hash);
    let metadata = page(Kind::ConfigMap, Form::Metadata, &list(std::slice::from_ref(sample))).expect("a list");
    let Some(Observation::Seen(object)) = metadata.items.first() else { panic!("{metadata:?}") };
    assert!(matches!(&**object, Object::ConfigMap(map) if map.keys.is_none()));
}

#[test]
fn equal_templates_have_equal_canonical_forms() {
    let template = |hash: &str| {
        json!({
            "metadata": {"name": "web-1", "namespace": "shop"},
            "spec": {"template": {
                "spec": {"containers": [{"image": "a:1", "name": "a", "env": null}]},
                "metadata": {"creationTimestamp": null, "labels": {"pod-template-hash": hash, "app": "\u{1b}[31mweb"}},
            }},
        })
    };
    let canonical = |hash| match seen(Kind::ReplicaSet, &template(hash)) {
        Object::ReplicaSet(set) => set.template,
        other => panic!("{other:?}"),
    };
    assert_eq!(canonical("1"), canonical("2"));
    let expected = r#"{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"image":"a:1","name":"a"}]}}"#;
    assert_eq!(&*canonical("1"), expected);
}

#[test]
fn one_bad_object_costs_itself_and_not_its_page() {
    let mut pods = samples_of(Kind::Pod);
    pods[1]["status"]["containerStatuses"] = json!("none");
    let observed = decode(Kind::Pod, &pods);
    assert!(matches!(observed[0], Observation::Seen(_)) && matches!(observed[2], Observation::Seen(_)));
    let name = format!("rec/{}", pods[1]["metadata"]["name"].as_str().expect("a name"));
    assert!(
        matches!(&observed[1], Observation::Skipped(Kind::Pod, n, why)
        if *n == name.as_str() && why.contains("expected a sequence")),
        "{:?}",
        observed[1]
    );
}

#[test]
fn what_is_no_list_says_so() {
    let whole = list(&samples_of(Kind::Pod));
    let half = &whole[..whole.len() / 2];
    assert_eq!(page(Kind::Pod, Form::Whole, half).err(), Some(Undecodable::Truncated));
    let error = |json: &[u8]| page(Kind::Pod, Form::Whole, json).err();
    assert!(matches!(error(b"<html>"), Some(Undecodable::Other(_))));
    assert!(matches!(error(br#"{"kind":"Status","metadata":{},"status":"Success"}"#), Some(Undecodable::Other(_))));
    let empty = br#"{"metadata":{"resourceVersion":"5","continue":"t"},"items":null}"#;
    let page = page(Kind::Pod, Form::Whole, empty).expect("an empty list");
    assert_eq!((page.items.len(), page.version.as_str(), page.next.as_deref()), (0, "5", Some("t")));
}

#[test]
fn bytes_that_are_no_text_do_not_cost_the_page() {
    let mut json = list(&samples_of(Kind::Event));
    let at = json.windows(7).position(|w| w == b"message").expect("a message") + 10;
    json[at] = 0xff;
    let items = page(Kind::Event, Form::Whole, &json).expect("a list").items;
    assert!(items.iter().all(|o| matches!(o, Observation::Seen(_))), "{items:?}");
}

#[test]
fn events_of_a_watch() {
    let pod = &samples_of(Kind::Pod)[2];
    let line = |kind: &str, object: &Value| serde_json::to_vec(&json!({"type": kind, "object": object})).expect("JSON");
    let read = |kind: &str, object: &Value| event(Kind::Pod, Form::Whole, &line(kind, object));
    let seen = read("MODIFIED", pod);
    assert!(matches!(seen, Ok(WatchEvent::Observed(Observation::Seen(_), v)) if v == "7"));
    let gone = read("DELETED", pod);
    assert!(
        matches!(gone, Ok(WatchEvent::Observed(Observation::Gone(Kind::Pod, k), _)) if k.to_string() == "shop/full")
    );
    let bookmark = read("BOOKMARK", &json!({"metadata": {"resourceVersion": "12", "creationTimestamp": null}}));
    assert!(matches!(bookmark, Ok(WatchEvent::Bookmark(v)) if v == "12"));
    let expired = read("ERROR", &json!({"kind": "Status", "code": 410, "message": "too old resource version"}));
    assert!(matches!(expired, Ok(WatchEvent::Error(410, _))));
    let bad = read("ADDED", &json!({"metadata": {"name": "x", "resourceVersion": "8"}, "spec": 1}));
    assert!(matches!(bad, Ok(WatchEvent::Observed(Observation::Skipped(..), v)) if v == "8"));
}

#[test]
fn an_event_happened_last_when_any_of_its_times_says_so() {
    let event = |fields: Value| {
        let mut event = json!({"metadata": {"name": "e", "creationTimestamp": "2026-01-01T00:00:00Z"}});
        event.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        match seen(Kind::Event, &event) {
            Object::Event(event) => (event.last.expect("a time").to_string(), event.count),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(event(json!({"lastTimestamp": null, "count": null})), ("2026-01-01T00:00:00Z".into(), 1));
    assert_eq!(event(json!({"lastTimestamp": "2026-01-01T00:05:00Z", "count": 4})), ("2026-01-01T00:05:00Z".into(), 4));
    let series = json!({"eventTime": "2026-01-01T00:00:01.5Z", "series": {"count": 9, "lastObservedTime": "2026-01-01T00:09:00Z"}});
    assert_eq!(event(series), ("2026-01-01T00:09:00Z".into(), 9));
}

/// The places in a value, as JSON pointers, without those that an object cannot do without.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, inner: &Value| {
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        places(inner, &place, found);
        if !matches!(place.as_str(), "/metadata" | "/metadata/name") {
            found.push(place);
        }
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| visit(key, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, inner)| visit(&i.to_string(), inner)),
        _ => {}
    }
}

const SECRET: &str = "hunter2-correct-horse";

/// Every sample with every place in it, one after the other.
fn each_place(mut check: impl FnMut(Kind, &Value, &str)) {
    for kind in Kind::ALL {
        for sample in samples_of(kind) {
            let mut found = Vec::new();
            places(&sample, "", &mut found);
            for place in &found {
                check(kind, &sample, place);
            }
        }
    }
}

#[test]
fn absent_and_null_fields_are_legal_everywhere() {
    each_place(|kind, sample, place| {
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        let mut without = sample.clone();
        match without.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                fields.remove(&key.replace("~1", "/").replace("~0", "~"));
                let mut null = sample.clone();
                *null.pointer_mut(place).expect("the place") = Value::Null;
                seen(kind, &null);
            }
            Some(Value::Array(items)) => {
                items.remove(key.parse().expect("an index"));
            }
            _ => panic!("{place} of {kind}"),
        }
        seen(kind, &without);
    });
}

#[test]
fn a_secret_in_an_object_that_cannot_be_decoded_goes_nowhere() {
    let mut skipped = 0;
    each_place(|kind, sample, place| {
        for planted in [json!(SECRET), json!({"x": SECRET}), json!([SECRET]), json!({SECRET: SECRET})] {
            let mut bad = sample.clone();
            *bad.pointer_mut(place).expect("the place") = planted;
            let observed = decode(kind, std::slice::from_ref(&bad));
            if let [Observation::Skipped(_, named, _)] = observed.as_slice() {
                skipped += 1;
                let name = sample["metadata"]["name"].as_str().expect("a name");
                let odd = matches!(place, "/metadata/namespace" | "/metadata/resourceVersion");
                assert!(odd || named.ends_with(name), "{kind} {place}: {named}");
                assert!(!format!("{observed:?}").contains(SECRET), "{kind} {place}: {observed:?}");
            }
        }
    });
    assert!(skipped > 500, "only {skipped} of the mangled objects could not be decoded");
}

proptest! {
    #[test]
    fn nothing_that_comes_over_the_wire_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in Kind::ALL {
            let _ = page(kind, Form::Whole, &bytes);
            let _ = event(kind, Form::Whole, &bytes);
        }
    }
}
