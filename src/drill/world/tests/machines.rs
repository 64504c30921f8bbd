//! Machines that die and come back, as the catalogue tells it in 1.4, F04 and F05.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{container, minutes, quiet, serves};
use crate::drill::api::{Backend as _, LogRefusal};
use crate::drill::store::Deletion;
use crate::drill::world::json::{Id, condition, int, is, list, put, text, time};
use crate::drill::world::{K3sAction, Machine, Member, Power, PowerAction, Unit, World};

const NODE: &str = "nbg1-2";

const fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

impl World {
    fn node(&self, name: &str) -> Arc<Value> {
        self.store.get(self.res.nodes, "", name).expect("a node")
    }

    fn node_condition(&self, name: &str, kind: &str) -> (String, String) {
        let node = self.node(name);
        let found = condition(&node, kind).expect(kind);
        (text(found, "/status").to_owned(), text(found, "/reason").to_owned())
    }

    fn taints(&self, name: &str) -> Vec<(String, String)> {
        let pair = |t: &Value| (text(t, "/key").replace("node.kubernetes.io/", ""), text(t, "/effect").to_owned());
        list(&self.node(name), "/spec/taints").iter().map(pair).collect()
    }

    fn endpoints(&self, service: &str) -> usize {
        let slices = self.store.list(self.res.slices, None);
        let slice = slices.iter().find(|s| text(s, "/metadata/generateName") == format!("{service}-"));
        list(slice.expect("a slice"), "/endpoints").iter().filter(|e| e["conditions"]["ready"] == true).count()
    }

    /// The pod of a workload on a node.
    fn there(&self, workload: &str, node: &str) -> Option<Arc<Value>> {
        self.workload(workload).into_iter().find(|p| text(p, "/spec/nodeName") == node)
    }

    fn until(&mut self, most: i64, what: impl Fn(&Self) -> bool) -> i64 {
        for passed in 0..=most {
            if what(self) {
                return passed;
            }
            self.after(seconds(1));
        }
        panic!("not within {most} s");
    }

    fn leader(&self, lease: &str) -> String {
        let lease = self.store.get(self.res.leases, "kube-system", lease).expect("a lease");
        text(&lease, "/spec/holderIdentity").split('_').next().unwrap_or_default().to_owned()
    }

    fn told(&self, reason: &str, about: &str) -> bool {
        self.events(reason).iter().any(|e| text(e, "/involvedObject/name").starts_with(about))
    }
}

fn leaving(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_some()
}

#[test]
fn a_dead_node_is_noticed_its_pods_go_and_it_comes_back() {
    let mut world = quiet();
    let boot = text(&world.node(NODE), "/status/nodeInfo/bootID").to_owned();
    world.power(NODE, PowerAction::Off);
    let noticed = world.until(60, |w| w.node_condition(NODE, "Ready").0 == "Unknown");
    assert!((40..=56).contains(&noticed), "{noticed}");
    for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
        assert_eq!(world.node_condition(NODE, kind), ("Unknown".into(), "NodeStatusUnknown".into()));
    }
    assert_eq!(condition(&world.node(NODE), "Ready").unwrap()["message"], "Kubelet stopped posting node status.");
    let taint = |effect: &str| ("unreachable".to_owned(), effect.to_owned());
    assert_eq!(world.taints(NODE), [taint("NoSchedule"), taint("NoExecute")]);
    assert_eq!((world.endpoints("api"), world.endpoints("traefik")), (2, 2), "at the same moment");
    assert!(world.told("NodeNotReady", NODE) && world.told("NodeNotReady", "api"));
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter"), ("False".into(), "Unhealthy".into()));

    let stale = world.there("api", NODE).expect("a pod");
    let evicted = world.until(310, |w| w.there("api", NODE).is_some_and(|p| leaving(&p)));
    assert!((298..=302).contains(&evicted), "{evicted}");
    let doomed = world.there("api", NODE).expect("a pod");
    assert_eq!(condition(&doomed, "DisruptionTarget").unwrap()["reason"], "DeletionByTaintManager");
    assert!(world.told("TaintManagerEviction", text(&stale, "/metadata/name")));
    world.after(minutes(2));
    assert_eq!(world.ready("api"), 3, "replaced elsewhere");
    assert_eq!(uid_of(&world.there("api", NODE).expect("it stays")), uid_of(&stale));
    let daemon = world.there("traefik", NODE).expect("a daemon");
    assert!(!leaving(&daemon));

    world.power(NODE, PowerAction::On);
    let up = world.until(60, |w| is(&w.node(NODE), "Ready"));
    assert!((20..=40).contains(&up), "{up}");
    world.after(minutes(1));
    assert!(world.taints(NODE).is_empty());
    assert!(world.workload("api").iter().all(|p| uid_of(p) != uid_of(&stale)), "the stale pod is gone");
    let daemon = world.there("traefik", NODE).expect("a daemon");
    assert!(serves(&daemon));
    assert_eq!(int(container(&daemon), "/restartCount"), 1);
    assert_eq!(container(&daemon)["lastState"]["terminated"]["exitCode"], 255);
    assert_ne!(text(&world.node(NODE), "/status/nodeInfo/bootID"), boot);
    for reason in ["Rebooted", "Starting", "NodeReady", "NodeHasSufficientMemory"] {
        assert!(world.told(reason, NODE), "{reason}");
    }
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter").0, "True");
    assert_eq!(world.endpoints("traefik"), 3);
}

fn uid_of(pod: &Value) -> String {
    text(pod, "/metadata/uid").to_owned()
}

#[test]
fn the_same_death_tells_the_same_story() {
    let story = |steps: i64| {
        let mut world = quiet();
        world.power(NODE, PowerAction::Off);
        let start = world.now();
        for step in 1..=steps {
            world.advance(start + seconds(400) * step as i32 / steps as i32);
        }
        world.power(NODE, PowerAction::On);
        let start = world.now();
        for step in 1..=steps {
            world.advance(start + seconds(200) * step as i32 / steps as i32);
        }
        world.store.list(world.res.events, None).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(story(1), story(199));
}

#[test]
fn containers_outlive_a_stop_of_k3s_and_are_adopted() {
    let mut world = quiet();
    let before = world.there("api", NODE).expect("a pod");
    world.k3s(NODE, K3sAction::Stop);
    assert!(!world.serves_api(NODE));
    world.after(minutes(2));
    assert_eq!(world.node_condition(NODE, "Ready").0, "Unknown");
    assert!(world.ingress_runs(NODE) && world.listens(&before), "users are served on");
    let name = text(&before, "/metadata/name");
    let refused = world.logs("honeydue", name, "api", false).unwrap_err();
    assert!(
        matches!(refused, LogRefusal::Unreachable(why) if why.ends_with("10.0.0.12:10250: connect: connection refused"))
    );
    assert_eq!(world.node_metrics().expect("metrics").len(), 2);
    world.k3s(NODE, K3sAction::Start);
    let up = world.until(30, |w| w.serves_api(NODE));
    assert!((10..=20).contains(&up), "{up}");
    world.after(seconds(20));
    let after = world.there("api", NODE).expect("a pod");
    assert!(serves(&after));
    assert_eq!((uid_of(&after), int(container(&after), "/restartCount")), (uid_of(&before), 0));
    assert_eq!(container(&after)["containerID"], container(&before)["containerID"]);
    assert_eq!(world.endpoints("api"), 3);
    assert!(!world.told("Rebooted", NODE));
}

#[test]
fn a_restart_of_k3s_goes_unnoticed_by_pods_and_k3s_killall_does_not() {
    let mut world = quiet();
    world.k3s(NODE, K3sAction::Restart);
    assert!(!world.serves_api(NODE));
    world.after(minutes(2));
    assert!(world.serves_api(NODE));
    assert_eq!((world.restarts(), world.events("NodeNotReady").len()), (0, 0));
    world.kill_all(NODE);
    assert!(!world.ingress_runs(NODE));
    world.after(seconds(20));
    world.k3s(NODE, K3sAction::Start);
    world.after(minutes(1));
    assert!(world.restarts() >= 2);
    assert_eq!((world.ready("api"), world.ready("traefik")), (3, 3));
    assert_eq!(world.machine(NODE).map(|m| (m.k3s, m.service_rules)), Some((Unit::Active, true)));
}

#[test]
fn a_reboot_takes_its_time_and_what_hangs_needs_a_reset() {
    let mut world = quiet();
    let running = |w: &World| w.machine(NODE).is_some_and(Machine::running);
    world.power(NODE, PowerAction::Reboot);
    assert!(!running(&world));
    let down = world.until(60, running);
    assert!((25..=41).contains(&down), "{down}");
    assert!(!world.serves_api(NODE), "k3s comes later");
    world.until(30, |w| w.serves_api(NODE));
    world.change_machine(NODE, |m| m.power = Power::Hung);
    world.after(minutes(2));
    world.power(NODE, PowerAction::Reboot);
    world.after(minutes(2));
    assert_eq!(world.node_condition(NODE, "Ready").0, "Unknown");
    world.power(NODE, PowerAction::Reset);
    world.after(minutes(2));
    assert_eq!(world.node_condition(NODE, "Ready").0, "True");
}

#[test]
fn leadership_passes_when_its_holder_dies() {
    let mut world = quiet();
    let leader = world.leader("kube-controller-manager");
    world.power(&leader, PowerAction::Off);
    assert!(!world.controllers_lead());
    let pod = world.workload("worker").remove(0);
    world.delete_pod(&Id::of(&pod));
    world.after(seconds(8));
    assert!(world.workload("worker").iter().all(|p| leaving(p)), "nobody replaces it yet");
    let passed = world.until(20, |w| w.leader("kube-controller-manager") != leader);
    assert!(passed >= 3, "{passed}");
    assert_ne!(world.leader("kube-scheduler"), leader);
    world.after(minutes(1));
    assert_eq!(world.ready("worker"), 1);
    let noticed = world.until(60, |w| w.node_condition(&leader, "Ready").0 == "Unknown");
    assert!(noticed <= 20, "{noticed}");
}

#[test]
fn without_a_quorum_everything_stands_still_until_it_is_back() {
    let mut world = quiet();
    for node in ["nbg1-1", NODE] {
        world.power(node, PowerAction::Off);
    }
    assert_eq!(world.outage().as_deref(), Some("etcdserver: request timed out"));
    let failing: Vec<_> = world.readyz().into_iter().filter(|(_, ok)| !ok).map(|(name, _)| name).collect();
    assert_eq!(failing, ["etcd", "etcd-readiness"]);
    let revision = world.store.revision();
    assert!(world.serves_api("nbg1-3"), "it answers, with errors");
    world.until(60, |w| !w.serves_api("nbg1-3"));
    world.until(20, |w| w.serves_api("nbg1-3"));
    world.after(minutes(10));
    assert!(world.machine("nbg1-3").is_some_and(|m| m.restarts > 5), "its k3s does not hold out");
    assert_eq!(world.store.revision(), revision, "nothing is written");
    assert!(world.ingress_runs("nbg1-3"));

    world.power(NODE, PowerAction::On);
    world.until(120, |w| w.outage().is_none());
    world.after(minutes(3));
    assert_eq!((world.ready("api"), world.endpoints("api")), (2, 2));
    assert!(world.serves_api("nbg1-3") && world.serves_api(NODE));
    assert_eq!(world.node_condition("nbg1-1", "Ready").0, "Unknown", "the third is missed now");
    assert_eq!(world.node_condition("nbg1-1", "EtcdIsVoter").1, "Unhealthy");
}

#[test]
fn a_node_cut_off_inside_is_no_part_of_the_quorum() {
    let mut world = quiet();
    world.change_machine(NODE, |m| m.private_link = false);
    assert!(world.outage().is_none() && !world.serves_api(NODE));
    world.after(minutes(2));
    assert_eq!(world.node_condition(NODE, "Ready").0, "Unknown");
    assert!(world.machine(NODE).is_some_and(|m| m.restarts > 0));
    world.change_machine(NODE, |m| m.private_link = true);
    world.after(minutes(1));
    assert_eq!(world.node_condition(NODE, "Ready").0, "True");
    assert_eq!((world.ready("api"), world.restarts()), (3, 0), "its containers ran on");
}

#[test]
fn stuck_pods_go_by_the_out_of_service_taint() {
    let mut world = quiet();
    world.power(NODE, PowerAction::Off);
    world.after(minutes(7));
    assert!(world.there("api", NODE).is_some());
    let nodes = world.res.nodes;
    world.store.modify(nodes, "", NODE, |node| {
        let mut taints = list(node, "/spec/taints").to_vec();
        taints.push(
            json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" }),
        );
        node["spec"]["taints"] = taints.into();
    });
    world.after(seconds(30));
    assert!(world.pods_on(NODE).is_empty(), "{:?}", world.pods_on(NODE).iter().map(|p| Id::of(p)).collect::<Vec<_>>());
}

#[test]
fn a_deleted_node_loses_its_member_and_joins_anew() {
    let mut world = quiet();
    world.power(NODE, PowerAction::Off);
    world.after(minutes(2));
    let nodes = world.res.nodes;
    world.store.delete(nodes, "", NODE, Deletion::default(), world.now);
    world.after(minutes(2));
    assert!(world.store.get(nodes, "", NODE).is_none());
    assert_eq!(world.machine(NODE).map(|m| m.etcd), Some(Member::Removed));
    assert!(world.pods_on(NODE).is_empty(), "nobody could confirm their end");
    assert_eq!(world.store.list(world.res.leases, Some("kube-node-lease")).len(), 2);

    world.power(NODE, PowerAction::On);
    world.after(minutes(3));
    assert!(!world.serves_api(NODE), "a removed member does not start");
    world.k3s(NODE, K3sAction::Stop);
    world.change_machine(NODE, |m| m.etcd = Member::Fresh);
    world.k3s(NODE, K3sAction::Start);
    world.until(30, |w| w.store.get(nodes, "", NODE).is_some());
    world.after(seconds(16));
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter").1, "MemberIsLearner");
    world.after(minutes(1));
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter").1, "MemberNotLearner");
    assert_eq!(world.ready("traefik"), 3);
    assert!(world.told("RegisteredNode", NODE));
}

#[test]
fn an_annotation_takes_a_member_out() {
    let mut world = quiet();
    let nodes = world.res.nodes;
    world.store.modify(nodes, "", NODE, |node| {
        put(node, &["metadata", "annotations", "etcd.k3s.cattle.io/remove"], "true".into());
    });
    world.after(minutes(1));
    let member = world.node(NODE)["metadata"]["annotations"]["etcd.k3s.cattle.io/removed-node-name"].clone();
    assert!(member.as_str().is_some_and(|m| m.starts_with("nbg1-2-")), "{member}");
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter").1, "NotAMember");
    assert!(world.outage().is_none());
    world.k3s(NODE, K3sAction::Stop);
    world.change_machine(NODE, |m| m.etcd = Member::Fresh);
    world.k3s(NODE, K3sAction::Start);
    world.after(minutes(2));
    assert_eq!(world.node_condition(NODE, "EtcdIsVoter").1, "MemberNotLearner");
    assert!(world.node(NODE)["metadata"]["annotations"].get("etcd.k3s.cattle.io/remove").is_none());
}

#[test]
fn pods_stay_as_long_as_they_tolerate() {
    let mut world = quiet();
    let pods = world.res.pods;
    let make = |world: &mut World, name: &str, tolerations: Value| {
        let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
            "spec": { "nodeName": NODE, "tolerations": tolerations, "containers": [{ "name": "c", "image": "c:1" }] },
            "status": { "phase": "Pending" } });
        world.complete(&mut pod);
        world.admit(&mut pod);
        world.store.create(pods, pod, world.now).expect("a pod");
        world.settle();
    };
    let short = json!([{ "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30 }]);
    make(&mut world, "short", short);
    make(&mut world, "ever", json!([{ "operator": "Exists" }]));
    world.after(seconds(20));
    world.power(NODE, PowerAction::Off);
    world.until(60, |w| w.node_condition(NODE, "Ready").0 == "Unknown");
    let gone = |w: &World, name: &str| w.store.get(pods, "default", name).is_some_and(|p| leaving(&p));
    let passed = world.until(40, |w| gone(w, "short"));
    assert!((29..=31).contains(&passed), "{passed}");
    world.after(minutes(10));
    assert!(!gone(&world, "ever"));
}

#[test]
fn a_full_disk_evicts_and_says_so_for_five_minutes_more() {
    let mut world = quiet();
    let before = world.there("api", NODE).expect("a pod");
    world.change_machine(NODE, |m| m.disk.filler += m.disk.size * 96 / 100 - m.disk.used());
    // What images held would be free again.
    world.change_machine(NODE, |m| m.disk.filler += m.disk.images);
    world.after(minutes(1));
    assert_eq!(world.node_condition(NODE, "DiskPressure"), ("True".into(), "KubeletHasDiskPressure".into()));
    assert!(world.taints(NODE).contains(&("disk-pressure".to_owned(), "NoSchedule".to_owned())));
    let evicted =
        world.store.get(world.res.pods, "honeydue", text(&before, "/metadata/name")).expect("it stays to tell");
    assert_eq!((text(&evicted, "/status/phase"), text(&evicted, "/status/reason")), ("Failed", "Evicted"));
    assert!(text(&evicted, "/status/message").contains("low on resource: ephemeral-storage"));
    assert!(world.told("EvictionThresholdMet", NODE) && world.told("FreeDiskSpaceFailed", NODE));
    assert_eq!(world.machine(NODE).map(|m| m.disk.images), Some(0));
    assert!(world.there("traefik", NODE).is_some_and(|p| serves(&p)), "what is critical stays");
    world.change_machine(NODE, |m| m.disk.filler = 0);
    let freed = world.now();
    world.after(minutes(4));
    assert_eq!(world.node_condition(NODE, "DiskPressure").0, "True");
    world.until(120, |w| w.node_condition(NODE, "DiskPressure").0 == "False");
    assert!(world.now().duration_since(freed) >= minutes(5));
    assert!(world.taints(NODE).is_empty());
    assert_eq!(world.ready("api"), 3);
}

#[test]
fn a_lease_is_renewed_only_by_a_kubelet_that_is_heard() {
    let mut world = quiet();
    let renewed = |w: &World| {
        time(&w.store.get(w.res.leases, "kube-node-lease", NODE).expect("a lease"), "/spec/renewTime").expect("a time")
    };
    world.change_machine(NODE, |m| m.k3s = Unit::Failed);
    let last = renewed(&world);
    world.after(minutes(5));
    assert_eq!(renewed(&world), last);
    world.change_machine(NODE, |m| m.k3s = Unit::Active);
    world.after(seconds(30));
    assert!(world.now().duration_since(renewed(&world)) < seconds(12));
}
