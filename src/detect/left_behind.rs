//! `left-behind`: what an action left and nobody has undone yet.

use jiff::Timestamp;

use super::survey::Survey;
use super::words::lasting;
use super::{Confidence, Detector, Evidence, Finding, Severity};
use crate::situation::object::{Deployment, Node, Status};
use crate::situation::{Kind, Text};

pub(super) const DETECTOR: Detector = Detector {
    id: "left-behind",
    title: "something was changed for a while and not changed back",
    explanation: "A node that is still cordoned, or a Deployment that is still paused: the remains of an action, of this \
program's or of somebody else's. They do no harm now, and they will surprise the next one who deploys or drains.

Found by: spec.unschedulable of nodes and spec.paused of Deployments. The annotation crashcart/left-behind, which every \
action that leaves something writes, says for which incident and since when; without it somebody else did it, by hand or \
by another tool, and may still be at work there.

Told from: a node that is not ready (node-not-ready), which is a fault and no decision of anybody; a drain under way, \
which looks the same and ends by itself. It is never more than a note, however long it lasts.

First: ask whoever did it whether the work is done. Then undo it: uncordon (A01), kubectl rollout resume.",
    find,
};

/// The taint that the cluster puts on a cordoned node; it may know since when.
const TAINT: &str = "node.kubernetes.io/unschedulable";

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let situation = survey.situation;
    let nodes = situation.nodes.values().filter(|n| n.unschedulable).map(|n| cordoned(survey, n));
    let deployments = situation.deployments.values().filter(|d| d.paused).map(|d| paused(survey, d));
    nodes.chain(deployments).collect()
}

fn cordoned(survey: &Survey<'_>, node: &Node) -> Finding {
    let name = &node.meta.key.name;
    let taint = node.taints.iter().find(|t| t.key == TAINT).and_then(|t| t.added);
    let left = Note::read(node.left_behind());
    let since = left.as_ref().and_then(|n| n.at).or(taint);
    let mut finding = new(format!("node {name} is cordoned: no new pods go there"), since);
    finding.subjects.push(node.meta.reference(Kind::Node).into());
    finding.evidence.push(Evidence::of(Kind::Node, who(survey, "cordoned", left.as_ref(), since), since));
    if node.ready() != Status::True {
        let text = format!("{name} is not ready either: a fault of its own");
        finding.evidence.push(Evidence::of(Kind::Node, text, node.condition("Ready").and_then(|c| c.since)));
    }
    finding.refuted_by = vec!["uncordoning it, once the work on it is done".to_owned()];
    finding.unseen = survey.unseen(&[Kind::Node]);
    finding
}

fn paused(survey: &Survey<'_>, deployment: &Deployment) -> Finding {
    let name = &deployment.meta.key.name;
    let condition = deployment.condition("Progressing").filter(|c| c.reason == "DeploymentPaused");
    let left = Note::read(Some(&deployment.left_behind));
    let since = left.as_ref().and_then(|n| n.at).or_else(|| condition.and_then(|c| c.since));
    let mut finding = new(format!("Deployment {name} is paused: changes of it take no effect"), since);
    finding.subjects.push(deployment.meta.reference(Kind::Deployment).into());
    finding.evidence.push(Evidence::of(Kind::Deployment, who(survey, "paused", left.as_ref(), since), since));
    finding.refuted_by = vec!["resuming it: kubectl rollout resume".to_owned()];
    finding.unseen = survey.unseen(&[Kind::Deployment]);
    finding
}

fn new(title: String, since: Option<Timestamp>) -> Finding {
    let mut finding = Finding::new("left-behind", Severity::Info, Confidence::Confirmed, title);
    finding.since = since;
    finding
}

/// Who did it, why and since when, in a sentence.
fn who(survey: &Survey<'_>, what: &str, note: Option<&Note<'_>>, since: Option<Timestamp>) -> String {
    let lasting = lasting(since, survey.now);
    let what = format!("{what}{lasting}");
    match note {
        Some(Note { action, incident: Some(incident), .. }) => {
            format!("{what}, by crashcart ({action}, {incident})")
        }
        Some(Note { action, .. }) => format!("{what}, by crashcart ({action}, without an incident)"),
        None => format!("{what}, by somebody else, without a note"),
    }
}

/// The annotation's three words: action, incident (`-`: none), time.
struct Note<'a> {
    action: &'a str,
    incident: Option<&'a str>,
    at: Option<Timestamp>,
}

impl<'a> Note<'a> {
    fn read(note: Option<&'a Text>) -> Option<Self> {
        let mut words = note?.split_whitespace();
        let action = words.next()?;
        let incident = words.next().filter(|i| *i != "-");
        Some(Self { action, incident, at: words.next().and_then(|at| at.parse().ok()) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::{LEFT_BEHIND, Status, Taint};

    fn cordon(world: &mut World, left: Option<&str>) {
        let mut node = mk_node("node-2");
        node.unschedulable = true;
        node.annotations = left.map(|n| (LEFT_BEHIND.into(), n.into())).into_iter().collect();
        let added = Some(ago(300));
        node.taints = vec![Taint { key: super::TAINT.into(), added, ..Taint::default() }];
        world.put(node);
    }

    #[test]
    fn our_own_cordon_names_its_incident_and_since_when() {
        let mut world = World::new();
        cordon(&mut world, Some("A01 INC-0007 2026-11-22T03:12:00Z"));
        let finding = world.finding("left-behind");
        assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Confirmed));
        assert_eq!(finding.since, Some(ago(3600)));
        assert_eq!(evidence(&finding), "cordoned for 1h00m, by crashcart (A01, INC-0007)");
        cordon(&mut world, Some("A01 - 2026-11-22T03:12:00Z"));
        assert_eq!(
            evidence(&world.finding("left-behind")),
            "cordoned for 1h00m, by crashcart (A01, without an incident)"
        );
    }

    #[test]
    fn a_note_that_cannot_be_read_is_no_trouble() {
        let mut world = World::new();
        for note in ["A01", "A01 INC-0007", "A01 INC-0007 yesterday", "A01 INC-0007 2026-11-22T03:12:00Z and more"] {
            cordon(&mut world, Some(note));
            assert!(evidence(&world.finding("left-behind")).contains(", by crashcart (A01"), "{note}");
        }
        cordon(&mut world, Some("  "));
        assert!(evidence(&world.finding("left-behind")).contains("somebody else"));
    }

    #[test]
    fn a_cordon_without_a_note_is_somebody_elses() {
        let mut world = World::new();
        cordon(&mut world, None);
        let finding = world.finding("left-behind");
        assert_eq!(evidence(&finding), "cordoned for 5m00s, by somebody else, without a note");
        assert_eq!(finding.since, Some(ago(300)));
    }

    #[test]
    fn it_ends_with_the_cordon_whatever_the_note_says() {
        let mut world = World::new();
        cordon(&mut world, Some("A01 INC-0007 2026-11-22T03:12:00Z"));
        let mut node = world.situation.nodes[&crate::situation::Key::new("", "node-2")].clone();
        node.unschedulable = false;
        world.put(node);
        assert_eq!(world.ids(), [""; 0]);
    }

    #[test]
    fn a_cordon_makes_a_sick_node_no_louder() {
        let mut world = World::new();
        let mut node = mk_node("node-2");
        node.conditions = vec![mk_condition("Ready", Status::Unknown, "NodeStatusUnknown", 400)];
        world.put(node.clone());
        let before = world.finding("node-not-ready");
        node.unschedulable = true;
        world.put(node);
        assert_eq!(world.finding("node-not-ready"), before);
        assert_eq!(world.finding("left-behind").severity, Severity::Info);
        assert_eq!(world.ids(), ["node-not-ready", "left-behind"]);
    }

    #[test]
    fn a_paused_deployment_is_found_until_it_is_resumed() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        assert_eq!(world.findings("left-behind"), []);
        world.change_deployment(NS, "web", |d| {
            d.paused = true;
            d.conditions.push(mk_condition("Progressing", Status::Unknown, "DeploymentPaused", 120));
        });
        let finding = world.finding("left-behind");
        assert_eq!(finding.title, "Deployment web is paused: changes of it take no effect");
        assert_eq!(evidence(&finding), "paused for 2m00s, by somebody else, without a note");
        world.change_deployment(NS, "web", |d| d.left_behind = "A27 INC-0009 2026-11-22T04:02:00Z".into());
        assert_eq!(evidence(&world.finding("left-behind")), "paused for 10m, by crashcart (A27, INC-0009)");
        world.change_deployment(NS, "web", |d| d.paused = false);
        assert_eq!(world.findings("left-behind"), []);
    }
}
