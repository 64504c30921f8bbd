//! `workload-pods`: the pods of one workload, on which nodes they are, and how they ended last.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{NAMED, PODS, PodFact, Reference, age, count, unknown};
use super::subject::{Work, work};
use super::{Asked, Check, Found, ROLE, Tone, WORKLOAD, value};
use crate::situation::{Kind, Situation};

pub(super) const CHECK: Check = Check {
    name: "workload-pods",
    summary: "how many pods of a workload are ready, where the others are, and how they ended",
    params: &[ROLE, WORKLOAD],
    schema: || schemars::schema_for!(WorkloadPods),
    examples,
    run,
};

/// The pods of one workload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WorkloadPods {
    /// The workload.
    workload: Reference,
    /// What people call it: its role, else its name.
    name: String,
    /// How many pods it should have.
    desired: i64,
    /// How many are ready.
    ready: i64,
    /// Its pods, those that are not ready first; absent when pods cannot be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pods: Option<Vec<PodFact>>,
    /// Those that are not ready and are not on their way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    unready: Option<Vec<PodFact>>,
    /// Those of which a container ended badly within the last hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    crashed: Option<Vec<PodFact>>,
    /// Nodes with a pod of it that is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes_unready: Option<Vec<String>>,
    /// Nodes on which all its pods are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes_ready: Option<Vec<String>>,
    /// Whether it is ready on some nodes and not on others.
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<bool>,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let work = match work(asked) {
        Ok(work) => work,
        Err(why) => return Found::cannot_tell(why),
    };
    let mut found = Found { unknown: unknown(situation, &[work.reference.kind, Kind::Pod]), ..Found::default() };
    found.command = format!("kubectl{} get pods{} -o wide", work.namespace_flag(), work.selector_flag());
    let result = look(situation, &work);
    rows(&result, &mut found);
    found.give(&result);
    found
}

fn look(situation: &Situation, work: &Work<'_>) -> WorkloadPods {
    let mut result = WorkloadPods {
        workload: (&work.reference).into(),
        name: work.name.clone(),
        desired: work.desired,
        ready: work.ready,
        pods: None,
        unready: None,
        crashed: None,
        nodes_unready: None,
        nodes_ready: None,
        split: None,
    };
    if !situation.knows(Kind::Pod) {
        return result;
    }
    let mut pods: Vec<PodFact> = work.pods.iter().map(|p| PodFact::of(situation, p)).collect();
    pods.sort_by_key(|p| (p.ready, p.restarts == 0));
    let mut nodes: BTreeMap<&str, bool> = BTreeMap::new();
    for pod in pods.iter().filter(|p| p.status != "Terminating") {
        if let Some(node) = &pod.node {
            *nodes.entry(node).or_insert(true) &= pod.ready;
        }
    }
    let of = |ready: bool| nodes.iter().filter(|(_, r)| **r == ready).map(|(n, _)| (*n).to_owned()).collect::<Vec<_>>();
    let (sick, well) = (of(false), of(true));
    result.split = Some(!sick.is_empty() && !well.is_empty());
    result.unready = Some(pods.iter().filter(|p| p.sick()).take(PODS).cloned().collect());
    result.crashed = Some(pods.iter().filter(|p| p.crashed()).take(PODS).cloned().collect());
    (result.nodes_unready, result.nodes_ready) = (Some(sick), Some(well));
    pods.truncate(PODS);
    result.pods = Some(pods);
    result
}

fn rows(result: &WorkloadPods, found: &mut Found) {
    let tone = match result.ready {
        ready if ready >= result.desired => Tone::Good,
        0 => Tone::Bad,
        _ => Tone::Warn,
    };
    found.row(tone, format!("pods of {}", result.name), format!("{} of {} ready", result.ready, result.desired));
    let Some(pods) = &result.pods else {
        return found.row(Tone::Unknown, "each pod", "cannot be seen");
    };
    let told: Vec<&PodFact> = pods.iter().filter(|p| p.sick() || p.crashed()).collect();
    found.rows.extend(told.iter().take(NAMED).map(|p| p.row()));
    if told.len() > NAMED {
        found.row(Tone::Plain, "and", format!("{} more", count(told.len() - NAMED, "pod")));
    }
    if let (Some(true), Some(sick), Some(well)) = (result.split, &result.nodes_unready, &result.nodes_ready) {
        let says = format!("not ready on {}; ready on {}", sick.join(", "), well.join(", "));
        found.row(Tone::Bad, "by node", says);
    } else if told.is_empty() {
        let youngest = pods.iter().filter_map(|p| p.age_seconds).min();
        let says = youngest.map_or_else(|| "none".to_owned(), |s| format!("none; the youngest pod is {} old", age(s)));
        found.row(Tone::Good, "crashes within an hour", says);
    }
}

fn examples() -> Vec<Value> {
    let pod = PodFact::example();
    let well = PodFact { ready: true, unready_seconds: None, status: "Running".to_owned(), ..PodFact::example() };
    let full = WorkloadPods {
        workload: Reference::example(Kind::Deployment, "shop", "web"),
        name: "web".to_owned(),
        desired: 3,
        ready: 2,
        pods: Some(vec![pod.clone(), well]),
        unready: Some(vec![pod.clone()]),
        crashed: Some(vec![pod]),
        nodes_unready: Some(vec!["node-2".to_owned()]),
        nodes_ready: Some(vec!["node-1".to_owned(), "node-3".to_owned()]),
        split: Some(true),
    };
    let bare = WorkloadPods {
        pods: Some(vec![PodFact::sparse()]),
        unready: Some(vec![PodFact::sparse()]),
        crashed: Some(Vec::new()),
        nodes_unready: Some(Vec::new()),
        nodes_ready: Some(Vec::new()),
        split: Some(false),
        ..full.clone()
    };
    let unseen = WorkloadPods {
        pods: None,
        unready: None,
        crashed: None,
        nodes_unready: None,
        nodes_ready: None,
        split: None,
        ..full.clone()
    };
    vec![value(&full), value(&bare), value(&unseen)]
}
