//! What the pods of each node take, kept as they come and go.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::drill::store::{ResourceId, Store};
use crate::drill::world::json::{bytes, int, list, owner, text};

/// A port of a node itself, and its protocol.
pub type HostPort = (i64, String);

/// What a pod asks of its node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
    /// Ports of the node.
    pub ports: Vec<HostPort>,
}

/// What the pods of a node take together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Pods, finished ones among them.
    pub pods: usize,
    /// Pods that have not finished.
    pub active: usize,
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
    /// Ports of the node, and by how many pods they are taken.
    pub ports: BTreeMap<HostPort, usize>,
}

/// The sums of all nodes, and where each controller's pods are.
#[derive(Debug, Default)]
pub struct Ledger {
    seen: u64,
    nodes: BTreeMap<String, Sum>,
    /// Pods of a controller, by its UID and the node.
    families: BTreeMap<(String, String), usize>,
    /// How many pods want none of certain others near them.
    pub loners: usize,
}

/// What one pod is to the ledger.
struct Entry<'a> {
    node: &'a str,
    owner: &'a str,
    active: bool,
    loner: bool,
    ask: Ask,
}

impl Ledger {
    /// Reads what has happened since it was last asked.
    pub fn catch_up(&mut self, store: &Store, pods: ResourceId) {
        let Ok(changes) = store.changes_after(pods, self.seen) else { return self.begin_anew(store, pods) };
        for change in changes {
            let gone = change.happened == crate::drill::store::Happened::Deleted;
            let (before, after) = (change.previous.as_deref(), Some(&*change.object).filter(|_| !gone));
            if before.zip(after).is_none_or(|(before, after)| matters(before, after)) {
                self.count(before, false);
                self.count(after, true);
            }
        }
        self.seen = store.revision();
    }

    fn begin_anew(&mut self, store: &Store, pods: ResourceId) {
        *self = Self { seen: store.revision(), ..Self::default() };
        for pod in store.list(pods, None) {
            self.count(Some(&pod), true);
        }
    }

    /// What is taken of a node.
    pub fn of(&self, node: &str) -> Option<&Sum> {
        self.nodes.get(node)
    }

    /// How many pods of a controller a node has.
    pub fn siblings(&self, owner: &str, node: &str) -> usize {
        if owner.is_empty() {
            return 0;
        }
        self.families.get(&(owner.to_owned(), node.to_owned())).copied().unwrap_or_default()
    }

    fn count(&mut self, pod: Option<&Value>, comes: bool) {
        let Some(Entry { node, owner, active, loner, ask }) = pod.and_then(entry) else { return };
        let sum = self.nodes.entry(node.to_owned()).or_default();
        step(&mut sum.pods, comes);
        if !owner.is_empty() {
            step(self.families.entry((owner.to_owned(), node.to_owned())).or_default(), comes);
        }
        if !active {
            return;
        }
        step(&mut sum.active, comes);
        let add = |sum: u64, ask: u64| if comes { sum + ask } else { sum.saturating_sub(ask) };
        (sum.cpu, sum.memory) = (add(sum.cpu, ask.cpu), add(sum.memory, ask.memory));
        for port in ask.ports {
            step(sum.ports.entry(port).or_default(), comes);
        }
        if loner {
            step(&mut self.loners, comes);
        }
    }
}

const fn step(count: &mut usize, up: bool) {
    *count = if up { *count + 1 } else { count.saturating_sub(1) };
}

/// Whether a change may have changed what a pod takes.
fn matters(before: &Value, after: &Value) -> bool {
    let side = |pod| (text(pod, "/spec/nodeName").to_owned(), finished(pod), int(pod, "/metadata/generation"));
    side(before) != side(after)
}

fn finished(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn entry(pod: &Value) -> Option<Entry<'_>> {
    let node = Some(text(pod, "/spec/nodeName")).filter(|node| !node.is_empty())?;
    Some(Entry { node, owner: owner(pod), active: !finished(pod), loner: is_loner(pod), ask: Ask::of(pod) })
}

/// Whether a pod wants none of certain others near it.
pub fn is_loner(pod: &Value) -> bool {
    !list(pod, "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution").is_empty()
}

impl Ask {
    /// What a pod asks for: its containers together, or the greediest of those that run before them.
    pub fn of(pod: &Value) -> Self {
        let mut ask = Self::default();
        for container in list(pod, "/spec/containers") {
            ask.cpu += millicores(requested(container, "cpu"));
            ask.memory += bytes(requested(container, "memory"));
            let ports = list(container, "/ports").iter().filter(|p| int(p, "/hostPort") > 0);
            ask.ports.extend(ports.map(|p| (int(p, "/hostPort"), text(p, "/protocol").to_owned())));
        }
        for container in list(pod, "/spec/initContainers") {
            ask.cpu = ask.cpu.max(millicores(requested(container, "cpu")));
            ask.memory = ask.memory.max(bytes(requested(container, "memory")));
        }
        ask
    }
}

/// What a container asks for; its limit where it does not say.
fn requested<'a>(container: &'a Value, what: &str) -> &'a str {
    let of = |kind: &str| container["resources"][kind][what].as_str();
    of("requests").or_else(|| of("limits")).unwrap_or_default()
}

/// Thousandths of a core of a quantity such as `250m`, `2` or `0.5`; zero for one that is none.
pub fn millicores(quantity: &str) -> u64 {
    match quantity.strip_suffix('m') {
        Some(number) => number.parse().unwrap_or_default(),
        None => quantity.parse::<f64>().map_or(0, |cores| (cores * 1000.0) as u64),
    }
}
