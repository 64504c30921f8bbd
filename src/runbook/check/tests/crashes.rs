//! What the checks say of crashes: the rollout that brought them, the last words, what changed before.

use super::*;
use crate::situation::object::{ConfigMap, Pod};
use crate::watch::{LogLine, LogQuery};

const PANIC: &str =
    "started\npanic: boom\n\ngoroutine 1 [running]:\nexample.com/shop/cart.Add(0x1)\n /src/cart.go:7 +0x1";

fn log(text: &str) -> Vec<LogLine> {
    text.lines().map(|l| LogLine { at: None, text: l.into() }).collect()
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
    let cause = |break_it: &dyn Fn(&mut Pod)| {
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

#[test]
fn changes_before_it_began_are_told_and_later_ones_are_not() {
    let mut world = half_done();
    for (name, seconds) in [("before", 900), ("after", 30), ("long-ago", 9000)] {
        let mut map = ConfigMap { meta: mk_meta(NS, name, 90_000), keys: None };
        map.meta.modified = Some(ago(seconds));
        world.put(map);
    }
    let mut elsewhere = ConfigMap { meta: mk_meta("other", "x", 90_000), keys: None };
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
