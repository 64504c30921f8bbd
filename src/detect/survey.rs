//! What all detectors need, worked out once: the workloads with the pods that are in trouble, and the events by object.
//!
//! Healthy pods are passed over, so that a cluster of ten thousand pods costs one look at each.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::words::mins;
use super::workload::{self, Workload};
use super::{Scene, pod};
use crate::config::Profile;
use crate::situation::object::{Event, Node, Pod};
use crate::situation::{Kind, Ref, Situation, Source, SourceState, Text, time};

/// How far back an end of a container is looked at.
pub(super) const RECENT: SignedDuration = mins(60);

/// The situation, arranged for detectors.
#[derive(Debug)]
pub struct Survey<'a> {
    /// Everything known.
    pub(super) situation: &'a Situation,
    /// What plays which role.
    pub(super) profile: &'a Profile,
    /// Cluster time.
    pub(super) now: Timestamp,
    /// Every workload: Deployments, DaemonSets, StatefulSets, and whatever else has pods in trouble, bare pods last.
    pub(super) workloads: Vec<Workload<'a>>,
    events: OnceCell<HashMap<(&'a str, &'a str), Vec<&'a Event>>>,
}

impl<'a> Survey<'a> {
    /// Arranges a scene.
    pub(super) fn new(scene: Scene<'a>) -> Self {
        let Scene { situation, profile } = scene;
        let now = situation.now;
        let mut troubled: BTreeMap<Ref, Vec<&'a Pod>> = BTreeMap::new();
        for pod in situation.pods.values().filter(|p| pod::is_troubled(p, now)) {
            let owner = situation.workload_of(pod).filter(|o| o.kind != Kind::Node);
            troubled.entry(owner.unwrap_or_else(|| pod.meta.reference(Kind::Pod))).or_default().push(pod);
        }
        let workloads = workload::all(scene, troubled);
        Self { situation, profile, now, workloads, events: OnceCell::new() }
    }

    /// How long ago something was.
    pub(super) fn ago(&self, at: Timestamp) -> SignedDuration {
        time::since(at, self.now)
    }

    /// Whether something happened within the last `window`; what is not dated did not.
    pub(super) fn within(&self, at: Option<Timestamp>, window: SignedDuration) -> bool {
        at.is_some_and(|t| self.ago(t) <= window)
    }

    /// Whether something has lasted for at least `time`; what is not dated has not.
    pub(super) fn lasted(&self, since: Option<Timestamp>, time: SignedDuration) -> bool {
        since.is_some_and(|s| self.ago(s) >= time)
    }

    /// The events about an object, newest first. Events of a former object of the same name are left out.
    pub(super) fn events_about(&self, object: &Ref) -> impl Iterator<Item = &'a Event> {
        let index = self.events.get_or_init(|| index(self.situation));
        let kind = object.kind.resource().kind;
        let namespace = if object.key.namespace.is_empty() { "" } else { &*object.key.namespace };
        let uid = object.uid.clone();
        let found = index.get(&(namespace, &*object.key.name)).map_or(&[][..], Vec::as_slice);
        found
            .iter()
            .copied()
            .filter(move |e| e.about_kind == kind)
            // The kubelet gives a node's name for its UID.
            .filter(move |e| e.about_uid.is_empty() || uid.is_empty() || e.about_uid == uid || kind == "Node")
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The node a pod is on, if it is known.
    pub(super) fn node_of(&self, pod: &Pod) -> Option<&'a Node> {
        self.node(&pod.node)
    }

    /// A node by its name.
    pub(super) fn node(&self, name: &str) -> Option<&'a Node> {
        self.situation.nodes.get(&crate::situation::Key { namespace: Text::default(), name: Text::new(name) })
    }

    /// What cannot be seen of `kinds`, in words: forbidden, lost, not yet listed.
    pub(super) fn unseen(&self, kinds: &[Kind]) -> Vec<String> {
        kinds.iter().filter_map(|kind| self.blind(&Source::Watch(*kind))).collect()
    }

    /// What is wrong with a source, if its facts cannot be taken at face value.
    pub(super) fn blind(&self, source: &Source) -> Option<String> {
        let status = self.situation.source(source);
        match status.state {
            SourceState::Live if !status.limited.is_empty() => Some(format!("{source}: {}", status.limited)),
            SourceState::Live if status.skipped.is_empty() => None,
            SourceState::Live => Some(format!("{source}: {} could not be read", status.skipped.len())),
            SourceState::Lost(trouble) => {
                let age = self.situation.age_of(source).map(|a| format!("{} old, ", time::age(a))).unwrap_or_default();
                Some(format!("{source}: {age}{}", trouble.what))
            }
            state => Some(format!("{source}: {state}")),
        }
    }
}

fn index(situation: &Situation) -> HashMap<(&str, &str), Vec<&Event>> {
    let mut index: HashMap<(&str, &str), Vec<&Event>> = HashMap::new();
    for event in situation.events.values() {
        let cluster_scoped = event.about_kind == "Node";
        let namespace = if cluster_scoped { "" } else { &*event.about.namespace };
        index.entry((namespace, &*event.about.name)).or_default().push(event);
    }
    for events in index.values_mut() {
        events.sort_by_key(|e| std::cmp::Reverse(e.last));
    }
    index
}
