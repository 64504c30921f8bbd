//! How the world answers what clients write.

use super::super::deployment::{REVISION, revision};
use super::super::json::{entry, uid};
use super::*;

fn api() -> Id {
    Id::new("honeydue", "api")
}

impl World {
    /// Changes the Deployment of api as a client does, and lets the controllers see it.
    fn write_api(&mut self, f: impl FnOnce(&mut Value)) {
        self.store.modify(self.res.deployments, "honeydue", "api", f).expect("api");
        self.settle();
    }

    fn restart_api(&mut self, at: &str) {
        self.write_api(|api| {
            api["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": at});
        });
    }

    fn api(&self) -> Arc<Value> {
        self.store.get(self.res.deployments, "honeydue", "api").expect("api")
    }

    /// The ReplicaSets of api by revision, newest first.
    fn api_sets(&self) -> Vec<Arc<Value>> {
        let api = self.api();
        let mut sets = self.store.list(self.res.replica_sets, Some("honeydue"));
        sets.retain(|s| super::super::json::owner(s) == uid(&api));
        sets.sort_by_key(|s| std::cmp::Reverse(revision(s)));
        sets
    }

    /// Takes api back to the revision before, as kubectl does.
    fn undo_api(&mut self) {
        let before = self.api_sets().remove(1);
        let template = super::super::deployment::bare_template(&before);
        self.write_api(|api| api["spec"]["template"] = template);
    }

    fn at_work_or_broken(&self, scenario: &Scenario, undo: &[Undo]) -> bool {
        undo.iter().any(|u| self.at_work(u)) || !self.recovered_from(scenario)
    }

    fn status_of(&self, kind: crate::drill::store::ResourceId, id: &Id) -> Value {
        self.store.get(kind, &id.namespace, &id.name).expect("an object")["status"].clone()
    }
}

#[test]
fn a_restart_makes_a_revision_and_an_undo_takes_up_the_old_one() {
    let mut world = quiet();
    let before = world.api_sets();
    world.restart_api("2026-11-22T08:00:00Z");
    world.after(minutes(1));
    let sets = world.api_sets();
    assert_eq!(revision(&sets[0]), revision(&before[0]) + 1);
    assert_eq!((world.ready("api"), world.progressing("api")), (3, "NewReplicaSetAvailable".to_owned()));

    for (turn, history) in [(1, "%"), (2, "%,%")] {
        world.undo_api();
        world.after(minutes(1));
        let sets = world.api_sets();
        assert_eq!(revision(&sets[0]), revision(&before[0]) + 1 + turn);
        assert_eq!(entry(&world.api(), "/metadata/annotations", REVISION), revision(&sets[0]).to_string());
        assert_eq!((int(&sets[0], "/spec/replicas"), int(&sets[1], "/spec/replicas")), (3, 0));
        if turn == 1 {
            assert_eq!(uid(&sets[0]), uid(&before[0]), "the same ReplicaSet");
            let told = entry(&sets[0], "/metadata/annotations", "deployment.kubernetes.io/revision-history");
            assert_eq!(told, history.replace('%', &revision(&before[0]).to_string()));
        }
    }
}

#[test]
fn a_paused_rollout_stands_still_until_it_is_resumed() {
    let mut world = quiet();
    let sets = world.api_sets().len();
    world.write_api(|api| api["spec"]["paused"] = true.into());
    assert_eq!(world.progressing("api"), "DeploymentPaused");
    world.restart_api("2026-11-22T08:00:00Z");
    world.write_api(|api| api["spec"]["replicas"] = 4.into());
    world.after(minutes(15));
    assert_eq!((world.api_sets().len(), world.ready("api")), (sets, 4), "it is scaled, not rolled");
    assert_eq!(world.progressing("api"), "DeploymentPaused", "and no deadline is missed");

    let from = world.store.revision();
    world.write_api(|api| api["spec"]["paused"] = false.into());
    let resumed = world.store.changes_after(world.res.deployments, from).expect("remembered");
    let told = |c: &crate::drill::store::Logged| {
        condition(&c.object, "Progressing").is_some_and(|p| p["reason"] == "DeploymentResumed")
    };
    assert!(resumed.iter().any(told), "nobody was told that it goes on");
    world.after(minutes(1));
    assert_eq!((world.api_sets().len(), world.ready("api")), (sets + 1, 4));
    assert_eq!(world.progressing("api"), "NewReplicaSetAvailable");
}

#[test]
fn scaling_goes_both_ways_and_shares_a_stuck_rollout() {
    let mut world = quiet();
    for wanted in [5, 1, 0, 3] {
        world.write_api(|api| api["spec"]["replicas"] = wanted.into());
        world.after(minutes(1));
        assert_eq!((world.ready("api") as i64, world.workload("api").len() as i64), (wanted, wanted));
    }
    let (mut world, ..) = broken("F15");
    world.after(minutes(1));
    world.write_api(|api| api["spec"]["replicas"] = 6.into());
    world.after(minutes(1));
    let sizes: Vec<_> = world.api_sets().iter().take(2).map(|s| int(s, "/spec/replicas")).collect();
    assert_eq!(sizes, [3, 5], "most of the growth goes to the revision that serves");
    assert_eq!(world.ready("api"), 5);
}

#[test]
fn a_cordon_is_a_taint_and_keeps_new_pods_away() {
    let mut world = quiet();
    let cordon = |world: &mut World, on: bool| {
        let nodes = world.res.nodes;
        world.store.modify(nodes, "", "nbg1-2", |n| {
            super::super::json::put(n, &["spec", "unschedulable"], if on { true.into() } else { Value::Null });
        });
        world.settle();
        world.store.get(nodes, "", "nbg1-2").expect("a node")
    };
    let before = world.store.get(world.res.nodes, "", "nbg1-2").expect("a node")["spec"].clone();
    let node = cordon(&mut world, true);
    let taint = list(&node, "/spec/taints").iter().find(|t| t["key"] == "node.kubernetes.io/unschedulable");
    assert_eq!(taint.map(|t| &t["effect"]), Some(&json!("NoSchedule")));
    assert_eq!(world.events("NodeNotSchedulable").len(), 1);
    for name in ["api", "traefik"] {
        let there = |world: &World| world.workload(name).into_iter().find(|p| text(p, "/spec/nodeName") == "nbg1-2");
        let pod = there(&world).expect("a pod there");
        world.delete_pod(&Id::of(&pod));
        world.after(minutes(1));
        assert_eq!(there(&world).is_some(), name == "traefik", "{name}: a daemon stays, others go elsewhere");
        assert_eq!(world.ready(name), 3);
    }
    let node = cordon(&mut world, false);
    assert_eq!(node["spec"], before);
}

#[test]
fn a_bad_rollout_is_mended_by_an_undo_and_not_by_a_restart() {
    let (mut world, scenario, undo) = broken("F15");
    world.after(scenario.warm_up);
    world.restart_api("2026-11-22T08:12:00Z");
    world.after(minutes(5));
    assert!(world.at_work_or_broken(scenario, &undo), "a restart starts the same image");
    world.write_api(|api| api["spec"]["replicas"] = 4.into());
    world.after(minutes(5));
    assert!(world.at_work_or_broken(scenario, &undo), "more of it does not help");
    let good = world.api_sets().into_iter().find(|s| int(s, "/status/readyReplicas") > 0).expect("one that serves");
    let template = super::super::deployment::bare_template(&good);
    world.write_api(|api| api["spec"]["template"] = template);
    world.after(minutes(1));
    assert!(!world.at_work_or_broken(scenario, &undo));
    assert_eq!(world.progressing("api"), "NewReplicaSetAvailable");
}

#[test]
fn a_sick_ingress_pod_is_mended_by_its_deletion_and_not_by_that_of_another() {
    let (mut world, scenario, undo) = broken("F26");
    world.after(scenario.warm_up);
    let on =
        |world: &World, node: &str| world.workload("traefik").into_iter().find(|p| text(p, "/spec/nodeName") == node);
    world.delete_pod(&Id::of(&on(&world, "nbg1-1").expect("a pod")));
    world.after(minutes(2));
    assert!(world.at_work_or_broken(scenario, &undo));
    world.delete_pod(&Id::of(&on(&world, "nbg1-2").expect("a pod")));
    assert!(world.at_work_or_broken(scenario, &undo), "not before the new one serves");
    world.after(minutes(1));
    assert!(!world.at_work_or_broken(scenario, &undo));
    assert!(on(&world, "nbg1-2").is_some_and(|p| serves(&p)), "on the same node");
}

#[test]
fn owners_wait_for_their_own_or_leave_them() {
    let mut world = quiet();
    let delete = |world: &mut World, name: &str, propagation| {
        let wish = Deletion { propagation: Some(propagation), ..Deletion::default() };
        let gone = world.store.delete(world.res.deployments, "honeydue", name, wish, world.now);
        world.settle();
        gone.expect("a Deployment").1
    };
    assert!(!delete(&mut world, "api", Propagation::Foreground));
    assert_eq!(world.status_of(world.res.deployments, &api())["replicas"], 3, "it is still there");
    world.after(minutes(1));
    assert!(world.store.get(world.res.deployments, "honeydue", "api").is_none());
    assert_eq!(world.workload("api").len(), 0);

    assert!(!delete(&mut world, "worker", Propagation::Orphan));
    world.after(minutes(1));
    assert!(world.store.get(world.res.deployments, "honeydue", "worker").is_none());
    assert_eq!(world.ready("worker"), 1, "its pod goes on alone");

    assert!(delete(&mut world, "admin", Propagation::Background));
    world.after(minutes(1));
    assert_eq!(world.workload("admin").len(), 0);
}

#[test]
fn a_claim_in_use_stays_and_a_namespace_goes_last() {
    let mut world = quiet();
    let (claims, namespaces) = (world.res.claims, world.res.namespaces);
    world.store.delete(claims, "honeydue", "redis-data", Deletion::default(), world.now);
    world.after(minutes(1));
    assert!(world.store.get(claims, "honeydue", "redis-data").is_some(), "redis uses it");
    world.store.delete(namespaces, "", "honeydue", Deletion::default(), world.now);
    world.settle();
    let phase =
        |world: &World| world.store.get(namespaces, "", "honeydue").map(|n| text(&n, "/status/phase").to_owned());
    assert_eq!(phase(&world).as_deref(), Some("Terminating"));
    world.after(minutes(2));
    assert_eq!(phase(&world), None);
    for kind in [world.res.deployments, world.res.pods, world.res.config_maps, claims] {
        assert!(world.store.list(kind, Some("honeydue")).is_empty(), "{}", kind.def().plural);
    }
}
