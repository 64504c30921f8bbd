//! What the checks say of small worlds: when all is well, when it is not, and when it cannot be seen.

mod crashes;

use std::collections::BTreeMap;

use serde_json::Value;

use super::shape::misfits;
use super::{Arg, Asked, CHECKS, Found, Logs, by_name};
use crate::detect::Scene;
use crate::detect::testing::*;
use crate::runbook::Tone;
use crate::situation::object::{Ingress, Node, Status};
use crate::situation::{Key, Kind, Ref, Source, SourceState, Trouble};

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
fn a_name_cannot_leave_its_place_in_a_command() {
    let mut world = World::new();
    world.deploy("shop; reboot", "web", 1);
    let key = Key::new("shop; reboot", "web");
    let named = Arg::Reference(Ref { kind: Kind::Deployment, key, uid: "".into() });
    let found = ask(&world, "workload-pods", &[("workload", named)]);
    assert_eq!(found.command, "kubectl -n 'shop; reboot' get pods -l app=web -o wide");
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
