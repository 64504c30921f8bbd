//! The steps of a pod's life, one after the other.

use jiff::SignedDuration;
use serde_json::Value;

use super::{End, State, Step, probe};
use crate::drill::world::json::{Id, text};
use crate::drill::world::machine::Machine;
use crate::drill::world::program::Course;
use crate::drill::world::random::{digest, mix};
use crate::drill::world::recorder::{Note, Reporter};
use crate::drill::world::{Due, World};

/// The first wait before a container that keeps ending is started again; it doubles up to [`LONGEST_BACK_OFF`].
const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_secs(300);
/// A container that ran so long begins with a clean slate.
const FORGIVEN: SignedDuration = SignedDuration::from_secs(600);
/// How long an ended container shows as ended before it waits or starts again.
const MOMENT: SignedDuration = SignedDuration::from_millis(1100);

impl World {
    pub(in crate::drill::world) fn kubelet_step(&mut self, id: &Id, turn: u64, step: Step) {
        if self.runs.get(id).is_none_or(|run| run.turn != turn) {
            return;
        }
        let Some(pod) = self.store.get(self.res.pods, &id.namespace, &id.name) else { return };
        let node = text(&pod, "/spec/nodeName");
        // A container ends without its kubelet.
        let alone = step == Step::End && self.machine(node).is_some_and(Machine::running);
        if !self.posts(node) && !alone {
            self.held.entry(node.to_owned()).or_default().push((id.clone(), turn, step));
            return;
        }
        match step {
            Step::Prepare => self.prepare(id, &pod),
            Step::Start(pulled) => self.start(id, &pod, pulled),
            Step::Ready => self.become_ready(id),
            Step::End => self.end(id, &pod),
            Step::BackOff => self.back_off(id, &pod),
            Step::StillBackingOff => self.still_backing_off(id, &pod),
            Step::Again => self.start(id, &pod, None),
            Step::Probe => self.probe(id, &pod),
            Step::Gone => {
                self.runs.remove(id);
                self.store.remove(self.res.pods, &id.namespace, &id.name);
            }
        }
    }

    fn say(&mut self, id: &Id, pod: &Value, note: Note<'_>) {
        let Some(run) = self.runs.get(id) else { return };
        let (host, container) = (run.node.clone(), run.container.name.clone());
        if !self.posts(&host) {
            return;
        }
        self.record(pod, Reporter::Kubelet(&host), note.of(&container));
    }

    pub(super) fn then(&mut self, id: &Id, after: SignedDuration, step: Step) {
        if let Some(run) = self.runs.get(id) {
            let turn = run.turn;
            self.plan(after, Due::Kubelet(id.clone(), turn, step));
        }
    }

    fn prepare(&mut self, id: &Id, pod: &Value) {
        let Some(node) = self.store.get(self.res.nodes, "", text(pod, "/spec/nodeName")) else { return };
        let address = self.give_address(pod, &node);
        let Some(run) = self.runs.get_mut(id) else { return };
        run.ip = address;
        let image = run.container.image.clone();
        self.write_pod_status(id);
        if self.pulled.contains(&(text(&node, "/metadata/name").to_owned(), image.clone())) {
            self.start(id, pod, None);
            return;
        }
        self.say(id, pod, Note::normal("Pulling", &format!("Pulling image \"{image}\"")));
        let pull = self.random.millis((700, 1900));
        self.then(id, pull, Step::Start(Some(pull)));
    }

    fn start(&mut self, id: &Id, pod: &Value, pulled: Option<SignedDuration>) {
        self.tell_of_start(id, pod, pulled);
        let chance = self.random.below(1000) as f64 / 1000.0;
        let now = self.now;
        let Some(run) = self.runs.get_mut(id) else { return };
        run.turn += 1;
        run.failures = 0;
        let container = &mut run.container;
        if let State::Waiting("CrashLoopBackOff", _) | State::Ended(_) = container.state {
            container.restarts += 1;
        }
        container.id = format!("containerd://{}", digest(&format!("{}/{}", run.uid, container.restarts)));
        container.state = State::Running(now);
        let end = container.course.end(chance);
        container.ends = end.and_then(|end| now.checked_add(end).ok());
        // A task has no probe: it is ready while it runs.
        container.ready = matches!(container.course, Course::Completes(_));
        let (ready, awaited) = (container.ready, container.trade.readiness());
        self.write_pod_status(id);
        if let Some(end) = end {
            self.then(id, end, Step::End);
        }
        if !ready {
            let ready = self.random.millis(awaited);
            self.then(id, ready, Step::Ready);
        }
    }

    fn tell_of_start(&mut self, id: &Id, pod: &Value, pulled: Option<SignedDuration>) {
        let Some(run) = self.runs.get(id) else { return };
        let (image, name, node) = (run.container.image.clone(), run.container.name.clone(), run.node.clone());
        self.pulled.insert((node, image.clone()));
        self.outside.images.insert(image.clone());
        let message = match pulled {
            Some(time) => {
                let (time, size) = (time.as_millis() as f64 / 1000.0, 14_000_000 + mix(&image, 7) % 60_000_000);
                format!(
                    "Successfully pulled image \"{image}\" in {time}s ({time}s including waiting). Image size: {size} bytes."
                )
            }
            None => format!("Container image \"{image}\" already present on machine"),
        };
        self.say(id, pod, Note::normal("Pulled", &message));
        self.say(id, pod, Note::normal("Created", &format!("Created container: {name}")));
        self.say(id, pod, Note::normal("Started", &format!("Started container {name}")));
    }

    fn become_ready(&mut self, id: &Id) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if run.ailment.is_some() {
            self.then(id, SignedDuration::ZERO, Step::Probe);
            return;
        }
        run.container.ready = true;
        self.write_pod_status(id);
    }

    fn end(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get(id) else { return };
        let (code, reason) = run.container.course.verdict();
        self.finish(id, pod, code, reason);
    }

    fn finish(&mut self, id: &Id, pod: &Value, code: i64, reason: &'static str) {
        let now = self.now;
        let Some(run) = self.runs.get_mut(id) else { return };
        let container = &mut run.container;
        let State::Running(started) = container.state else { return };
        let end = End { started, finished: now, code, reason, course: container.course, id: container.id.clone() };
        container.state = State::Ended(end.clone());
        container.ready = false;
        container.ends = None;
        run.turn += 1;
        let again = super::starts_again(pod, code);
        run.over = !again;
        let container = &mut run.container;
        if !again {
            self.write_pod_status(id);
            return;
        }
        let ran = now.duration_since(started);
        if ran >= FORGIVEN {
            container.back_off = SignedDuration::ZERO;
        }
        let waits = container.back_off > SignedDuration::ZERO;
        self.write_pod_status(id);
        if let Some(run) = self.runs.get_mut(id) {
            run.container.last = Some(end);
            if !waits {
                run.container.back_off = FIRST_BACK_OFF;
            }
        }
        self.then(id, MOMENT, if waits { Step::BackOff } else { Step::Again });
    }

    /// A pod is ended and not started again, whatever its policy.
    pub(super) fn end_for_good(&mut self, id: &Id) {
        let now = self.now;
        let Some(run) = self.runs.get_mut(id) else { return };
        run.turn += 1;
        run.over = true;
        let container = &mut run.container;
        container.ready = false;
        container.ends = None;
        if let State::Running(started) = container.state {
            let (course, id) = (container.course, container.id.clone());
            container.state = State::Ended(End { started, finished: now, code: 137, reason: "Error", course, id });
        }
        self.write_pod_status(id);
    }

    fn back_off(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get_mut(id) else { return };
        let container = &mut run.container;
        let wait = container.back_off;
        container.back_off = (wait * 2).min(LONGEST_BACK_OFF);
        let message = format!(
            "back-off {} restarting failed container={} pod={}_{}({})",
            go_duration(wait),
            container.name,
            id.name,
            id.namespace,
            run.uid
        );
        container.state = State::Waiting("CrashLoopBackOff", message);
        self.write_pod_status(id);
        self.then(id, wait, Step::Again);
        self.still_backing_off(id, pod);
    }

    fn still_backing_off(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get(id) else { return };
        let State::Waiting(..) = run.container.state else { return };
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            run.container.name, id.name, id.namespace, run.uid
        );
        self.say(id, pod, Note::warning("BackOff", &message));
        let next = self.random.millis((11_000, 15_000));
        self.then(id, next, Step::StillBackingOff);
    }

    fn probe(&mut self, id: &Id, pod: &Value) {
        let (period, threshold) = probe(pod, "readinessProbe");
        let (_, deadly_threshold) = probe(pod, "livenessProbe");
        let Some(run) = self.runs.get_mut(id) else { return };
        let Some(ailment) = run.ailment.clone() else {
            run.container.ready = true;
            self.write_pod_status(id);
            return;
        };
        run.failures += 1;
        let failures = run.failures;
        let says = ailment.says.replace("{ip}", &run.ip);
        if failures >= threshold {
            run.container.ready = false;
        }
        self.say(id, pod, Note::warning("Unhealthy", &format!("Readiness probe failed: {says}")));
        self.write_pod_status(id);
        if !ailment.deadly || failures < deadly_threshold {
            self.then(id, period, Step::Probe);
            return;
        }
        let name = text(pod, "/spec/containers/0/name").to_owned();
        self.say(id, pod, Note::warning("Unhealthy", &format!("Liveness probe failed: {says}")));
        let message = format!("Container {name} failed liveness probe, will be restarted");
        self.say(id, pod, Note::normal("Killing", &message));
        self.finish(id, pod, 137, "Error");
    }
}

/// A span as Go writes it: `10s`, `2m40s`, `5m0s`.
fn go_duration(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}
