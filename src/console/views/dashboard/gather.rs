//! What the panes show, put together when the situation changes.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::console::screen::Context;
use crate::console::views::nodes::shares;
use crate::console::views::verdict;
use crate::detect::Mark;
use crate::situation::object::{Event, Meta, Node, Pod, ReplicaSet};
use crate::situation::time::since;
use crate::situation::{Key, Kind, Ref, Source, Subject, Text};

/// How many changes the dashboard knows; the rest is on their own screen.
pub const CHANGES: usize = 60;
/// How many warnings are shown.
const WARNINGS: usize = 40;
/// How many pods in trouble are shown.
const PODS: usize = 40;

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRow {
    /// Its name.
    pub key: Key,
    /// The verdict.
    pub mark: Mark,
    /// Share of its CPU in use.
    pub cpu: Option<f64>,
    /// Share of its memory in use.
    pub memory: Option<f64>,
    /// Pods on it.
    pub pods: usize,
    /// What is the matter, or empty.
    pub note: String,
}

/// The nodes, those in trouble first.
pub fn nodes(cx: &Context<'_>) -> Vec<NodeRow> {
    let mut pods: HashMap<&Text, usize> = HashMap::new();
    for pod in cx.situation.pods.values().filter(|p| !p.finished()) {
        *pods.entry(&pod.node).or_default() += 1;
    }
    let source = Source::Watch(Kind::Node);
    let row = |node: &Node| {
        let (mark, note) = verdict::of_node(node);
        let (cpu, memory) = shares(node, cx);
        let pods = pods.get(&node.meta.key.name).copied().unwrap_or_default();
        NodeRow { key: node.meta.key.clone(), mark: verdict::as_known(mark, &source, cx), cpu, memory, pods, note }
    };
    let mut rows: Vec<NodeRow> = cx.situation.nodes.values().map(row).collect();
    rows.sort_by(|a, b| (b.mark, &a.key).cmp(&(a.mark, &b.key)));
    rows
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadRow {
    /// The object.
    pub object: Ref,
    /// The verdict.
    pub mark: Mark,
    /// Ready pods and wanted ones.
    pub ready: (i32, i32),
    /// Restarts of its pods.
    pub restarts: u32,
    /// When one of its pods last restarted.
    pub restarted: Option<Timestamp>,
    /// The revision of its template.
    pub revision: Option<u64>,
    /// When it was created, or its revision was.
    pub since: Option<Timestamp>,
    /// What is the matter, or empty.
    pub note: String,
}

#[derive(Debug, Default)]
struct Pods {
    restarts: u32,
    restarted: Option<Timestamp>,
    /// The word of a pod that is not ready.
    word: Option<Text>,
}

/// The workloads, those in trouble first, then the deployment's own, then the rest.
pub fn workloads(cx: &Context<'_>) -> Vec<WorkloadRow> {
    let pods = pods_by_owner(cx);
    let s = cx.situation;
    let nothing = Pods::default();
    let mut sets: HashMap<&Text, Vec<&ReplicaSet>> = HashMap::new();
    for set in s.replica_sets.values() {
        if let Some(owner) = &set.meta.owner {
            sets.entry(&owner.uid).or_default().push(set);
        }
    }
    let deployments = s.deployments.values().map(|d| {
        let own = sets.get(&d.meta.uid).map(Vec::as_slice).unwrap_or_default();
        let mut all = Pods::default();
        for set in own {
            join(&mut all, pods.get(&set.meta.uid).unwrap_or(&nothing));
        }
        let since = own.iter().filter(|set| set.revision == d.revision).find_map(|set| set.meta.created);
        row(cx, (Kind::Deployment, &d.meta), (d.ready, d.replicas), &all, (d.revision, since))
    });
    let daemons = s.daemon_sets.values().map(|d| {
        let own = pods.get(&d.meta.uid).unwrap_or(&nothing);
        row(cx, (Kind::DaemonSet, &d.meta), (d.ready, d.desired), own, (None, None))
    });
    let stateful = s.stateful_sets.values().map(|d| {
        let own = pods.get(&d.meta.uid).unwrap_or(&nothing);
        row(cx, (Kind::StatefulSet, &d.meta), (d.ready, d.replicas), own, (None, None))
    });
    let mut rows: Vec<WorkloadRow> = deployments.chain(daemons).chain(stateful).collect();
    let own = |row: &WorkloadRow| cx.profile.namespaces.iter().any(|n| *n == *row.object.key.namespace);
    rows.sort_by(|a, b| {
        (b.mark > Mark::Unknown, b.mark, own(b), &a.object).cmp(&(a.mark > Mark::Unknown, a.mark, own(a), &b.object))
    });
    rows
}

fn join(all: &mut Pods, more: &Pods) {
    all.restarts += more.restarts;
    all.restarted = all.restarted.max(more.restarted);
    all.word = all.word.take().or_else(|| more.word.clone());
}

fn pods_by_owner<'a>(cx: &Context<'a>) -> HashMap<&'a Text, Pods> {
    let mut owners: HashMap<&Text, Pods> = HashMap::new();
    for pod in cx.situation.pods.values() {
        let Some(owner) = &pod.meta.owner else { continue };
        let word = (!pod.ready() && !pod.finished() && pod.meta.deleting.is_none()).then(|| pod.status());
        let word = word.filter(|w| *w != "Running" && *w != "ContainerCreating");
        let one = Pods { restarts: pod.restarts(), restarted: pod.last_restart(), word };
        join(owners.entry(&owner.uid).or_default(), &one);
    }
    owners
}

fn row(
    cx: &Context<'_>,
    (kind, meta): (Kind, &Meta),
    ready: (i32, i32),
    pods: &Pods,
    (revision, since_revision): (Option<u64>, Option<Timestamp>),
) -> WorkloadRow {
    let recent = pods.restarted.is_some_and(|at| since(at, cx.now) <= verdict::RECENT);
    let live = cx.situation.source(&Source::Watch(kind)).live();
    let (mark, note) = match ready {
        (0, wanted) if wanted > 0 => (Mark::Bad, "none ready".to_owned()),
        (ready, wanted) if ready < wanted => (Mark::Bad, String::new()),
        _ if recent => (Mark::Warning, "restarted".to_owned()),
        _ if !live => (Mark::Unknown, String::new()),
        (_, 0) => (Mark::Unknown, "scaled to none".to_owned()),
        _ if pods.word.is_some() => (Mark::Warning, String::new()),
        _ => (Mark::Good, String::new()),
    };
    WorkloadRow {
        object: meta.reference(kind),
        mark,
        ready,
        restarts: pods.restarts,
        restarted: pods.restarted,
        revision,
        since: since_revision.or(meta.created),
        note: pods.word.as_ref().map_or(note, Text::to_string),
    }
}

/// The pod of a workload whose log is worth reading: not ready before ready, then the one that restarted last.
pub fn sickest_pod(cx: &Context<'_>, workload: &Ref) -> Option<Key> {
    if workload.kind == Kind::Pod {
        return Some(workload.key.clone());
    }
    let of_it =
        |pod: &&Pod| cx.situation.workload_of(pod).is_some_and(|w| w.kind == workload.kind && w.key == workload.key);
    let pods = cx.situation.pods_in(&workload.key.namespace).filter(of_it);
    pods.max_by_key(|p| (!p.ready(), p.last_restart())).map(|p| p.meta.key.clone())
}

/// Pods that are not ready or restarted a short while ago, the newest trouble first.
pub fn troubled(cx: &Context<'_>) -> Vec<Key> {
    let recent = |pod: &Pod| pod.last_restart().is_some_and(|at| since(at, cx.now) <= verdict::RECENT);
    let sick = |pod: &&Pod| !pod.finished() && (!pod.ready() || recent(pod));
    let mut pods: Vec<&Pod> = cx.situation.pods.values().filter(sick).collect();
    pods.sort_by_key(|p| (p.ready(), std::cmp::Reverse(p.last_restart()), &p.meta.key));
    pods.into_iter().take(PODS).map(|p| p.meta.key.clone()).collect()
}

/// The newest warnings.
pub fn warnings(cx: &Context<'_>) -> Vec<Key> {
    let mut events: Vec<&Event> = cx.situation.events.values().filter(|e| e.warning).collect();
    events.sort_by(|a, b| (b.last, &a.meta.key).cmp(&(a.last, &b.meta.key)));
    events.into_iter().take(WARNINGS).map(|e| e.meta.key.clone()).collect()
}

/// What an event is about, if that is watched.
pub fn about(event: &Event) -> Option<Subject> {
    let kind = Kind::named(&event.about_kind)?;
    Some(Subject::Object(Ref { kind, key: event.about.clone(), uid: event.about_uid.clone() }))
}
