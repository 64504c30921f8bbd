//! `workload-unready`: a workload has fewer ready pods than it should, for a reason that no other detector names.

use super::finding::confirmed;
use super::pod::{End, Why};
use super::survey::Survey;
use super::trouble::{self, Trouble};
use super::words::{count, lasting, mins, secs};
use super::workload::Workload;
use super::{Detector, Evidence, Finding, Severity, single_replica, some_users};
use crate::situation::Kind;

pub(super) const DETECTOR: Detector = Detector {
    id: "workload-unready",
    title: "a workload is not ready",
    explanation: "A Deployment, DaemonSet or StatefulSet, or a pod of its own, is not ready for longer than a rollout \
takes, and no catalogue entry names it better.

Found by: ready against desired counts; the conditions Progressing (ProgressDeadlineExceeded) and ReplicaFailure; each \
pod's reason: no node takes it (60 s, sure after 3 min), its image cannot be had (2 min, 5 min), its configuration \
lacks something, a crash loop with exit 1 or a kill by a probe, a readiness probe that does not pass, a volume or \
network that cannot be set up, a pod that does not go away after its grace period. While a rollout still has all the \
ready pods it needs, pods that are only slow to start are not reported.

Told from: F14 (memory), F15 (panic), F17 (the only replica), F26 (ingress on some nodes), node-not-ready. Where one of \
those holds for the same workload, this is shown as its consequence.

First: open the pod that the evidence names; its events and conditions say what is missing.",
    find,
};

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey
        .workloads
        .iter()
        .filter(|w| !w.is_batch() && !told_elsewhere(w))
        .filter_map(|w| unready(survey, w).or_else(|| at_zero(survey, w)))
        .collect()
}

/// Whether another detector tells the same fact better.
fn told_elsewhere(workload: &Workload<'_>) -> bool {
    (single_replica::covers(workload) && workload.ready == 0) || (some_users::covers(workload) && workload.ready > 0)
}

fn unready(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let whole = workload.ready >= workload.desired && workload.desired > 0;
    let mut troubles = trouble::of(survey, workload);
    troubles.retain(|t| t.counts && matters(survey, t, whole));
    let refused = trouble::creation_failure(workload).filter(|(at, _)| survey.lasted(*at, secs(60)));
    let late = trouble::missed_deadline(workload);
    let missing = missing_pods(survey, workload);
    if troubles.is_empty() && refused.is_none() && late.is_none() && missing.is_none() {
        return None;
    }
    let dates = troubles.iter().map(|t| t.since);
    let since = dates.chain([&refused, &late].into_iter().flatten().map(|(at, _)| *at)).flatten().min();
    let since = since.or_else(|| workload.down_since());
    let sure = troubles.iter().any(|t| t.sure) || late.is_some() || survey.lasted(since, mins(3));
    let title = title(workload, &troubles, refused.is_some(), late.is_some());
    let mut finding = Finding::new("workload-unready", severity(survey, workload, &troubles), confirmed(sure), title);
    finding.since = since;
    finding.subjects = workload.subjects(troubles.iter().map(|t| t.pod));
    if workload.reference.kind != Kind::Pod {
        let text = format!("{}{}", workload.counts(), lasting(since, survey.now));
        finding.evidence.push(Evidence::of(workload.reference.kind, text, since));
    }
    finding.evidence.extend([refused, late].into_iter().flatten().map(|(_, evidence)| evidence));
    finding.evidence.extend(troubles.iter().take(5).map(|t| t.evidence.clone()));
    finding.evidence.extend(missing);
    if troubles.len() > 5 {
        let text = format!("and {}", count(troubles.len() - 5, "further pod"));
        finding.evidence.push(Evidence::of(Kind::Pod, text, None));
    }
    finish(survey, workload, &mut finding, troubles.iter().any(|t| t.has_log));
    Some(finding)
}

/// While all the pods that are needed are ready, only a definite failure counts, and a pod that does not go away.
fn matters(survey: &Survey<'_>, trouble: &Trouble<'_>, whole: bool) -> bool {
    match &trouble.why {
        Why::Terminating => trouble::overdue(survey, trouble.pod).is_some_and(|d| d >= secs(60)),
        // F14 and F15 tell of these loops.
        Why::Loop(End::OutOfMemory | End::Panic) | Why::NotReady(_) | Why::Starting | Why::Init(_) | Why::Ended(_) => {
            !whole
        }
        _ => true,
    }
}

/// Pods that are wanted and do not exist, where that has lasted; a DaemonSet's are missing from nodes.
fn missing_pods(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Evidence> {
    let deployment = workload.deployment?;
    let short = deployment.replicas.saturating_sub(deployment.current);
    let lasting = survey.lasted(workload.down_since(), mins(1));
    (short > 0 && lasting && workload.ready < workload.desired).then(|| {
        let text = format!("{} not created", count(usize::try_from(short).unwrap_or_default(), "pod"));
        Evidence::of(Kind::Deployment, text, workload.down_since())
    })
}

fn severity(survey: &Survey<'_>, workload: &Workload<'_>, troubles: &[Trouble<'_>]) -> Severity {
    let whole = workload.ready >= workload.desired;
    let vital = workload.serves || workload.plays("ingress") || workload.plays("dns");
    if workload.ready == 0 && vital {
        return Severity::Critical;
    }
    let leftover = |t: &Trouble<'_>| t.why == Why::Terminating && survey.node_of(t.pod).is_some();
    if whole && !troubles.is_empty() && troubles.iter().all(leftover) { Severity::Info } else { Severity::Warning }
}

fn title(workload: &Workload<'_>, troubles: &[Trouble<'_>], refused: bool, late: bool) -> String {
    let name = workload.name();
    let counts = if workload.reference.kind == Kind::Pod { String::new() } else { format!(" ({})", workload.counts()) };
    match troubles.first() {
        _ if refused => format!("{name}: pods cannot be created{counts}"),
        Some(Trouble { why: Why::Loop(End::OutOfMemory | End::Panic), .. }) => format!("{name} is not ready{counts}"),
        Some(t) => format!("{name}: {}{counts}", t.headline),
        None if late => format!("{name}: its rollout does not progress{counts}"),
        None => format!("{name} is not ready{counts}"),
    }
}

/// A workload with a role that somebody scaled to nothing.
fn at_zero(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let scaled = workload.reference.kind == Kind::Deployment || workload.reference.kind == Kind::StatefulSet;
    if workload.role.is_none() || !scaled || workload.desired > 0 {
        return None;
    }
    let severity = if workload.serves { Severity::Warning } else { Severity::Info };
    let title = format!("{} is scaled to zero", workload.name());
    let mut finding = Finding::new("workload-unready", severity, confirmed(true), title);
    finding.subjects = workload.subjects([]);
    finding.evidence.push(Evidence::of(workload.reference.kind, "it wants no replicas", None));
    finish(survey, workload, &mut finding, false);
    Some(finding)
}

fn finish(survey: &Survey<'_>, workload: &Workload<'_>, finding: &mut Finding, has_log: bool) {
    finding.refuted_by = vec!["as many ready pods as are wanted".to_owned()];
    finding.unseen = survey.unseen(&[workload.reference.kind, Kind::Pod, Kind::Event]);
    finding.unseen.dedup();
    if has_log {
        finding.unseen.push("the log of the last run: read it with previous".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Confidence, Severity};
    use crate::situation::object::{Phase, Status};
    use crate::situation::{Kind, Source, SourceState, Text};

    fn shop() -> World {
        let mut world = World::new();
        world.deploy(NS, "web", 3);
        world
    }

    fn trouble(reason: &str, seconds_ago: i64) -> World {
        let mut world = shop();
        world.set_ready(NS, "web", 2, seconds_ago);
        world.change_pod(NS, "web-rs1-3", |p| waits(p, reason, "what the kubelet says", seconds_ago));
        world
    }

    #[test]
    fn an_image_that_cannot_be_had_takes_two_and_five_minutes() {
        assert_eq!(trouble("ImagePullBackOff", 110).ids(), [""; 0]);
        assert_eq!(trouble("ImagePullBackOff", 130).finding("workload-unready").confidence, Confidence::Suspect);
        let finding = trouble("ErrImagePull", 310).finding("workload-unready");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Confirmed));
        assert_eq!(finding.title, "web: its image cannot be had (ErrImagePull) (2 of 3 ready)");
        assert!(evidence(&finding).contains("what the kubelet says"));
    }

    #[test]
    fn a_pod_that_no_node_takes_gives_the_schedulers_reason() {
        let pending = |seconds_ago| {
            let mut world = shop();
            world.set_ready(NS, "web", 2, seconds_ago);
            world.change_pod(NS, "web-rs1-3", |p| {
                let mut unbound = mk_condition("PodScheduled", Status::False, "Unschedulable", seconds_ago);
                unbound.message = "0/3 nodes are available: 3 Insufficient memory.".into();
                p.conditions = vec![unbound];
                p.meta.created = Some(ago(seconds_ago));
                p.node = Text::default();
                p.phase = Phase::Pending;
                p.containers[0].ready = false;
            });
            world
        };
        assert_eq!(pending(50).ids(), [""; 0]);
        assert_eq!(pending(70).finding("workload-unready").confidence, Confidence::Suspect);
        let finding = pending(190).finding("workload-unready");
        assert_eq!(finding.confidence, Confidence::Confirmed);
        assert!(evidence(&finding).contains("Insufficient memory"));
    }

    #[test]
    fn slow_surge_pods_of_a_rollout_are_not_reported_while_enough_are_ready() {
        let mut world = shop();
        world.put(mk_set(NS, "web", 2, 200, 0));
        let mut pod = mk_pod(NS, "web", 2, 1);
        unready(&mut pod, 200);
        world.put(pod);
        assert_eq!(world.ids(), [""; 0]);
        // Until the rollout misses its deadline.
        world.change_deployment(NS, "web", |d| {
            d.conditions.push(mk_condition("Progressing", Status::False, "ProgressDeadlineExceeded", 5));
        });
        let finding = world.finding("workload-unready");
        assert_eq!((finding.severity, finding.confidence), (Severity::Warning, Confidence::Confirmed));
        assert_eq!(finding.title, "web: its rollout does not progress (3 of 3 ready)");
    }

    #[test]
    fn none_ready_of_what_users_pass_is_critical() {
        let mut world = shop();
        world.set_ready(NS, "web", 0, 120);
        for i in 1..=3 {
            world.change_pod(NS, &format!("web-rs1-{i}"), |p| unready(p, 120));
        }
        let finding = world.finding("workload-unready");
        assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::Suspect));
    }

    #[test]
    fn finished_and_gated_pods_and_jobs_are_no_failures() {
        let mut world = shop();
        let mut done = mk_pod(NS, "import", 1, 1);
        done.phase = Phase::Succeeded;
        unready(&mut done, 4000);
        world.put(done);
        let mut failed = mk_pod(NS, "import", 2, 1);
        failed.meta.owner.as_mut().unwrap().kind = "Job".into();
        crash_loops(&mut failed, 1, "Error", 4, 60);
        world.put(failed);
        assert_eq!(world.ids(), [""; 0]);
    }

    #[test]
    fn a_bare_pod_is_a_workload_of_its_own() {
        let mut world = shop();
        let mut pod = mk_pod(NS, "debug", 1, 1);
        pod.meta.owner = None;
        crash_loops(&mut pod, 1, "Error", 2, 30);
        world.put(pod);
        let finding = world.finding("workload-unready");
        assert_eq!(finding.subjects.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Pod/shop/debug-rs1-1"]);
        assert_eq!(finding.confidence, Confidence::Suspect);
    }

    #[test]
    fn a_pod_that_does_not_go_away_is_told_after_its_grace_period() {
        let mut world = shop();
        world.change_pod(NS, "web-rs1-3", |p| {
            unready(p, 300);
            p.meta.deleting = Some(ago(30));
        });
        assert_eq!(world.ids(), [""; 0]);
        world.change_pod(NS, "web-rs1-3", |p| p.meta.deleting = Some(ago(120)));
        let finding = world.finding("workload-unready");
        assert_eq!(finding.severity, Severity::Info, "all that are wanted are ready");
        assert!(finding.title.contains("does not go away"));
    }

    #[test]
    fn lost_sources_leave_findings_and_say_so() {
        let mut world = trouble("ImagePullBackOff", 400);
        let lost = crate::situation::Trouble { what: "no route to the API".into(), remedy: "".into(), retry_at: None };
        world.source(Source::Watch(Kind::Pod), SourceState::Lost(lost));
        let finding = world.finding("workload-unready");
        assert!(finding.unseen.iter().any(|u| u.contains("no route to the API")), "{:?}", finding.unseen);
    }

    #[test]
    fn a_role_at_zero_is_told() {
        let mut world = shop();
        world.change_deployment(NS, "web", |d| (d.replicas, d.ready, d.current) = (0, 0, 0));
        for i in 1..=3 {
            world.situation.pods.remove(&crate::situation::Key::new(NS, format!("web-rs1-{i}")));
        }
        assert_eq!(world.finding("workload-unready").title, "web is scaled to zero");
    }
}
