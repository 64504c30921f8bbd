//! F26: some users get errors and others do not, as far as pods tell.

use jiff::Timestamp;

use super::finding::confirmed;
use super::pod::{self, Why};
use super::survey::Survey;
use super::trouble;
use super::words::{are, lasting, list, mins, secs};
use super::workload::Workload;
use super::{Detector, Evidence, Finding, Severity};
use crate::situation::object::{Pod, Status};
use crate::situation::{Key, Kind};

pub(super) const DETECTOR: Detector = Detector {
    id: "F26",
    title: "some users see errors, others do not",
    explanation:
        "Users are spread over the nodes, and over the pods behind each. One sick ingress or one sick pod that \
still gets requests fails only its share of them.

Found by (as far as pods tell; probes of each node are not part of this version): a pod of the role `ingress` that is \
not ready on some nodes and ready on others; an endpoint that still counts as ready although its pod is not, or its \
node is gone. An ingress that runs and is not ready fails its node's share; one that does not run at all refuses \
connections, which an edge in front mostly retries on another node: then it is a warning.

Told from: an ingress that is down on every node (workload-unready); a node that is down (node-not-ready explains it); \
the same share of errors on all nodes (one bad pod behind them).

First: which node? Look at the ingress pod there. If it is ready and requests still fail, the path from that node to \
the pods is the next suspect.",
    find,
};

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        survey.workloads.iter().filter(|w| w.plays("ingress")).filter_map(|w| ingress(survey, w)).collect();
    found.extend(survey.workloads.iter().filter(|w| w.serves && !w.pods.is_empty()).filter_map(|w| stale(survey, w)));
    found
}

/// Whether F26 speaks for this workload: its pods are not ready on some nodes only.
pub(super) fn covers(workload: &Workload<'_>) -> bool {
    workload.plays("ingress") && workload.ready > 0
}

fn ingress(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    if !covers(workload) {
        return None;
    }
    let troubles = trouble::of(survey, workload);
    let sick: Vec<_> =
        troubles.iter().filter(|t| t.counts && t.why != Why::Terminating && !t.pod.node.is_empty()).collect();
    let since = sick.iter().filter_map(|t| t.since).min();
    sick.first()?;
    let mut nodes: Vec<&str> = sick.iter().map(|t| &*t.pod.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let answers_badly = sick.iter().any(|t| matches!(t.why, Why::NotReady(_)));
    let severity = if answers_badly { Severity::Critical } else { Severity::Warning };
    let sure = sick.iter().any(|t| t.sure);
    let title = format!("some users see errors: {} {} not ready on {}", workload.name(), are(1), list(&nodes, 3));
    let mut finding = Finding::new("F26", severity, confirmed(sure), title);
    finding.since = since;
    finding.subjects = workload.subjects(sick.iter().map(|t| t.pod));
    finding.subjects.extend(nodes.iter().filter_map(|n| Some(survey.node(n)?.meta.reference(Kind::Node).into())));
    let total = workload.desired.max(1);
    let share = if answers_badly {
        format!("the share of {} of {total} nodes fails", nodes.len())
    } else {
        format!("{} of {total} nodes refuse connections; an edge in front mostly tries another", nodes.len())
    };
    let text = format!("{}{}; {share}", workload.counts(), lasting(since, survey.now));
    finding.evidence.push(Evidence::of(workload.reference.kind, text, since));
    finding.evidence.extend(sick.iter().map(|t| t.evidence.clone()));
    finish(survey, &mut finding);
    Some(finding)
}

/// Endpoints that still get requests although their pod cannot answer.
fn stale(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let sick: Vec<(&Pod, Option<Timestamp>)> = workload
        .pods
        .iter()
        .filter(|p| pod::why(survey, p) != Why::Terminating)
        .map(|p| (*p, deaf_since(survey, p)))
        .filter(|(p, since)| survey.lasted(*since, secs(20)) && in_rotation(survey, p))
        .collect();
    sick.first()?;
    let since = sick.iter().filter_map(|(_, s)| *s).min();
    let title = format!("some users see errors: {} still gets requests on a pod that is not ready", workload.name());
    let sure = survey.lasted(since, mins(1));
    let mut finding = Finding::new("F26", Severity::Critical, confirmed(sure), title);
    finding.since = since;
    finding.subjects = workload.subjects(sick.iter().map(|(p, _)| *p));
    for (pod, since) in &sick {
        let text =
            format!("{} on {} is not ready, and its endpoint still counts as ready", pod.meta.key.name, pod.node);
        finding.evidence.push(Evidence::of(Kind::EndpointSlice, text, *since));
    }
    finish(survey, &mut finding);
    Some(finding)
}

/// Since when a pod cannot answer: it is not ready, or its node is not.
fn deaf_since(survey: &Survey<'_>, pod: &Pod) -> Option<Timestamp> {
    if !pod.ready() {
        return pod::unready_since(pod);
    }
    survey.node_of(pod).filter(|n| n.ready() != Status::True)?.condition("Ready")?.since
}

/// Whether a Service with an address of its own (not a headless one, which may list pods that are not ready on
/// purpose) sends requests to the pod.
fn in_rotation(survey: &Survey<'_>, pod: &Pod) -> bool {
    let namespace = &pod.meta.key.namespace;
    survey.situation.endpoint_slices.values().filter(|s| s.meta.key.namespace == *namespace).any(|slice| {
        let key = Key { namespace: namespace.clone(), name: slice.service.clone() };
        let service = survey.situation.services.get(&key);
        service.is_some_and(|s| !s.cluster_ip.is_empty() && s.cluster_ip != "None")
            && slice.endpoints.iter().any(|e| e.pod == pod.meta.key.name && e.ready && !e.terminating)
    })
}

fn finish(survey: &Survey<'_>, finding: &mut Finding) {
    finding.runbook = Some("F26");
    finding.refuted_by = vec!["twenty of twenty requests to each node answer".to_owned()];
    finding.unseen = survey.unseen(&[Kind::Pod, Kind::EndpointSlice, Kind::Service, Kind::Node]);
    finding.unseen.push("what each node answers to a request: nodes are not probed".to_owned());
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::{Node, Status};

    fn edge(ready: i32) -> World {
        let mut world = World::new();
        world.put(mk_daemon_set("kube-system", "ingress", 3, ready));
        for i in 1..=3 {
            world.put(mk_daemon_pod("kube-system", "ingress", i));
        }
        world
    }

    #[test]
    fn an_ingress_that_runs_and_is_not_ready_fails_its_share() {
        let mut world = edge(2);
        world.change_pod("kube-system", "ingress-2", |p| unready(p, 200));
        let finding = world.finding("F26");
        assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::Confirmed));
        assert_eq!(finding.title, "some users see errors: ingress is not ready on node-2");
        assert!(finding.subjects.iter().any(|s| s.to_string() == "Node//node-2"));
        assert_eq!(world.ids(), ["F26"]);
    }

    #[test]
    fn one_that_does_not_run_refuses_and_is_a_warning() {
        let mut world = edge(2);
        world.change_pod("kube-system", "ingress-2", |p| crash_loops(p, 1, "Error", 3, 100));
        assert_eq!(world.finding("F26").severity, Severity::Warning);
    }

    #[test]
    fn a_restart_and_an_ingress_that_is_down_everywhere_are_something_else() {
        let mut world = edge(2);
        world.change_pod("kube-system", "ingress-2", |p| unready(p, 20));
        assert_eq!(world.ids(), [""; 0]);
        let mut world = edge(0);
        for i in 1..=3 {
            world.change_pod("kube-system", &format!("ingress-{i}"), |p| unready(p, 200));
        }
        assert_eq!(world.findings("F26"), []);
        assert_eq!(world.finding("workload-unready").severity, Severity::Critical);
    }

    #[test]
    fn a_dead_node_explains_its_ingress() {
        let mut world = edge(2);
        let mut node: Node = mk_node("node-2");
        node.conditions = vec![mk_condition("Ready", Status::Unknown, "NodeStatusUnknown", 100)];
        world.put(node);
        world.change_pod("kube-system", "ingress-2", |p| unready(p, 100));
        assert_eq!(world.ids(), ["node-not-ready", "F26"]);
        assert_eq!(world.assess().findings[1].consequence_of, Some("node-not-ready"));
    }

    #[test]
    fn an_endpoint_that_outlives_its_pods_readiness_gets_requests() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.set_ready(NS, "web", 2, 40);
        world.change_pod(NS, "web-rs1-2", |p| unready(p, 40));
        world.put(mk_service(NS, "web"));
        world.put(mk_slice(NS, "web", &[("web-rs1-1", true), ("web-rs1-2", true)]));
        assert_eq!(world.finding("F26").severity, Severity::Critical);
        // The endpoint was taken out, as it should be.
        world.put(mk_slice(NS, "web", &[("web-rs1-1", true), ("web-rs1-2", false)]));
        assert_eq!(world.findings("F26"), []);
        // A headless Service lists pods that are not ready on purpose.
        world.put(mk_slice(NS, "web", &[("web-rs1-2", true)]));
        let mut headless = mk_service(NS, "web");
        headless.cluster_ip = "None".into();
        world.put(headless);
        assert_eq!(world.findings("F26"), []);
    }
}
