//! F15 to every end.

use super::*;
use crate::situation::object::{ConfigMap, ContainerState, Status};
use crate::situation::{Key, Kind};

fn web() -> Ref {
    Ref { kind: Kind::Deployment, key: Key::new(NS, "web"), uid: "uid-shop-web".into() }
}

/// Revision 2, ten minutes old, crash loops with its one pod; the three of revision 1 serve.
fn half_done() -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    let mut set = mk_set(NS, "web", 2, 600, 0);
    (set.replicas, set.change_cause) = (1, "deploy 2".into());
    world.put(set);
    let mut pod = mk_pod(NS, "web", 2, 1);
    pod.meta.created = Some(ago(590));
    crash_loops(&mut pod, 2, "Error", 6, 60);
    world.put(pod);
    world.change_deployment(NS, "web", |d| (d.updated, d.current) = (1, 4));
    world
}

/// All three pods of the only revision crash loop.
fn all_down() -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    for i in 1..=3 {
        world.change_pod(NS, &format!("web-rs1-{i}"), |p| crash_loops(p, 2, "Error", 6, 60));
    }
    world.set_ready(NS, "web", 0, 300);
    world
}

/// All three pods of revision 2 crash loop, and none of revision 1 is left.
fn none_left(rolled_out: i64) -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.put(mk_set(NS, "web", 1, 86_400, 0));
    world.put(mk_set(NS, "web", 2, rolled_out, 0));
    for i in 1..=3 {
        world.situation.pods.remove(&Key::new(NS, format!("web-rs1-{i}")));
        let mut pod = mk_pod(NS, "web", 2, i);
        crash_loops(&mut pod, 2, "Error", 6, 60);
        world.put(pod);
    }
    world.set_ready(NS, "web", 0, 300);
    world
}

/// The crashing pod of revision 2 is gone.
fn recovered(world: &mut World) {
    world.situation.pods.retain(|_, p| !p.meta.key.name.starts_with("web-rs2"));
    world.change_deployment(NS, "web", |d| (d.updated, d.current, d.ready) = (3, 3, 3));
    calm(world);
}

/// All pods are ready and none has ended.
fn calm(world: &mut World) {
    for i in 1..=3 {
        world.put(mk_pod(NS, "web", 1, i));
    }
    world.set_ready(NS, "web", 3, 0);
}

fn config_map(world: &mut World) {
    let mut map = ConfigMap { meta: mk_meta(NS, "web-config", 90_000), keys: None };
    map.meta.modified = Some(ago(900));
    world.put(map);
}

fn with(break_it: impl Fn(&mut crate::situation::object::Pod)) -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.change_pod(NS, "web-rs1-1", break_it);
    world.set_ready(NS, "web", 2, 60);
    world
}

fn open(world: World, taken: &mut Ways) -> Trip<'_> {
    Trip::open("F15", Some(web()), world, taken)
}

fn at_roll_back(taken: &mut Ways) -> Trip<'_> {
    let mut trip = open(half_done(), taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("migrated").follow("roll-back");
    trip
}

#[test]
fn every_way_is_taken_and_every_end_reached() {
    let taken = &mut Ways::new();
    went_back(taken);
    not_gone_back(taken);
    one_crash(taken);
    other_causes(taken);
    configuration(taken);
    not_with_the_deploy(taken);
    all_taken("F15", taken);
}

fn went_back(taken: &mut Ways) {
    let mut trip = at_roll_back(taken);
    let act = trip.view().act.unwrap();
    let to = match &act.choices[..] {
        [crate::action::Action::RollBack { to, deployment }] => (*to, deployment.key.name.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(to, (Some(1), "web".to_owned()));
    assert_eq!(trip.view().command, "kubectl -n shop rollout undo deploy/web --to-revision=1");
    trip.worked(recovered).pass(1).follow("watch").pass(11).follow("resolved").ends("resolved");
    assert!(trip.view().note.contains("panic: boom"));

    let mut trip = at_roll_back(taken);
    trip.worked(recovered).pass(1).follow("watch");
    trip.change(|w| w.change_pod(NS, "web-rs1-1", |p| crash_loops(p, 2, "Error", 4, -600)));
    trip.pass(15).follow("config-changed");

    let mut trip = open(none_left(900), taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy");
    let view = trip.view();
    assert!(view.ways[3].say.contains("no old pod is left"), "{view:#?}");
    trip.follow("migrated");

    let mut paused = half_done();
    paused.change_deployment(NS, "web", |d| d.paused = true);
    let mut trip = open(paused, taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("resume");
    assert!(trip.view().note.contains("kubectl -n shop rollout resume deploy/web"), "{}", trip.view().note);
    trip.follow("with-deploy");
    assert!(trip.view().before.is_some(), "it goes in a circle, and says so");
}

fn not_gone_back(taken: &mut Ways) {
    let mut trip = open(half_done(), taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("migrated");
    trip.answer(1).ends("ask-developers");
    at_roll_back(taken).failed().follow("config-changed");
    at_roll_back(taken).declined().follow("migrated");
}

fn one_crash(taken: &mut Ways) {
    let once = || {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 60));
        world
    };
    let mut trip = open(once(), taken);
    trip.says(PANIC).follow("how-many").follow("watch-one").pass(11).follow("one-crash").ends("one-crash");
    let mut trip = open(once(), taken);
    trip.says(PANIC).follow("how-many").follow("watch-one");
    trip.change(|w| w.set_ready(NS, "web", 2, 0)).pass(15).follow("how-many");
}

fn other_causes(taken: &mut Ways) {
    let exits_1 = || with(|p| crash_loops(p, 1, "Error", 4, 60));
    open(with(|_| ()), taken).follow("calm").ends("calm");
    open(exits_1(), taken).says("failed to connect to database").follow("database").ends("database");
    open(exits_1(), taken).says("redis: connection refused").follow("cache").ends("cache");
    open(exits_1(), taken).says("giving up").follow("other-exit").ends("other-exit");
    open(exits_1(), taken).says("exec /app: exec format error").follow("wrong-image").follow("with-deploy");
    open(with(|p| crash_loops(p, 137, "OOMKilled", 4, 60)), taken).says("").follow("memory").ends("memory");
    let waiting = |word: &'static str| with(move |p| waits(p, word, "it lacks something", 400));
    open(waiting("CreateContainerConfigError"), taken).follow("missing-config").ends("missing-config");
    open(waiting("ImagePullBackOff"), taken).follow("no-image").ends("no-image");
    let fatal = "fatal error: concurrent map writes\n\ngoroutine 1 [running]:";
    open(half_done(), taken).says(fatal).follow("how-many");
}

fn configuration(taken: &mut Ways) {
    let mut world = all_down();
    config_map(&mut world);
    let mut trip = open(world, taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("config-changed").follow("revert-config");
    assert!(trip.view().note.contains("Put ConfigMap web-config back"), "{}", trip.view().note);
    trip.follow("watch-reverted").change(calm).pass(11).follow("resolved").ends("resolved");

    let mut trip = open(all_down(), taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("config-changed").follow("secret");
    trip.answer(0).follow("watch-reverted").pass(20).follow("poison");
    trip.answer(0).follow("watch-reverted");
}

fn not_with_the_deploy(taken: &mut Ways) {
    let mut trip = open(none_left(9000), taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("config-changed").follow("secret");
    trip.follow("other-findings").follow("poison").follow("developers").ends("developers");

    // Nodes that are down are a critical finding of their own.
    let mut world = all_down();
    for i in 1..=3 {
        let mut node = mk_node(&format!("node-{i}"));
        node.conditions = vec![mk_condition("Ready", Status::Unknown, "NodeStatusUnknown", 100)];
        if i == 3 {
            world.put(node);
        }
    }
    world.deploy(NS, "office", 1);
    world.change_pod(NS, "office-rs1-1", |p| p.containers[0].state = ContainerState::Absent);
    let mut trip = open(world, taken);
    trip.says(PANIC).follow("how-many").follow("with-deploy").follow("config-changed").follow("secret");
    let findings = trip.world.assess().findings;
    trip.follow("other-findings");
    if findings.iter().any(|f| f.id != "F15" && f.severity == crate::detect::Severity::Critical) {
        trip.follow("other-cause").ends("other-cause");
    } else {
        panic!("{findings:#?}");
    }
}
