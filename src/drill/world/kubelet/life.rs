//! The steps of a pod's life, one after the other.

use jiff::SignedDuration;
use serde_json::Value;

use super::{Container, Move, Part, State, Step, probe};
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
        let Some(run) = self.runs.get(id) else { return };
        let present = match step {
            Step::Of(n, _) => run.at(n).map(|c| c.turn),
            Step::Prepare | Step::Gone => Some(run.turn),
        };
        if present != Some(turn) {
            return;
        }
        let Some(pod) = self.store.get(self.res.pods, &id.namespace, &id.name) else { return };
        let node = text(&pod, "/spec/nodeName");
        // A container ends without its kubelet.
        let alone = matches!(step, Step::Of(_, Move::End)) && self.machine(node).is_some_and(Machine::running);
        if !self.posts(node) && !alone {
            self.held.entry(node.to_owned()).or_default().push((id.clone(), turn, step));
            return;
        }
        match step {
            Step::Prepare => self.prepare(id, &pod),
            Step::Gone => {
                self.runs.remove(id);
                self.store.remove(self.res.pods, &id.namespace, &id.name);
            }
            Step::Of(n, step) => self.container_step(id, &pod, n, step),
        }
    }

    fn container_step(&mut self, id: &Id, pod: &Value, n: usize, step: Move) {
        match step {
            Move::Begin => self.begin(id, pod, n),
            Move::Pulled(took) => self.pulled(id, pod, n, took),
            Move::PullBackOff => self.pull_back_off(id, pod, n),
            Move::Ready => self.become_ready(id, n),
            Move::End => {
                let verdict = self.container(id, n).map(|c| c.course.verdict());
                if let Some((code, reason)) = verdict {
                    self.finish(id, pod, n, code, reason);
                }
            }
            Move::BackOff => self.back_off(id, pod, n),
            Move::StillBackingOff => self.still_backing_off(id, pod, n),
            Move::Probe => self.probe(id, pod, n),
        }
    }

    fn container(&mut self, id: &Id, n: usize) -> Option<&mut Container> {
        self.runs.get_mut(id)?.at_mut(n)
    }

    pub(super) fn say(&mut self, id: &Id, pod: &Value, n: usize, note: Note<'_>) {
        let Some(run) = self.runs.get(id) else { return };
        let (host, container) = (run.node.clone(), run.at(n).map_or(String::new(), |c| c.name.clone()));
        if !self.posts(&host) {
            return;
        }
        self.record(pod, Reporter::Kubelet(&host), note.of(&container));
    }

    pub(super) fn then(&mut self, id: &Id, n: usize, after: SignedDuration, step: Move) {
        if let Some(turn) = self.container(id, n).map(|c| c.turn) {
            self.plan(after, Due::Kubelet(id.clone(), turn, Step::Of(n, step)));
        }
    }

    fn prepare(&mut self, id: &Id, pod: &Value) {
        let Some(node) = self.store.get(self.res.nodes, "", text(pod, "/spec/nodeName")) else { return };
        if let Some(why) = self.missing_volume(pod) {
            self.record(pod, Reporter::Kubelet(text(&node, "/metadata/name")), Note::warning("FailedMount", &why));
            let (turn, again) = (self.runs.get(id).map_or(0, |run| run.turn), self.random.millis((12_000, 20_000)));
            self.plan(again, Due::Kubelet(id.clone(), turn, Step::Prepare));
            return;
        }
        let address = self.give_address(pod, &node);
        let Some(run) = self.runs.get_mut(id) else { return };
        run.ip = address;
        run.setting_up = true;
        self.write_pod_status(id);
        self.begin_next(id, pod);
    }

    /// Begins what comes next in a new sandbox: one container after the other, then the pod's own together.
    fn begin_next(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get_mut(id).filter(|run| run.setting_up) else { return };
        let next = run.all().position(|c| !c.initialized());
        if let Some(next) = next {
            self.begin(id, pod, next);
            return;
        }
        run.setting_up = false;
        let own = |c: &Container| !c.running() && !c.over && c.part == Part::Main;
        let own: Vec<usize> = run.all().enumerate().filter(|(_, c)| own(c)).map(|(n, _)| n).collect();
        for n in own {
            self.begin(id, pod, n);
        }
    }

    pub(super) fn start(&mut self, id: &Id, pod: &Value, n: usize, pulled: Option<SignedDuration>) {
        self.tell_of_image(id, pod, n, pulled);
        let name = self.container(id, n).map(|c| c.name.clone()).unwrap_or_default();
        if let Some(why) = self.missing_config(pod, &name) {
            self.say(id, pod, n, Note::warning("Failed", &format!("Error: {why}")));
            self.cannot_begin(id, n, "CreateContainerConfigError", why);
            return;
        }
        self.say(id, pod, n, Note::normal("Created", &format!("Created container: {name}")));
        self.say(id, pod, n, Note::normal("Started", &format!("Started container {name}")));
        let chance = self.random.below(1000) as f64 / 1000.0;
        let Some((end, ready, part)) = self.run_container(id, n, chance) else { return };
        self.write_pod_status(id);
        if let Some(end) = end {
            self.then(id, n, end, Move::End);
        }
        if !ready && let Some(awaited) = self.container(id, n).map(|c| c.trade.readiness()) {
            let ready = self.random.millis(awaited);
            self.then(id, n, ready, Move::Ready);
        }
        if part == Part::Sidecar {
            self.begin_next(id, pod);
        }
    }

    /// A container runs from now on; when it will end, and whether it is ready at once.
    fn run_container(&mut self, id: &Id, n: usize, chance: f64) -> Option<(Option<SignedDuration>, bool, Part)> {
        let now = self.now;
        let run = self.runs.get_mut(id)?;
        run.failures = 0;
        let alone = run.others.is_empty();
        let uid = run.uid.clone();
        let container = run.at_mut(n)?;
        container.turn += 1;
        container.pull_back_off = SignedDuration::ZERO;
        if !container.id.is_empty() {
            container.restarts += 1;
        }
        let name = if alone { String::new() } else { format!("/{}", container.name) };
        container.id = format!("containerd://{}", digest(&format!("{uid}{name}/{}", container.restarts)));
        container.state = State::Running(now);
        let end = container.course.end(chance);
        container.ends = end.and_then(|end| now.checked_add(end).ok());
        // A task has no probe: it is ready while it runs.
        container.ready = matches!(container.course, Course::Completes(_)) && container.part == Part::Main;
        Some((end, container.ready || container.part == Part::Init, container.part))
    }

    fn tell_of_image(&mut self, id: &Id, pod: &Value, n: usize, pulled: Option<SignedDuration>) {
        let Some(run) = self.runs.get(id) else { return };
        let Some(image) = run.at(n).map(|c| c.image.clone()) else { return };
        self.pulled.insert((run.node.clone(), image.clone()));
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
        self.say(id, pod, n, Note::normal("Pulled", &message));
    }

    fn become_ready(&mut self, id: &Id, n: usize) {
        let Some(run) = self.runs.get_mut(id) else { return };
        if run.ailment.is_some() && n == super::FIRST {
            self.then(id, n, SignedDuration::ZERO, Move::Probe);
            return;
        }
        if let Some(container) = run.at_mut(n) {
            container.ready = true;
        }
        self.write_pod_status(id);
    }

    fn finish(&mut self, id: &Id, pod: &Value, n: usize, code: i64, reason: &'static str) {
        let now = self.now;
        let Some(container) = self.container(id, n) else { return };
        let Some(end) = container.stop(now, code, reason) else { return };
        let again = match container.part {
            Part::Main => super::starts_again(pod, code),
            Part::Init => code != 0 && text(pod, "/spec/restartPolicy") != "Never",
            Part::Sidecar => true,
        };
        container.over = !again;
        if !again {
            let part = container.part;
            self.write_pod_status(id);
            if part == Part::Init && code == 0 {
                self.begin_next(id, pod);
            }
            return;
        }
        if now.duration_since(end.started) >= FORGIVEN {
            container.back_off = SignedDuration::ZERO;
        }
        let waits = container.back_off > SignedDuration::ZERO;
        self.write_pod_status(id);
        if let Some(container) = self.container(id, n) {
            container.last = Some(end);
            if !waits {
                container.back_off = FIRST_BACK_OFF;
            }
        }
        self.then(id, n, MOMENT, if waits { Move::BackOff } else { Move::Begin });
    }

    fn back_off(&mut self, id: &Id, pod: &Value, n: usize) {
        let uid = self.runs.get(id).map(|run| run.uid.clone()).unwrap_or_default();
        let Some(container) = self.container(id, n) else { return };
        let wait = container.back_off;
        container.back_off = (wait * 2).min(LONGEST_BACK_OFF);
        let message = format!(
            "back-off {} restarting failed container={} pod={}_{}({uid})",
            go_duration(wait),
            container.name,
            id.name,
            id.namespace,
        );
        container.state = State::Waiting("CrashLoopBackOff", message);
        self.write_pod_status(id);
        self.then(id, n, wait, Move::Begin);
        self.still_backing_off(id, pod, n);
    }

    fn still_backing_off(&mut self, id: &Id, pod: &Value, n: usize) {
        let uid = self.runs.get(id).map(|run| run.uid.clone()).unwrap_or_default();
        let Some(container) = self.container(id, n) else { return };
        let State::Waiting(..) = container.state else { return };
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({uid})",
            container.name, id.name, id.namespace
        );
        self.say(id, pod, n, Note::warning("BackOff", &message));
        let next = self.random.millis((11_000, 15_000));
        self.then(id, n, next, Move::StillBackingOff);
    }

    /// A pod is ended and nothing of it started again, whatever its policy.
    pub(super) fn end_for_good(&mut self, id: &Id) {
        let now = self.now;
        let Some(run) = self.runs.get_mut(id) else { return };
        run.turn += 1;
        for container in run.all_mut() {
            let _ = container.stop(now, 137, "Error");
            container.over = true;
        }
        self.write_pod_status(id);
    }

    fn probe(&mut self, id: &Id, pod: &Value, n: usize) {
        let (period, threshold) = probe(pod, "readinessProbe");
        let (_, deadly_threshold) = probe(pod, "livenessProbe");
        let Some(run) = self.runs.get_mut(id) else { return };
        run.failures += 1;
        let (failures, ailment, address) = (run.failures, run.ailment.clone(), run.ip.clone());
        let Some(container) = run.at_mut(n) else { return };
        let Some(ailment) = ailment else {
            container.ready = true;
            self.write_pod_status(id);
            return;
        };
        if failures >= threshold {
            container.ready = false;
        }
        let name = container.name.clone();
        let says = ailment.says.replace("{ip}", &address);
        self.say(id, pod, n, Note::warning("Unhealthy", &format!("Readiness probe failed: {says}")));
        self.write_pod_status(id);
        if !ailment.deadly || failures < deadly_threshold {
            self.then(id, n, period, Move::Probe);
            return;
        }
        self.say(id, pod, n, Note::warning("Unhealthy", &format!("Liveness probe failed: {says}")));
        let message = format!("Container {name} failed liveness probe, will be restarted");
        self.say(id, pod, n, Note::normal("Killing", &message));
        self.finish(id, pod, n, 137, "Error");
    }
}

/// A span as Go writes it: `10s`, `2m40s`, `5m0s`.
fn go_duration(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}
