use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::json::{Id, condition, int, is, list, owner_reference, text, time};
use super::{Undo, World};
use crate::drill::api::Backend as _;
use crate::drill::{Scenario, find};

mod machines;
mod places;
mod writes;

fn start() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// A quiet world.
fn quiet() -> World {
    World::new(1, start())
}

/// A world in which a scenario has just begun.
fn broken(id: &str) -> (World, &'static Scenario, Vec<Undo>) {
    let scenario = find(id).expect("a drill");
    let mut world = quiet();
    let undo = scenario.faults.iter().filter_map(|fault| world.inject(fault)).collect();
    (world, scenario, undo)
}

impl World {
    fn undo(&mut self, undo: Vec<Undo>) {
        for step in undo {
            self.heal(step);
        }
    }

    fn after(&mut self, span: SignedDuration) {
        self.advance(self.now + span);
    }

    /// The pods of a workload, by its name label.
    fn workload(&self, name: &str) -> Vec<Arc<Value>> {
        let mut pods = self.store.list(self.res.pods, None);
        pods.retain(|p| super::kubelet::workload_name(p) == name);
        pods
    }

    fn ready(&self, name: &str) -> usize {
        self.workload(name).iter().filter(|p| serves(p)).count()
    }

    fn restarts(&self) -> i64 {
        self.store.list(self.res.pods, None).iter().map(|p| container(p)["restartCount"].as_i64().unwrap_or(0)).sum()
    }

    fn events(&self, reason: &str) -> Vec<Arc<Value>> {
        let mut events = self.store.list(self.res.events, None);
        events.retain(|e| e["reason"] == reason);
        events
    }

    fn progressing(&self, deployment: &str) -> String {
        let deployment = self.store.get(self.res.deployments, "honeydue", deployment).expect("a deployment");
        condition(&deployment, "Progressing").map(|c| text(c, "/reason").to_owned()).unwrap_or_default()
    }

    fn recovered_from(&self, scenario: &Scenario) -> bool {
        scenario.recovered.iter().all(|r| self.recovered(r))
    }
}

fn serves(pod: &Value) -> bool {
    is(pod, "Ready") && pod.pointer("/metadata/deletionTimestamp").is_none()
}

fn container(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let story = |seed, steps: i64| {
        let mut world = World::new(seed, start());
        for step in 1..=steps {
            world.advance(start() + SignedDuration::from_secs(1800 * step / steps));
        }
        let events = world.store.list(world.res.events, None);
        events.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let once = story(1, 1);
    assert!(!once.is_empty(), "the last hour left no trace");
    assert_eq!(once, story(1, 977), "the pace of the clock must not matter");
    assert_ne!(once, story(2, 1));
}

#[test]
fn history_is_in_the_past() {
    let world = quiet();
    let pods = world.store.list(world.res.pods, None);
    assert_eq!(pods.len(), 12);
    for pod in &pods {
        let born = time(pod, "/metadata/creationTimestamp").expect("a time");
        assert!(start().duration_since(born) > SignedDuration::from_hours(24), "{}", text(pod, "/metadata/name"));
        assert!(serves(pod), "{}", text(pod, "/metadata/name"));
    }
    let revisions = world.store.list(world.res.replica_sets, Some("honeydue"));
    let images: std::collections::BTreeSet<_> = revisions
        .iter()
        .filter(|r| owner_reference(r).is_some_and(|o| o["name"] == "api"))
        .map(|r| text(r, "/spec/template/spec/containers/0/image").to_owned())
        .collect();
    assert!(images.len() >= 4, "{images:?}");
    let nodes: std::collections::BTreeSet<_> =
        world.workload("api").iter().map(|p| text(p, "/spec/nodeName").to_owned()).collect();
    assert_eq!(nodes.len(), 3, "api is spread over the nodes");
}

#[test]
fn nothing_is_wrong_for_ten_hours() {
    let mut world = quiet();
    for _ in 0..600 {
        world.after(minutes(1));
        for pod in world.store.list(world.res.pods, None) {
            let of_job = owner_reference(&pod).is_some_and(|o| o["kind"] == "Job");
            assert!(of_job || serves(&pod), "{} at {}", text(&pod, "/metadata/name"), world.now);
        }
        for lease in world.store.list(world.res.leases, None) {
            let renewed = time(&lease, "/spec/renewTime").expect("a time");
            assert!(world.now.duration_since(renewed) < SignedDuration::from_secs(15), "{lease}");
        }
    }
    assert_eq!(world.restarts(), 0);
    let warnings: Vec<_> =
        world.store.list(world.res.events, None).into_iter().filter(|e| e["type"] == "Warning").collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(world.store.list(world.res.api_services, None).iter().all(|a| is(a, "Available")));
    assert_eq!(world.store.list(world.res.snapshots, None).len(), 15, "five a server");
    for event in world.store.list(world.res.events, None) {
        let last = ["/eventTime", "/lastTimestamp"].iter().find_map(|p| time(&event, p)).expect("a time");
        assert!(world.now.duration_since(last) < minutes(62), "{event}");
    }
}

#[test]
fn a_rollout_keeps_all_replicas_serving_and_is_quick() {
    let mut world = quiet();
    let image = "registry.example.com/honeydue/api:0123abc";
    world.change_deployment(&Id::new("honeydue", "api"), Some(image), &BTreeMap::new(), "deploy 0123abc");
    for _ in 0..60 {
        world.after(SignedDuration::from_secs(1));
        assert!(world.ready("api") >= 3, "at {}", world.now);
        assert!(
            world.workload("api").iter().filter(|p| p.pointer("/metadata/deletionTimestamp").is_none()).count() <= 4
        );
    }
    let pods = world.workload("api");
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        assert_eq!(text(pod, "/spec/containers/0/image"), image);
        let born = time(pod, "/metadata/creationTimestamp").expect("a time");
        let ready = condition(pod, "Ready").and_then(|c| time(c, "/lastTransitionTime")).expect("a time");
        assert!(ready.duration_since(born) <= SignedDuration::from_secs(8));
    }
    assert_eq!(world.progressing("api"), "NewReplicaSetAvailable");
    assert_eq!(world.events("ScalingReplicaSet").len(), 6);
}

#[test]
fn a_deleted_pod_is_gone_within_three_seconds_and_replaced() {
    let mut world = quiet();
    let pod = world.workload("api").remove(0);
    world.delete_pod(&Id::of(&pod));
    world.after(SignedDuration::from_secs(3));
    assert!(world.workload("api").iter().all(|p| p["metadata"]["uid"] != pod["metadata"]["uid"]));
    world.after(SignedDuration::from_secs(8));
    assert_eq!(world.ready("api"), 3);
}

#[test]
fn leaking_pods_are_killed_again_and_again() {
    let (mut world, scenario, undo) = broken("F14");
    world.after(scenario.warm_up);
    let pods = world.workload("api");
    assert_eq!(pods.len(), 3);
    let killed = |p: &&Arc<Value>| {
        let of = container(p);
        let ends = [&of["lastState"]["terminated"], &of["state"]["terminated"]];
        ends.iter().any(|e| e["reason"] == "OOMKilled" && e["exitCode"] == 137)
    };
    assert!(pods.iter().filter(killed).count() >= 2);
    assert!(world.restarts() >= 6, "{}", world.restarts());
    assert!(!world.events("BackOff").is_empty());
    let mut looping = 0;
    for _ in 0..600 {
        world.after(SignedDuration::from_secs(1));
        let waits = |p: &&Arc<Value>| container(p)["state"]["waiting"]["reason"] == "CrashLoopBackOff";
        looping = looping.max(world.workload("api").iter().filter(waits).count());
    }
    assert!(looping >= 2, "at most {looping} pods at a time wait in their back-off");
    assert!(!world.recovered_from(scenario));
    world.undo(undo);
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
    assert!(world.workload("api").iter().all(|p| text(p, "/spec/containers/0/image").ends_with(":9f3c1d2")));
}

#[test]
fn memory_grows_before_it_kills() {
    let (mut world, ..) = broken("F14");
    world.after(SignedDuration::from_secs(50));
    let usage = |world: &World| -> u64 {
        let pods = world.pod_metrics(Some("honeydue")).expect("metrics");
        let api = pods.iter().filter(|p| text(p, "/containers/0/name") == "api");
        api.map(|p| super::json::bytes(text(p, "/containers/0/usage/memory"))).max().unwrap_or_default()
    };
    let early = usage(&world);
    world.after(SignedDuration::from_secs(30));
    let late = usage(&world);
    assert!(late > early && late > 200 << 20, "{early} then {late}");
}

#[test]
fn a_panicking_revision_is_stuck_and_the_old_one_serves() {
    let (mut world, scenario, undo) = broken("F15");
    for _ in 0..scenario.warm_up.as_secs() {
        world.after(SignedDuration::from_secs(1));
        assert!(world.ready("api") >= 3, "at {}", world.now);
    }
    let bad: Vec<_> = world.workload("api").into_iter().filter(|p| !serves(p)).collect();
    assert_eq!(bad.len(), 1, "one surge pod");
    let name = text(&bad[0], "/metadata/name");
    assert!(int(container(&bad[0]), "/restartCount") >= 4);
    assert_eq!(container(&bad[0])["lastState"]["terminated"]["exitCode"], 2);
    assert_eq!(world.progressing("api"), "ProgressDeadlineExceeded");
    let log = world.logs("honeydue", name, "api", true).expect("a log");
    let panic = log.iter().position(|l| l.text.starts_with("panic: ")).expect("a panic");
    assert!(log[panic..].iter().any(|l| l.text.starts_with("goroutine ")));
    assert!(log.is_sorted_by_key(|l| l.at));
    world.undo(undo);
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
    assert_eq!(world.progressing("api"), "NewReplicaSetAvailable");
}

#[test]
fn back_off_doubles_up_to_five_minutes() {
    let (mut world, ..) = broken("F15");
    let mut starts = Vec::new();
    for _ in 0..2400 {
        world.after(SignedDuration::from_secs(1));
        let Some(pod) = world.workload("api").into_iter().find(|p| !serves(p) && !container(p).is_null()) else {
            continue;
        };
        if let Some(at) = time(container(&pod), "/state/running/startedAt").filter(|at| starts.last() != Some(at)) {
            starts.push(at);
        }
    }
    let gaps: Vec<_> = starts.windows(2).map(|w| w[1].duration_since(w[0]).as_secs()).collect();
    // Two to four seconds of life and death, then the wait: none, 10 s, 20 s, …
    for (gap, wait) in gaps.iter().zip([0, 10, 20, 40, 80, 160, 300, 300]) {
        assert!((wait + 2..=wait + 6).contains(gap), "{gaps:?}");
    }
    assert!(gaps.len() >= 8, "{gaps:?}");
}

#[test]
fn a_crashing_admin_leaves_its_service_empty() {
    let (mut world, scenario, undo) = broken("F17");
    world.after(scenario.warm_up);
    let pods = world.workload("admin");
    assert_eq!((pods.len(), world.ready("admin")), (1, 0));
    assert!(int(container(&pods[0]), "/restartCount") >= 3);
    assert!(!world.has_ready_endpoint("honeydue", "admin"));
    assert_eq!(world.ready("api"), 3, "the app itself is fine");
    world.undo(undo);
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
}

#[test]
fn without_metrics_server_the_metrics_api_is_gone() {
    let (mut world, scenario, undo) = broken("F10");
    world.after(scenario.warm_up);
    let api = world.store.get(world.res.api_services, "", "v1beta1.metrics.k8s.io").expect("an APIService");
    let available = condition(&api, "Available").expect("a condition");
    assert_eq!((&available["status"], &available["reason"]), (&"False".into(), &"MissingEndpoints".into()));
    assert!(world.node_metrics().is_err());
    world.undo(undo);
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
    assert_eq!(world.node_metrics().expect("metrics").len(), 3);
}

#[test]
fn a_fresh_pod_is_free_of_what_ailed_the_old_one() {
    let (mut world, scenario, _) = broken("F10");
    world.after(scenario.warm_up);
    world.delete_pod(&Id::of(&world.workload("metrics-server").remove(0)));
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
}

#[test]
fn one_node_of_the_ingress_fails_its_share() {
    let (mut world, scenario, undo) = broken("F26");
    world.after(scenario.warm_up);
    let sick: Vec<_> = world.workload("traefik").into_iter().filter(|p| !serves(p)).collect();
    assert_eq!(sick.len(), 1);
    assert_eq!(text(&sick[0], "/spec/nodeName"), "nbg1-2");
    assert_eq!(world.restarts(), 0);
    let unhealthy = world.events("Unhealthy");
    assert!(
        unhealthy.iter().any(|e| int(e, "/count") > 10 && text(e, "/message").contains("http://10.0.0.12:8080/ping"))
    );
    world.undo(undo);
    world.after(minutes(1));
    assert!(world.recovered_from(scenario));
}

#[test]
fn a_log_goes_on_where_it_was() {
    let mut world = quiet();
    let pod = world.workload("api").remove(0);
    let name = text(&pod, "/metadata/name").to_owned();
    let read = |world: &World| world.logs("honeydue", &name, "api", false).expect("a log");
    let before = read(&world);
    world.after(SignedDuration::from_secs(30));
    let after = read(&world);
    let from = after.iter().position(|l| Some(l) == before.get(100)).expect("an earlier line");
    assert_eq!(after[from..][..before.len() - 100], before[100..], "what was written stays written");
    assert!(after.len() > from + before.len() - 100, "and new lines come");
    assert!(world.logs("honeydue", &name, "api", true).is_err(), "it has never been restarted");
}

#[test]
fn ten_thousand_pods_are_there_at_once() {
    let mut world = quiet();
    world.burden(super::Load { nodes: 100, pods: 10_000, churn: 200 });
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
