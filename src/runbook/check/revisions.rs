//! `revisions`: the revisions of a Deployment, how its rollout stands, and whether the trouble came with it (F15).

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{RECENT, Reference, age, count, last_end, seconds, unknown};
use super::subject::{Work, work};
use super::{Asked, Check, Found, ROLE, Tone, WORKLOAD, value};
use crate::action::quoted;
use crate::situation::object::{Deployment, Pod, ReplicaSet, Status, Termination};
use crate::situation::{Kind, Situation, Subject, image_difference};

pub(super) const CHECK: Check = Check {
    name: "revisions",
    summary: "the present and the former revision, how the rollout stands, whether the trouble came with it",
    params: &[ROLE, WORKLOAD],
    schema: || schemars::schema_for!(Revisions),
    examples,
    run,
};

/// A rollout so long before the first crash, or less, is the suspect.
const ALIGNED: SignedDuration = SignedDuration::from_mins(60);

/// The revisions of a Deployment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Revisions {
    /// The workload.
    workload: Reference,
    /// What people call it.
    name: String,
    /// How many there are; zero for what has none (a DaemonSet, a StatefulSet).
    count: usize,
    /// The newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    present: Option<Revision>,
    /// The one before it, to which one could go back.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Revision>,
    /// What differs in the images: `image 41 → 42`; empty when nothing does.
    images: String,
    /// Pods of former revisions that are ready: they still serve.
    old_ready: i32,
    /// Not all pods are of the present revision yet.
    moving: bool,
    /// Its controller gave up: `ProgressDeadlineExceeded`.
    stuck: bool,
    /// Somebody holds the rollout; going back has no effect until it is resumed.
    paused: bool,
    /// When the trouble began, in seconds ago; absent when nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_seconds: Option<i64>,
    /// Whether it began within an hour after the present revision was rolled out, on pods of that revision only.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_rollout: Option<bool>,
}

/// One revision.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Revision {
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// Its images.
    images: Vec<String>,
    /// The change cause that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// When it was rolled out, in seconds ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<i64>,
    /// Pods that it should have now.
    replicas: i32,
    /// Pods of it that are ready.
    ready: i32,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let work = match work(asked) {
        Ok(work) => work,
        Err(why) => return Found::cannot_tell(why),
    };
    let unknown = unknown(situation, &[Kind::Deployment, Kind::ReplicaSet, Kind::Pod]);
    let mut found = Found { unknown, ..Found::default() };
    let (namespace, name) = (work.namespace_flag(), &work.reference.key.name);
    let kind = work.reference.kind.resource().kind.to_lowercase();
    found.command = format!("kubectl{namespace} rollout history {kind}/{}", quoted(name));
    let Some(deployment) = work.deployment else {
        if work.reference.kind == Kind::Deployment {
            return found;
        }
        found.row(
            Tone::Plain,
            work.name.clone(),
            format!("is a {}; only Deployments can be taken back", work.reference.kind),
        );
        found.give(&none(&work));
        return found;
    };
    if !situation.knows(Kind::ReplicaSet) {
        found.row(Tone::Unknown, "revisions", "ReplicaSets cannot be seen");
        return found;
    }
    let began = began(asked, &work);
    let result = look(situation, &work, deployment, began);
    rows(&result, &mut found);
    found.give(&result);
    found
}

/// The result for what has no revisions.
fn none(work: &Work<'_>) -> Revisions {
    Revisions {
        workload: (&work.reference).into(),
        name: work.name.clone(),
        count: 0,
        present: None,
        previous: None,
        images: String::new(),
        old_ready: 0,
        moving: false,
        stuck: false,
        paused: false,
        began_seconds: None,
        with_rollout: None,
    }
}

fn look(situation: &Situation, work: &Work<'_>, deployment: &Deployment, began: Option<Timestamp>) -> Revisions {
    let sets = situation.revisions(&work.reference.key);
    let (present, previous) = (sets.first().copied(), sets.get(1).copied());
    let rolled_out = present.and_then(|p| rolled_out(deployment, p, previous));
    let progressing = deployment.condition("Progressing");
    let with_rollout = match (began, rolled_out, present) {
        (Some(began), Some(at), Some(set)) => {
            let before = began.duration_since(at);
            // The first revision of all cannot be gone back from.
            let in_time = (SignedDuration::ZERO..=ALIGNED).contains(&before) && previous.is_some();
            Some(
                in_time
                    && failing(situation, work).all(|p| p.meta.owner.as_ref().is_some_and(|o| o.uid == set.meta.uid)),
            )
        }
        _ => None,
    };
    let revision = |set: &ReplicaSet, at: Option<Timestamp>| Revision {
        number: set.revision,
        images: set.containers.iter().map(|c| c.image.to_string()).collect(),
        cause: Some(set.change_cause.to_string()).filter(|c| !c.is_empty()),
        age_seconds: at.map(|t| seconds(situation, t)),
        replicas: set.replicas,
        ready: set.ready,
    };
    Revisions {
        count: sets.len(),
        present: present.map(|s| revision(s, rolled_out)),
        previous: previous.map(|s| revision(s, s.meta.created)),
        images: previous.zip(present).map(|(o, n)| image_difference(&o.containers, &n.containers)).unwrap_or_default(),
        old_ready: sets.iter().skip(1).map(|s| s.ready).sum(),
        moving: deployment.updated < deployment.replicas
            || deployment.current > deployment.updated
            || deployment.observed_generation < deployment.meta.generation,
        stuck: progressing.is_some_and(|c| c.status == Status::False && c.reason == "ProgressDeadlineExceeded"),
        paused: deployment.paused,
        began_seconds: began.map(|t| seconds(situation, t)),
        with_rollout,
        ..none(work)
    }
}

/// When the present revision was rolled out. One that went back to a former template keeps that one's ReplicaSet, and
/// with it its creation time; then the Deployment's own condition tells.
fn rolled_out(deployment: &Deployment, present: &ReplicaSet, previous: Option<&ReplicaSet>) -> Option<Timestamp> {
    if previous.is_some_and(|p| p.meta.created > present.meta.created) {
        return deployment.condition("Progressing").and_then(|c| c.since.or(c.heard));
    }
    present.meta.created
}

/// Pods that ended badly within the last hour.
fn failing<'a>(situation: &'a Situation, work: &'a Work<'_>) -> impl Iterator<Item = &'a Pod> {
    work.pods.iter().copied().filter(move |p| last_end(p).is_some_and(|(_, e)| is_recent(situation, e)))
}

fn is_recent(situation: &Situation, end: &Termination) -> bool {
    !matches!(end.exit_code, 0 | 143) && end.finished.is_none_or(|f| seconds(situation, f) <= RECENT)
}

/// Findings about pods that end, whose beginning is that of the trouble.
const CRASHES: [&str; 4] = ["F14", "F15", "F17", "workload-unready"];

/// When the trouble began: as the findings about this workload have it, else the earliest bad end that is known.
pub(super) fn began(asked: &Asked<'_>, work: &Work<'_>) -> Option<Timestamp> {
    let about =
        |s: &Subject| matches!(s, Subject::Object(r) if r.kind == work.reference.kind && r.key == work.reference.key);
    let situation = asked.scene.situation;
    let crashes = asked.findings.iter().filter(|f| CRASHES.contains(&f.id));
    let found = crashes.filter(|f| f.subject().is_some_and(about)).filter_map(|f| f.since).min();
    found.or_else(|| {
        let containers = failing(situation, work).flat_map(|p| &p.containers);
        let ends = containers.flat_map(|c| c.history.iter().chain(c.newest_end()));
        ends.filter(|e| is_recent(situation, e)).filter_map(|e| e.finished).min()
    })
}

fn rows(result: &Revisions, found: &mut Found) {
    for (what, revision) in [("present", &result.present), ("former", &result.previous)] {
        let Some(r) = revision else { continue };
        let number = r.number.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let age = r.age_seconds.map(|s| format!(", {} old", age(s))).unwrap_or_default();
        let cause = r.cause.as_ref().map(|c| format!(", {c}")).unwrap_or_default();
        let says =
            format!("revision {number}{age}, {} of {} ready{cause}", r.ready, count(r.replicas.max(0) as usize, "pod"));
        found.row(Tone::Plain, what, says);
    }
    if !result.images.is_empty() {
        found.row(Tone::Plain, "what differs", result.images.clone());
    }
    let (tone, says) = match (result.paused, result.stuck, result.moving) {
        (true, ..) => (Tone::Warn, "paused: going back has no effect until it is resumed"),
        (_, true, _) => (Tone::Bad, "stuck: it missed its deadline (ProgressDeadlineExceeded)"),
        (_, _, true) => (Tone::Warn, "moving: not all pods are of the present revision"),
        _ => (Tone::Good, "complete"),
    };
    found.row(tone, "rollout", says);
    if result.old_ready > 0 {
        let says = format!("{} of former revisions ready", count(result.old_ready.max(0) as usize, "pod"));
        found.row(Tone::Good, "still serving", says);
    }
    let (tone, says) = match (result.with_rollout, result.began_seconds) {
        (Some(true), _) => (Tone::Bad, "with this revision: only its pods fail, within an hour of its rollout"),
        (Some(false), _) => (Tone::Plain, "not with this revision"),
        (None, Some(_)) => (Tone::Unknown, "when this revision was rolled out is not known"),
        (None, None) => (Tone::Plain, "no crash is known"),
    };
    let ago = result.began_seconds.map(|s| format!("{} ago, ", age(s))).unwrap_or_default();
    found.row(tone, "it began", format!("{ago}{says}"));
}

fn examples() -> Vec<Value> {
    let previous = Revision {
        number: Some(41),
        images: vec!["registry.example.com/shop/web:41".to_owned()],
        cause: Some("deploy 41".to_owned()),
        age_seconds: Some(90_000),
        replicas: 3,
        ready: 3,
    };
    let present = Revision {
        number: Some(42),
        images: vec!["registry.example.com/shop/web:42".to_owned()],
        cause: Some("deploy 42".to_owned()),
        age_seconds: Some(700),
        replicas: 1,
        ready: 0,
    };
    let full = Revisions {
        workload: Reference::example(Kind::Deployment, "shop", "web"),
        name: "web".to_owned(),
        count: 2,
        present: Some(present.clone()),
        previous: Some(previous),
        images: "image 41 → 42".to_owned(),
        old_ready: 3,
        moving: true,
        stuck: true,
        paused: false,
        began_seconds: Some(690),
        with_rollout: Some(true),
    };
    let bare = Revision { number: None, cause: None, age_seconds: None, ..present };
    let sparse = Revisions { present: Some(bare), count: 1, old_ready: 0, stuck: false, ..full.clone() };
    let sparse = Revisions { previous: None, images: String::new(), began_seconds: None, with_rollout: None, ..sparse };
    let none = Revisions { present: None, count: 0, moving: false, ..sparse.clone() };
    vec![value(&full), value(&sparse), value(&none)]
}
