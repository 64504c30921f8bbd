use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::situation::object::{
    Amounts, ConfigMap, Container, ContainerState, Deployment, Event, Meta, Object, Pod, Termination,
};
use crate::situation::{EVENTS, Key, Kind, Observation, SAMPLES, Situation, Source, SourceState, Text, Trouble, Usage};

const POD: Source = Source::Watch(Kind::Pod);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn meta(name: &str, uid: &str) -> Meta {
    Meta { key: Key::new("ns", name), uid: uid.into(), ..Meta::default() }
}

fn end(code: i32, second: i64) -> Termination {
    Termination { exit_code: code, reason: "Error".into(), finished: Some(at(second)), ..Termination::default() }
}

fn pod(name: &str, uid: &str, ends: Option<Termination>) -> Pod {
    let container = Container {
        name: "main".into(),
        restarts: u32::from(ends.is_some()),
        last: ends,
        state: ContainerState::Running(None),
        ..Container::default()
    };
    Pod { meta: meta(name, uid), containers: vec![container], ..Pod::default() }
}

fn seen(object: impl Into<Object>) -> Observation {
    Observation::Seen(Box::new(object.into()))
}

fn trouble(what: &str) -> Trouble {
    Trouble { what: what.into(), remedy: Text::default(), retry_at: None }
}

fn history(situation: &Situation, name: &str) -> Vec<i32> {
    let pod = &situation.pods[&Key::new("ns", name)];
    pod.containers[0].history.iter().map(|t| t.exit_code).collect()
}

#[test]
fn ends_are_remembered_and_none_twice() {
    let mut s = Situation::new();
    s.apply(seen(pod("a", "1", None)));
    for (code, second) in [(1, 10), (1, 10), (2, 20), (137, 30)] {
        s.apply(seen(pod("a", "1", Some(end(code, second)))));
    }
    assert_eq!(history(&s, "a"), [1, 2, 137]);
}

#[test]
fn an_end_seen_while_it_was_the_present_state_is_the_same_end_afterwards() {
    let mut s = Situation::new();
    let mut now = pod("a", "1", Some(end(1, 10)));
    now.containers[0].state = ContainerState::Terminated(end(2, 20));
    s.apply(seen(now));
    s.apply(seen(pod("a", "1", Some(end(2, 20)))));
    assert_eq!(history(&s, "a"), [2], "the older one was not seen to happen");
}

#[test]
fn the_memory_of_ends_is_bounded() {
    let mut s = Situation::new();
    for second in 0..40 {
        s.apply(seen(pod("a", "1", Some(end(i32::try_from(second).unwrap(), second)))));
    }
    assert_eq!(history(&s, "a"), (40 - i32::try_from(Container::HISTORY).unwrap()..40).collect::<Vec<_>>());
}

#[test]
fn a_successor_of_the_same_name_does_not_inherit() {
    let mut s = Situation::new();
    s.apply(seen(pod("a", "1", Some(end(1, 10)))));
    s.apply(seen(pod("a", "2", Some(end(2, 20)))));
    assert_eq!(history(&s, "a"), [2]);
}

#[test]
fn a_relist_removes_what_it_does_not_name_and_keeps_histories() {
    let mut s = Situation::new();
    for o in [Observation::Listing(Kind::Pod), seen(pod("a", "1", Some(end(1, 10)))), seen(pod("b", "2", None))] {
        s.apply(o);
    }
    s.apply(Observation::Listed(Kind::Pod));
    s.apply(seen(pod("a", "1", Some(end(2, 20)))));
    s.apply(Observation::Listing(Kind::Pod));
    assert!(s.knows(Kind::Pod), "a relist does not make the known unknown");
    s.apply(seen(pod("a", "1", Some(end(2, 20)))));
    assert_eq!(s.pods.len(), 2, "nothing is taken away before the list is complete");
    s.apply(Observation::Listed(Kind::Pod));
    assert_eq!(s.pods.keys().map(|k| &*k.name).collect::<Vec<_>>(), ["a"]);
    assert_eq!(history(&s, "a"), [1, 2]);
}

#[test]
fn the_first_list_counts_and_ends_live() {
    let mut s = Situation::new();
    s.apply(Observation::Listing(Kind::Pod));
    s.apply(seen(pod("a", "1", None)));
    assert_eq!(s.source(&POD).state, SourceState::Listing(1));
    assert!(!s.knows(Kind::Pod));
    s.apply(Observation::Listed(Kind::Pod));
    assert_eq!(s.source(&POD).state, SourceState::Live);
}

#[test]
fn a_word_from_a_watch_does_not_stand_for_a_list() {
    let mut s = Situation::new();
    s.apply(Observation::Heard(POD, at(1)));
    assert_eq!(s.source(&POD).state, SourceState::Waiting);
    s.apply(Observation::Source(POD, SourceState::Forbidden("list pods".into())));
    s.apply(Observation::Heard(POD, at(2)));
    assert_eq!(s.source(&POD).state, SourceState::Forbidden("list pods".into()));
}

#[test]
fn who_never_answered_has_failed_and_who_did_is_lost() {
    let mut s = Situation::new();
    s.apply(Observation::Source(POD, SourceState::Lost(trouble("reset"))));
    assert_eq!(s.source(&POD).state, SourceState::Failed(trouble("reset")));
    s.apply(Observation::Listing(Kind::Pod));
    s.apply(Observation::Listed(Kind::Pod));
    assert!(s.apply(Observation::Source(POD, SourceState::Failed(trouble("reset")))));
    assert_eq!(s.source(&POD).state, SourceState::Lost(trouble("reset")));
    assert!(s.knows(Kind::Pod));
    assert!(s.apply(Observation::Heard(POD, at(5))));
    assert!(s.source(&POD).live());
}

#[test]
fn what_is_the_same_changes_nothing() {
    let mut s = Situation::new();
    assert!(s.apply(seen(pod("a", "1", None))));
    assert!(!s.apply(seen(pod("a", "1", None))));
    assert!(!s.apply(Observation::Gone(Kind::Pod, Key::new("ns", "b"))));
    assert!(s.apply(Observation::Gone(Kind::Pod, Key::new("ns", "a"))));
}

#[test]
fn a_skipped_object_is_named_until_it_can_be_read_and_is_not_taken_for_deleted() {
    let mut s = Situation::new();
    let map = || ConfigMap { meta: meta("settings", "1"), keys: None };
    s.apply(Observation::Listing(Kind::ConfigMap));
    s.apply(seen(map()));
    s.apply(Observation::Listed(Kind::ConfigMap));
    s.apply(Observation::Listing(Kind::ConfigMap));
    s.apply(Observation::Skipped(Kind::ConfigMap, "ns/settings".into(), "expected a map".into()));
    s.apply(Observation::Listed(Kind::ConfigMap));
    assert!(s.config_maps.is_empty(), "what cannot be read is not known");
    assert!(s.seen_changes.is_empty(), "{:?}", s.seen_changes);
    let skipped = |s: &Situation| s.source(&Source::Watch(Kind::ConfigMap)).skipped.len();
    assert_eq!(skipped(&s), 1);
    s.apply(seen(map()));
    assert_eq!(skipped(&s), 0);
}

#[test]
fn a_flood_of_events_is_bounded_and_counted_and_the_newest_stay() {
    let mut s = Situation::new();
    let total = EVENTS + EVENTS / 2;
    for i in 0..total {
        let last = Some(at(i64::try_from(i).unwrap()));
        s.apply(seen(Event { meta: meta(&format!("e{i}"), ""), last, ..Event::default() }));
    }
    assert!(s.events.len() <= EVENTS);
    assert_eq!(s.events.len() + s.events_dropped, total);
    let oldest = s.events.values().filter_map(|e| e.last).min().unwrap();
    assert_eq!(oldest, at(i64::try_from(s.events_dropped).unwrap()));
}

#[test]
fn usage_of_the_same_window_is_one_sample_and_goes_with_its_pod() {
    let mut s = Situation::new();
    s.apply(seen(pod("a", "1", None)));
    let usage = |second| Usage { amounts: Amounts::default(), at: Some(at(second)) };
    for second in [0, 0, 15, 15] {
        s.apply(Observation::PodMetrics("ns".into(), vec![("a".into(), "main".into(), usage(second))]));
    }
    let key = (Key::new("ns", "a"), Text::new("main"));
    assert_eq!(s.pod_usage[&key].len(), 2);
    for second in 100..200 {
        s.apply(Observation::PodMetrics("ns".into(), vec![("a".into(), "main".into(), usage(second))]));
    }
    assert_eq!(s.pod_usage[&key].len(), SAMPLES);
    s.apply(Observation::PodMetrics("other".into(), Vec::new()));
    assert_eq!(s.pod_usage.len(), 1, "another namespace's answer says nothing of this one");
    s.apply(Observation::Gone(Kind::Pod, Key::new("ns", "a")));
    assert!(s.pod_usage.is_empty());
}

#[test]
fn repeated_texts_share_their_memory() {
    let mut s = Situation::new();
    for name in ["a", "b"] {
        let mut pod = pod(name, name, Some(end(1, 1)));
        pod.node = Text::new("node-1");
        pod.containers[0].image = Text::new("registry.example.com/main:1");
        s.apply(seen(pod));
    }
    let (a, b) = (&s.pods[&Key::new("ns", "a")], &s.pods[&Key::new("ns", "b")]);
    assert!(a.node.same(&b.node));
    assert!(a.meta.key.namespace.same(&b.meta.key.namespace));
    assert!(a.containers[0].image.same(&b.containers[0].image));
    assert!(a.containers[0].last.as_ref().unwrap().reason.same(&b.containers[0].last.as_ref().unwrap().reason));
}

/// What may happen on a server, and to the watch of it.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, i32),
    Delete(u8),
    /// The watch was lost, these happened unseen, and the list is read anew while this happens.
    Relist {
        unseen: Vec<(u8, Option<i32>)>,
        during: Option<(u8, i32)>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..6_u8;
    prop_oneof![
        4 => (name.clone(), 0..4_i32).prop_map(|(n, v)| Step::Put(n, v)),
        2 => name.clone().prop_map(Step::Delete),
        1 => (
            proptest::collection::vec((name.clone(), proptest::option::of(0..4_i32)), 0..5),
            proptest::option::of((name, 0..4_i32)),
        )
            .prop_map(|(unseen, during)| Step::Relist { unseen, during }),
    ]
}

fn deployment(name: u8, replicas: i32) -> Deployment {
    Deployment { meta: meta(&format!("d{name}"), &format!("u{name}")), replicas, ..Deployment::default() }
}

fn key(name: u8) -> Key {
    Key::new("ns", format!("d{name}"))
}

proptest! {
    #[test]
    fn whatever_is_observed_the_table_ends_as_the_server(steps in proptest::collection::vec(step(), 0..40)) {
        let mut server: BTreeMap<u8, i32> = BTreeMap::new();
        let mut s = Situation::new();
        s.apply(Observation::Listing(Kind::Deployment));
        s.apply(Observation::Listed(Kind::Deployment));
        for step in steps {
            match step {
                Step::Put(n, v) => {
                    server.insert(n, v);
                    s.apply(seen(deployment(n, v)));
                }
                Step::Delete(n) => {
                    server.remove(&n);
                    s.apply(Observation::Gone(Kind::Deployment, key(n)));
                }
                Step::Relist { unseen, during } => {
                    s.apply(Observation::Source(Source::Watch(Kind::Deployment), SourceState::Lost(trouble("reset"))));
                    for (n, v) in unseen {
                        match v {
                            Some(v) => { server.insert(n, v); }
                            None => { server.remove(&n); }
                        }
                    }
                    s.apply(Observation::Listing(Kind::Deployment));
                    // A page at a time; something is deleted between two pages and the watch that follows tells it.
                    for (n, v) in &server {
                        s.apply(seen(deployment(*n, *v)));
                    }
                    s.apply(Observation::Listed(Kind::Deployment));
                    if let Some((n, v)) = during {
                        server.insert(n, v);
                        s.apply(seen(deployment(n, v)));
                    }
                }
            }
            let table: BTreeMap<Key, i32> = s.deployments.iter().map(|(k, d)| (k.clone(), d.replicas)).collect();
            let truth: BTreeMap<Key, i32> = server.iter().map(|(n, v)| (key(*n), *v)).collect();
            prop_assert_eq!(table, truth);
            prop_assert!(s.source(&Source::Watch(Kind::Deployment)).live());
        }
    }
}
