//! F26 to every end.

use super::*;
use crate::situation::object::{Node, Status};

/// An ingress on three nodes, so many of its pods not ready.
fn edge(sick: i32) -> World {
    let mut world = World::new();
    world.put(mk_daemon_set("kube-system", "ingress", 3, 3 - sick));
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
    }
    for i in 1..=sick {
        world.change_pod("kube-system", &format!("ingress-{i}"), |p| unready(p, 400));
    }
    world.deploy(NS, "web", 3);
    world.put(mk_service(NS, "web"));
    world.put(mk_slice(NS, "web", &[("web-rs1-1", true), ("web-rs1-2", true), ("web-rs1-3", true)]));
    world
}

fn well(world: &mut World) {
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
        world.put(mk_pod(NS, "web", 1, i));
    }
    world.put(mk_daemon_set("kube-system", "ingress", 3, 3));
}

fn sick_node(world: &mut World) {
    let mut node: Node = mk_node("node-1");
    node.conditions.push(mk_condition("DiskPressure", Status::True, "KubeletHasDiskPressure", 600));
    world.put(node);
}

fn open(world: World, taken: &mut Ways) -> Trip<'_> {
    Trip::open("F26", None, world, taken)
}

fn at_restart(taken: &mut Ways) -> Trip<'_> {
    let mut trip = open(edge(1), taken);
    trip.follow("ingress-node").follow("restart-ingress");
    trip
}

/// A pod that gets requests and is not ready.
fn deaf() -> World {
    let mut world = edge(0);
    world.change_pod(NS, "web-rs1-2", |p| unready(p, 400));
    world
}

fn at_restart_pod(taken: &mut Ways) -> Trip<'_> {
    let mut trip = open(deaf(), taken);
    trip.follow("endpoints").follow("save-log").follow("restart-pod");
    trip
}

/// Nothing is seen to be wrong, so only requests can tell.
fn at_probe(taken: &mut Ways) -> Trip<'_> {
    let mut trip = open(edge(0), taken);
    trip.follow("endpoints").follow("other-findings").follow("nodes").follow("probe");
    trip
}

#[test]
fn every_way_is_taken_and_every_end_reached() {
    let taken = &mut Ways::new();
    per_node(taken);
    per_pod(taken);
    others(taken);
    probes(taken);
    all_taken("F26", taken);
}

fn per_node(taken: &mut Ways) {
    let mut trip = at_restart(taken);
    assert_eq!(trip.view().command, "kubectl -n kube-system delete pod ingress-1");
    trip.worked(well).follow("watch-ingress").pass(3).follow("each-node").follow("resolved").ends("resolved");

    at_restart(taken).failed().follow("steer-out").follow("node").ends("node");
    at_restart(taken).declined().follow("ingress-node");
    let mut trip = at_restart(taken);
    trip.worked(well).follow("watch-ingress");
    trip.change(|w| w.change_pod("kube-system", "ingress-2", |p| unready(p, 0))).pass(6).follow("ingress");
    assert!(trip.view().before.is_some());

    let mut world = edge(1);
    sick_node(&mut world);
    open(world, taken).follow("ingress-node").follow("steer-out");
    open(edge(3), taken).follow("all-down").ends("all-down");
}

fn per_pod(taken: &mut Ways) {
    let mut trip = open(deaf(), taken);
    trip.follow("endpoints").follow("save-log");
    assert!(trip.view().note.starts_with("Run: kubectl -n shop logs web-rs1-2 --tail=2000 > web-rs1-2.log."));
    trip.follow("restart-pod").worked(well).follow("each-node").answer(1);
    assert_eq!(trip.view().step, "endpoints");
    at_restart_pod(taken).failed().follow("other-findings");
    at_restart_pod(taken).declined().follow("save-log");

    let mut world = edge(0);
    world.change_pod(NS, "web-rs1-2", |p| restarted(p, 2, "Error", 400));
    open(world, taken).follow("endpoints").follow("crashing").ends("crashing");
}

fn others(taken: &mut Ways) {
    let mut world = edge(0);
    world.deploy(NS, "office", 1);
    world.deploy("kube-system", "dns", 1);
    world.change_pod("kube-system", "dns-rs1-1", |p| crash_loops(p, 1, "Error", 5, 60));
    world.set_ready("kube-system", "dns", 0, 600);
    open(world, taken).follow("endpoints").follow("other-findings").follow("other-cause").ends("other-cause");

    let mut world = edge(0);
    sick_node(&mut world);
    open(world, taken).follow("endpoints").follow("other-findings").follow("nodes").follow("steer-out");
}

fn probes(taken: &mut Ways) {
    for way in [0, 1] {
        at_probe(taken).answer(way).worked(|_| ()).follow("each-node");
        at_probe(taken).answer(way).failed().follow("steer-out");
        at_probe(taken).answer(way).declined().follow("probe");
    }
    at_probe(taken).answer(2).follow("node").ends("node");
    at_probe(taken).answer(3).follow("node").ends("node");
    let mut trip = at_probe(taken);
    trip.answer(4).follow("restart-one-pod");
    assert_eq!(trip.view().act.unwrap().choices.len(), 3, "one of the pods behind");
    trip.worked(|_| ()).follow("each-node");
    at_probe(taken).answer(4).follow("restart-one-pod").failed().follow("developers").ends("developers");
    at_probe(taken).answer(4).follow("restart-one-pod").declined().follow("developers");
    at_probe(taken).answer(5).ends("edge");
    at_probe(taken).follow("developers").ends("developers");
}
