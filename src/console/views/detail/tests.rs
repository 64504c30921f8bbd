//! The details as they are used: every kind at every size, in trouble, and in worlds that want to break the screen.

use crate::console::app::Request;
use crate::console::screen::Screen;
use crate::console::testing::{
    Console, SIZES, api_lost, at, condition, crashing, days, deployment, ended, forbidden, healthy, hostile, listed,
    meta, node, panicking, pod, revision, seen,
};
use crate::console::views::{Node, Pod, Revision, Workload};
use crate::situation::object::{
    Amounts, Budget, Claim, Endpoint, EndpointSlice, Labels, Lease, ReplicaSet, Status, Taint,
};
use crate::situation::{Key, Kind, Observation, Ref, Source, Text, Usage};

fn at_every_size(name: &str, world: fn() -> Vec<Observation>, open: fn() -> Box<dyn Screen>) {
    for (columns, rows) in SIZES {
        let mut console = Console::new(world());
        console.sized(columns, rows).open(open());
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), console.screen());
    }
}

fn reference(kind: Kind, namespace: &str, name: &str) -> Ref {
    Ref { kind, key: Key::new(namespace, name), uid: Text::default() }
}

fn usage(cpu_milli: u64, memory: u64, time: &str) -> Usage {
    let amounts = Amounts { cpu_milli: Some(cpu_milli), memory: Some(memory), ..Amounts::default() };
    Usage { amounts, at: Some(at(time)) }
}

/// A pod that runs out of memory again and again, with all that belongs to it.
fn starving() -> Vec<Observation> {
    let deployment = deployment("api", 3, 2, 42);
    let set = revision(&deployment, 42, at("04:01"), 3, 2);
    let mut starved = crashing(pod(&set, "c8v7t", "node-3", at("04:01")), 5, &ended(137, "OOMKilled", "04:10:31"));
    starved.claims = vec!["api-cache".into(), "lost".into()];
    let container = &mut starved.containers[0];
    container.requests = Amounts { memory: Some(128 << 20), cpu_milli: Some(100), ..Amounts::default() };
    container.limits.cpu_milli = Some(500);
    container.image_id = "registry.example.com/api@sha256:1b77c0ffee".into();
    let slice = EndpointSlice {
        meta: meta(Kind::EndpointSlice, "shop", "api-x", days(9)),
        service: "api".into(),
        endpoints: vec![Endpoint { pod: starved.meta.key.name.clone(), ..Endpoint::default() }],
    };
    let claim = Claim {
        meta: meta(Kind::PersistentVolumeClaim, "shop", "api-cache", days(9)),
        phase: "Bound".into(),
        volume: "pvc-1".into(),
        size: Some(1 << 30),
        ..Claim::default()
    };
    let name = starved.meta.key.name.clone();
    let samples = [90, 140, 200, 250].into_iter().zip(["04:08", "04:09", "04:10", "04:11"]);
    let samples = samples.map(|(mb, time)| {
        Observation::PodMetrics("shop".into(), vec![(name.clone(), "api".into(), usage(40, mb << 20, time))])
    });
    // The console sees two ends before the present one.
    let earlier = [(3, ended(1, "Error", "04:05:10")), (4, ended(143, "", "04:07:00"))];
    let earlier = earlier.map(|(restarts, end)| seen(crashing(starved.clone(), restarts, &end)));
    let mut world = listed(vec![
        seen(node("node-3")),
        seen(crate::console::testing::warning(
            &starved,
            "BackOff",
            "Back-off restarting failed container api",
            31,
            "04:11",
        )),
        seen(starved),
        seen(slice),
        seen(claim),
        seen(set),
        seen(deployment),
    ]);
    let last = world.iter().position(|o| matches!(o, Observation::Seen(object) if object.kind() == Kind::Pod));
    world.splice(last.unwrap_or(0)..last.unwrap_or(0), earlier);
    world.push(Observation::Heard(Source::PodMetrics, at("04:12")));
    world.extend(samples);
    world
}

fn starved_pod() -> Box<dyn Screen> {
    Box::new(Pod::open(reference(Kind::Pod, "shop", "api-42f9c-c8v7t")))
}

fn api() -> Box<dyn Screen> {
    Box::new(Workload::open(reference(Kind::Deployment, "shop", "api")))
}

#[test]
fn a_pod_at_every_size() {
    at_every_size("pod", starving, starved_pod);
}

/// A node under pressure, cordoned and tainted, with its Lease, its etcd and its pods.
fn strained() -> Vec<Observation> {
    let mut strained = node("node-1");
    strained.unschedulable = true;
    strained.taints =
        vec![Taint { key: "node.kubernetes.io/disk-pressure".into(), effect: "NoSchedule".into(), ..Taint::default() }];
    strained.conditions = vec![
        condition("Ready", Status::True, days(61)),
        condition("DiskPressure", Status::True, at("04:02")),
        condition("MemoryPressure", Status::False, days(61)),
        condition("EtcdIsVoter", Status::True, days(61)),
    ];
    strained.info.os_image = "Ubuntu 24.04.1 LTS".into();
    strained.info.kernel_version = "6.8.0-45-generic".into();
    strained.info.container_runtime = "containerd://2.0.2-k3s2".into();
    let lease = Lease {
        meta: meta(Kind::Lease, "kube-node-lease", "node-1", days(61)),
        holder: "node-1".into(),
        renewed: Some(at("04:12:01")),
        seconds: Some(40),
    };
    let mut world = panicking();
    world.extend([seen(strained), seen(lease)]);
    world
}

#[test]
fn a_node_at_every_size() {
    at_every_size("node", strained, || Box::new(Node::open(reference(Kind::Node, "", "node-1"))));
}

/// The panicking api with templates that differ, causes, a budget and events.
fn rolled_out() -> Vec<Observation> {
    let deployment = deployment("api", 3, 2, 42);
    let template = |image: &str, memory: &str, env: &str| {
        format!(
            r#"{{"metadata":{{"labels":{{"app":"api"}}}},"spec":{{"containers":[{{"name":"api","image":"registry.example.com/api:{image}","env":[{env}],"resources":{{"limits":{{"memory":"{memory}"}}}}}}]}}}}"#
        )
    };
    let old = r#"{"name":"DB_URL","value":"postgres://u:old-secret@db"}"#;
    let new = r#"{"name":"DB_URL","value":"postgres://u:new-secret@db"},{"name":"CACHE","value":"on"}"#;
    let before =
        ReplicaSet { template: template("r41", "256Mi", old).into(), ..revision(&deployment, 41, days(4), 2, 2) };
    let after = ReplicaSet {
        template: template("r42", "128Mi", new).into(),
        change_cause: "release 42".into(),
        ..revision(&deployment, 42, at("04:01"), 2, 0)
    };
    let budget = Budget {
        meta: meta(Kind::PodDisruptionBudget, "shop", "api", days(9)),
        selector: Labels(vec![("app".into(), "api".into())].into()),
        allowed: 0,
        healthy: 2,
        desired: 2,
        ..Budget::default()
    };
    let mut world = panicking();
    world.extend([seen(before), seen(after), seen(budget)]);
    world
}

#[test]
fn a_workload_at_every_size() {
    at_every_size("workload", rolled_out, api);
}

#[test]
fn a_revision_at_every_size() {
    let open = || -> Box<dyn Screen> { Box::new(Revision::open(reference(Kind::ReplicaSet, "shop", "api-42f9c"))) };
    at_every_size("revision", rolled_out, open);
    let mut console = Console::new(rolled_out());
    console.sized(200, 60).open(open());
    assert!(!console.screen().contains("secret"), "{}", console.screen());
}

#[test]
fn links_lead_on_and_back() {
    let mut console = Console::new(rolled_out());
    console.open(api());
    console.keys("<enter>");
    assert!(console.screen().contains("› Pod shop/api-42f9c-c8v7t"), "{}", console.screen());
    console.keys("<down><enter>");
    assert!(console.screen().contains("› Node node-3"), "{}", console.screen());
    console.keys("<esc><esc>");
    assert!(console.screen().contains("› Deployment shop/api"));
    console.keys("<down><down><down><down><enter>");
    assert!(console.screen().contains("What it changed against revision 41"), "{}", console.screen());
}

#[test]
fn a_pod_and_an_event_about_it_are_two_places() {
    let mut console = Console::new(rolled_out());
    console.open(api()).keys("<down><down><down><down><down><down>");
    let screen = console.screen();
    let marked: Vec<&str> = screen.lines().filter(|l| l.starts_with("┃ ▌")).collect();
    assert!(matches!(&*marked, [one] if one.contains("BackOff ")), "{screen}");
}

#[test]
fn logs_and_events_of_what_is_selected() {
    let mut console = Console::new(panicking());
    console.open(api());
    console.keys("l");
    let read = |console: &Console| {
        console.requests().iter().rev().find_map(|r| match r {
            Request::Read(_, query) => Some((query.pod.name.to_string(), query.previous)),
            _ => None,
        })
    };
    assert_eq!(read(&console), Some(("api-42f9c-c8v7t".to_owned(), true)));
    console.keys("<esc>e");
    assert!(console.screen().contains("Events deploy/api") && console.screen().contains("BackOff"));
    console.keys("<esc><esc>");
    console.open(starved_pod()).keys("P");
    assert_eq!(read(&console), Some(("api-42f9c-c8v7t".to_owned(), true)));
}

#[test]
fn what_is_gone_stays_as_it_was_and_a_successor_is_not_taken_for_it() {
    let mut console = Console::new(starving());
    console.open(starved_pod());
    let key = Key::new("shop", "api-42f9c-c8v7t");
    console.see([Observation::Gone(Kind::Pod, key)]);
    assert!(console.screen().contains("pod shop/api-42f9c-c8v7t is gone since 04:12"), "{}", console.screen());
    assert!(console.screen().contains("CrashLoopBackOff"));
    console.keys("l");
    assert!(console.screen().contains("is gone, and its log with it"));
    let deployment = deployment("api", 3, 2, 42);
    let mut heir = pod(&revision(&deployment, 42, at("04:01"), 3, 2), "c8v7t", "node-2", at("04:12"));
    heir.meta.uid = "another".into();
    console.see([seen(heir)]);
    insta::assert_snapshot!("pod_replaced", console.screen());
    console.keys("g<enter>");
    assert!(console.screen().contains("Running"), "{}", console.screen());
}

#[test]
fn what_cannot_be_seen_is_named() {
    let mut console = Console::new(forbidden());
    console.open(Box::new(Pod::open(reference(Kind::Pod, "shop", "api-1"))));
    assert!(console.screen().contains("pods: forbidden, needs list pods"), "{}", console.screen());
    console.open(api());
    insta::assert_snapshot!("workload_without_pods", console.screen());
    let mut console = Console::new(healthy());
    console.open(Box::new(Pod::open(reference(Kind::Pod, "shop", "never-was"))));
    assert!(console.screen().contains("there is no pod shop/never-was any more"), "{}", console.screen());
    let mut console = Console::new(api_lost());
    console.open(api());
    insta::assert_snapshot!("workload_lost", console.screen());
}

#[test]
fn hostile_texts_keep_the_screen_whole() {
    for (columns, rows) in SIZES {
        let mut console = Console::new(hostile());
        console.sized(columns, rows);
        for key in ["w<enter>", "p<enter>", "n<enter>", "e"] {
            console.keys(key);
            for step in ["", "<pgdn>", "<tab>", "G", "<enter>", "<esc>"] {
                console.keys(step);
                let screen = console.screen();
                let bordered = screen.lines().skip(1).take(usize::from(rows) - 2);
                for line in bordered {
                    let whole = line.starts_with(['┃', '┏', '┗', '╭', '│', '╰'])
                        && line.ends_with(['┃', '┓', '┛', '╮', '│', '╯']);
                    assert!(whole, "{key} {step}: {line:?}\n{screen}");
                }
            }
            console.keys("d");
        }
    }
    let mut console = Console::new(hostile());
    console.keys("p<enter>");
    insta::assert_snapshot!("pod_hostile", console.screen());
}
