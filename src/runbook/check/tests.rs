//! What the checks say of small worlds: when all is well, when it is not, and when it cannot be seen.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shape::misfits;
use super::{Arg, Asked, CHECKS, Found, Logs, by_name};
use crate::detect::Scene;
use crate::detect::testing::*;
use crate::runbook::Tone;
use crate::situation::object::{Ingress, Node, Status};
use crate::situation::{Key, Kind, Ref, Source, SourceState, Trouble};
use crate::watch::{LogLine, LogQuery};

const PANIC: &str =
    "started\npanic: boom\n\ngoroutine 1 [running]:\nexample.com/shop/cart.Add(0x1)\n /src/cart.go:7 +0x1";

fn ask_logs(world: &World, check: &str, args: &[(&str, Arg)], logs: &Logs) -> Found {
    let args: BTreeMap<String, Arg> = args.iter().map(|(n, a)| ((*n).to_owned(), a.clone())).collect();
    let scene = Scene { situation: &world.situation, profile: &world.profile };
    let findings = world.assess().findings;
    let check = by_name(check).unwrap();
    let found = (check.run)(&Asked { scene, args: &args, logs, findings: &findings });
    if let Some(result) = &found.result {
        assert_eq!(misfits(&(check.schema)().to_value(), result), [""; 0], "{}", check.name);
    }
    found
}

fn ask(world: &World, check: &str, args: &[(&str, Arg)]) -> Found {
    ask_logs(world, check, args, &Logs::default())
}

fn role(name: &str) -> (&'static str, Arg) {
    ("role", Arg::Role(name.to_owned()))
}

fn workload(kind: Kind, name: &str) -> (&'static str, Arg) {
    ("workload", Arg::Reference(Ref { kind, key: Key::new(NS, name), uid: "".into() }))
}

fn result(found: &Found) -> &Value {
    found.result.as_ref().unwrap_or_else(|| panic!("{}", found.unknown))
}

fn rows(found: &Found) -> String {
    found.rows.iter().map(|r| format!("{:?} {}: {}", r.tone, r.what, r.says)).collect::<Vec<_>>().join("\n")
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap()).collect()
}

/// A shop whose newest revision, ten minutes old, crash loops; the three pods of the former one serve.
fn half_done() -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    world.put(mk_set(NS, "web", 2, 600, 0));
    let mut pod = mk_pod(NS, "web", 2, 1);
    pod.meta.created = Some(ago(590));
    crash_loops(&mut pod, 2, "Error", 6, 60);
    world.put(pod);
    world.change_deployment(NS, "web", |d| (d.updated, d.current) = (1, 4));
    world
}

fn lost() -> SourceState {
    SourceState::Lost(Trouble { what: "connection refused".into(), remedy: "".into(), retry_at: None })
}

fn log(text: &str) -> Vec<LogLine> {
    text.lines().map(|l| LogLine { at: None, text: l.into() }).collect()
}

#[test]
fn examples_fit_their_schemas_and_the_last_lacks_every_optional_field() {
    for check in CHECKS {
        let schema = (check.schema)().to_value();
        let examples = (check.examples)();
        for example in &examples {
            assert_eq!(misfits(&schema, example), [""; 0], "{}", check.name);
        }
        let fields = schema["properties"].as_object().unwrap();
        assert_eq!(examples[0].as_object().unwrap().len(), fields.len(), "{}: the first example is full", check.name);
        let required = schema["required"].as_array().map_or(0, Vec::len);
        let bare = examples.iter().any(|e| e.as_object().unwrap().len() == required);
        assert!(bare, "{}: no example is without its optional fields", check.name);
    }
    assert!(CHECKS.is_sorted_by_key(|c| c.name));
}

#[test]
fn pods_of_a_role_are_told_by_node() {
    let mut world = World::new();
    world.put(mk_daemon_set("kube-system", "ingress", 3, 3));
    for i in 1..=3 {
        world.put(mk_daemon_pod("kube-system", "ingress", i));
    }
    let found = ask(&world, "workload-pods", &[role("ingress")]);
    assert_eq!((&result(&found)["ready"], &result(&found)["split"]), (&3.into(), &false.into()));
    assert_eq!(found.command, "kubectl -n kube-system get pods -l app=ingress -o wide");
    assert!(rows(&found).starts_with("Good pods of ingress: 3 of 3 ready"), "{}", rows(&found));

    world.change_pod("kube-system", "ingress-2", |p| unready(p, 200));
    world.put(mk_daemon_set("kube-system", "ingress", 3, 2));
    let found = ask(&world, "workload-pods", &[role("ingress")]);
    let pods = result(&found);
    assert_eq!((&pods["split"], &pods["nodesUnready"][0]), (&true.into(), &"node-2".into()));
    assert_eq!(names(&pods["unready"]), ["ingress-2"]);
    assert_eq!(pods["unready"][0]["uid"], "uid-kube-system-ingress-2");
    assert_eq!(pods["unready"][0]["unreadySeconds"], 200);
    assert!(rows(&found).contains("not ready on node-2; ready on node-1, node-3"), "{}", rows(&found));
}

#[test]
fn a_pod_on_its_way_out_is_not_sick() {
    let mut world = World::new();
    world.deploy(NS, "web", 2);
    world.change_pod(NS, "web-rs1-1", |p| p.meta.deleting = Some(now()));
    let pods = ask(&world, "workload-pods", &[role("web")]);
    assert_eq!(names(&result(&pods)["unready"]), [""; 0]);
    assert_eq!(result(&pods)["pods"].as_array().unwrap().len(), 2);
}

#[test]
fn a_pod_stands_for_its_workload() {
    let world = half_done();
    let found = ask(&world, "workload-pods", &[workload(Kind::Pod, "web-rs2-1")]);
    let pods = result(&found);
    assert_eq!(pods["workload"]["kind"], "Deployment");
    let crashed = &pods["crashed"][0];
    assert_eq!((&crashed["exitCode"], &crashed["revision"], &crashed["restarts"]), (&2.into(), &2.into(), &6.into()));
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let mut world = half_done();
    let why = |world: &World, args: &[(&str, Arg)]| ask(world, "workload-pods", args).unknown;
    assert_eq!(
        why(&world, &[role("api")]),
        "the profile does not say which workload plays the role \"api\"; add it under roles:"
    );
    assert!(why(&world, &[role("office")]).contains("nothing in this cluster plays the role"));
    assert!(why(&world, &[]).contains("no workload is named"));
    assert!(why(&world, &[workload(Kind::Deployment, "gone")]).contains("is not there (any more)"));
    world.source(Source::Watch(Kind::Pod), SourceState::Forbidden("list pods".into()));
    let found = ask(&world, "workload-pods", &[role("web")]);
    assert_eq!(found.unknown, "pods: forbidden, needs list pods");
    assert_eq!((&result(&found)["ready"], result(&found).get("pods")), (&3.into(), None), "the Deployment still tells");
    assert!(found.rows.iter().any(|r| r.tone == Tone::Unknown));
    let found = ask(&world, "crash-log", &[role("web")]);
    assert_eq!((found.result, found.unknown), (None, "pods: forbidden, needs list pods".to_owned()));
}

#[test]
fn aged_facts_are_told_with_their_age() {
    let mut world = half_done();
    world.source(Source::Watch(Kind::Pod), lost());
    let found = ask(&world, "workload-pods", &[role("web")]);
    assert!(found.unknown.ends_with("connection refused"), "{}", found.unknown);
    assert_eq!(names(&result(&found)["crashed"]), ["web-rs2-1"]);
}

#[test]
fn a_rollout_that_brought_the_trouble() {
    let mut world = half_done();
    let found = ask(&world, "revisions", &[role("web")]);
    let revisions = result(&found);
    assert_eq!((&revisions["withRollout"], &revisions["oldReady"]), (&true.into(), &3.into()));
    assert_eq!((&revisions["present"]["number"], &revisions["previous"]["number"]), (&2.into(), &1.into()));
    assert_eq!((&revisions["moving"], &revisions["stuck"]), (&true.into(), &false.into()));
    assert_eq!(revisions["images"], "image 1 → 2");
    assert_eq!(found.command, "kubectl -n shop rollout history deployment/web");
    world.change_deployment(NS, "web", |d| {
        d.paused = true;
        d.conditions.push(mk_condition("Progressing", Status::False, "ProgressDeadlineExceeded", 20));
    });
    let found = ask(&world, "revisions", &[role("web")]);
    assert_eq!((&result(&found)["stuck"], &result(&found)["paused"]), (&true.into(), &true.into()));
}

#[test]
fn a_rollout_that_did_not() {
    // Two hours old.
    let mut world = half_done();
    world.put(mk_set(NS, "web", 2, 7200, 0));
    assert_eq!(result(&ask(&world, "revisions", &[role("web")]))["withRollout"], false);
    // A pod of the former revision crashes too.
    let mut world = half_done();
    world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 30));
    assert_eq!(result(&ask(&world, "revisions", &[role("web")]))["withRollout"], false);
    // One that crashed last week does not matter.
    world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 700_000));
    assert_eq!(result(&ask(&world, "revisions", &[role("web")]))["withRollout"], true);
    // Nothing crashes.
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    let found = ask(&world, "revisions", &[role("web")]);
    assert_eq!((result(&found).get("withRollout"), result(&found).get("previous")), (None, None));
    // What has no revisions.
    world.put(mk_daemon_set("kube-system", "ingress", 3, 3));
    assert_eq!(result(&ask(&world, "revisions", &[role("ingress")]))["count"], 0);
    // What cannot be seen.
    world.source(Source::Watch(Kind::ReplicaSet), SourceState::Waiting);
    let found = ask(&world, "revisions", &[role("web")]);
    assert_eq!((found.result, found.unknown.as_str()), (None, "replicasets: waiting for the first answer"));
}

#[test]
fn a_return_to_an_old_template_is_dated_by_the_rollout_and_not_by_the_old_set() {
    let mut world = World::new();
    world.deploy(NS, "web", 3);
    // The set of a day ago became revision 3 half an hour ago; the one of two hours ago is revision 2.
    world.put(mk_set(NS, "web", 2, 7200, 0));
    let mut set = mk_set(NS, "web", 1, 86_400, 3);
    set.revision = Some(3);
    world.put(set);
    world.change_deployment(NS, "web", |d| {
        d.conditions.push(mk_condition("Progressing", Status::True, "NewReplicaSetAvailable", 1800));
    });
    for i in 1..=3 {
        world.change_pod(NS, &format!("web-rs1-{i}"), |p| crash_loops(p, 2, "Error", 6, 900));
    }
    let found = ask(&world, "revisions", &[role("web")]);
    assert_eq!(
        (&result(&found)["withRollout"], &result(&found)["present"]["ageSeconds"]),
        (&true.into(), &1800.into())
    );
}

#[test]
fn last_words_are_asked_for_and_then_read() {
    let world = half_done();
    let found = ask(&world, "crash-log", &[role("web")]);
    let query =
        LogQuery { pod: Key::new(NS, "web-rs2-1"), container: "main".into(), previous: true, follow: false, tail: 200 };
    assert_eq!(found.reads, std::slice::from_ref(&query));
    assert_eq!((&result(&found)["crashed"], result(&found).get("cause")), (&1.into(), None));
    assert_eq!(found.unknown, "the log of web-rs2-1 is being read");
    assert_eq!(found.command, "kubectl -n shop logs web-rs2-1 -c main --previous --tail=200");

    let logs = Logs::from_iter([(query.clone(), Ok(log(PANIC)))]);
    let found = ask_logs(&world, "crash-log", &[role("web")], &logs);
    let words = result(&found);
    assert_eq!(
        (&words["cause"], &words["line"], &words["exitCode"]),
        (&"panic".into(), &"panic: boom".into(), &2.into())
    );
    assert_eq!((&words["stack"], &words["frame"]), (&true.into(), &"example.com/shop/cart.Add (cart.go:7)".into()));
    assert_eq!((found.reads.len(), found.unknown.as_str()), (0, ""));

    let logs = Logs::from_iter([(query, Err("forbidden, needs get pods/log".to_owned()))]);
    let found = ask_logs(&world, "crash-log", &[role("web")], &logs);
    assert_eq!(found.unknown, "log of web-rs2-1: forbidden, needs get pods/log");
    assert_eq!(result(&found).get("cause"), None, "what could not be read is not other");
    assert_eq!(found.reads.len(), 1, "it is tried again");
}

#[test]
fn a_log_of_the_run_before_the_last_is_read_again() {
    let mut world = half_done();
    let query = ask(&world, "crash-log", &[role("web")]).reads.remove(0);
    let lines = |seconds| log(PANIC).into_iter().map(|l| LogLine { at: Some(ago(seconds)), ..l }).collect::<Vec<_>>();
    let reads = |world: &World, seconds| {
        let logs = Logs::from_iter([(query.clone(), Ok(lines(seconds)))]);
        let found = ask_logs(world, "crash-log", &[role("web")], &logs);
        assert_eq!((&result(&found)["cause"], found.unknown.as_str()), (&"panic".into(), ""), "the old words will do");
        found.reads.len()
    };
    assert_eq!((reads(&world, 61), reads(&world, 300)), (0, 1));
    world.change_pod(NS, "web-rs2-1", |p| crash_loops(p, 2, "Error", 7, 10));
    assert_eq!(reads(&world, 61), 1);
}

#[test]
fn the_logs_of_several_pods_are_compared() {
    let mut world = half_done();
    let mut second = mk_pod(NS, "web", 2, 2);
    crash_loops(&mut second, 2, "Error", 3, 30);
    world.put(second);
    let reads = ask(&world, "crash-log", &[role("web")]).reads;
    assert_eq!(reads.len(), 2);
    let same = reads.iter().map(|q| (q.clone(), Ok(log(PANIC)))).collect::<Logs>();
    let found = ask_logs(&world, "crash-log", &[role("web")], &same);
    assert_eq!((&result(&found)["read"], &result(&found)["sameInAll"]), (&2.into(), &true.into()));
    let mut other = same;
    other.put(reads[1].clone(), Ok(log("failed to connect to database")));
    let found = ask_logs(&world, "crash-log", &[role("web")], &other);
    assert_eq!(result(&found)["sameInAll"], false);
}

#[test]
fn what_the_kubelet_says_needs_no_log() {
    let cause = |break_it: &dyn Fn(&mut crate::situation::object::Pod)| {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_pod(NS, "web-rs1-1", |p| break_it(p));
        let found = ask(&world, "crash-log", &[role("web")]);
        result(&found)["cause"].as_str().unwrap_or("none").to_owned()
    };
    assert_eq!(cause(&|p| waits(p, "CreateContainerConfigError", "secret \"x\" not found", 400)), "config");
    assert_eq!(cause(&|p| waits(p, "ImagePullBackOff", "not found", 400)), "image");
    assert_eq!(cause(&|p| crash_loops(p, 137, "OOMKilled", 4, 60)), "out-of-memory");
    assert_eq!(cause(&|p| restarted(p, 143, "Error", 60)), "none", "asked to stop");
    assert_eq!(cause(&|_| ()), "none");
}

/// Two pods behind a Service that an Ingress leads to.
fn routed(second_ready: bool) -> World {
    let mut world = World::new();
    world.deploy(NS, "web", 2);
    world.put(mk_service(NS, "web"));
    world.put(mk_slice(NS, "web", &[("web-rs1-1", true), ("web-rs1-2", second_ready)]));
    let routes = vec![("shop.example.com".into(), "web".into(), "80".into())];
    world.put(Ingress { meta: mk_meta(NS, "web", 9000), routes, ..Ingress::default() });
    world
}

#[test]
fn endpoints_that_get_requests_and_cannot_answer() {
    let mut world = routed(true);
    let found = ask(&world, "endpoints", &[]);
    assert_eq!((&result(&found)["ready"], names(&result(&found)["sick"])), (&2.into(), vec![]));
    world.change_pod(NS, "web-rs1-2", |p| unready(p, 40));
    let found = ask(&world, "endpoints", &[]);
    assert_eq!(names(&result(&found)["sick"]), ["web-rs1-2"]);
    assert_eq!(found.command, "kubectl -n shop get endpointslices -o wide");
    // Taken out, as it should be.
    let mut world = routed(false);
    world.change_pod(NS, "web-rs1-2", |p| unready(p, 40));
    let found = ask(&world, "endpoints", &[role("web")]);
    let ends = result(&found);
    assert_eq!((&ends["ready"], &ends["notReady"], names(&ends["sick"])), (&1.into(), &1.into(), vec![]));
}

#[test]
fn endpoints_on_a_dead_node_and_those_that_crash_now_and_then() {
    let mut world = routed(true);
    let mut node: Node = mk_node("node-2");
    node.conditions = vec![mk_condition("Ready", Status::Unknown, "NodeStatusUnknown", 100)];
    world.put(node);
    world.change_pod(NS, "web-rs1-1", |p| restarted(p, 2, "Error", 300));
    let found = ask(&world, "endpoints", &[]);
    assert_eq!(names(&result(&found)["sick"]), ["web-rs1-2"]);
    assert_eq!(names(&result(&found)["restless"]), ["web-rs1-1"]);
    assert_eq!(result(&found)["nodes"][1]["node"], "node-2");
}

#[test]
fn endpoints_that_cannot_be_seen_are_not_empty() {
    let mut world = routed(true);
    world.source(Source::Watch(Kind::Pod), SourceState::Waiting);
    let found = ask(&world, "endpoints", &[]);
    assert_eq!((&result(&found)["ready"], result(&found).get("sick")), (&2.into(), None));
    world.source(Source::Watch(Kind::EndpointSlice), SourceState::Forbidden("list endpointslices".into()));
    let found = ask(&world, "endpoints", &[]);
    assert!(found.result.is_none() && found.unknown.contains("needs list endpointslices"), "{}", found.unknown);
}

#[test]
fn nodes_are_judged_by_condition_pressure_and_heartbeat() {
    let sick = |change: &dyn Fn(&mut World)| {
        let mut world = World::new();
        change(&mut world);
        let found = ask(&world, "node", &[]);
        names(&result(&found)["sick"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let with = |kind: &str, status: Status| {
        let mut node = mk_node("node-2");
        node.conditions.retain(|c| c.kind != kind);
        node.conditions.push(mk_condition(kind, status, "Because", 60));
        node
    };
    assert_eq!(sick(&|_| ()), [""; 0]);
    assert_eq!(sick(&|w| w.put(with("Ready", Status::False))), ["node-2"]);
    assert_eq!(sick(&|w| w.put(with("DiskPressure", Status::True))), ["node-2"]);
    assert_eq!(sick(&|w| w.put(with("DiskPressure", Status::False))), [""; 0]);
    assert_eq!(sick(&|w| w.put(mk_lease("node-3", 70))), ["node-3"]);

    let mut world = half_done();
    let mut node = mk_node("node-1");
    node.unschedulable = true;
    world.put(node);
    let pod = Ref { kind: Kind::Pod, key: Key::new(NS, "web-rs2-1"), uid: "".into() };
    let found = ask(&world, "node", &[("node", Arg::Reference(pod))]);
    assert_eq!((names(&result(&found)["nodes"]), &result(&found)["cordoned"]), (vec!["node-1"], &1.into()));
    assert_eq!(found.command, "kubectl describe node node-1");
    world.source(Source::Watch(Kind::Node), SourceState::Forbidden("list nodes".into()));
    assert_eq!(ask(&world, "node", &[]).unknown, "nodes: forbidden, needs list nodes");
}

#[test]
fn changes_before_it_began_are_told_and_later_ones_are_not() {
    let mut world = half_done();
    for (name, seconds) in [("before", 900), ("after", 30), ("long-ago", 9000)] {
        let mut map = crate::situation::object::ConfigMap { meta: mk_meta(NS, name, 90_000), keys: None };
        map.meta.modified = Some(ago(seconds));
        world.put(map);
    }
    let mut elsewhere = crate::situation::object::ConfigMap { meta: mk_meta("other", "x", 90_000), keys: None };
    elsewhere.meta.modified = Some(ago(900));
    world.put(elsewhere);
    let found = ask(&world, "changes", &[role("web")]);
    let config: Vec<&str> =
        result(&found)["config"].as_array().unwrap().iter().map(|c| c["subject"]["name"].as_str().unwrap()).collect();
    assert_eq!(config, ["before"]);
    assert!(rows(&found).contains("Plain Deployment/web: revision 1 → 2"), "{}", rows(&found));
    world.source(Source::Watch(Kind::ConfigMap), SourceState::Forbidden("list configmaps".into()));
    assert!(ask(&world, "changes", &[role("web")]).unknown.contains("needs list configmaps"));
    let quiet = World::new();
    assert!(ask(&quiet, "changes", &[role("web")]).result.is_none(), "no such workload");
}

#[test]
fn findings_are_told_with_their_severity() {
    let found = ask(&half_done(), "findings", &[]);
    let first = &result(&found)["findings"][0];
    assert_eq!(
        (&first["id"], &first["severity"], &first["subject"]["name"]),
        (&"F15".into(), &"warning".into(), &"web".into())
    );
    assert_eq!((&result(&found)["critical"], &result(&found)["warnings"]), (&0.into(), &1.into()));
    let found = ask(&World::new(), "findings", &[]);
    assert_eq!((&result(&found)["critical"], rows(&found).as_str()), (&0.into(), "Good findings: 0 findings"));
}
