//! What a kubelet tells the API of a pod.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::spec_of;
use super::{Container, End, Part, PodRun, State, internal_address};
use crate::drill::store::stamp;
use crate::drill::world::World;
use crate::drill::world::json::{Id, list, put, set_condition, text};
use crate::drill::world::random::digest;

impl World {
    /// Writes the status of a pod.
    pub(in crate::drill::world) fn write_pod_status(&mut self, id: &Id) {
        let Some(run) = self.runs.get(id) else { return };
        if !self.posts(&run.node) {
            return;
        }
        let host = self.store.get(self.res.nodes, "", &run.node).map(|n| internal_address(&n).to_owned());
        let now = self.now;
        let write = |pod: &mut Value| write(pod, run, &host.unwrap_or_default(), now);
        self.store.modify(self.res.pods, &id.namespace, &id.name, write);
    }
}

fn write(pod: &mut Value, run: &PodRun, host: &str, now: Timestamp) {
    let mut conditions = list(pod, "/status/conditions").to_vec();
    let generation = pod["metadata"]["generation"].clone();
    for mut new in pod_conditions(run) {
        new["observedGeneration"] = generation.clone();
        set_condition(&mut conditions, new, now);
    }
    // The kubelet's order; what it does not know comes last.
    conditions.sort_by_key(|c| ORDER.iter().position(|kind| c["type"] == *kind).unwrap_or(ORDER.len()));
    let told = |part: bool| -> Vec<Value> {
        let which = run.all().filter(|c| (c.part == Part::Main) == part);
        which.map(|c| with_spec(container_status(c), spec_of(pod, &c.name))).collect()
    };
    let (mut own, before) = (told(true), told(false));
    own.sort_by(|a, b| text(a, "/name").cmp(text(b, "/name")));
    let status = &mut pod["status"];
    status["phase"] = phase(run).into();
    status["conditions"] = conditions.into();
    status["observedGeneration"] = generation;
    status["startTime"] = stamp(run.accepted).into();
    status["containerStatuses"] = own.into();
    if !before.is_empty() {
        status["initContainerStatuses"] = before.into();
    }
    status["hostIP"] = host.into();
    status["hostIPs"] = json!([{ "ip": host }]);
    if !run.ip.is_empty() {
        status["podIP"] = run.ip.as_str().into();
        status["podIPs"] = json!([{ "ip": run.ip }]);
    }
}

const ORDER: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// As the kubelet sums it up.
fn phase(run: &PodRun) -> &'static str {
    if run.over() {
        return if run.all().any(Container::failed) { "Failed" } else { "Succeeded" };
    }
    let waits = |c: &Container| matches!(c.state, State::Waiting(..)) && c.last.is_none();
    if run.all().any(|c| !c.initialized()) || run.own().any(waits) { "Pending" } else { "Running" }
}

fn pod_conditions(run: &PodRun) -> Vec<Value> {
    let flag = |holds: bool| if holds { "True" } else { "False" };
    let finished = run.over();
    let sandbox = !run.ip.is_empty() && !finished;
    let names = |found: &dyn Fn(&Container) -> bool| {
        run.all().filter(|c| found(c)).map(|c| c.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    let incomplete = names(&|c| !c.initialized());
    let mut initialized = json!({ "type": "Initialized", "status": flag(incomplete.is_empty() || finished) });
    if finished {
        initialized["reason"] = "PodCompleted".into();
    } else if !incomplete.is_empty() {
        initialized["reason"] = "ContainersNotInitialized".into();
        initialized["message"] = format!("containers with incomplete status: [{incomplete}]").into();
    }
    let mut conditions = vec![json!({ "type": "PodReadyToStartContainers", "status": flag(sandbox) }), initialized];
    let unready = names(&|c| c.part != Part::Init && !c.ready);
    for kind in ["Ready", "ContainersReady"] {
        let mut condition = json!({ "type": kind, "status": flag(unready.is_empty()) });
        if finished {
            condition["status"] = "False".into();
            condition["reason"] = if phase(run) == "Failed" { "PodFailed" } else { "PodCompleted" }.into();
        } else if !unready.is_empty() {
            condition["reason"] = "ContainersNotReady".into();
            condition["message"] = format!("containers with unready status: [{unready}]").into();
        }
        conditions.push(condition);
    }
    for condition in &mut conditions {
        condition["lastProbeTime"] = Value::Null;
    }
    conditions
}

/// What the kubelet grants a container of what its spec asks for.
fn with_spec(mut status: Value, spec: Option<&Value>) -> Value {
    let Some(spec) = spec else { return status };
    let resources = spec["resources"].clone();
    if let Some(requests) = resources.get("requests") {
        status["allocatedResources"] = requests.clone();
    }
    put(&mut status, &["resources"], if resources == json!({}) { Value::Null } else { resources });
    if let Some(mounts) = spec["volumeMounts"].as_array() {
        status["volumeMounts"] = mounts.iter().map(mount_status).collect();
    }
    status
}

fn container_status(container: &Container) -> Value {
    let running = matches!(container.state, State::Running(_));
    let state = match &container.state {
        State::Waiting(reason, message) if message.is_empty() => json!({ "waiting": { "reason": reason } }),
        State::Waiting(reason, message) => json!({ "waiting": { "reason": reason, "message": message } }),
        State::Running(since) => json!({ "running": { "startedAt": stamp(*since) } }),
        State::Ended(end) => json!({ "terminated": terminated(end) }),
    };
    let last = match (&container.last, &container.state) {
        (Some(end), State::Waiting(..) | State::Running(_)) => json!({ "terminated": terminated(end) }),
        (Some(end), State::Ended(now)) if now.id != end.id => json!({ "terminated": terminated(end) }),
        _ => json!({}),
    };
    let mut status = json!({
        "name": container.name, "state": state, "lastState": last, "ready": is_ready(container),
        "started": running, "restartCount": container.restarts, "image": container.image, "imageID": "",
    });
    if !container.id.is_empty() {
        status["containerID"] = container.id.as_str().into();
        let repository = container.image.rsplit_once(':').map_or(container.image.as_str(), |(name, _)| name);
        status["imageID"] = format!("{repository}@sha256:{}", digest(&container.image)).into();
    }
    status
}

/// What comes before the others is ready once it has ended well.
fn is_ready(container: &Container) -> bool {
    if container.part == Part::Init { container.initialized() } else { container.ready && container.running() }
}

fn terminated(end: &End) -> Value {
    json!({
        "containerID": end.id, "exitCode": end.code, "reason": end.reason,
        "startedAt": stamp(end.started), "finishedAt": stamp(end.finished),
    })
}

fn mount_status(mount: &Value) -> Value {
    let mut status = json!({ "name": text(mount, "/name"), "mountPath": text(mount, "/mountPath") });
    if mount["readOnly"] == true {
        status["readOnly"] = true.into();
        status["recursiveReadOnly"] = "Disabled".into();
    }
    status
}
