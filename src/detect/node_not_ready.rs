//! `node-not-ready`: a node does not answer, or says that it is not ready.

use jiff::{SignedDuration, Timestamp};

use super::finding::confirmed;
use super::survey::Survey;
use super::words::{count, lasting, secs, short};
use super::{Detector, Evidence, Finding, Severity};
use crate::situation::object::{Node, Status};
use crate::situation::{Key, Kind, Source, time};

pub(super) const DETECTOR: Detector = Detector {
    id: "node-not-ready",
    title: "a node is not ready",
    explanation: "A node's kubelet stopped renewing its Lease, or says itself that it is not ready.

Found by: the condition Ready (anything but True is suspect at once and confirmed after 30 seconds) and the age of the \
node's Lease (suspect after 20 seconds, confirmed after 50), measured only as far as the Leases themselves are heard. Pods \
on such a node leave their Services after about 50 seconds and are replaced after about 6 minutes.

Told from: Ready=False (the kubelet lives and gives a reason) against Ready=Unknown (nothing is heard: host, network or \
k3s); a cordoned node, which is ready and takes no new pods; an API that this console cannot reach, which makes every \
Lease look old and is not taken for one.

First: does the machine answer at all (ssh, the provider's console)? If it does, is k3s running there? With one server \
of three gone the next fault takes the API down: do not touch another.",
    find,
};

/// Lease ages (catalogue, thresholds).
const SUSPECT: SignedDuration = secs(20);
const CONFIRMED: SignedDuration = secs(50);

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey.situation.nodes.values().filter_map(|n| not_ready(survey, n)).collect()
}

fn not_ready(survey: &Survey<'_>, node: &Node) -> Option<Finding> {
    let name = &node.meta.key.name;
    let says = node.ready();
    let since = node.condition("Ready").filter(|c| c.status != Status::True).and_then(|c| c.since);
    let lease = lease_age(survey, name);
    let silent = lease.filter(|(age, _)| *age > SUSPECT);
    if says == Status::True && silent.is_none() {
        return None;
    }
    let sure =
        (says != Status::True && survey.lasted(since, secs(30))) || lease.is_some_and(|(age, _)| age > CONFIRMED);
    let title = match says {
        Status::False => format!("node {name} says it is not ready"),
        Status::Unknown => format!("node {name} does not answer"),
        Status::True => format!("node {name} has stopped its heartbeat"),
    };
    let severity = if sure && says != Status::True { gravity(survey, node) } else { Severity::Warning };
    let mut finding = Finding::new("node-not-ready", severity, confirmed(sure), title);
    let renewed = silent.map(|(_, at)| at);
    finding.since = match (since, renewed) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    finding.subjects.push(node.meta.reference(Kind::Node).into());
    finding.evidence.extend(condition_evidence(survey, node));
    if let Some((age, at)) = silent {
        let text = format!("{name}: its Lease was renewed {} ago (usually every 10s)", time::age(age));
        finding.evidence.push(Evidence::of(Kind::Lease, text, Some(at)));
    }
    finding.evidence.extend(left(survey));
    finding.refuted_by = vec!["a fresh Lease and Ready=True".to_owned()];
    finding.unseen = survey.unseen(&[Kind::Node, Kind::Lease]);
    finding.unseen.push("the machine itself: it is not probed".to_owned());
    Some(finding)
}

/// A lost server of a small control plane leaves no room for another fault.
fn gravity(survey: &Survey<'_>, node: &Node) -> Severity {
    let server = |n: &Node| n.roles().iter().any(|r| matches!(*r, "control-plane" | "etcd" | "master"));
    let servers = survey.situation.nodes.values().filter(|n| server(n)).count();
    let only = survey.situation.nodes.len() == 1;
    if only || (server(node) && servers <= 3) { Severity::Critical } else { Severity::Warning }
}

fn condition_evidence(survey: &Survey<'_>, node: &Node) -> Option<Evidence> {
    let name = &node.meta.key.name;
    let Some(condition) = node.condition("Ready") else {
        return Some(Evidence::of(Kind::Node, format!("{name} has no condition Ready"), None));
    };
    let word = match condition.status {
        Status::True => return None,
        Status::False => "False",
        Status::Unknown => "Unknown",
    };
    let text = format!(
        "{name}: Ready={word} ({}){}: {}",
        condition.reason,
        lasting(condition.since, survey.now),
        short(&condition.message)
    );
    Some(Evidence::of(Kind::Node, text, condition.since))
}

fn left(survey: &Survey<'_>) -> Option<Evidence> {
    let all = survey.situation.nodes.len();
    let ready = survey.situation.nodes.values().filter(|n| n.ready() == Status::True).count();
    let text = format!("{ready} of {} ready", count(all, "node"));
    (all > 1).then(|| Evidence::of(Kind::Node, text, None))
}

/// How old a node's Lease is, and when it was renewed. Time in which no Lease could be heard at all does not count: a
/// console that slept or lost the API must not call every node dead.
fn lease_age(survey: &Survey<'_>, node: &str) -> Option<(SignedDuration, Timestamp)> {
    let source = Source::Watch(Kind::Lease);
    if !survey.situation.source(&source).live() {
        return None;
    }
    let lease = survey.situation.leases.get(&Key::new("kube-node-lease", node))?;
    let silence = survey.situation.age_of(&source).unwrap_or_default();
    let renewed = lease.renewed?;
    let age = survey.ago(renewed).checked_sub(silence)?.max(SignedDuration::ZERO);
    Some((age, renewed))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::{Labels, Status};
    use crate::situation::{Kind, Observation, Source, SourceState, Trouble};

    fn down(status: Status, seconds_ago: i64) -> World {
        let mut world = World::new();
        let mut node = mk_node("node-2");
        node.conditions = vec![mk_condition("Ready", status, "NodeStatusUnknown", seconds_ago)];
        world.put(node);
        world
    }

    #[test]
    fn not_ready_is_suspect_at_once_and_confirmed_after_30_seconds() {
        let finding = down(Status::Unknown, 10).finding("node-not-ready");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Suspect));
        let finding = down(Status::Unknown, 40).finding("node-not-ready");
        assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::Confirmed));
        assert_eq!(finding.title, "node node-2 does not answer");
        assert_eq!(down(Status::False, 40).finding("node-not-ready").title, "node node-2 says it is not ready");
    }

    #[test]
    fn a_worker_node_is_a_warning() {
        let mut world = down(Status::Unknown, 40);
        let mut node = world.situation.nodes[&crate::situation::Key::new("", "node-2")].clone();
        node.meta.labels = Labels::default();
        world.put(node);
        assert_eq!(world.finding("node-not-ready").severity, Severity::Warning);
    }

    #[test]
    fn an_old_lease_is_seen_before_the_controller_says_so() {
        for (age, confidence) in [(15, None), (25, Some(Confidence::Suspect)), (55, Some(Confidence::Confirmed))] {
            let mut world = World::new();
            world.put(mk_lease("node-3", age));
            let found = world.findings("node-not-ready");
            assert_eq!(found.first().map(|f| f.confidence), confidence, "{age}");
        }
    }

    #[test]
    fn leases_that_could_not_be_heard_are_not_old() {
        // The laptop slept: the watch was last heard ten minutes ago.
        let mut world = World::new();
        world.situation.apply(Observation::Heard(Source::Watch(Kind::Lease), ago(600)));
        for node in ["node-1", "node-2", "node-3"] {
            world.put(mk_lease(node, 604));
        }
        assert_eq!(world.ids(), [""; 0]);
        let trouble = Trouble { what: "connection reset".into(), remedy: "".into(), retry_at: None };
        world.source(Source::Watch(Kind::Lease), SourceState::Lost(trouble));
        assert_eq!(world.ids(), [""; 0]);
    }

    #[test]
    fn a_cordoned_node_is_ready() {
        let mut world = World::new();
        let mut node = mk_node("node-1");
        node.unschedulable = true;
        world.put(node);
        assert_eq!(world.ids(), ["left-behind"]);
    }

    #[test]
    fn its_pods_are_its_consequences() {
        let mut world = down(Status::Unknown, 400);
        world.deploy(NS, "web", 3);
        world.set_ready(NS, "web", 2, 400);
        world.change_pod(NS, "web-rs1-2", |p| unready(p, 400));
        assert_eq!(world.ids(), ["node-not-ready", "workload-unready"]);
        assert_eq!(world.assess().findings[1].consequence_of, Some("node-not-ready"));
    }
}
