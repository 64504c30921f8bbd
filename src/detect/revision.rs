//! Whether trouble came with a new revision of a Deployment.

use jiff::{SignedDuration, Timestamp};

use super::Evidence;
use super::survey::Survey;
use super::words::mins;
use super::workload::Workload;
use crate::situation::object::{Pod, ReplicaSet};
use crate::situation::{Kind, image_difference, time};

/// A revision younger than this at the first failure is a candidate for going back.
pub(super) const ALIGNED: SignedDuration = mins(60);

/// What the revisions say about when it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rollout<'a> {
    /// The newest revision.
    pub(super) newest: &'a ReplicaSet,
    /// The one before.
    pub(super) former: Option<&'a ReplicaSet>,
    /// How long it had been out when the trouble began.
    pub(super) before: SignedDuration,
}

impl Rollout<'_> {
    /// `revision 42`
    pub(super) fn name(&self) -> String {
        self.newest.revision.map_or_else(|| "the newest revision".to_owned(), |r| format!("revision {r}"))
    }
}

/// The newest revision, if it was rolled out within the hour before `since` and all `pods` that fail are of it.
pub(super) fn aligned<'a>(
    survey: &Survey<'a>,
    workload: &Workload<'_>,
    since: Option<Timestamp>,
    pods: &[&Pod],
) -> Option<Rollout<'a>> {
    workload.deployment?;
    let revisions = survey.situation.revisions(&workload.reference.key);
    let newest = *revisions.first()?;
    let former = revisions.get(1).copied();
    let before = since?.duration_since(newest.meta.created?);
    let of_it = |p: &&Pod| p.meta.owner.as_ref().is_some_and(|o| o.uid == newest.meta.uid);
    // The first revision of all cannot be gone back from.
    let in_time = (SignedDuration::ZERO..=ALIGNED).contains(&before);
    (in_time && former.is_some() && pods.iter().all(of_it)).then_some(Rollout { newest, former, before })
}

/// The same as evidence, in words that say which revision to think of going back to.
pub(super) fn evidence(
    survey: &Survey<'_>,
    workload: &Workload<'_>,
    since: Option<Timestamp>,
    pods: &[&Pod],
) -> Option<Evidence> {
    workload.deployment?;
    let Some(rollout) = aligned(survey, workload, since, pods) else {
        let known = survey.situation.knows(Kind::ReplicaSet) && since.is_some();
        let text = "not aligned with a rollout: no new revision in the hour before it began";
        return known.then(|| Evidence::of(Kind::ReplicaSet, text, None));
    };
    let set = rollout.newest;
    let images = rollout.former.map(|f| image_difference(&f.containers, &set.containers));
    let text = format!(
        "began {} after {} was rolled out, and only its pods fail{}{}",
        time::age(rollout.before),
        rollout.name(),
        images.filter(|i| !i.is_empty()).map(|i| format!(" ({i})")).unwrap_or_default(),
        if set.change_cause.is_empty() { String::new() } else { format!("; cause given: {}", set.change_cause) },
    );
    Some(Evidence::of(Kind::ReplicaSet, text, set.meta.created))
}
