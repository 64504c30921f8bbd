//! Which finding explains which, and in what order they are told.

use std::cmp::Reverse;

use super::survey::Survey;
use super::{Finding, metrics_api};
use crate::situation::object::Pod;
use crate::situation::{Kind, Subject};

/// Marks consequences and orders: most severe first, each cause directly before what it explains.
pub(super) fn rank(survey: &Survey<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut causes: Vec<Option<usize>> = (0..findings.len()).map(|i| cause_of(survey, &findings, i)).collect();
    flatten(&mut causes);
    for (finding, cause) in (0..findings.len()).zip(causes.clone()) {
        let id = cause.and_then(|c| findings.get(c)).map(|f| f.id);
        if let Some(finding) = findings.get_mut(finding) {
            finding.consequence_of = id;
        }
    }
    // The groups in the order of their worst member; within a group the cause, then the rest as they stand.
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let group_of = |i: usize| causes.get(i).copied().flatten().unwrap_or(i);
    for i in 0..findings.len() {
        let cause = group_of(i);
        match groups.iter_mut().find(|g| g.iter().any(|m| group_of(*m) == cause)) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|i| (causes.get(*i).copied().flatten().is_some(), *i));
    }
    let mut slots: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    groups.into_iter().flatten().filter_map(|i| slots.get_mut(i)?.take()).collect()
}

type Order<'a> =
    (Reverse<super::Severity>, Reverse<super::Confidence>, bool, Option<jiff::Timestamp>, &'a str, Option<&'a Subject>);

fn order(f: &Finding) -> Order<'_> {
    (Reverse(f.severity), Reverse(f.confidence), f.since.is_none(), f.since, f.id, f.subject())
}

/// A consequence of a consequence belongs to the first cause.
fn flatten(causes: &mut [Option<usize>]) {
    for i in 0..causes.len() {
        let mut root = causes.get(i).copied().flatten();
        for _ in 0..causes.len() {
            let Some(next) = root.and_then(|r| causes.get(r).copied().flatten()).filter(|n| *n != i) else { break };
            root = Some(next);
        }
        if let Some(slot) = causes.get_mut(i) {
            *slot = root;
        }
    }
}

/// The finding that explains another one: the strength of the tie decides, then the order.
fn cause_of(survey: &Survey<'_>, findings: &[Finding], index: usize) -> Option<usize> {
    let effect = findings.get(index)?;
    let others = || findings.iter().enumerate().filter(|(i, _)| *i != index);
    let find = |test: &dyn Fn(&Finding) -> bool| others().find(|(_, c)| test(c)).map(|(i, _)| i);
    match effect.id {
        "F26" | "F17" | "workload-unready" => find(&|c| on_dead_node(survey, c, effect))
            .or_else(|| find(&|c| matches!(c.id, "F14" | "F15") && same_pods(c, effect)))
            .or_else(|| {
                find(&|c| metrics_api::explains(c) && effect.subject().is_some_and(|s| c.subjects.contains(s)))
            }),
        "F10" => find(&|c| on_dead_node(survey, c, effect))
            .or_else(|| find(&|c| matches!(c.id, "F14" | "F15") && shares_workload(c, effect))),
        _ => None,
    }
}

/// The same workload, and where both name pods, one of the same.
fn same_pods(cause: &Finding, effect: &Finding) -> bool {
    if !cause.concerns_same(effect) {
        return false;
    }
    let pods = |f: &'_ Finding| f.subjects.iter().filter(|s| is_pod(s)).cloned().collect::<Vec<_>>();
    let (theirs, ours) = (pods(cause), pods(effect));
    theirs.is_empty() || ours.is_empty() || ours.iter().any(|p| theirs.contains(p))
}

fn shares_workload(cause: &Finding, effect: &Finding) -> bool {
    cause.subject().is_some_and(|s| effect.subjects.contains(s))
}

fn is_pod(subject: &Subject) -> bool {
    matches!(subject, Subject::Object(r) if r.kind == Kind::Pod)
}

/// Whether all pods that an effect is about are on nodes of which the cause says that they are not ready.
fn on_dead_node(survey: &Survey<'_>, cause: &Finding, effect: &Finding) -> bool {
    if cause.id != "node-not-ready" {
        return false;
    }
    let Some(node) = cause.subject().map(Subject::name) else { return false };
    let mut pods = pods_of(survey, effect).peekable();
    pods.peek().is_some() && pods.all(|p| p.node == *node)
}

/// The pods that a finding names, else those of the workloads it names that are not ready.
fn pods_of<'a>(survey: &'a Survey<'_>, finding: &'a Finding) -> Box<dyn Iterator<Item = &'a Pod> + 'a> {
    let named = |s: &'a Subject| match s {
        Subject::Object(r) if r.kind == Kind::Pod => survey.situation.pods.get(&r.key),
        _ => None,
    };
    if finding.subjects.iter().any(is_pod) {
        return Box::new(finding.subjects.iter().filter_map(named));
    }
    let owners = survey.workloads.iter().filter(|w| finding.subjects.contains(&w.reference.clone().into()));
    Box::new(owners.flat_map(|w| w.pods.iter().copied()).filter(|p| !p.ready()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::situation::Subject;

    #[test]
    fn a_cause_stands_directly_before_its_consequences_and_the_worst_group_first() {
        let mut world = World::new();
        world.deploy(NS, "office", 1);
        world.deploy(NS, "web", 3);
        // A warning with a consequence that is critical: the group counts as critical.
        world.profile.roles.get_mut("office").unwrap().serves = true;
        world.change_pod(NS, "office-rs1-1", |p| crash_loops(p, 137, "OOMKilled", 1, 70));
        world.set_ready(NS, "office", 0, 70);
        world.change_pod(NS, "web-rs1-1", |p| waits(p, "ImagePullBackOff", "no such image", 4000));
        world.set_ready(NS, "web", 2, 4000);
        assert_eq!(world.ids(), ["F14", "F17", "workload-unready"]);
        let causes: Vec<_> = world.assess().findings.iter().map(|f| f.consequence_of).collect();
        assert_eq!(causes, [None, Some("F14"), None]);
    }

    #[test]
    fn another_pod_of_the_same_workload_is_no_consequence() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.change_pod(NS, "web-rs1-1", |p| restarted(p, 137, "OOMKilled", 100));
        world.change_pod(NS, "web-rs1-2", |p| waits(p, "ImagePullBackOff", "no such image", 4000));
        world.set_ready(NS, "web", 2, 4000);
        assert_eq!(world.ids(), ["workload-unready", "F14"]);
        assert!(world.assess().findings.iter().all(|f| f.consequence_of.is_none()));
    }

    #[test]
    fn the_order_does_not_depend_on_chance() {
        let mut world = World::new();
        for name in ["b", "a", "c"] {
            world.deploy(NS, name, 2);
            world.change_pod(NS, &format!("{name}-rs1-1"), |p| waits(p, "ImagePullBackOff", "no such image", 4000));
            world.set_ready(NS, name, 1, 4000);
        }
        let found = world.assess().findings;
        let names: Vec<&str> = found.iter().filter_map(|f| f.subject()).map(Subject::name).map(|n| &**n).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
