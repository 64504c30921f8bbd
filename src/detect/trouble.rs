//! Why a workload's pods are not ready, in words, with how long each reason may last before it counts.

use jiff::{SignedDuration, Timestamp};

use super::Evidence;
use super::pod::{self, End, LOOP_RESTARTS, Why};
use super::survey::Survey;
use super::words::{lasting, mins, secs, short};
use super::workload::Workload;
use crate::situation::object::{Pod, Status};
use crate::situation::{Kind, time};

/// Why one pod is not ready.
#[derive(Debug, Clone)]
pub(super) struct Trouble<'a> {
    /// The pod.
    pub(super) pod: &'a Pod,
    /// Why.
    pub(super) why: Why,
    /// Since when it is not ready.
    pub(super) since: Option<Timestamp>,
    /// A few words: `it cannot pull its image`.
    pub(super) headline: String,
    /// The whole of it.
    pub(super) evidence: Evidence,
    /// Whether the reason has lasted long enough to be told.
    pub(super) counts: bool,
    /// Whether it has lasted long enough to be sure.
    pub(super) sure: bool,
    /// Whether a container ran, so that there is a log to read.
    pub(super) has_log: bool,
}

/// Every pod of a workload that is not ready, the most telling reason first.
pub(super) fn of<'a>(survey: &Survey<'_>, workload: &Workload<'a>) -> Vec<Trouble<'a>> {
    let unready = workload.pods.iter().copied().filter(|p| !p.ready());
    let mut troubles: Vec<Trouble<'a>> = unready.map(|p| of_pod(survey, p)).collect();
    troubles.sort_by_key(|t| (!t.counts, rank(&t.why), t.since));
    troubles
}

fn of_pod<'a>(survey: &Survey<'_>, pod: &'a Pod) -> Trouble<'a> {
    let why = pod::why(survey, pod);
    let since = pod::unready_since(pod);
    let (suspect, sure) = patience(&why);
    let restarts: u32 = pod.containers.iter().map(|c| pod::restarts_within(survey, pod, c)).max().unwrap_or(0);
    let looping = matches!(why, Why::Loop(_));
    let (headline, detail) = words(pod, &why);
    let detail = if detail.is_empty() { headline.clone() } else { format!("{headline}: {}", short(&detail)) };
    let text = format!("{}: {detail}{}", pod.meta.key.name, lasting(since, survey.now));
    Trouble {
        pod,
        since,
        headline,
        evidence: Evidence::of(Kind::Pod, text, since),
        counts: looping || survey.lasted(since, suspect),
        sure: if looping { restarts >= LOOP_RESTARTS } else { survey.lasted(since, sure) },
        has_log: pod.containers.iter().any(|c| c.newest_end().is_some()),
        why,
    }
}

/// How long a reason may last before it is suspected, and before it is confirmed (catalogue, thresholds).
const fn patience(why: &Why) -> (SignedDuration, SignedDuration) {
    match why {
        Why::Image(..) => (mins(2), mins(5)),
        Why::NodeGone => (SignedDuration::ZERO, secs(30)),
        _ => (secs(60), mins(3)),
    }
}

/// The most telling reason first.
const fn rank(why: &Why) -> u8 {
    match why {
        Why::NodeGone => 0,
        Why::Loop(_) | Why::Ended(_) => 1,
        Why::Image(..) => 2,
        Why::Config(..) => 3,
        Why::Scheduling(_) => 4,
        Why::Setup(_) => 5,
        Why::NotReady(_) => 6,
        Why::Init(_) => 7,
        Why::Terminating => 8,
        Why::Starting => 9,
    }
}

/// A headline, and what the cluster says about it.
fn words(pod: &Pod, why: &Why) -> (String, String) {
    let plain = |s: &str| (s.to_owned(), String::new());
    match why {
        Why::NodeGone => (format!("its node {} is not ready", pod.node), String::new()),
        Why::Terminating => plain("it does not go away after its grace period"),
        Why::Scheduling(message) => ("no node takes it".to_owned(), message.to_string()),
        Why::Image(reason, message) => (format!("its image cannot be had ({reason})"), message.to_string()),
        Why::Config(reason, message) => (format!("it cannot be started ({reason})"), message.to_string()),
        Why::Setup(message) => ("its network or volume cannot be set up".to_owned(), message.to_string()),
        Why::Loop(end) => (format!("crash loop, {}", end.words()), String::new()),
        Why::Ended(end) => (format!("its container ended, {}", end.words()), String::new()),
        Why::Init(name) => (format!("its init container {name} has not finished"), String::new()),
        Why::NotReady(Some(probe)) => ("it runs and is not ready".to_owned(), probe.to_string()),
        Why::NotReady(None) => plain("it runs and is not ready"),
        Why::Starting => plain("it has not started"),
    }
}

impl End {
    /// The end in words, with what it means.
    pub(super) fn words(self) -> String {
        match self {
            Self::OutOfMemory => "killed for its memory (OOMKilled)".to_owned(),
            Self::Panic => "exit 2 (a panic)".to_owned(),
            Self::GaveUp => "exit 1 (mostly a failed start)".to_owned(),
            Self::Probe => "killed by its liveness or startup probe".to_owned(),
            Self::Stopped => "exit 143 (asked to stop)".to_owned(),
            Self::Killed => "exit 137 (killed, by neither memory nor a probe)".to_owned(),
            Self::Completed => "exit 0 (it should not end)".to_owned(),
            Self::NotStarted => "its program cannot be started".to_owned(),
            Self::Code(code) if code < 0 => "how it ended is not known".to_owned(),
            Self::Code(code) => format!("exit {code}"),
        }
    }
}

/// Pods that cannot even be created: a quota, a webhook, a missing service account.
pub(super) fn creation_failure(workload: &Workload<'_>) -> Option<(Option<Timestamp>, Evidence)> {
    let failure = workload.deployment?.condition("ReplicaFailure").filter(|c| c.status == Status::True)?;
    let text = format!("its pods cannot be created ({}): {}", failure.reason, short(&failure.message));
    Some((failure.since, Evidence::of(Kind::Deployment, text, failure.since)))
}

/// A rollout past its deadline.
pub(super) fn missed_deadline(workload: &Workload<'_>) -> Option<(Option<Timestamp>, Evidence)> {
    let progressing = workload.deployment?.condition("Progressing")?;
    let missed = progressing.status == Status::False && progressing.reason == "ProgressDeadlineExceeded";
    let text = format!("its rollout missed its deadline: {}", short(&progressing.message));
    missed.then(|| (progressing.since, Evidence::of(Kind::Deployment, text, progressing.since)))
}

/// How long a pod is past the end of its grace period.
pub(super) fn overdue(survey: &Survey<'_>, pod: &Pod) -> Option<SignedDuration> {
    let ends = pod.meta.deleting.filter(|d| *d < survey.now)?;
    Some(time::since(ends, survey.now))
}
