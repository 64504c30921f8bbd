//! An operator's desk in front of a simulated cluster whose time stands still until a test moves it.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashcart::action::{
    Action, Argument, Arguments, Arming, Cancel, Class, Confirmed, Event, Executor, Gate, ParamKind, Plan, Pressed,
    Progress, Recorder, Refused, Spec, Standing,
};
use crashcart::config::Profile;
use crashcart::drill::api::Backend;
use crashcart::drill::store::Store;
use crashcart::drill::world::World;
use crashcart::situation::time::{Clock, Clocks, ManualClock, SystemClock};
use crashcart::situation::{Key, Kind, Ref, Situation};
use crashcart::watch::{self, Feed, Pace, Reader, Target};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;

use crate::cluster::Cluster;

/// A record in memory, which can be broken, and which can do something while an intent is written.
#[derive(Debug, Default)]
pub struct Memory {
    pub events: Mutex<Vec<Event>>,
    pub broken: AtomicBool,
    pub at_intent: Mutex<Option<AtIntent>>,
}

/// What happens while an intent is written.
#[derive(Debug)]
pub enum AtIntent {
    Cancel(Cancel),
    Disarm(Arming),
}

impl Recorder for Memory {
    fn record(&self, event: Event) {
        self.events.lock().expect("the record").push(event);
    }

    fn record_synced(&self, event: Event) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
        let intent = matches!(event, Event::Intent { .. });
        let outcome = if self.broken.load(Ordering::SeqCst) {
            Err(std::io::Error::other("no space left on device"))
        } else {
            self.record(event);
            Ok(())
        };
        if intent {
            let hook = self.at_intent.lock().expect("the hook").take();
            match hook {
                Some(AtIntent::Cancel(cancel)) => cancel.cancel(),
                Some(AtIntent::Disarm(arming)) => arming.disarm(),
                None => {}
            }
        }
        Box::pin(std::future::ready(outcome))
    }
}

impl Memory {
    /// The events without their content, in order.
    pub fn kinds(&self) -> Vec<&'static str> {
        let kind = |event: &Event| match event {
            Event::Planned { .. } => "planned",
            Event::Confirmed { .. } => "confirmed",
            Event::Refused { .. } => "refused",
            Event::Intent { .. } => "intent",
            Event::Answered { .. } => "answered",
            Event::OutcomeUnknown { .. } => "unknown",
            Event::Executed { .. } => "executed",
            Event::Stopped { .. } => "stopped",
            Event::Verified { .. } => "verified",
        };
        self.events.lock().expect("the record").iter().map(kind).collect()
    }
}

/// The simulated world's own time.
#[derive(Debug)]
struct WorldClock(Arc<Mutex<World>>);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.lock().expect("the world").now()
    }
}

/// The desk.
pub struct Desk {
    pub cluster: Cluster,
    pub reader: Reader,
    pub arming: Arming,
    pub wall: ManualClock,
    pub memory: Arc<Memory>,
    pub situation: Arc<Mutex<Situation>>,
    heard: channel::Receiver<u64>,
    _reading: JoinSet<()>,
}

/// Answers may take long on a busy machine; only looks are hurried.
fn pace() -> Pace {
    let ms = Duration::from_millis;
    Pace { first_retry: ms(50), last_retry: ms(400), health: ms(200), ..Pace::default() }
}

impl Desk {
    /// Armed, as the administrator.
    pub async fn new() -> Self {
        let cluster = Cluster::start(1).await;
        let kubeconfig = cluster.kubeconfig();
        Self::at(cluster, kubeconfig)
    }

    pub fn at(cluster: Cluster, kubeconfig: PathBuf) -> Self {
        let clock = Arc::new(WorldClock(cluster.world.clone()));
        let clocks = Clocks { cluster: clock, wall: Arc::new(SystemClock) };
        let target = Target { kubeconfig: Some(kubeconfig), context: None };
        let feed = open(target, clocks);
        let reader = feed.reader.clone();
        let situation = Arc::new(Mutex::new(Situation::new()));
        let (tell, heard) = channel::channel(0);
        let mut reading = JoinSet::new();
        reading.spawn(read(feed, cluster.world.clone(), situation.clone(), tell));
        let wall = ManualClock::new("2026-05-01T12:00:00Z".parse().expect("a time"));
        let arming = Arming::new(None);
        arming.arm(wall.now()).expect("nothing forbids it");
        Self { cluster, reader, arming, wall, memory: Arc::default(), situation, heard, _reading: reading }
    }

    /// An executor with this switch.
    pub fn executor_with(&self, arming: Arming) -> Executor {
        let clock = Arc::new(WorldClock(self.cluster.world.clone()));
        let clocks = Clocks { cluster: clock, wall: Arc::new(self.wall.clone()) };
        let profile = serde_saphyr::from_str(crashcart::drill::PROFILES[0].1).expect("the profile");
        let profile = Arc::new(profile);
        Executor::new(self.reader.clone(), profile, clocks, arming, self.memory.clone())
    }

    pub fn executor(&self) -> Executor {
        self.executor_with(self.arming.clone())
    }

    pub async fn plan(&self, action: &Action) -> Result<Plan, Refused> {
        self.executor().plan(action.clone(), Standing::default()).await
    }

    /// A plan that may be executed.
    pub async fn good_plan(&self, action: &Action) -> Plan {
        let plan = self.plan(action).await.unwrap_or_else(|why| panic!("{}: {why:?}", action.spec().name));
        assert_eq!(plan.refusal(), None, "{plan:#?}");
        plan
    }

    /// What can be planned for an entry of the list. An action that is not known here has no rows in the matrix either.
    pub fn action(&self, spec: &Spec) -> Action {
        let (kind, namespace, name) = match spec.name {
            "cordon" => (Kind::Node, "", "nbg1-2".to_owned()),
            "uncordon" => {
                self.modify("", "nodes", ("", "nbg1-3"), |node| node["spec"]["unschedulable"] = true.into());
                (Kind::Node, "", "nbg1-3".to_owned())
            }
            "rollout-restart" | "roll-back" | "scale" => (Kind::Deployment, "honeydue", "api".to_owned()),
            "delete-pod" => (Kind::Pod, "honeydue", self.pod("api-")),
            other => {
                panic!("{other} has no rows in the matrix: say on what it is tried, and what makes its facts stale")
            }
        };
        let mut arguments = Arguments::new();
        for param in spec.params {
            let value = match param.kind {
                ParamKind::Reference(_) => {
                    let key = Key::new(namespace, name.as_str());
                    Argument::Reference(Ref { kind, key, uid: "".into() })
                }
                ParamKind::Number if param.required => Argument::Number(4),
                ParamKind::Number => continue,
            };
            arguments.insert(param.name.to_owned(), value);
        }
        (spec.build)(&arguments).expect("an action")
    }

    /// Changes what a plan for this action rests on, behind the API's back.
    pub fn make_stale(&self, action: &Action) {
        let key = action.target().key.clone();
        let at = (key.namespace.as_str(), key.name.as_str());
        match action {
            Action::Cordon { .. } => self.modify("", "nodes", at, |n| n["spec"]["unschedulable"] = true.into()),
            Action::Uncordon { .. } => self.modify("", "nodes", at, |n| n["spec"]["unschedulable"] = false.into()),
            Action::DeletePod { .. } => {
                let pods = Store::resource("", "pods").expect("pods");
                let mut world = self.cluster.world.lock().expect("the world");
                Backend::store(&mut *world).remove(pods, at.0, at.1).expect("the pod");
                let now = world.now();
                world.advance(now);
            }
            Action::RolloutRestart { .. } | Action::RollBack { .. } | Action::Scale { .. } => {
                self.modify("apps", "deployments", at, |d| d["spec"]["replicas"] = 2.into());
            }
        }
    }

    pub fn modify(&self, group: &str, plural: &str, at: (&str, &str), change: impl FnOnce(&mut Value)) {
        let resource = Store::resource(group, plural).expect("a resource");
        let mut world = self.cluster.world.lock().expect("the world");
        Backend::store(&mut *world).modify(resource, at.0, at.1, change).expect("an object");
        let now = world.now();
        world.advance(now);
    }

    /// Puts another object of the same name and content in an object's place.
    pub fn replace(&self, group: &str, plural: &str, at: (&str, &str)) {
        let resource = Store::resource(group, plural).expect("a resource");
        let mut world = self.cluster.world.lock().expect("the world");
        let now = world.now();
        let store = Backend::store(&mut *world);
        let mut object = store.remove(resource, at.0, at.1).expect("an object").as_ref().clone();
        for field in ["uid", "resourceVersion", "creationTimestamp"] {
            object["metadata"].as_object_mut().expect("metadata").remove(field);
        }
        store.create(resource, object, now).expect("a new object");
        world.advance(now);
    }

    /// The name of a ready pod of honeydue that begins so.
    fn pod(&self, prefix: &str) -> String {
        let pods = Store::resource("", "pods").expect("pods");
        let world = self.cluster.world.lock().expect("the world");
        let names = world.store().list(pods, Some("honeydue"));
        let name =
            |pod: &Arc<Value>| pod["metadata"]["name"].as_str().filter(|n| n.starts_with(prefix)).map(str::to_owned);
        names.iter().find_map(name).expect("a pod")
    }

    /// How many changes reached the server.
    pub fn changes(&self) -> usize {
        self.cluster.server.changes().len()
    }

    /// Waits until what is known is as wanted.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Situation) -> bool + Sync) {
        let reached = async {
            while !wanted(&self.situation.lock().expect("the situation")) {
                self.heard.changed().await.expect("the feed runs");
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(30), reached).await.is_ok(), "not reached: {what}");
    }
}

/// Takes in what the feed says, at the world's time.
async fn read(mut feed: Feed, world: Arc<Mutex<World>>, known: Arc<Mutex<Situation>>, tell: channel::Sender<u64>) {
    while let Some(batch) = feed.batches.recv().await {
        let now = world.lock().expect("the world").now();
        let mut known = known.lock().expect("the situation");
        known.now = now;
        for observation in batch {
            known.apply(observation);
        }
        drop(known);
        tell.send_modify(|n| *n += 1);
    }
}

fn open(target: Target, clocks: Clocks) -> Feed {
    let profile = Profile { namespaces: vec!["honeydue".into()], ..Profile::default() };
    watch::open_at(pace(), target, &profile, clocks)
}

/// When the plan is shown, in wall time.
pub fn shown() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().expect("a time")
}

/// The key that confirms a class, and what has to be typed before.
pub fn keys(plan: &Plan) -> Vec<KeyEvent> {
    let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match plan.class {
        Class::R0 => vec![key(KeyCode::Enter)],
        Class::R1 => vec![key(KeyCode::Char('y'))],
        Class::R2 => vec![key(KeyCode::Char('Y'))],
        Class::R3 => {
            let name = plan.action.target().key.name.to_string();
            name.chars().map(KeyCode::Char).chain([KeyCode::Enter]).map(key).collect()
        }
    }
}

/// Presses the plan's keys from so many milliseconds after it was shown on, as somebody who types.
pub fn press(gate: &mut Gate, plan: &Plan, after: i64) -> Option<Confirmed> {
    let mut confirmed = None;
    for (n, key) in keys(plan).iter().enumerate() {
        let at = shown() + SignedDuration::from_millis(after + 200 * n as i64);
        if let Pressed::Confirmed(c) = gate.key(key, at, plan) {
            confirmed = Some(*c);
        }
    }
    confirmed
}

/// A plan that was read and confirmed.
pub fn confirm(plan: &Plan) -> Confirmed {
    let mut gate = Gate::new(plan);
    gate.shown(true, shown());
    press(&mut gate, plan, 2000).expect("a confirmation")
}

/// Executes to the end.
pub async fn execute(executor: &Executor, confirmed: Confirmed, cancel: Cancel) -> Vec<Progress> {
    let (tell, mut told) = mpsc::channel(32);
    let run = executor.execute(confirmed, Standing::default(), cancel, tell);
    let listen = async {
        let mut all = Vec::new();
        while let Some(progress) = told.recv().await {
            all.push(progress);
        }
        all
    };
    tokio::join!(run, listen).1
}
