//! Which change a finding most likely began with.

use jiff::SignedDuration;

use crate::detect::Finding;
use crate::situation::{Change, Kind, Subject};

/// A change this long before a trouble may be its cause.
const BEFORE: SignedDuration = SignedDuration::from_mins(60);
/// Stamps of different writers differ by this much; a "cause" may seem to come after.
const SLACK: SignedDuration = SignedDuration::from_secs(30);

/// The last change to what a finding is about before it began, and how long before. A suspicion, not a proof.
pub fn suspect<'a>(finding: &Finding, changes: &'a [Change]) -> Option<(&'a Change, SignedDuration)> {
    let began = finding.since?;
    changes
        .iter()
        .filter(|change| finding.subjects.iter().any(|subject| concerns(&change.subject, subject)))
        .map(|change| (change, began.duration_since(change.at)))
        .filter(|(_, before)| *before <= BEFORE && *before >= -SLACK)
        .min_by_key(|(_, before)| before.abs())
}

/// Whether a change to `changed` may show on `subject`: the same object, or a pod of a workload of that name.
fn concerns(changed: &Subject, subject: &Subject) -> bool {
    let (Subject::Object(changed), Subject::Object(subject)) = (changed, subject) else { return changed == subject };
    if changed.kind == subject.kind || changed.kind == Kind::ConfigMap {
        return changed.key == subject.key;
    }
    let pods = subject.kind == Kind::Pod && subject.key.namespace == changed.key.namespace;
    pods && subject.key.name.strip_prefix(changed.key.name.as_str()).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::{at, change, finding, workload};

    #[test]
    fn the_nearest_change_before_the_trouble_is_the_suspect() {
        let finding = finding("F14", "api", "04:03");
        let changes = [
            change("04:10", "api", "scaled"),
            change("04:01", "api", "revision 41 → 42"),
            change("03:50", "api", "revision 40 → 41"),
            change("04:02", "admin", "revision 3 → 4"),
        ];
        let (change, before) = suspect(&finding, &changes).expect("a suspect");
        assert_eq!((change.at, before), (at("04:01"), SignedDuration::from_mins(2)));
    }

    #[test]
    fn pods_belong_to_the_workload_whose_name_they_carry() {
        let pod = |name: &str| Subject::Object(crate::situation::Ref { kind: Kind::Pod, ..workload(name) });
        let api = Subject::Object(workload("api"));
        assert!(concerns(&api, &pod("api-7d9f-x2x")));
        assert!(!concerns(&api, &pod("apis-7d9f-x2x")));
    }
}
