//! The same seed tells the same story, whoever looks on.

use std::sync::{Arc, Mutex, PoisonError};

use crashcart::drill::api::{Server, serve};
use crashcart::drill::find;
use crashcart::drill::net::Network;
use crashcart::drill::outside::{Mood, Site};
use crashcart::drill::store::{Happened, ResourceId, STORED};
use crashcart::drill::world::{Fault, InTrouble, Trouble, Undo, Unit, Weather, World};
use http::{Request, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::{Client, User, client_of, send};
use crate::cluster::start;

/// One page of the story: this long after the one before.
const PAGE: SignedDuration = SignedDuration::from_mins(5);
const PAGES: usize = 36;

/// Every change of the store up to now, in order: revision, what happened, to what, when at the latest.
struct Log {
    seen: u64,
    lines: Vec<(u64, String)>,
}

impl Log {
    fn begun(world: &World) -> Self {
        Self { seen: world.store().revision(), lines: Vec::new() }
    }

    fn read(&mut self, world: &World) {
        let mut fresh = Vec::new();
        for res in ResourceId::all().filter(|id| id.def().verbs == STORED && id.def().view_of.is_none()) {
            for change in world.store().changes_after(res, self.seen).expect("nothing is forgotten so soon") {
                let happened = match change.happened {
                    Happened::Added => "+",
                    Happened::Modified => "~",
                    Happened::Deleted => "-",
                };
                let object = &change.object;
                let line = format!("{} {happened} {} {object}", world.now(), res.def().plural);
                fresh.push((change.revision, line));
            }
        }
        fresh.sort_unstable();
        self.lines.extend(fresh);
        self.seen = world.store().revision();
    }
}

/// What goes wrong on a page, and what is mended.
fn happen(world: &mut World, page: usize, broken: &mut Vec<Undo>) {
    let scenario = |id: &str| find(id).expect("a scenario").faults.clone();
    let faults = match page {
        2 => scenario("F14"),
        6 => vec![Fault::Outside(Weather { site: Site::Postgres, mood: Mood::Says("57P03".to_owned()) })],
        9 => scenario("F26"),
        14 => vec![Fault::Machine(InTrouble { node: "nbg1-2".to_owned(), trouble: Trouble::K3s(Unit::Inactive) })],
        20 => scenario("F15"),
        24 => vec![Fault::Machine(InTrouble { node: "nbg1-3".to_owned(), trouble: Trouble::Disk(97) })],
        12 | 18 | 28 => {
            while let Some(undo) = broken.pop() {
                world.heal(undo);
            }
            Vec::new()
        }
        _ => Vec::new(),
    };
    broken.extend(faults.iter().filter_map(|fault| world.inject(fault)));
}

/// The story of a seed, without anybody there.
fn told(seed: u64) -> Vec<(u64, String)> {
    let mut world = World::new(seed, start());
    let (mut log, mut broken) = (Log::begun(&world), Vec::new());
    for page in 0..PAGES {
        happen(&mut world, page, &mut broken);
        world.advance(moment(page));
        log.read(&world);
    }
    log.lines
}

fn moment(page: usize) -> Timestamp {
    start() + PAGE * i32::try_from(page + 1).expect("few pages")
}

/// The first line in which two stories differ.
fn difference(one: &[(u64, String)], other: &[(u64, String)]) -> Option<String> {
    let differ = one.iter().zip(other).find(|(a, b)| a != b).map(|(a, b)| format!("{a:?}\n{b:?}"));
    differ.or_else(|| (one.len() != other.len()).then(|| format!("{} and {} lines", one.len(), other.len())))
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let (one, again, other) = std::thread::scope(|scope| {
        let [one, again, other] = [7, 7, 8].map(|seed| scope.spawn(move || told(seed)));
        (one.join().expect("told"), again.join().expect("told"), other.join().expect("told"))
    });
    assert!(one.len() > 500, "{}", one.len());
    assert_eq!(difference(&one, &again), None);
    assert!(difference(&one, &other).is_some());
}

/// What clients may do without leaving a trace.
async fn look_on(server: &Server, client: &Client, pod: &str) {
    let paths = [
        "/api/v1/pods?limit=3".to_owned(),
        "/apis/apps/v1/deployments".to_owned(),
        "/apis/metrics.k8s.io/v1beta1/pods".to_owned(),
        format!("/api/v1/namespaces/honeydue/pods/{pod}/log?tailLines=5"),
        "/api/v1/events?watch=1&timeoutSeconds=1&resourceVersion=0".to_owned(),
    ];
    for path in &paths[..4] {
        assert_eq!(send(client, Request::get(path), &Value::Null).await.status, 200, "{path}");
    }
    let dry = |request: http::request::Builder, media: &str| request.header(header::CONTENT_TYPE, media);
    let patch = Request::patch("/apis/apps/v1/namespaces/honeydue/deployments/worker?dryRun=All");
    let body = json!({"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}});
    let reply = send(client, dry(patch, "application/strategic-merge-patch+json"), &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let new = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"},
        "spec": {"containers": [{"name": "x", "image": "x"}]}});
    let create = Request::post("/api/v1/namespaces/honeydue/pods?dryRun=All");
    assert_eq!(send(client, dry(create, "application/json"), &new).await.status, 201);
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": "honeydue"},
        "deleteOptions": {"dryRun": ["All"]}});
    let evict = Request::post(format!("/api/v1/namespaces/honeydue/pods/{pod}/eviction"));
    send(client, dry(evict, "application/json"), &eviction).await;
    assert!(server.changes().is_empty(), "{:?}", server.changes());
}

#[expect(clippy::disallowed_types, reason = "a client from outside")]
type Pods = kube::Api<k8s_openapi::api::core::v1::Pod>;

async fn run_commands(client: &Client, pod: &str) {
    let pods = Pods::namespaced(client.clone(), "honeydue");
    for line in
        ["hostname; date; env", "wget -T 5 -qO- http://api/api/health/; nslookup redis.honeydue.svc.cluster.local"]
    {
        let params = kube::api::AttachParams::default();
        let mut process = pods.exec(pod, ["sh", "-c", line], &params).await.expect("a command");
        let _ = process.take_status().expect("its status").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_on_changes_nothing() {
    let silent = tokio::task::spawn_blocking(|| told(7));
    let world = Arc::new(Mutex::new(World::new(7, start())));
    let server = serve(world.clone(), 1).await.expect("a server");
    let network = Network::new(world.clone()).expect("a network");
    server.join(&network);
    let client = client_of(&server, User::Admin);
    let lock = || world.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut log, mut broken) = (Log::begun(&lock()), Vec::new());
    for page in 0..PAGES {
        let pod = {
            let mut world = lock();
            happen(&mut world, page, &mut broken);
            world.advance(moment(page));
            log.read(&world);
            let pods = ResourceId::find("", "pods").expect("pods");
            let list = world.store().list(pods, Some("honeydue"));
            let api = list.iter().find(|pod| {
                let status = &pod["status"]["containerStatuses"][0];
                pod["spec"]["containers"][0]["name"] == "api" && status["ready"] == true
            });
            api.and_then(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned)
        };
        if let (Some(pod), 1) = (pod, page % 4) {
            look_on(&server, &client, &pod).await;
            run_commands(&client, &pod).await;
        }
    }
    assert_eq!(difference(&silent.await.expect("told"), &log.lines), None);
}
