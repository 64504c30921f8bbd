//! What a tree is about, as it is now.

use crate::detect::Scene;
use crate::runbook::Walk;
use crate::runbook::check::workload_playing;
use crate::situation::{Kind, Ref, Situation, Source};

/// What it was opened on, else the workload that plays the runbook's role. A runbook about a workload that was opened on
/// one of its pods is about the workload: pods come and go.
pub(super) fn now(walk: &Walk, scene: Scene<'_>) -> Result<Ref, String> {
    let rule = walk.book.subject.as_ref();
    match (&walk.subject, rule) {
        (Some(opened), Some(_)) => Ok(scene.situation.workload_around(opened)),
        (Some(opened), None) => Ok(opened.clone()),
        (None, Some(rule)) => workload_playing(scene, &rule.role),
        (None, None) => Err("this tree was opened on nothing; open it from a finding or an object".to_owned()),
    }
}

/// Whether an object that was named is the one that bears the name now.
enum Standing {
    There,
    Gone,
    Another,
    /// Its kind cannot be seen, so it may be there.
    Unseen,
}

/// What to say if the subject is there no more, or is another one of the same name.
pub(super) fn gone(situation: &Situation, subject: &Ref) -> Option<String> {
    let remedy = "close this tree and open it on what took its place";
    match standing(situation, subject) {
        Standing::Gone => Some(format!("{subject} is not there any more; {remedy}")),
        Standing::Another => Some(format!("{subject} was deleted and made anew; {remedy}")),
        Standing::There | Standing::Unseen => None,
    }
}

/// Whether an object is there no more; what cannot be seen may be there.
pub(super) fn vanished(situation: &Situation, object: &Ref) -> bool {
    matches!(standing(situation, object), Standing::Gone | Standing::Another)
}

fn standing(situation: &Situation, object: &Ref) -> Standing {
    if !situation.source(&Source::Watch(object.kind)).live() {
        return Standing::Unseen;
    }
    let key = &object.key;
    let meta = match object.kind {
        Kind::Pod => situation.pods.get(key).map(|o| &o.meta),
        Kind::Node => situation.nodes.get(key).map(|o| &o.meta),
        Kind::Deployment => situation.deployments.get(key).map(|o| &o.meta),
        Kind::ReplicaSet => situation.replica_sets.get(key).map(|o| &o.meta),
        Kind::DaemonSet => situation.daemon_sets.get(key).map(|o| &o.meta),
        Kind::StatefulSet => situation.stateful_sets.get(key).map(|o| &o.meta),
        _ => return Standing::Unseen,
    };
    match meta {
        None => Standing::Gone,
        Some(meta) if !object.uid.is_empty() && meta.uid != object.uid => Standing::Another,
        Some(_) => Standing::There,
    }
}
