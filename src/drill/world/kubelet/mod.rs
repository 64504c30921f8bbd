//! The kubelets: the life of a pod on its node.

mod config;
mod container;
mod disk;
mod image;
mod life;
mod node;
mod status;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::informer::Work;
use super::json::{Id, entry, list, text, time, uid};
use super::program::{Course, Trade};
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::Deletion;

pub use container::{Container, End, Part, State};

/// A pod as its kubelet knows it.
#[derive(Debug)]
pub struct PodRun {
    /// The pod's UID.
    pub uid: String,
    /// The node it is on.
    pub node: String,
    /// When the kubelet accepted it.
    accepted: Timestamp,
    /// Its address, once it has one.
    pub ip: String,
    /// The first of its own containers, which what ails the pod is about.
    pub container: Container,
    /// The others: those that come before, then the rest of its own.
    pub others: Vec<Container>,
    /// What ails it.
    pub ailment: Option<Ailment>,
    /// Probes that failed in a row.
    failures: u32,
    /// Its sandbox is new: its containers have not all begun.
    setting_up: bool,
    stopping: bool,
    /// Grows with every turn in its life; what was planned in an earlier one is void.
    turn: u64,
}

/// The place of the first of a pod's own containers.
const FIRST: usize = 0;

impl PodRun {
    /// All its containers; by its place there each is known.
    pub fn all(&self) -> impl Iterator<Item = &Container> {
        std::iter::once(&self.container).chain(&self.others)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Container> {
        std::iter::once(&mut self.container).chain(&mut self.others)
    }

    fn at(&self, place: usize) -> Option<&Container> {
        self.all().nth(place)
    }

    fn at_mut(&mut self, place: usize) -> Option<&mut Container> {
        self.all_mut().nth(place)
    }

    /// Its own containers.
    pub fn own(&self) -> impl Iterator<Item = &Container> {
        self.all().filter(|c| c.part == Part::Main)
    }

    /// Whether it has ended and nothing of it will be started again.
    fn over(&self) -> bool {
        self.own().all(|c| c.over) || self.all().any(|c| c.part == Part::Init && c.failed())
    }

    /// Whether it serves: its first container runs and has got as far as that.
    pub fn listens(&self) -> bool {
        self.container.running() && (self.container.ready || self.ailment.is_some())
    }
}

/// What ails one pod, whatever its image; a new pod is free of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ailment {
    /// What its readiness probe says; `{ip}` stands for the pod's address.
    pub says: String,
    /// Whether its liveness probe fails as well, so that the kubelet restarts it.
    pub deadly: bool,
}

/// A step in a pod's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its sandbox is there.
    Prepare,
    /// Everything of it has stopped.
    Gone,
    /// One of its containers, by its place, makes a move.
    Of(usize, Move),
}

/// A step in a container's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It is to start, as soon as its image is there.
    Begin,
    /// The pull of its image has ended, after so long.
    Pulled(SignedDuration),
    /// Its image could not be had: it waits.
    PullBackOff,
    /// Its readiness probe passes for the first time.
    Ready,
    /// It ends by itself.
    End,
    /// It has ended a moment ago: it waits out its back-off.
    BackOff,
    /// It is still waiting.
    StillBackingOff,
    /// A probe is due while something ails its pod.
    Probe,
}

impl World {
    /// Sees to a pod: a node for one that has none, a life for one that has, an end for one that is deleted.
    pub(super) fn reconcile_pod(&mut self, id: &Id) {
        let Some(pod) = self.store.get(self.res.pods, &id.namespace, &id.name) else {
            self.runs.remove(id);
            self.waiting.remove(id);
            self.make_room();
            return;
        };
        if matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed") {
            self.make_room();
        }
        if self.runs.get(id).is_some_and(|run| run.uid != uid(&pod)) {
            self.runs.remove(id);
        }
        let placed = !text(&pod, "/spec/nodeName").is_empty();
        if pod.pointer("/metadata/deletionTimestamp").is_some() {
            self.stop_pod(id, &pod);
        } else if !placed {
            if self.scheduler_leads() {
                self.schedule(&pod);
            } else {
                self.stalled.insert(Work::Pod(id.clone()));
            }
        } else if !self.runs.contains_key(id)
            && text(&pod, "/status/phase") == "Pending"
            && self.posts(text(&pod, "/spec/nodeName"))
        {
            self.accept(id, &pod);
        } else if self.runs.contains_key(id) {
            self.compare(id, &pod);
        }
    }

    /// Asks for the end of a pod, as a controller does.
    pub(super) fn delete_pod(&mut self, id: &Id) {
        self.store.delete(self.res.pods, &id.namespace, &id.name, Deletion::default(), self.now);
    }

    fn stop_pod(&mut self, id: &Id, pod: &Value) {
        if !self.posts(text(pod, "/spec/nodeName")) {
            return;
        }
        let trade = Trade::of(text(pod, "/spec/containers/0/name"));
        let Some(run) = self.runs.get_mut(id) else {
            // Nobody runs it (a pod of the load): it goes at once.
            self.store.remove(self.res.pods, &id.namespace, &id.name);
            return;
        };
        if std::mem::replace(&mut run.stopping, true) {
            return;
        }
        run.turn += 1;
        run.all_mut().for_each(|c| c.turn += 1);
        let (turn, node) = (run.turn, run.node.clone());
        let running: Vec<_> = run.all().filter(|c| c.running()).map(|c| c.name.clone()).collect();
        for name in &running {
            let message = format!("Stopping container {name}");
            self.record(pod, Reporter::Kubelet(&node), Note::normal("Killing", &message).of(name));
        }
        let idle = running.is_empty();
        let after = if idle { SignedDuration::from_millis(300) } else { self.random.millis(trade.stop()) };
        let grace = time(pod, "/metadata/deletionTimestamp").map(|end| end.duration_since(self.now));
        let after = grace.map_or(after, |grace| after.min(grace.max(SignedDuration::ZERO)));
        self.plan(after, Due::Kubelet(id.clone(), turn, Step::Gone));
    }

    fn accept(&mut self, id: &Id, pod: &Value) {
        let Some((container, others)) = self.containers_of(pod) else { return };
        let run = PodRun {
            uid: uid(pod).to_owned(),
            accepted: self.now,
            ip: String::new(),
            container,
            others,
            node: text(pod, "/spec/nodeName").to_owned(),
            ailment: None,
            failures: 0,
            setting_up: true,
            stopping: false,
            turn: 0,
        };
        self.runs.insert(id.clone(), run);
        self.write_pod_status(id);
        let sandbox = self.random.millis((250, 700));
        self.plan(sandbox, Due::Kubelet(id.clone(), 0, Step::Prepare));
    }

    /// The first of a pod's own containers, and the others.
    fn containers_of(&self, pod: &Value) -> Option<(Container, Vec<Container>)> {
        let before = list(pod, "/spec/initContainers");
        let waits = if before.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        let init = before.iter().map(|spec| {
            let part = if spec["restartPolicy"] == "Always" { Part::Sidecar } else { Part::Init };
            Container::new(spec, part, waits, &self.programs)
        });
        let own = |spec| Container::new(spec, Part::Main, waits, &self.programs);
        let (first, rest) = list(pod, "/spec/containers").split_first()?;
        Some((own(first), init.chain(rest.iter().map(own)).collect()))
    }

    /// An address for a pod: its node's own, or the next of the node's range.
    fn give_address(&mut self, pod: &Value, node: &Value) -> String {
        if pod.pointer("/spec/hostNetwork") == Some(&true.into()) {
            return internal_address(node).to_owned();
        }
        let last = self.addresses.entry(text(node, "/metadata/name").to_owned()).or_insert(1);
        *last = if *last >= 250 { 2 } else { *last + 1 };
        let range = text(node, "/spec/podCIDR").rsplit_once('.').map_or("10.42.0", |(range, _)| range);
        format!("{range}.{last}")
    }

    /// Whether a pod's containers listen on their ports.
    pub(super) fn listens(&self, pod: &Value) -> bool {
        self.runs.get(&Id::of(pod)).is_some_and(PodRun::listens)
    }

    /// Something begins to ail a pod.
    pub(super) fn afflict(&mut self, id: &Id, ailment: Ailment) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if run.ailment.replace(ailment).is_some() {
            return;
        }
        run.failures = 0;
        let wait = self.random.millis((500, 4000));
        self.then(id, FIRST, wait, Move::Probe);
    }

    /// A process is told to quit: it writes down what all its parts do, and ends.
    pub fn quit_container(&mut self, namespace: &str, pod: &str, container: &str) {
        let id = Id::new(namespace, pod);
        let Some(run) = self.runs.get_mut(&id).filter(|run| run.container.name == container) else { return };
        let usual = std::mem::replace(&mut run.container.course, Course::Panics(0.0));
        let turn = run.container.turn;
        self.kubelet_step(&id, turn, Step::Of(FIRST, Move::End));
        if let Some(run) = self.runs.get_mut(&id) {
            run.container.course = usual;
        }
        self.settle();
    }

    /// A pod is well again; its next probe shows it.
    pub(super) fn cure(&mut self, id: &Id) {
        if let Some(run) = self.runs.get_mut(id) {
            run.ailment = None;
        }
    }
}

/// Whether a container that has ended so is started again.
fn starts_again(pod: &Value, code: i64) -> bool {
    let policy = text(pod, "/spec/restartPolicy");
    policy == "Always" || (policy == "OnFailure" && code != 0)
}

/// The address of a node inside.
pub(super) fn internal_address(node: &Value) -> &str {
    let addresses = list(node, "/status/addresses");
    addresses.iter().find(|a| a["type"] == "InternalIP").map(|a| text(a, "/address")).unwrap_or_default()
}

/// The probe of a pod's first container, for its period and threshold; the defaults where it has none.
fn probe(pod: &Value, kind: &str) -> (SignedDuration, u32) {
    let probe = &pod["spec"]["containers"][0][kind];
    let number = |field: &str, usual: i64| probe[field].as_i64().unwrap_or(usual).max(1);
    (SignedDuration::from_secs(number("periodSeconds", 10)), number("failureThreshold", 3) as u32)
}

/// The label that names a workload, to find its pods.
pub(super) fn workload_name(pod: &Value) -> &str {
    for label in ["app.kubernetes.io/name", "k8s-app", "app"] {
        let name = entry(pod, "/metadata/labels", label);
        if !name.is_empty() {
            return name;
        }
    }
    ""
}
