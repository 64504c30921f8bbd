//! F15: the program panics, mostly in a crash loop.

use jiff::Timestamp;

use super::finding::confirmed;
use super::pod::{self, End, LOOP_RESTARTS, LOOP_WINDOW};
use super::survey::{RECENT, Survey};
use super::words::{clock, count};
use super::workload::Workload;
use super::{Detector, Evidence, Finding, Severity, revision};
use crate::situation::Kind;
use crate::situation::object::{Container, Pod, Status, Termination};

pub(super) const DETECTOR: Detector = Detector {
    id: "F15",
    title: "pods panic and crash loop",
    explanation: "A program ends itself with exit code 2, which is what a Go panic or fatal error leaves, and is \
started again after 10 s, 20 s, 40 s and so on up to 5 minutes.

Found by: exit code 2 with reason Error in the containers' last ends, restarts, CrashLoopBackOff, and the Deployment's \
condition Progressing. Three such ends in 15 minutes confirm it. It is critical when two of three pods that serve users \
are lost; while pods of the former revision still serve, a half-done rollout is a warning.

Told from: OOMKilled (F14); exit 1, a failed start (its log names the dependency); 143, an ordinary stop; 137, a kill; \
CreateContainerConfigError and image pulls (workload-unready).

First: did it begin with a rollout? Then going back is the candidate, after asking whether that release changed the \
database. All pods at once and no rollout: look for a changed configuration, a shared dependency, a poisonous input. \
Read the log of the run before (previous) for `panic:` and the goroutine that follows.",
    find,
};

struct Crash<'a> {
    pod: &'a Pod,
    container: &'a Container,
    end: &'a Termination,
}

fn find(survey: &Survey<'_>) -> Vec<Finding> {
    survey.workloads.iter().filter(|w| !w.is_batch()).filter_map(|w| crashes(survey, w)).collect()
}

fn crashes(survey: &Survey<'_>, workload: &Workload<'_>) -> Option<Finding> {
    let mut all: Vec<Crash<'_>> = Vec::new();
    for pod in &workload.pods {
        let ends = pod::ends_within(survey, pod, RECENT).into_iter().filter(|(_, _, how)| *how == End::Panic);
        all.extend(ends.map(|(container, end, _)| Crash { pod, container, end }));
    }
    all.sort_by_key(|c| std::cmp::Reverse(c.end.finished));
    let now: Vec<&Crash<'_>> = all.iter().filter(|c| survey.within(c.end.finished, LOOP_WINDOW)).collect();
    let newest = now.first()?;
    let mut pods: Vec<&Pod> = now.iter().map(|c| c.pod).collect();
    pods.sort_by_key(|p| &p.meta.key);
    pods.dedup_by_key(|p| &p.meta.key);
    let looping = pods.iter().filter(|p| loops(survey, p)).count();
    let restarts: u32 = pods.iter().map(|p| restarts(survey, p)).sum();
    let times = u32::try_from(now.len()).unwrap_or(u32::MAX).max(restarts);
    let title = if looping > 0 {
        format!("{} panics in a crash loop", workload.name())
    } else {
        format!("{} panicked", workload.name())
    };
    let sure = times >= LOOP_RESTARTS;
    let mut finding = Finding::new("F15", severity(workload, pods.len(), looping), confirmed(sure), title);
    finding.since = began(survey, &all, &pods);
    finding.subjects = workload.subjects(pods.iter().copied());
    finding.evidence.push(Evidence::of(
        Kind::Pod,
        format!(
            "{} ended with exit 2, {} in 15 min, {}",
            count(pods.len(), "pod"),
            count(times as usize, "time"),
            workload.counts()
        ),
        newest.end.finished,
    ));
    finding.evidence.extend(revision::evidence(survey, workload, finding.since, &pods));
    finding.evidence.extend(still_serving(survey, workload, finding.since, &pods));
    finding.evidence.extend(stuck_rollout(workload));
    finding.evidence.extend(now.iter().take(3).map(|c| crash_evidence(c)));
    finding.runbook = Some("F15");
    finding.refuted_by = vec![
        "the log of the last run ends with a failed connection: then the dependency is the cause".to_owned(),
        "no further exit 2 within 10 minutes with all pods ready".to_owned(),
    ];
    finding.unseen = survey.unseen(&[Kind::Pod, Kind::ReplicaSet]);
    finding.unseen.push("the log of the last run (`panic:` and its goroutine): read it with previous".to_owned());
    Some(finding)
}

fn severity(workload: &Workload<'_>, pods: usize, looping: usize) -> Severity {
    let whole = workload.ready >= workload.desired;
    if looping == 0 && whole {
        return if pods > 1 { Severity::Warning } else { Severity::Info };
    }
    let lost = usize::try_from(workload.desired.saturating_sub(workload.ready)).unwrap_or_default();
    let gone = lost >= workload.most() || looping >= workload.most();
    if workload.serves && !whole && gone { Severity::Critical } else { Severity::Warning }
}

/// The first crash that is known, or when the kubelet first backed off, whichever is earlier.
fn began(survey: &Survey<'_>, crashes: &[Crash<'_>], pods: &[&Pod]) -> Option<Timestamp> {
    let first = crashes.last().and_then(|c| c.end.finished);
    let backed_off = pods.iter().filter_map(|p| pod::first_back_off(survey, p)).min();
    match (first, backed_off) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn loops(survey: &Survey<'_>, pod: &Pod) -> bool {
    pod.containers.iter().any(|c| pod::loops(survey, pod, c) && panicked(survey, pod, c))
}

fn restarts(survey: &Survey<'_>, pod: &Pod) -> u32 {
    let panicked = pod.containers.iter().filter(|c| panicked(survey, pod, c));
    panicked.map(|c| pod::restarts_within(survey, pod, c)).sum()
}

fn panicked(survey: &Survey<'_>, pod: &Pod, container: &Container) -> bool {
    container.newest_end().is_some_and(|e| pod::how(survey, pod, container, e) == End::Panic)
}

/// Pods of the former revision that still do the work.
fn still_serving(
    survey: &Survey<'_>,
    workload: &Workload<'_>,
    since: Option<Timestamp>,
    pods: &[&Pod],
) -> Option<Evidence> {
    let rollout = revision::aligned(survey, workload, since, pods)?;
    let former = rollout.former.filter(|f| f.ready > 0)?;
    let name = former.revision.map_or_else(|| "the former revision".to_owned(), |r| format!("revision {r}"));
    let text = format!("{} of {name} still ready", count(usize::try_from(former.ready).unwrap_or_default(), "pod"));
    Some(Evidence::of(Kind::ReplicaSet, text, None))
}

fn stuck_rollout(workload: &Workload<'_>) -> Option<Evidence> {
    let progressing = workload.deployment?.condition("Progressing")?;
    let stuck = progressing.status == Status::False;
    stuck.then(|| {
        let text = format!("the rollout does not progress: {}", progressing.reason);
        Evidence::of(Kind::Deployment, text, progressing.since)
    })
}

fn crash_evidence(crash: &Crash<'_>) -> Evidence {
    let at = crash.end.finished.map(clock).unwrap_or_default();
    let message = super::words::short(&crash.end.message);
    let last_words = if message.is_empty() { message } else { format!("; its last words: {message}") };
    let text = format!(
        "{}: container {} exit {} {} at {at}, {}{last_words}",
        crash.pod.meta.key.name,
        crash.container.name,
        crash.end.exit_code,
        crash.end.reason,
        count(crash.container.restarts as usize, "restart")
    );
    Evidence::of(Kind::Pod, text, crash.end.finished)
}
