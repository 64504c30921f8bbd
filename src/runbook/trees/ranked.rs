//! Which tree is proposed first.

use super::*;
use crate::runbook::{Candidate, rank};

fn ranked(world: &World) -> Vec<Candidate> {
    let scene = Scene { situation: &world.situation, profile: &world.profile };
    rank(&library(), scene, &world.assess().findings)
}

fn scores(world: &World) -> Vec<(String, u32)> {
    ranked(world).into_iter().map(|c| (c.book.id.clone(), c.score)).collect()
}

#[test]
fn nothing_speaks_for_any_where_all_is_well() {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.put(mk_daemon_set("kube-system", "ingress", 3, 3));
    assert_eq!(scores(&world), [("F15".to_owned(), 0), ("F26".to_owned(), 0)]);
    assert!(ranked(&world).iter().all(|c| c.why.is_empty()));
    // Nor where nothing is known.
    let mut world = World::new();
    world.situation = crate::situation::Situation::new();
    assert_eq!(scores(&world), [("F15".to_owned(), 0), ("F26".to_owned(), 0)]);
}

#[test]
fn a_finding_speaks_for_its_tree_and_names_what_it_is_opened_on() {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    for i in 1..=3 {
        world.change_pod(NS, &format!("web-rs1-{i}"), |p| crash_loops(p, 2, "Error", 6, 30));
    }
    world.set_ready(NS, "web", 0, 300);
    let best = ranked(&world).remove(0);
    assert_eq!((best.book.id.as_str(), best.why.as_str()), ("F15", "F15: web panics in a crash loop"));
    assert_eq!(best.subject.unwrap().to_string(), "Deployment/shop/web");
}

#[test]
fn a_first_branch_on_live_data_speaks_before_any_finding_does() {
    let mut world = World::new();
    world.put(mk_daemon_set("kube-system", "ingress", 3, 2));
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
    }
    world.change_pod("kube-system", "ingress-2", |p| unready(p, 5));
    assert_eq!(world.ids(), [""; 0], "too early for a finding");
    let best = ranked(&world).remove(0);
    assert_eq!((best.book.id.as_str(), best.subject), ("F26", None));
    assert_eq!(best.why, "It is not ready on node-2, and ready on node-1, node-3");
}

#[test]
fn the_worse_finding_comes_first() {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 60));
    world.put(mk_daemon_set("kube-system", "ingress", 3, 2));
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
    }
    world.change_pod("kube-system", "ingress-2", |p| unready(p, 400));
    let ids: Vec<String> = scores(&world).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["F26", "F15"]);
}
