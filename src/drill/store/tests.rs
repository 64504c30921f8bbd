use super::*;

const POD: &str = "pods";

fn store() -> (Store, ResourceId) {
    (Store::new(7), Store::resource("", POD).expect("pods"))
}

fn pod(name: &str, namespace: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace, "labels": {"app": name}}, "spec": {"nodeName": "n"}})
}

fn names(objects: &[Arc<Value>]) -> Vec<String> {
    objects.iter().map(|o| key_of(o)).map(|(ns, name)| format!("{ns}/{name}")).collect()
}

#[test]
fn a_new_object_gets_what_a_server_sets_and_keeps_stamps_of_its_own() {
    let (mut store, pods) = store();
    let before = store.revision();
    let made = store.create(pods, pod("a", "x"), Timestamp::UNIX_EPOCH).expect("created");
    assert_eq!(made["metadata"]["creationTimestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["metadata"]["resourceVersion"], (before + 1).to_string());
    assert_eq!((&made["apiVersion"], &made["kind"]), (&json!("v1"), &json!("Pod")));
    let uid = made["metadata"]["uid"].as_str().expect("uid");
    assert_eq!((uid.len(), uid.as_bytes()[14]), (36, b'4'));

    let mut old = pod("b", "x");
    old["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z".into();
    let made = store.create(pods, old, Timestamp::UNIX_EPOCH).expect("created");
    assert_eq!(made["metadata"]["creationTimestamp"], "2020-01-01T00:00:00Z");
    let again = store.create(pods, pod("b", "x"), Timestamp::UNIX_EPOCH);
    assert_eq!(again, Err(Refusal::Exists { resource: "pods".into(), name: "b".into() }));
}

#[test]
fn the_same_seed_makes_the_same_names() {
    let generated = || {
        let (mut store, pods) = store();
        let object = json!({"metadata": {"generateName": "web-", "namespace": "x"}});
        store.create(pods, object, Timestamp::UNIX_EPOCH).expect("created")
    };
    let made = generated();
    assert_eq!(made, generated());
    let name = made["metadata"]["name"].as_str().expect("name");
    assert!(name.starts_with("web-") && name.len() == 9, "{name}");
}

#[test]
fn a_change_that_changes_nothing_makes_no_revision() {
    let (mut store, pods) = store();
    store.create(pods, pod("a", "x"), Timestamp::UNIX_EPOCH).expect("created");
    let before = store.revision();
    let same = store.modify(pods, "x", "a", |o| o["metadata"]["name"] = "other".into()).expect("there");
    assert_eq!((store.revision(), &same["metadata"]["name"]), (before, &json!("a")));

    let status = store.modify(pods, "x", "a", |o| o["status"] = json!({"phase": "Running"})).expect("there");
    assert_eq!(status["metadata"]["generation"], 1);
    let spec = store.modify(pods, "x", "a", |o| o["spec"]["nodeName"] = "m".into()).expect("there");
    assert_eq!((&spec["metadata"]["generation"], store.revision()), (&json!(2), before + 2));
    assert!(store.modify(pods, "x", "none", |_| ()).is_none());
}

#[test]
fn a_list_at_a_revision_shows_what_was_there_then() {
    let (mut store, pods) = store();
    for (name, ns) in [("a", "x"), ("b", "x"), ("c", "x"), ("a", "y")] {
        store.create(pods, pod(name, ns), Timestamp::UNIX_EPOCH).expect("created");
    }
    let then = store.revision();
    store.remove(pods, "x", "b");
    store.create(pods, pod("bb", "x"), Timestamp::UNIX_EPOCH).expect("created");
    store.modify(pods, "x", "c", |o| o["status"] = 1.into());
    store.modify(pods, "x", "c", |o| o["status"] = 2.into());

    let rest = store.list_at(pods, None, ("x", "a"), then).expect("remembered");
    assert_eq!(names(&rest), ["x/b", "x/c", "y/a"]);
    assert!(rest[1].get("status").is_none());
    assert_eq!(names(&store.list_at(pods, Some("x"), ("x", "b"), then).expect("remembered")), ["x/c"]);
    assert_eq!(names(&store.list(pods, Some("x"))), ["x/a", "x/bb", "x/c"]);
}

#[test]
fn the_log_tells_what_happened_and_says_when_it_has_forgotten() {
    let (mut store, pods) = store();
    let start = store.revision();
    store.create(pods, pod("a", "x"), Timestamp::UNIX_EPOCH).expect("created");
    store.modify(pods, "x", "a", |o| o["status"] = 1.into());
    store.remove(pods, "x", "a");
    let all = store.changes_after(pods, start).expect("remembered");
    assert_eq!(
        all.iter().map(|c| c.happened).collect::<Vec<_>>(),
        [Happened::Added, Happened::Modified, Happened::Deleted]
    );
    assert_eq!(all[2].object["metadata"]["resourceVersion"], all[2].revision.to_string());
    assert_eq!(store.changes_after(pods, start + 1).expect("remembered").len(), 2);
    assert!(store.changes_after(pods, start - 1).is_err());

    let floor = store.revision();
    store.compact();
    assert_eq!(store.changes_after(pods, start).expect_err("forgotten"), Expired { asked: start, oldest: floor });
    assert!(store.changes_after(pods, floor).expect("remembered").is_empty());
}

#[test]
fn the_log_is_bounded() {
    let (mut store, pods) = store();
    let start = store.revision();
    store.create(pods, pod("a", "x"), Timestamp::UNIX_EPOCH).expect("created");
    for n in 0..=REMEMBERED {
        store.modify(pods, "x", "a", |o| o["status"] = n.into());
    }
    assert!(store.changes_after(pods, start).is_err());
    assert_eq!(store.changes_after(pods, store.revision() - 10).expect("remembered").len(), 10);
}

#[test]
fn every_change_is_announced() {
    let (mut store, pods) = store();
    let mut revisions = store.subscribe();
    store.create(pods, pod("a", "x"), Timestamp::UNIX_EPOCH).expect("created");
    assert!(revisions.has_changed().expect("open"));
    assert_eq!(*revisions.borrow_and_update(), store.revision());
}

#[test]
fn the_catalogue_is_sound_and_holds_every_kind_of_the_situation() {
    for kind in crate::situation::Kind::ALL {
        let want = kind.resource();
        let id = Store::resource(want.group, want.plural).unwrap_or_else(|| panic!("{kind} is missing"));
        let def = id.def();
        assert_eq!((def.kind, def.version, def.namespaced), (want.kind, want.version, want.namespaced));
    }
    for id in ResourceId::all() {
        let def = id.def();
        assert_eq!(ResourceId::find(def.group, def.plural), Some(id));
        assert!(def.verbs.is_sorted() && def.subresources.is_sorted_by_key(|s| s.name), "{}", def.plural);
    }
}
