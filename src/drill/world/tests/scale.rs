//! Many nodes and many pods.

use super::super::Load;
use super::*;

#[test]
fn ten_thousand_pods_are_there_at_once() {
    let mut world = quiet();
    world.burden(Load { nodes: 100, pods: 10_000, churn: 200 });
    let begin = world.store.revision();
    world.after(SignedDuration::from_secs(5));
    let pods = world.store.list(world.res.pods, None);
    assert_eq!(pods.len(), 10_012);
    let size = pods.iter().map(|p| p.to_string().len()).max().unwrap_or_default();
    assert!((14_000..20_000).contains(&size), "{size}");
    let changed = world.store.changes_after(world.res.pods, begin).map_or(usize::MAX, |c| c.len());
    assert!((600..=1000).contains(&changed), "{changed} updates in five seconds, of which the first has none");
    assert_eq!(world.store.list(world.res.nodes, None).len(), 100);
    assert_eq!(world.workload("traefik").len(), 3, "the ingress runs on the servers only");
    assert!(list(&pods[0], "/status/conditions").len() > 3);
}

#[test]
fn a_thousand_nodes_keep_reporting_and_a_workload_finds_its_place_among_them() {
    let mut world = quiet();
    world.burden(Load { nodes: 1000, pods: 2000, churn: 50 });
    world.make(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 4, selector: {matchLabels: \
         {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}",
    );
    world.after(minutes(1));
    assert_eq!(world.ready("web"), 4);
    let used: std::collections::BTreeSet<_> =
        world.workload("web").iter().map(|p| text(p, "/spec/nodeName").to_owned()).collect();
    assert_eq!(used.len(), 4, "one on each of four nodes");
    assert!(world.store.list(world.res.nodes, None).iter().all(|node| is(node, "Ready")));
    for lease in world.store.list(world.res.leases, Some("kube-node-lease")) {
        let renewed = time(&lease, "/spec/renewTime").expect("a time");
        assert!(world.now.duration_since(renewed) < SignedDuration::from_secs(15), "{lease}");
    }
    let on_nodes: usize = world
        .store
        .list(world.res.nodes, None)
        .iter()
        .map(|node| world.store.count_on(world.res.pods, text(node, "/metadata/name")))
        .sum();
    assert_eq!(on_nodes, world.store.list(world.res.pods, None).len());
}
