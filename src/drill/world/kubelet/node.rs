//! A kubelet and its node: whether it is heard, what it tells of the node when it comes back, and what became of its
//! containers meanwhile.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Part, State, Step};
use crate::drill::world::informer::Work;
use crate::drill::world::json::{Id, condition, list, put, text};
use crate::drill::world::machine::Power;
use crate::drill::world::pulse::Pulse;
use crate::drill::world::recorder::{Note, Reporter};
use crate::drill::world::{Due, World, genesis};

/// What a healthy kubelet says of its node: type, status, reason, message, and the event that goes with it.
const HEALTHY: [(&str, &str, &str, &str, &str); 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
        "NodeHasSufficientMemory",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", "NodeHasSufficientPID"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status", "NodeReady"),
];

impl World {
    /// Whether a node's kubelet works and reaches an API server that works. Nodes of the load have no machine that could
    /// fail.
    pub(in crate::drill::world) fn posts(&self, node: &str) -> bool {
        if self.machines.contains_key(node) { self.in_quorum(node) } else { self.has_quorum() }
    }

    /// Whether the API server and metrics-server reach a node's kubelet.
    pub(in crate::drill::world) fn kubelet_answers(&self, node: &str) -> bool {
        self.machine(node).is_none_or(|m| m.k3s_runs() && m.private_link)
    }

    /// What the API server hears when it asks the kubelet of a pod's node and gets no answer.
    pub(in crate::drill::world) fn kubelet_refusal(&self, pod: &Id) -> Option<String> {
        let pod = self.store.get(self.res.pods, &pod.namespace, &pod.name)?;
        let machine = self.machine(text(&pod, "/spec/nodeName"))?;
        let why = match machine.power {
            _ if machine.k3s_runs() && machine.private_link => return None,
            Power::On if !machine.booting && machine.private_link => "connect: connection refused",
            Power::Hung => "i/o timeout",
            _ => "connect: no route to host",
        };
        Some(format!("dial tcp {}:10250: {why}", machine.private))
    }

    /// The id that the kernel made up when the machine was started last.
    pub fn boot_id(&self, node: &str) -> String {
        genesis::boot_id(node, self.machine(node).map_or(0, |m| m.boots))
    }

    /// A kubelet is heard again, or for the first time.
    pub(in crate::drill::world) fn kubelet_returns(&mut self, node: &str) {
        let fresh = self.machines.get_mut(node).is_some_and(|m| std::mem::take(&mut m.fresh));
        self.register(node);
        if !self.renew("kube-node-lease", node) {
            self.create_lease("kube-node-lease", node, node, 40);
        }
        if fresh {
            self.tell_of_node(node, Note::normal("Starting", "Starting kubelet."));
        }
        self.tell_of_boot(node);
        self.post_node_status(node, fresh);
        if self.machine(node).is_some_and(|m| !m.containers) {
            if let Some(machine) = self.machines.get_mut(node) {
                machine.containers = true;
            }
            self.revive(node);
        }
        for (id, turn, step) in self.held.remove(node).unwrap_or_default() {
            self.plan(SignedDuration::ZERO, Due::Kubelet(id, turn, step));
        }
        let here: Vec<Id> = self.runs.iter().filter(|(_, run)| run.node == node).map(|(id, _)| id.clone()).collect();
        for id in here {
            self.write_pod_status(&id);
        }
        for pod in self.pods_on(node) {
            self.work.insert(Work::Pod(Id::of(&pod)));
        }
    }

    fn tell_of_node(&mut self, about: &str, note: Note<'_>) {
        if let Some(object) = self.store.get(self.res.nodes, "", about) {
            self.record(&object, Reporter::Kubelet(about), note);
        }
    }

    /// A node that nobody knows makes itself known.
    fn register(&mut self, node: &str) {
        if self.store.get(self.res.nodes, "", node).is_some() {
            return;
        }
        let Some(number) = node.rsplit('-').next().and_then(|n| n.parse().ok()) else { return };
        let object = genesis::server(number, self.now);
        let Ok(object) = self.store.create(self.res.nodes, object, self.now) else { return };
        let message = format!("Node {node} event: Registered Node {node} in Controller");
        self.record(&object, Reporter::Controller("node-controller"), Note::normal("RegisteredNode", &message));
        self.plan(SignedDuration::from_secs(10), Due::Pulse(Pulse::NodeStatus(node.to_owned())));
    }

    fn tell_of_boot(&mut self, node: &str) {
        let id = self.boot_id(node);
        let Some(object) = self.store.get(self.res.nodes, "", node) else { return };
        if text(&object, "/status/nodeInfo/bootID") == id {
            return;
        }
        self.tell_of_node(node, Note::warning("Rebooted", &format!("Node {node} has been rebooted, boot id: {id}")));
        self.store.modify(self.res.nodes, "", node, |node| put(node, &["status", "nodeInfo", "bootID"], id.into()));
    }

    /// Posts the node's conditions; `all` tells each of them by an event, whether or not it has changed.
    pub(in crate::drill::world) fn post_node_status(&mut self, node: &str, all: bool) {
        let Some(object) = self.store.get(self.res.nodes, "", node) else { return };
        let mut posted = Vec::new();
        let mut told = Vec::new();
        for (kind, status, reason, message, event) in HEALTHY {
            let pressed = kind == "DiskPressure" && self.pressed.contains_key(node);
            let (status, reason, message, event) = if pressed {
                ("True", "KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure")
            } else {
                (status, reason, message, event)
            };
            let changed = condition(&object, kind).is_none_or(|c| c["status"] != status);
            if changed || (all && kind != "Ready") {
                told.push(event);
            }
            posted.push(genesis::condition(kind, status, reason, message, self.now));
        }
        self.set_node_conditions(node, posted);
        for event in told {
            self.tell_of_node(node, Note::normal(event, &format!("Node {node} status is now: {event}")));
        }
        self.work.insert(Work::Node(Id::new("", node)));
    }

    /// Everything that ran on a machine has ended with it.
    pub(in crate::drill::world) fn lose_containers(&mut self, node: &str) {
        if let Some(machine) = self.machines.get_mut(node) {
            machine.containers = false;
        }
        self.held.remove(node);
        let now = self.now;
        for run in self.runs.values_mut().filter(|run| run.node == node && !run.over()) {
            run.turn += 1;
            run.stopping = false;
            run.ip.clear();
            for container in run.all_mut().filter(|c| !c.over) {
                if let Some(end) = container.stop(now, 255, "Unknown") {
                    container.last = Some(end);
                }
            }
        }
    }

    /// Starts again what ran on a machine when it went down, each pod in a new sandbox.
    fn revive(&mut self, node: &str) {
        let lost: Vec<Id> =
            self.runs.iter().filter(|(_, run)| run.node == node && !run.over()).map(|(id, _)| id.clone()).collect();
        for id in lost {
            let Some(pod) = self.store.get(self.res.pods, &id.namespace, &id.name) else { continue };
            if pod.pointer("/metadata/deletionTimestamp").is_none() {
                self.revive_pod(&id, &pod);
            }
        }
    }

    fn revive_pod(&mut self, id: &Id, pod: &Value) {
        let Some(run) = self.runs.get_mut(id) else { return };
        for container in run.all_mut().filter(|c| c.part == Part::Main) {
            if matches!(&container.state, State::Ended(end) if !super::starts_again(pod, end.code)) {
                container.over = true;
            }
        }
        if run.over() {
            self.write_pod_status(id);
            return;
        }
        let (node, turn) = (run.node.clone(), run.turn);
        let message = "Pod sandbox changed, it will be killed and re-created.";
        self.record(pod, Reporter::Kubelet(&node), Note::normal("SandboxChanged", message));
        let wait = self.random.millis((600, 3200));
        self.plan(wait, Due::Kubelet(id.clone(), turn, Step::Prepare));
    }

    /// A kubelet says that nothing has changed; whether the node is there.
    pub(in crate::drill::world) fn heartbeat(&mut self, node: &str) -> bool {
        let now = crate::drill::store::stamp(self.now);
        let posted = self.store.modify(self.res.nodes, "", node, |node| {
            let mut conditions = list(node, "/status/conditions").to_vec();
            for condition in &mut conditions {
                condition["lastHeartbeatTime"] = now.as_str().into();
            }
            put(node, &["status", "conditions"], json!(conditions));
        });
        posted.is_some()
    }
}
