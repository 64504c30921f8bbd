//! `node`: whether a node, or each of them, is fit for work.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{PODS, Reference, age, seconds, unknown};
use super::{Asked, Check, Found, Param, ParamKind, Tone, value};
use crate::action::quoted;
use crate::situation::object::{Node, Status};
use crate::situation::{Key, Kind, Ref, Situation};

pub(super) const CHECK: Check = Check {
    name: "node",
    summary: "whether a node (or the one a pod is on; without either, each node) is ready, cordoned, under pressure",
    params: &[Param { name: "node", kind: ParamKind::Reference, required: false }],
    schema: || schemars::schema_for!(Fitness),
    examples,
    run,
};

/// A Lease older than this is not renewed any more (catalogue, thresholds).
const LEASE: i64 = 50;

/// The nodes that were asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Fitness {
    /// All of them.
    nodes: Vec<NodeFact>,
    /// Those that are not ready, under pressure or silent.
    sick: Vec<NodeFact>,
    /// How many are cordoned.
    cordoned: usize,
}

/// A node, with its reference in the same object.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NodeFact {
    #[serde(flatten)]
    reference: Reference,
    /// Whether its kubelet says that it is ready, and is heard.
    ready: bool,
    /// Why it is not, in the API's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `DiskPressure`, `MemoryPressure`, `PIDPressure`, `NetworkUnavailable`, where they hold.
    pressure: Vec<String>,
    /// No new pods come onto it.
    cordoned: bool,
    /// How old its last heartbeat is, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_seconds: Option<i64>,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let blind = unknown(situation, &[Kind::Node, Kind::Lease]);
    if !situation.knows(Kind::Node) {
        return Found::cannot_tell(blind);
    }
    let mut found = Found { unknown: blind, ..Found::default() };
    let named = match asked.reference("node").map(|r| name_of(situation, r)).transpose() {
        Ok(named) => named,
        Err(why) => return Found::cannot_tell(why),
    };
    let wanted = |n: &&Node| named.as_ref().is_none_or(|name| n.meta.key.name == **name);
    let nodes: Vec<NodeFact> = situation.nodes.values().filter(wanted).take(PODS).map(|n| fact(situation, n)).collect();
    if let Some(name) = named.as_ref().filter(|_| nodes.is_empty()) {
        return Found::cannot_tell(format!("node {name} is not there (any more)"));
    }
    found.command = named
        .map_or_else(|| "kubectl get nodes -o wide".to_owned(), |n| format!("kubectl describe node {}", quoted(&n)));
    let sick = nodes.iter().filter(|n| n.sick()).cloned().collect();
    let cordoned = nodes.iter().filter(|n| n.cordoned).count();
    found.rows.extend(nodes.iter().map(NodeFact::row));
    found.give(&Fitness { nodes, sick, cordoned });
    found
}

/// The node that is meant: itself, or the one that a pod is on.
fn name_of(situation: &Situation, reference: &Ref) -> Result<String, String> {
    if reference.kind != Kind::Pod {
        return Ok(reference.key.name.to_string());
    }
    let pod = situation.pods.get(&reference.key).ok_or_else(|| format!("{reference} is not there (any more)"))?;
    if pod.node.is_empty() { Err(format!("{reference} is on no node")) } else { Ok(pod.node.to_string()) }
}

fn fact(situation: &Situation, node: &Node) -> NodeFact {
    let pressure = node
        .conditions
        .iter()
        .filter(|c| c.status == Status::True && (c.kind.ends_with("Pressure") || c.kind == "NetworkUnavailable"));
    let ready = node.condition("Ready");
    let lease = situation.leases.get(&Key::new("kube-node-lease", &*node.meta.key.name));
    NodeFact {
        reference: (&node.meta.reference(Kind::Node)).into(),
        ready: node.ready() == Status::True,
        reason: ready.filter(|c| c.status != Status::True).map(|c| c.reason.to_string()),
        pressure: pressure.map(|c| c.kind.to_string()).collect(),
        cordoned: node.unschedulable,
        lease_seconds: lease.and_then(|l| l.renewed).map(|t| seconds(situation, t)),
    }
}

impl NodeFact {
    fn sick(&self) -> bool {
        !self.ready || !self.pressure.is_empty() || self.lease_seconds.is_some_and(|s| s > LEASE)
    }

    fn row(&self) -> super::Row {
        let mut parts = vec![if self.ready { "ready" } else { "not ready" }.to_owned()];
        parts.extend(self.reason.clone());
        parts.extend(self.pressure.iter().cloned());
        if self.cordoned {
            parts.push("cordoned".to_owned());
        }
        parts.extend(self.lease_seconds.map(|s| format!("heard {} ago", age(s))));
        let tone = match (self.sick(), self.cordoned) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Warn,
            _ => Tone::Good,
        };
        super::Row { tone, what: self.reference.name.clone(), says: parts.join(", ") }
    }
}

fn examples() -> Vec<Value> {
    let full = NodeFact {
        reference: Reference::example(Kind::Node, "", "node-2"),
        ready: false,
        reason: Some("NodeStatusUnknown".to_owned()),
        pressure: vec!["DiskPressure".to_owned()],
        cordoned: true,
        lease_seconds: Some(90),
    };
    let sparse = NodeFact { ready: true, reason: None, pressure: Vec::new(), lease_seconds: None, ..full.clone() };
    vec![
        value(&Fitness { nodes: vec![full.clone()], sick: vec![full], cordoned: 1 }),
        value(&Fitness { nodes: vec![sparse], sick: Vec::new(), cordoned: 1 }),
    ]
}
