//! `workload-unready`: a workload has fewer ready pods than it should, for a reason that no other detector names.

use super::finding::confirmed;
use super::pod::Why;
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
        Why::NotReady(_) | Why::Starting | Why::Init(_) | Why::Ended(_) => !whole,
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
