//! Which change is to blame: the last one before it began.

use std::fmt;

use jiff::SignedDuration;

use super::words::{mins, secs};
use super::{Finding, left_behind};
use crate::situation::{Change, Kind, Subject, time};

/// A change of the very thing counts for so long.
const OWN: SignedDuration = mins(60);
/// A change near it counts for so long (catalogue, F27).
const NEAR: SignedDuration = mins(10);

/// Less than this apart, they are told as one after the other.
const SUDDEN: SignedDuration = secs(5);

/// A change that may have caused a finding.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'a> {
    /// The change.
    pub change: &'a Change,
    /// How long before the finding began it was.
    pub before: SignedDuration,
    /// What it may have caused.
    pub id: &'static str,
}

impl fmt::Display for Suspect<'_> {
    /// `2m00s before F14`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.before < SUDDEN {
            return write!(f, "right before {}", self.id);
        }
        write!(f, "{} before {}", time::age(self.before), self.id)
    }
}

/// The newest change before a finding began that could have to do with it. A change after that is excluded.
pub fn suspect<'a>(finding: &Finding, changes: &'a [Change]) -> Option<Suspect<'a>> {
    // What somebody left as it is was decided, not caused.
    let since = finding.since.filter(|_| finding.id != left_behind::DETECTOR.id)?;
    let candidates = changes.iter().filter_map(|change| {
        let before = since.duration_since(change.at);
        let limit = relevance(finding, change)?;
        (!before.is_negative() && before <= limit).then_some(Suspect { change, before, id: finding.id })
    });
    candidates.min_by_key(|s| s.before)
}

/// For how long a change of this subject can matter to the finding; `None`: not at all.
fn relevance(finding: &Finding, change: &Change) -> Option<SignedDuration> {
    let Subject::Object(object) = &change.subject else { return Some(NEAR) };
    if matches!(object.kind, Kind::CronJob | Kind::Job | Kind::EtcdSnapshotFile | Kind::Event) {
        return None;
    }
    let own = |s: &Subject| matches!(s, Subject::Object(r) if r.kind == object.kind && r.key == object.key);
    if finding.subjects.iter().any(own) {
        // The turn of its own condition is what was found, not what caused it.
        return (!change.what.contains(" became ") && !change.what.starts_with("became ")).then_some(OWN);
    }
    let same_namespace = |s: &Subject| matches!(s, Subject::Object(r) if r.key.namespace == object.key.namespace && r.kind != Kind::Node);
    let workload = matches!(object.kind, Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet);
    if object.key.namespace.is_empty() || (finding.subjects.iter().any(same_namespace) && !workload) {
        return Some(NEAR);
    }
    // Another workload of the same namespace may be what this one depends on.
    finding.subjects.iter().any(same_namespace).then_some(NEAR)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::situation::{Key, Ref, Text};

    fn change(kind: Kind, namespace: &str, name: &str, seconds_ago: i64) -> Change {
        let subject = Ref { kind, key: Key::new(namespace, name), uid: Text::default() }.into();
        Change { at: ago(seconds_ago), subject, what: "changed".into(), detail: Text::default() }
    }

    fn oom() -> Finding {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 300));
        world.finding("F14")
    }

    #[test]
    fn the_last_change_before_it_began_is_the_suspect() {
        let changes = [
            change(Kind::ConfigMap, NS, "after", 200),
            change(Kind::Deployment, NS, "web", 420),
            change(Kind::ConfigMap, NS, "before", 600),
        ];
        let finding = oom();
        let found = suspect(&finding, &changes).unwrap();
        assert_eq!(found.change, &changes[1]);
        assert_eq!(found.to_string(), "2m00s before F14");
    }

    #[test]
    fn its_own_change_counts_for_an_hour_and_others_for_ten_minutes() {
        let finding = oom();
        let found = |change: Change| suspect(&finding, &[change]).is_some();
        assert!(found(change(Kind::Deployment, NS, "web", 300 + 3500)));
        assert!(!found(change(Kind::Deployment, NS, "web", 300 + 3700)));
        assert!(found(change(Kind::ConfigMap, NS, "settings", 300 + 500)));
        assert!(!found(change(Kind::ConfigMap, NS, "settings", 300 + 700)));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_is_left_out() {
        let finding = oom();
        let found = |change: Change| suspect(&finding, &[change]).is_some();
        assert!(!found(change(Kind::ConfigMap, "elsewhere", "settings", 310)));
        assert!(!found(change(Kind::CronJob, NS, "nightly", 310)));
        assert!(found(change(Kind::Node, "", "node-1", 310)));
        let mut symptom = change(Kind::Deployment, NS, "web", 310);
        symptom.what = "Available became False".into();
        assert!(!found(symptom), "what was found is not its own cause");
    }

    #[test]
    fn no_change_is_blamed_for_what_somebody_decided() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_deployment(NS, "web", |d| {
            d.paused = true;
            d.left_behind = "A27 INC-0009 2026-11-22T04:02:00Z".into();
        });
        let finding = world.finding("left-behind");
        assert!(finding.since.is_some() && suspect(&finding, &[change(Kind::Deployment, NS, "web", 610)]).is_none());
    }
}
