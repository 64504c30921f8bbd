//! F17: a workload of one replica is down.

use super::finding::confirmed;
use super::survey::Survey;
use super::trouble::{self, Trouble};
use super::words::{lasting, secs};
use super::workload::Workload;
use super::{Detector, Evidence, Finding, Severity};
use crate::situation::Kind;

pub(super) const DETECTOR: Detector = Detector {
    id: "F17",
    title: "a workload of one replica is down",
    explanation: "A workload that plays a role, or that an Ingress leads to, wants one replica and has none ready for \
more than 60 seconds. A restart takes 10 to 30 seconds and is no alarm.

Found by: the workload's ready count, its pod's state and last end, and the EndpointSlices of its Service. Two of \
these agreeing confirm it.

Told from: a 404 at the ingress (the route is missing, not the pod); a 403 (access rules in front); an answer of the \
edge itself (the node is the fault); a pod that was scheduled to a node that is gone (node-not-ready explains it). The \
evidence names why the pod is not ready: image, configuration, scheduling, crash, or a probe with the wrong path.

First: is there a pod? None: look at replicas, quotas and events of the ReplicaSet. Waiting for an image or a Secret: \
mend that. Crashing: read the previous log. Killed by a probe: compare its path with what the program serves.",
    find,
};

/// A restart takes less than this.
const GRACE_SECONDS: i64 = 60;

/// Whether F17 speaks for this workload when it is down. DNS and metrics fail in ways of their own.
pub(super) fn covers(workload: &Workload<'_>) -> bool {
    workload.desired == 1
        && (workload.role.is_some() || workload.serves)
        && !(workload.plays("metrics") || workload.plays("dns"))
        && matches!(workload.reference.kind, Kind::Deployment | Kind::StatefulSet)
}

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey.workloads.iter().filter(|w| covers(w) && w.ready == 0).filter_map(|w| down(survey, w)).collect()
}

fn down(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let since = workload.down_since().or_else(|| trouble::creation_failure(workload).and_then(|(at, _)| at));
    if since.is_some() && !survey.lasted(since, secs(GRACE_SECONDS)) {
        return None;
    }
    let troubles: Vec<Trouble<'_>> = trouble::of(survey, workload);
    let empty = endpoints_empty(survey, workload);
    if since.is_none() && troubles.is_empty() && empty != Some(true) {
        // Nothing dates it and no second signal: it may have been created a moment ago.
        return None;
    }
    let severity = if workload.serves { Severity::Critical } else { Severity::Warning };
    let sure = since.is_some() && empty != Some(false);
    let reason = troubles.first().map(|t| format!(": {}", t.headline)).unwrap_or_default();
    let title = format!("{} is down{reason}", workload.name());
    let mut finding = Finding::new("F17", severity, confirmed(sure), title);
    finding.since = since;
    finding.subjects = workload.subjects(workload.pods.iter().copied().filter(|p| !p.ready()));
    let text = format!("its only replica is not ready{}", lasting(since, survey.now));
    finding.evidence.push(Evidence::of(workload.reference.kind, text, since));
    if empty == Some(true) {
        let text = "its Service has no ready endpoint: requests to it get 503";
        finding.evidence.push(Evidence::of(Kind::EndpointSlice, text, None));
    }
    finding.evidence.extend(troubles.iter().map(|t| t.evidence.clone()));
    finding.evidence.extend(trouble::creation_failure(workload).map(|(_, evidence)| evidence));
    if workload.pods.is_empty() && survey.situation.knows(Kind::Pod) {
        finding.evidence.push(Evidence::of(Kind::Pod, "it has no pod at all", None));
    }
    finding.runbook = Some("F17");
    finding.refuted_by = vec!["a ready pod of it, or a ready endpoint of its Service".to_owned()];
    finding.unseen = survey.unseen(&[workload.reference.kind, Kind::Pod, Kind::EndpointSlice, Kind::Event]);
    if troubles.iter().any(|t| t.has_log) {
        finding.unseen.push("the log of the last run: read it with previous".to_owned());
    }
    Some(finding)
}

/// Whether the Services that mean this workload have no ready endpoint; `None` where there is no such Service or the
/// slices are not known.
fn endpoints_empty(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<bool> {
    let situation = survey.situation;
    if !situation.knows(Kind::EndpointSlice) || !situation.knows(Kind::Service) {
        return None;
    }
    let selector = workload.selector?;
    let namespace = &workload.reference.key.namespace;
    let mut services = situation
        .services
        .values()
        .filter(|s| s.meta.key.namespace == *namespace && s.selector.selects(selector))
        .peekable();
    services.peek()?;
    Some(services.all(|service| {
        let slices = situation.endpoint_slices.values();
        let own = slices.filter(|s| s.meta.key.namespace == *namespace && s.service == service.meta.key.name);
        !own.flat_map(|s| &s.endpoints).any(|e| e.ready && !e.terminating)
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::Key;
    use crate::situation::object::Status;

    fn office() -> World {
        let mut world = World::new();
        world.deploy(NS, "office", 1);
        world.put(mk_service(NS, "office"));
        world.put(mk_slice(NS, "office", &[("office-rs1-1", true)]));
        world
    }

    fn break_it(world: &mut World, seconds_ago: i64) {
        world.change_pod(NS, "office-rs1-1", |p| unready(p, seconds_ago));
        world.set_ready(NS, "office", 0, seconds_ago);
        world.put(mk_slice(NS, "office", &[("office-rs1-1", false)]));
    }

    #[test]
    fn down_for_more_than_a_minute_is_found_and_two_signals_confirm_it() {
        let mut world = office();
        break_it(&mut world, 75);
        let finding = world.finding("F17");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Confirmed));
        assert_eq!(finding.since, Some(ago(75)));
        assert_eq!(finding.title, "office is down: it runs and is not ready");
        assert!(evidence(&finding).contains("no ready endpoint"));
        assert_eq!(world.ids(), ["F17"], "nothing else tells the same");
    }

    #[test]
    fn a_restart_is_no_alarm() {
        let mut world = office();
        break_it(&mut world, 45);
        assert_eq!(world.ids(), [""; 0]);
    }

    #[test]
    fn a_ready_endpoint_leaves_a_doubt() {
        let mut world = office();
        break_it(&mut world, 75);
        world.put(mk_slice(NS, "office", &[("other", true)]));
        assert_eq!(world.finding("F17").confidence, Confidence::Suspect);
    }

    #[test]
    fn more_replicas_and_workloads_without_a_role_are_not_its_business() {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world.deploy(NS, "toy", 1);
        world.set_ready(NS, "web", 0, 300);
        world.set_ready(NS, "toy", 0, 300);
        assert_eq!(world.findings("F17"), []);
    }

    #[test]
    fn what_users_pass_is_critical() {
        let mut world = office();
        world.profile.roles.get_mut("office").unwrap().serves = true;
        break_it(&mut world, 75);
        assert_eq!(world.finding("F17").severity, Severity::Critical);
    }

    #[test]
    fn a_panic_explains_it() {
        let mut world = office();
        break_it(&mut world, 300);
        world.change_pod(NS, "office-rs1-1", |p| crash_loops(p, 2, "Error", 5, 20));
        assert_eq!(world.ids(), ["F15", "F17"]);
        assert_eq!(world.assess().findings[1].consequence_of, Some("F15"));
    }

    #[test]
    fn a_quota_that_keeps_its_pod_from_being_made_is_named() {
        let mut world = office();
        world.set_ready(NS, "office", 0, 300);
        world.situation.pods.remove(&Key::new(NS, "office-rs1-1"));
        world.change_deployment(NS, "office", |d| {
            d.current = 0;
            let mut refused = mk_condition("ReplicaFailure", Status::True, "FailedCreate", 300);
            refused.message = "exceeded quota: compute".into();
            d.conditions.push(refused);
        });
        let text = evidence(&world.finding("F17"));
        assert!(text.contains("exceeded quota"), "{text}");
        assert!(text.contains("no pod at all"), "{text}");
    }

    #[test]
    fn a_kill_by_its_probe_is_told_from_a_crash() {
        let mut world = office();
        break_it(&mut world, 300);
        world.change_pod(NS, "office-rs1-1", |p| crash_loops(p, 137, "Error", 5, 20));
        world.pod_event("office-rs1-1", "Killing", "Container main failed liveness probe, will be restarted", 30);
        let finding = world.finding("F17");
        assert!(finding.title.contains("killed by its liveness or startup probe"), "{}", finding.title);
    }
}
