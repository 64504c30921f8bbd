//! Detectors are total: whatever is absent from an object, they neither panic nor call the unknown good.

use proptest::prelude::*;

use super::testing::*;
use super::{Mark, Scene, assess, suspect};
use crate::situation::object::{
    ContainerState, DaemonSet, Deployment, EndpointSlice, Event, Ingress, Labels, Lease, Node, Pod, ReplicaSet,
    Service, StatefulSet,
};
use crate::situation::{Kind, Situation, Source, SourceState, changes};

/// Takes away or turns around what `bits` says.
fn maim_pod(pod: &mut Pod, bits: u32) {
    let on = |i: u32| bits >> i & 1 == 1;
    let steps: [&dyn Fn(&mut Pod); 14] = [
        &|p| p.conditions.clear(),
        &|p| p.containers.clear(),
        &|p| p.meta.owner = None,
        &|p| p.meta.created = None,
        &|p| p.started = None,
        &|p| p.meta.deleting = Some(ago(500)),
        &|p| p.node = "".into(),
        &|p| p.init = p.containers.clone(),
        &|p| p.containers.iter_mut().for_each(|c| c.state = ContainerState::Absent),
        &|p| p.containers.iter_mut().for_each(|c| c.ready = false),
        &|p| p.containers.iter_mut().for_each(|c| c.last = Some(mk_end(-7, "", i64::from(bits) - 500))),
        &|p| p.containers.iter_mut().for_each(|c| c.restarts = u32::MAX),
        &|p| p.containers.iter_mut().for_each(|c| c.name = "".into()),
        &|p| p.meta.uid = "".into(),
    ];
    for (i, step) in (0..).zip(steps) {
        if on(i) {
            step(pod);
        }
    }
}

/// A shop in which everything that may be absent is.
fn bare(world: &mut World) {
    world.put(Pod { meta: mk_meta(NS, "bare", 0), ..Pod::default() });
    world.put(Deployment { meta: mk_meta(NS, "web", 0), replicas: i32::MAX, ready: i32::MIN, ..Deployment::default() });
    world.put(ReplicaSet { meta: mk_meta(NS, "web-rs", 0), template: "{".into(), ..ReplicaSet::default() });
    world.put(DaemonSet { meta: mk_meta("kube-system", "ingress", 0), desired: -1, ..DaemonSet::default() });
    world.put(StatefulSet { meta: mk_meta(NS, "office", 0), replicas: 1, ..StatefulSet::default() });
    world.put(Node { meta: mk_meta("", "node-9", 0), ..Node::default() });
    world.put(Lease { meta: mk_meta("kube-node-lease", "node-9", 0), ..Lease::default() });
    world.put(Event { meta: mk_meta(NS, "event", 0), ..Event::default() });
    world.put(Service { meta: mk_meta(NS, "web", 0), selector: Labels::default(), ..Service::default() });
    world.put(EndpointSlice { meta: mk_meta(NS, "web", 0), ..EndpointSlice::default() });
    let routes = vec![("".into(), "web".into(), "".into()), ("".into(), "absent".into(), "".into())];
    world.put(Ingress { meta: mk_meta(NS, "web", 0), routes, ..Ingress::default() });
}

fn check(situation: &Situation, profile: &crate::config::Profile) {
    let assessment = assess(Scene { situation, profile });
    let changes = changes(situation);
    for finding in &assessment.findings {
        assert!(
            !finding.title.is_empty() && !finding.subjects.is_empty() && !finding.evidence.is_empty(),
            "{finding:?}"
        );
        let _ = suspect(finding, &changes);
    }
}

#[test]
fn objects_with_nothing_in_them() {
    let mut world = World::new();
    bare(&mut world);
    check(&world.situation, &world.profile);
    world.deploy(NS, "web", 3);
    world.situation.replica_sets.clear();
    check(&world.situation, &world.profile);
    world.situation.deployments.clear();
    check(&world.situation, &world.profile);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn nothing_absent_makes_a_detector_panic(
        bits in proptest::collection::vec(any::<u32>(), 3),
        code in -300..300_i32,
        restarts in 0..7_u32,
        seconds in -10_000..100_000_i64,
        ready in -2..5_i32,
        drop in 0..8_u8,
    ) {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.set_ready(NS, "web", ready, seconds);
        for (i, bits) in (1..).zip(&bits) {
            world.change_pod(NS, &format!("web-rs1-{i}"), |p| {
                crash_loops(p, code, "Error", restarts, seconds);
                maim_pod(p, *bits);
            });
        }
        match drop {
            0 => world.situation.nodes.clear(),
            1 => world.situation.replica_sets.clear(),
            2 => world.situation.deployments.clear(),
            3 => bare(&mut world),
            _ => {}
        }
        check(&world.situation, &world.profile);
    }

    #[test]
    fn a_source_that_is_not_live_never_gives_a_good_row_that_rests_on_it(kind in 0..24_usize) {
        let kind = Kind::ALL[kind];
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.deploy("kube-system", "dns", 1);
        let good = |w: &World| w.assess().health.iter().filter(|r| r.mark == Mark::Good).count();
        let before = good(&world);
        world.source(Source::Watch(kind), SourceState::Forbidden("list".into()));
        let rests = matches!(kind, Kind::Node | Kind::Pod | Kind::Deployment | Kind::DaemonSet);
        prop_assert_eq!(good(&world) < before, rests);
        prop_assert!(world.assess().unknown.iter().any(|(s, _)| *s == Source::Watch(kind)));
    }
}
