//! The kubelets: the life of a pod on its node.

mod disk;
mod life;
mod node;
mod status;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::informer::Work;
use super::json::{Id, bytes, entry, list, text, time, uid};
use super::program::{Course, Trade};
use super::recorder::{Note, Reporter};
use super::{Due, World};
use crate::drill::store::Deletion;

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
    /// Its container.
    pub container: Container,
    /// What ails it.
    pub ailment: Option<Ailment>,
    /// Probes that failed in a row.
    failures: u32,
    stopping: bool,
    /// It has ended and will not be started again.
    over: bool,
    /// Grows with every turn in its life; what was planned in an earlier one is void.
    turn: u64,
}

/// A container as its kubelet knows it.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// What it does for a living.
    pub trade: Trade,
    /// How it goes on.
    pub course: Course,
    /// Its memory limit in bytes; zero for none.
    pub limit: u64,
    /// Where it is in its life.
    pub state: State,
    /// How the run before ended.
    pub last: Option<End>,
    /// When the present run will end by itself.
    pub ends: Option<Timestamp>,
    restarts: u32,
    back_off: SignedDuration,
    /// Whether it is ready.
    pub ready: bool,
    id: String,
}

/// Where a container is in its life.
#[derive(Debug, Clone)]
pub enum State {
    /// It does not run; why, in a word and a sentence.
    Waiting(&'static str, String),
    /// It runs since.
    Running(Timestamp),
    /// It has ended.
    Ended(End),
}

/// How a container ended.
#[derive(Debug, Clone)]
pub struct End {
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    code: i64,
    reason: &'static str,
    /// How it had gone on.
    pub course: Course,
    id: String,
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
    /// Its image is there, after so long a pull.
    Start(Option<SignedDuration>),
    /// Its readiness probe passes for the first time.
    Ready,
    /// The container ends by itself.
    End,
    /// The container has ended a moment ago: it waits out its back-off.
    BackOff,
    /// It is still waiting.
    StillBackingOff,
    /// It starts again.
    Again,
    /// A probe is due while something ails it.
    Probe,
    /// Everything of it has stopped.
    Gone,
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
        let (turn, node, name) = (run.turn, run.node.clone(), run.container.name.clone());
        let running = matches!(run.container.state, State::Running(_));
        if running {
            let message = format!("Stopping container {name}");
            self.record(pod, Reporter::Kubelet(&node), Note::normal("Killing", &message).of(&name));
        }
        let after = if running { self.random.millis(trade.stop()) } else { SignedDuration::from_millis(300) };
        let grace = time(pod, "/metadata/deletionTimestamp").map(|end| end.duration_since(self.now));
        let after = grace.map_or(after, |grace| after.min(grace.max(SignedDuration::ZERO)));
        self.plan(after, Due::Kubelet(id.clone(), turn, Step::Gone));
    }

    fn accept(&mut self, id: &Id, pod: &Value) {
        let container = &pod["spec"]["containers"][0];
        let (name, image) = (text(container, "/name").to_owned(), text(container, "/image").to_owned());
        let node = text(pod, "/spec/nodeName").to_owned();
        let run = PodRun {
            uid: uid(pod).to_owned(),
            accepted: self.now,
            ip: String::new(),
            container: Container {
                trade: Trade::of(&name),
                course: self.programs.course(&name, &image),
                limit: bytes(text(container, "/resources/limits/memory")),
                state: State::Waiting("ContainerCreating", String::new()),
                last: None,
                ends: None,
                restarts: 0,
                back_off: SignedDuration::ZERO,
                ready: false,
                id: String::new(),
                name,
                image,
            },
            node,
            ailment: None,
            failures: 0,
            stopping: false,
            over: false,
            turn: 0,
        };
        self.runs.insert(id.clone(), run);
        self.write_pod_status(id);
        let sandbox = self.random.millis((250, 700));
        self.plan(sandbox, Due::Kubelet(id.clone(), 0, Step::Prepare));
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

    /// Whether a pod's container listens on its ports: it runs and has got as far as that.
    pub(super) fn listens(&self, pod: &Value) -> bool {
        self.runs.get(&Id::of(pod)).is_some_and(|run| {
            let begun = run.container.ready || run.ailment.is_some();
            matches!(run.container.state, State::Running(_)) && begun
        })
    }

    /// Something begins to ail a pod.
    pub(super) fn afflict(&mut self, id: &Id, ailment: Ailment) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if run.ailment.replace(ailment).is_some() {
            return;
        }
        run.failures = 0;
        let turn = run.turn;
        let wait = self.random.millis((500, 4000));
        self.plan(wait, Due::Kubelet(id.clone(), turn, Step::Probe));
    }

    /// A process is told to quit: it writes down what all its parts do, and ends.
    pub fn quit_container(&mut self, namespace: &str, pod: &str, container: &str) {
        let id = Id::new(namespace, pod);
        let Some(run) = self.runs.get_mut(&id).filter(|run| run.container.name == container) else { return };
        let usual = std::mem::replace(&mut run.container.course, Course::Panics(0.0));
        let turn = run.turn;
        self.kubelet_step(&id, turn, Step::End);
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

/// The probe of a container, for its period and threshold; the defaults where it has none.
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
