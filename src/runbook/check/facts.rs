//! What checks say of objects: references and pods, as results for conditions and as rows for people.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Row, Tone};
use crate::situation::object::{Container, ContainerState, Pod, Termination};
use crate::situation::{Key, Kind, Ref, Situation, Source, SourceState, time};

/// How many pods a result lists, those that are not ready first.
pub(super) const PODS: usize = 100;
/// How many pods the evidence names.
pub(super) const NAMED: usize = 6;
/// For how long an end of a container is news (seconds).
pub(super) const RECENT: i64 = 3600;

/// A typed reference, as actions take it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Reference {
    /// `Pod`
    pub(super) kind: String,
    /// Its namespace; empty for nodes and the like.
    pub(super) namespace: String,
    /// Its name.
    pub(super) name: String,
    /// Its UID; empty when not known.
    pub(super) uid: String,
}

impl From<&Ref> for Reference {
    fn from(r: &Ref) -> Self {
        Self {
            kind: r.kind.to_string(),
            namespace: r.key.namespace.to_string(),
            name: r.key.name.to_string(),
            uid: r.uid.to_string(),
        }
    }
}

impl Reference {
    /// One for examples.
    pub(super) fn example(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_string(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: "5b0c6f0e-2f0a-4c53-9a3e-2f6f5d3f8f11".to_owned(),
        }
    }
}

/// A pod, with its reference in the same object.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodFact {
    #[serde(flatten)]
    pub(super) reference: Reference,
    /// The node it is on; absent while it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    /// Whether it is ready.
    pub(super) ready: bool,
    /// Since when it is not ready, in seconds; absent when it is, or the API does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unready_seconds: Option<i64>,
    /// The word of `kubectl get pods`: `Running`, `CrashLoopBackOff`, `Terminating`.
    pub(super) status: String,
    /// Restarts of all its containers.
    pub(super) restarts: u32,
    /// The exit code of the last end of a container; absent when none ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i32>,
    /// The reason of that end: `Error`, `OOMKilled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_reason: Option<String>,
    /// How long ago that end was, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_seconds: Option<i64>,
    /// The revision of its Deployment that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
    /// How old it is, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) age_seconds: Option<i64>,
}

impl PodFact {
    /// What is known of a pod.
    pub(super) fn of(situation: &Situation, pod: &Pod) -> Self {
        let end = last_end(pod).map(|(_, end)| end);
        let ago = |at: Option<Timestamp>| at.map(|t| seconds(situation, t));
        Self {
            reference: (&pod.meta.reference(Kind::Pod)).into(),
            node: Some(pod.node.to_string()).filter(|n| !n.is_empty()),
            ready: pod.ready(),
            unready_seconds: ago(unready_since(pod)),
            status: pod.status().to_string(),
            restarts: pod.restarts(),
            exit_code: end.map(|e| e.exit_code),
            exit_reason: end.map(|e| e.reason.to_string()).filter(|r| !r.is_empty()),
            exit_seconds: ago(end.and_then(|e| e.finished)),
            revision: revision(situation, pod),
            age_seconds: ago(pod.meta.created),
        }
    }

    /// Whether it is not ready and ought to be.
    pub(super) fn sick(&self) -> bool {
        !self.ready && self.status != "Terminating"
    }

    /// Whether a container of it ended badly within the last hour.
    pub(super) fn crashed(&self) -> bool {
        let recent = self.exit_seconds.is_none_or(|s| s <= RECENT);
        self.exit_code.is_some_and(|c| c != 0 && c != 143) && recent
    }

    /// The pod as one line of evidence.
    pub(super) fn row(&self) -> Row {
        let mut parts = vec![self.status.clone()];
        if let Some(node) = &self.node {
            parts.push(format!("on {node}"));
        }
        if let Some(s) = self.unready_seconds {
            parts.push(format!("not ready for {}", age(s)));
        }
        if self.restarts > 0 {
            parts.push(count(self.restarts as usize, "restart"));
        }
        if let Some(code) = self.exit_code.filter(|c| *c != 0) {
            let reason = self.exit_reason.as_deref().unwrap_or_default();
            let ago = self.exit_seconds.map(|s| format!(" {} ago", age(s))).unwrap_or_default();
            parts.push(format!("last end exit {code} {reason}{ago}"));
        }
        let tone = if self.sick() { Tone::Bad } else { Tone::Warn };
        Row { tone, what: self.reference.name.clone(), says: parts.join(", ") }
    }

    /// A full one for examples.
    pub(super) fn example() -> Self {
        Self {
            reference: Reference::example(Kind::Pod, "shop", "web-7d4b9c-x2x9k"),
            node: Some("node-2".to_owned()),
            ready: false,
            unready_seconds: Some(240),
            status: "CrashLoopBackOff".to_owned(),
            restarts: 7,
            exit_code: Some(2),
            exit_reason: Some("Error".to_owned()),
            exit_seconds: Some(40),
            revision: Some(42),
            age_seconds: Some(660),
        }
    }

    /// One of which little is known.
    pub(super) fn sparse() -> Self {
        Self {
            reference: Reference { uid: String::new(), ..Reference::example(Kind::Pod, "shop", "web-7d4b9c-x2x9k") },
            node: None,
            ready: false,
            unready_seconds: None,
            status: "Pending".to_owned(),
            restarts: 0,
            exit_code: None,
            exit_reason: None,
            exit_seconds: None,
            revision: None,
            age_seconds: None,
        }
    }
}

/// Since when a pod is not ready; `None` when it is.
fn unready_since(pod: &Pod) -> Option<Timestamp> {
    if pod.ready() {
        return None;
    }
    pod.condition("Ready").and_then(|c| c.since).or(pod.meta.created)
}

/// The container whose end is the newest, with that end; bad ends go before good ones.
pub(super) fn last_end(pod: &Pod) -> Option<(&Container, &Termination)> {
    let ends = pod.containers.iter().chain(&pod.init).filter_map(|c| Some((c, c.newest_end()?)));
    ends.max_by_key(|(_, e)| (e.exit_code != 0, e.finished))
}

/// Whether a container waits with one of these words.
pub(super) fn waits(pod: &Pod, words: &[&str]) -> Option<String> {
    let containers = pod.containers.iter().chain(&pod.init);
    containers
        .filter_map(|c| match &c.state {
            ContainerState::Waiting { reason, .. } => Some(reason),
            _ => None,
        })
        .find(|r| words.contains(&&***r))
        .map(ToString::to_string)
}

/// The revision of the Deployment that a pod is of.
pub(super) fn revision(situation: &Situation, pod: &Pod) -> Option<u64> {
    let owner = pod.meta.owner.as_ref().filter(|o| o.kind == "ReplicaSet")?;
    let key = Key { namespace: pod.meta.key.namespace.clone(), name: owner.name.clone() };
    situation.replica_sets.get(&key)?.revision
}

/// How long ago something was, in seconds, never below zero.
pub(super) fn seconds(situation: &Situation, at: Timestamp) -> i64 {
    time::since(at, situation.now).as_secs()
}

/// So many seconds as people say them.
pub(super) fn age(seconds: i64) -> String {
    time::age(jiff::SignedDuration::from_secs(seconds))
}

/// `3 pods`, `1 pod`.
pub(super) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// What cannot be taken at face value of these kinds, in words; empty: nothing.
pub(super) fn unknown(situation: &Situation, kinds: &[Kind]) -> String {
    let all: Vec<String> = kinds.iter().filter_map(|k| blind(situation, *k)).collect();
    all.join("; ")
}

fn blind(situation: &Situation, kind: Kind) -> Option<String> {
    let source = Source::Watch(kind);
    let status = situation.source(&source);
    match &status.state {
        SourceState::Live if !status.limited.is_empty() => Some(format!("{source}: {}", status.limited)),
        SourceState::Live if !status.skipped.is_empty() => {
            Some(format!("{source}: {} could not be read", count(status.skipped.len(), "object")))
        }
        SourceState::Live => None,
        SourceState::Lost(trouble) => {
            let age = situation.age_of(&source).map(|a| format!("{} old, ", time::age(a))).unwrap_or_default();
            Some(format!("{source}: {age}{}", trouble.what))
        }
        state => Some(format!("{source}: {state}")),
    }
}
