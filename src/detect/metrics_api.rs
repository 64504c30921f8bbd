//! F10: the metrics API does not answer.

use super::finding::confirmed;
use super::survey::Survey;
use super::words::{count, lasting, list, mins, secs, short};
use super::{Confidence, Detector, Evidence, Finding, Severity};
use crate::situation::object::{ApiService, Status};
use crate::situation::{Kind, Source, SourceState, Subject, Text};

pub(super) const DETECTOR: Detector = Detector {
    id: "F10",
    title: "the metrics API does not answer",
    explanation:
        "Usage of nodes and pods is served by an add-on behind the API server. Without it there are no figures, \
autoscalers stand still, and clients that list all API groups see partial errors; users notice nothing.

Found by: the APIService of group metrics.k8s.io with Available=False (suspect after 90 seconds, confirmed after 3 \
minutes: a gap after its restart is normal), the requests for usage that fail, the workload in the role `metrics`, \
autoscalers that cannot read a metric. Usage of some nodes only points at those nodes.

Told from: not installed (listed as unknown, no finding); forbidden (likewise); FailedDiscoveryCheck with a ready pod \
(the path from the API server to the pod); some nodes missing (port 10250 of those nodes).

First: is its pod ready? If not, look at it; if so, restart it once, and if that does not help, look at the network \
from the API servers to it.",
    find,
};

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    unavailable(survey).or_else(|| failing(survey)).or_else(|| partial(survey)).into_iter().collect()
}

fn unavailable(survey: &Survey<'_>) -> Option<Finding> {
    let service = survey
        .situation
        .api_services
        .values()
        .find(|s| s.meta.key.name.ends_with(".metrics.k8s.io") && !s.meta.key.name.contains("custom"))
        .filter(|s| s.service.is_some() && s.status() != Status::True)?;
    let condition = service.available();
    let since = condition.and_then(|c| c.since);
    if !survey.lasted(since, secs(90)) {
        return None;
    }
    let sure = survey.lasted(since, mins(3));
    let mut finding = new(survey, sure, "the metrics API does not answer");
    finding.since = since;
    finding.subjects.insert(0, service.meta.reference(Kind::ApiService).into());
    let (reason, message) = condition.map(|c| (&*c.reason, &*c.message)).unwrap_or_default();
    let text = format!(
        "{} is not available{}: {reason}{}",
        service.meta.key.name,
        lasting(since, survey.now),
        if message.is_empty() { String::new() } else { format!(", {}", short(message)) }
    );
    finding.evidence.insert(0, Evidence::of(Kind::ApiService, text, since));
    finding.evidence.extend(endpoint_hint(survey, service));
    Some(finding)
}

/// The requests themselves fail; all that is left where APIServices may not be read.
fn failing(survey: &Survey<'_>) -> Option<Finding> {
    let registered = survey.situation.api_services.values().any(|s| s.meta.key.name.ends_with(".metrics.k8s.io"));
    if survey.situation.knows(Kind::ApiService) && registered {
        // The APIService is the better witness, and it says that all is well, or not for long.
        return None;
    }
    let state = survey.situation.source(&Source::NodeMetrics).state;
    let (SourceState::Failed(trouble) | SourceState::Lost(trouble)) = state else {
        return None;
    };
    if !survey.situation.source(&Source::Api).live() {
        return None;
    }
    let mut finding = new(survey, false, "the metrics API does not answer");
    finding.subjects.insert(0, Subject::Api(Text::new("metrics.k8s.io")));
    let evidence = Evidence { text: trouble.what.to_string(), source: Source::NodeMetrics, at: None };
    finding.evidence.insert(0, evidence);
    Some(finding)
}

/// It answers, but not for all nodes.
fn partial(survey: &Survey<'_>) -> Option<Finding> {
    let situation = survey.situation;
    if !situation.source(&Source::NodeMetrics).live() || situation.node_usage.is_empty() {
        return None;
    }
    let ready = situation.nodes.values().filter(|n| n.ready() == Status::True);
    let settled = ready.filter(|n| survey.lasted(n.condition("Ready").and_then(|c| c.since), mins(3)));
    let without: Vec<_> = settled.filter(|n| !situation.node_usage.contains_key(&n.meta.key.name)).collect();
    without.first()?;
    let names: Vec<&str> = without.iter().map(|n| &*n.meta.key.name).collect();
    let mut finding = new(survey, false, &format!("no metrics of {}", list(&names, 3)));
    finding.severity = Severity::Info;
    finding.subjects = without.iter().map(|n| n.meta.reference(Kind::Node).into()).collect();
    let text = format!("usage of {} of {}", situation.node_usage.len(), count(situation.nodes.len(), "node"));
    finding.evidence.insert(0, Evidence { text, source: Source::NodeMetrics, at: None });
    finding.refuted_by = vec!["usage of every node".to_owned()];
    Some(finding)
}

fn new(survey: &Survey<'_>, sure: bool, title: &str) -> Finding {
    let mut finding = Finding::new("F10", Severity::Warning, confirmed(sure), title.to_owned());
    for workload in survey.workloads.iter().filter(|w| w.plays("metrics")) {
        finding.subjects.push(Subject::Object(workload.reference.clone()));
        let text = format!("{}: {}", workload.reference.key.name, workload.counts());
        finding.evidence.push(Evidence::of(workload.reference.kind, text, None));
    }
    for scaler in survey.situation.autoscalers.values() {
        let blind = |c: &&crate::situation::object::Condition| {
            c.kind == "ScalingActive" && c.status == Status::False && c.reason == "FailedGetResourceMetric"
        };
        if let Some(condition) = scaler.conditions.iter().find(blind) {
            let text = format!("autoscaler {} cannot read its metric", scaler.meta.key);
            finding.evidence.push(Evidence::of(Kind::HorizontalPodAutoscaler, text, condition.since));
        }
    }
    finding.runbook = Some("F10");
    finding.refuted_by = vec!["the APIService is available, or usage of every node less than 2 minutes old".to_owned()];
    finding.unseen = survey.unseen(&[Kind::ApiService]);
    finding
}

/// What the reason points at.
fn endpoint_hint(survey: &Survey<'_>, service: &ApiService) -> Option<Evidence> {
    let reason = &service.available()?.reason;
    let pods = survey.workloads.iter().find(|w| w.plays("metrics"))?;
    let text = match &**reason {
        "FailedDiscoveryCheck" if pods.ready > 0 => {
            "its pod is ready: the path from the API servers to it is the suspect"
        }
        "MissingEndpoints" | "EndpointsNotFound" if pods.ready == 0 => "no ready pod stands behind it",
        "ServiceNotFound" => "the Service behind it does not exist",
        _ => return None,
    };
    Some(Evidence::of(Kind::ApiService, text, None))
}

/// Whether a finding of the given confidence says that usage is missing altogether.
pub(super) fn explains(finding: &Finding) -> bool {
    finding.id == "F10" && finding.severity > Severity::Info && finding.confidence >= Confidence::Suspect
}

#[cfg(test)]
mod tests {
    use super::super::Confidence;
    use super::super::testing::*;
    use crate::situation::object::{ApiService, Autoscaler, Status};
    use crate::situation::{Kind, Observation, Source, SourceState, Trouble, Usage};

    fn service(status: Status, reason: &str, seconds_ago: i64) -> ApiService {
        ApiService {
            meta: mk_meta("", "v1beta1.metrics.k8s.io", 864_000),
            service: Some(("kube-system".into(), "metrics".into())),
            conditions: vec![mk_condition("Available", status, reason, seconds_ago)],
        }
    }

    fn world(status: Status, seconds_ago: i64) -> World {
        let mut world = World::new();
        world.put(service(status, "MissingEndpoints", seconds_ago));
        world
    }

    #[test]
    fn unavailable_is_suspect_after_90_seconds_and_confirmed_after_3_minutes() {
        assert_eq!(world(Status::False, 80).ids(), [""; 0]);
        assert_eq!(world(Status::False, 100).finding("F10").confidence, Confidence::Suspect);
        let finding = world(Status::False, 200).finding("F10");
        assert_eq!((finding.confidence, finding.since), (Confidence::Confirmed, Some(ago(200))));
        assert_eq!(finding.subjects[0].to_string(), "APIService//v1beta1.metrics.k8s.io");
        assert_eq!(world(Status::True, 200).ids(), [""; 0]);
    }

    #[test]
    fn its_workload_is_evidence_and_shown_under_it() {
        let mut world = world(Status::False, 400);
        world.deploy("kube-system", "metrics", 1);
        world.set_ready("kube-system", "metrics", 0, 410);
        world.change_pod("kube-system", "metrics-rs1-1", |p| unready(p, 410));
        assert_eq!(world.ids(), ["F10", "workload-unready"]);
        assert_eq!(world.assess().findings[1].consequence_of, Some("F10"));
        let text = evidence(&world.finding("F10"));
        assert!(text.contains("metrics: 0 of 1 ready") && text.contains("no ready pod stands behind it"), "{text}");
    }

    #[test]
    fn a_blind_autoscaler_is_evidence_and_no_finding_of_its_own() {
        let mut world = world(Status::False, 400);
        let conditions = vec![mk_condition("ScalingActive", Status::False, "FailedGetResourceMetric", 390)];
        world.put(Autoscaler { meta: mk_meta(NS, "web", 86_400), conditions, ..Autoscaler::default() });
        assert!(evidence(&world.finding("F10")).contains("autoscaler shop/web cannot read its metric"));
    }

    #[test]
    fn not_installed_or_forbidden_is_unknown_and_no_finding() {
        for state in [SourceState::Missing, SourceState::Forbidden("list nodes.metrics.k8s.io".into())] {
            let mut world = World::new();
            world.source(Source::NodeMetrics, state);
            let assessment = world.assess();
            assert_eq!(assessment.findings, []);
            assert!(assessment.unknown.iter().any(|(s, _)| *s == Source::NodeMetrics));
        }
    }

    #[test]
    fn where_api_services_may_not_be_read_the_failing_request_is_the_sign() {
        let mut world = World::new();
        world.source(Source::Watch(Kind::ApiService), SourceState::Forbidden("list apiservices".into()));
        let trouble = Trouble { what: "503 from metrics.k8s.io".into(), remedy: "".into(), retry_at: None };
        world.source(Source::NodeMetrics, SourceState::Lost(trouble));
        let finding = world.finding("F10");
        assert_eq!(finding.confidence, Confidence::Suspect);
        assert!(finding.unseen.iter().any(|u| u.contains("apiservices")));
    }

    #[test]
    fn nodes_without_usage_are_named() {
        let mut world = world(Status::True, 4000);
        let usage = |n: &str| (n.into(), Usage::default());
        world.situation.apply(Observation::NodeMetrics(vec![usage("node-1"), usage("node-3")]));
        assert_eq!(world.finding("F10").title, "no metrics of node-2");
    }
}
