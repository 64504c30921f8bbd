//! Whether a pod can be on a node, asked in the order in which the scheduler's plugins ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::ledger::{Ask, is_loner};
use crate::drill::world::World;
use crate::drill::world::json::{bytes, int, list, map, text};
use crate::drill::world::label::{matches, node_fits};
use crate::drill::world::taint::{tolerates, untolerated};

/// Why a pod cannot be on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// In the scheduler's words.
    pub reasons: Vec<String>,
    /// Whether it could be if others made room.
    pub resolvable: bool,
}

impl Obstacle {
    fn lasting(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], resolvable: false }
    }

    fn passing(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], resolvable: true }
    }
}

/// What is known of a pod that looks for a place.
pub(super) struct Candidate<'a> {
    pub pod: &'a Value,
    pub ask: Ask,
    /// Pods that its wishes, or the wishes of others about it, could be about.
    neighbours: Vec<Arc<Value>>,
    nodes: &'a [Arc<Value>],
}

const AFFINITY: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const NEAR: &str = "/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const FAR: &str = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const NOT_SELECTED: &str = "node(s) didn't match Pod's node affinity/selector";

impl World {
    pub(super) fn candidate<'a>(&self, pod: &'a Value, nodes: &'a [Arc<Value>]) -> Candidate<'a> {
        let picky = is_loner(pod) || !list(pod, NEAR).is_empty() || hard_spread(pod).next().is_some();
        let neighbours =
            if picky || self.ledger.loners > 0 { self.store.list(self.res.pods, None) } else { Vec::new() };
        let placed = |p: &Arc<Value>| {
            !text(p, "/spec/nodeName").is_empty() && !matches!(text(p, "/status/phase"), "Succeeded" | "Failed")
        };
        let neighbours = neighbours.into_iter().filter(placed).collect();
        Candidate { pod, ask: Ask::of(pod), neighbours, nodes }
    }

    /// What keeps a pod from a node.
    pub(super) fn obstacle(&self, candidate: &Candidate<'_>, node: &Value) -> Option<Obstacle> {
        let pod = candidate.pod;
        let cordon = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
        if node.pointer("/spec/unschedulable") == Some(&true.into()) && !tolerates(&pod["spec"], &cordon) {
            return Some(Obstacle::lasting("node(s) were unschedulable"));
        }
        if let Some(taint) = untolerated(&pod["spec"], node, &["NoSchedule", "NoExecute"]) {
            let (key, value) = (text(taint, "/key"), text(taint, "/value"));
            return Some(Obstacle::lasting(format!("node(s) had untolerated taint {{{key}: {value}}}")));
        }
        let labels = map(node, "/metadata/labels");
        let mut selector = map(pod, "/spec/nodeSelector").into_iter().flatten();
        let selected = selector.all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v));
        if !selected || pod.pointer(AFFINITY).is_some_and(|wanted| !node_fits(wanted, node)) {
            return Some(Obstacle::lasting(NOT_SELECTED));
        }
        self.lack(&candidate.ask, node)
            .or_else(|| self.claims_allow(pod, node).err().map(Obstacle::lasting))
            .or_else(|| candidate.crowding(node))
            .or_else(|| candidate.company(node))
    }

    /// What a node has too little of.
    fn lack(&self, ask: &Ask, node: &Value) -> Option<Obstacle> {
        let taken = self.ledger.of(text(node, "/metadata/name"));
        if ask.ports.iter().any(|port| taken.is_some_and(|t| t.ports.get(port).is_some_and(|n| *n > 0))) {
            return Some(Obstacle::passing("node(s) didn't have free ports for the requested pod ports"));
        }
        let has = |what: &str| text(node, &format!("/status/allocatable/{what}"));
        let (cpu, memory, active) = taken.map_or((0, 0, 0), |t| (t.cpu, t.memory, t.active));
        let mut reasons = Vec::new();
        if has("pods").parse().is_ok_and(|most: usize| active >= most) {
            reasons.push("Too many pods".to_owned());
        }
        if ask.cpu > 0 && cpu + ask.cpu > super::ledger::millicores(has("cpu")) {
            reasons.push("Insufficient cpu".to_owned());
        }
        if ask.memory > 0 && memory + ask.memory > bytes(has("memory")) {
            reasons.push("Insufficient memory".to_owned());
        }
        (!reasons.is_empty()).then_some(Obstacle { reasons, resolvable: true })
    }
}

impl Candidate<'_> {
    /// Pods that are to be spread evenly must not crowd.
    fn crowding(&self, node: &Value) -> Option<Obstacle> {
        for spread in hard_spread(self.pod) {
            let key = text(spread, "/topologyKey");
            let Some(own) = domain(node, key) else {
                let why = "node(s) didn't match pod topology spread constraints (missing required label)";
                return Some(Obstacle::lasting(why));
            };
            let mut counts: BTreeMap<&str, i64> =
                self.nodes.iter().filter_map(|n| domain(n, key)).map(|d| (d, 0)).collect();
            for pod in self.peers(&spread["labelSelector"]) {
                if let Some(count) = self.domain_of(pod, key).and_then(|d| counts.get_mut(d)) {
                    *count += 1;
                }
            }
            let least = counts.values().min().copied().unwrap_or_default();
            let here = counts.get(own).copied().unwrap_or_default();
            if here + 1 - least > int(spread, "/maxSkew").max(1) {
                return Some(Obstacle::passing("node(s) didn't match pod topology spread constraints"));
            }
        }
        None
    }

    /// Pods that this one must be near to or far from, and those that want to be far from it.
    fn company(&self, node: &Value) -> Option<Obstacle> {
        let there = |term: &Value, selector: &Value| {
            let key = text(term, "/topologyKey");
            let own = domain(node, key);
            own.is_some() && self.peers(selector).any(|pod| self.domain_of(pod, key) == own)
        };
        for near in list(self.pod, NEAR) {
            let selector = &near["labelSelector"];
            // The first of pods that want one another's company has to begin somewhere.
            let first = self.peers(selector).next().is_none() && matches(selector, map(self.pod, "/metadata/labels"));
            if !first && !there(near, selector) {
                return Some(Obstacle::lasting("node(s) didn't match pod affinity rules"));
            }
        }
        if list(self.pod, FAR).iter().any(|far| there(far, &far["labelSelector"])) {
            return Some(Obstacle::passing("node(s) didn't match pod anti-affinity rules"));
        }
        let labels = map(self.pod, "/metadata/labels");
        let shunned = self.neighbours.iter().filter(|p| self.same_namespace(p)).any(|pod| {
            list(pod, FAR).iter().any(|far| {
                let key = text(far, "/topologyKey");
                let own = domain(node, key);
                own.is_some() && self.domain_of(pod, key) == own && matches(&far["labelSelector"], labels)
            })
        });
        shunned.then(|| Obstacle::passing("node(s) didn't satisfy existing pods anti-affinity rules"))
    }

    fn same_namespace(&self, other: &Value) -> bool {
        other["metadata"]["namespace"] == self.pod["metadata"]["namespace"]
    }

    /// The pods of its namespace that a selector means and that are to stay.
    fn peers(&self, selector: &Value) -> impl Iterator<Item = &Arc<Value>> {
        self.neighbours.iter().filter(move |pod| {
            self.same_namespace(pod)
                && pod.pointer("/metadata/deletionTimestamp").is_none()
                && matches(selector, map(pod, "/metadata/labels"))
        })
    }

    fn domain_of(&self, pod: &Value, key: &str) -> Option<&str> {
        let node = text(pod, "/spec/nodeName");
        self.nodes.iter().find(|n| text(n, "/metadata/name") == node).and_then(|n| domain(n, key))
    }
}

/// The part of the cluster that a node belongs to.
fn domain<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    map(node, "/metadata/labels")?.get(key)?.as_str()
}

fn hard_spread(pod: &Value) -> impl Iterator<Item = &Value> {
    list(pod, "/spec/topologySpreadConstraints").iter().filter(|c| c["whenUnsatisfiable"] == "DoNotSchedule")
}

/// How much a pod would like to be on a node: the weights of what it prefers, less what it had better avoid.
pub(super) fn liking(pod: &Value, node: &Value) -> i64 {
    let preferred = list(pod, "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution").iter();
    let fits = |p: &&Value| node_fits(&json!({ "nodeSelectorTerms": [p["preference"]] }), node);
    let liked: i64 = preferred.filter(fits).map(|p| int(p, "/weight")).sum();
    let avoid = untolerated(&pod["spec"], node, &["PreferNoSchedule"]).is_some();
    liked - if avoid { 1000 } else { 0 }
}
