//! What a pod suffers from, read from its state, its last ends and the events about it.

use jiff::{SignedDuration, Timestamp};

use super::survey::{RECENT, Survey};
use super::words::mins;
use crate::situation::object::{Container, ContainerState, Pod, Status, Termination};
use crate::situation::{Kind, Text, time};

/// The window in which restarts make a crash loop.
pub(super) const LOOP_WINDOW: SignedDuration = mins(15);
/// So many restarts in [`LOOP_WINDOW`] make it a loop.
const LOOP_SUSPECT: u32 = 2;
/// Ready for so long, it is over.
const RECOVERED: SignedDuration = mins(10);
/// So many restarts in [`LOOP_WINDOW`] confirm a crash loop.
pub(super) const LOOP_RESTARTS: u32 = 3;

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The kernel killed it for its memory.
    OutOfMemory,
    /// Exit 2: a Go panic or fatal error.
    Panic,
    /// Exit 1: it gave up by itself, mostly while starting.
    GaveUp,
    /// Killed by the kubelet because a probe failed.
    Probe,
    /// 143: asked to stop, as in every rollout.
    Stopped,
    /// 137 with no word of memory or a probe.
    Killed,
    /// Exit 0 of something that should go on.
    Completed,
    /// It could not even be started.
    NotStarted,
    /// Any other code.
    Code(i32),
}

/// Whether a pod deserves a closer look: it is not ready, on its way out, or a container of it ended recently.
pub(super) fn is_troubled(pod: &Pod, now: Timestamp) -> bool {
    if pod.finished() {
        return false;
    }
    let recent =
        |c: &Container| c.restarts > 0 && ends(c).any(|e| e.finished.is_some_and(|f| time::since(f, now) <= RECENT));
    !pod.ready() || pod.containers.iter().chain(&pod.init).any(recent)
}

/// Every end of a container that is known, oldest first.
pub(super) fn ends(container: &Container) -> impl Iterator<Item = &Termination> {
    let newest = container.newest_end().filter(|n| !container.history.iter().any(|h| h == *n));
    container.history.iter().chain(newest)
}

/// The ends of all of a pod's containers within a window, with how each came about.
pub(super) fn ends_within<'a>(
    survey: &Survey<'_>,
    pod: &'a Pod,
    window: SignedDuration,
) -> Vec<(&'a Container, &'a Termination, End)> {
    let all = pod.containers.iter().flat_map(|c| ends(c).map(move |e| (c, e)));
    all.filter(|(_, e)| survey.within(e.finished, window)).map(|(c, e)| (c, e, how(survey, pod, c, e))).collect()
}

/// How an end came about: by its reason and code, and for kills by what the kubelet says of them.
pub(super) fn how(survey: &Survey<'_>, pod: &Pod, container: &Container, end: &Termination) -> End {
    match (&*end.reason, end.exit_code) {
        ("OOMKilled", _) => End::OutOfMemory,
        ("ContainerCannotRun" | "StartError", _) => End::NotStarted,
        (_, 0) => End::Completed,
        (_, 137 | 143) if probe_kill(survey, pod, container).is_some() => End::Probe,
        (_, 143) => End::Stopped,
        (_, 137) => End::Killed,
        (_, 2) => End::Panic,
        (_, 1) => End::GaveUp,
        (_, code) => End::Code(code),
    }
}

/// What the kubelet says of killing a container for a failed probe.
pub(super) fn probe_kill(survey: &Survey<'_>, pod: &Pod, container: &Container) -> Option<Text> {
    let about = pod.meta.reference(Kind::Pod);
    let names = |message: &str| message.contains(&*container.name);
    survey
        .events_about(&about)
        .find(|e| {
            let killed = e.reason == "Killing" && e.message.contains("probe") && names(&e.message);
            let failed = e.reason == "Unhealthy"
                && (e.message.starts_with("Liveness probe") || e.message.starts_with("Startup probe"));
            (killed || failed) && survey.within(e.last, RECENT)
        })
        .map(|e| e.message.clone())
}

/// Whether a container is in a crash loop: it waits to be restarted, or it restarted more than once and its pod has not
/// been ready for long enough since. Between two crashes such a pod may well be ready for a moment.
pub(super) fn loops(survey: &Survey<'_>, pod: &Pod, container: &Container) -> bool {
    matches!(&container.state, ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff")
        || (restarts_within(survey, pod, container) >= LOOP_SUSPECT && !recovered(survey, pod))
}

/// Ready for long enough to be out of a crash loop.
fn recovered(survey: &Survey<'_>, pod: &Pod) -> bool {
    pod.ready() && survey.lasted(pod.condition("Ready").and_then(|c| c.since), RECOVERED)
}

/// At least so many restarts in [`LOOP_WINDOW`]: those that were seen, those the age of the pod implies, and those the
/// length of the back-off implies (10 s after the first, doubling), so that the first look is as good as a long watch.
pub(super) fn restarts_within(survey: &Survey<'_>, pod: &Pod, container: &Container) -> u32 {
    let seen = ends(container).filter(|e| survey.within(e.finished, LOOP_WINDOW)).count();
    let young = if survey.within(pod.started.or(pod.meta.created), LOOP_WINDOW) { container.restarts } else { 0 };
    let implied = match &container.state {
        ContainerState::Waiting { reason, message } if reason == "CrashLoopBackOff" => back_off_restarts(message),
        _ => 0,
    };
    let seen = u32::try_from(seen).unwrap_or(u32::MAX);
    seen.max(young).max(implied.min(container.restarts))
}

/// `back-off 40s restarting failed container…`: the third restart at the latest.
fn back_off_restarts(message: &str) -> u32 {
    let span = message.split_once("back-off ").and_then(|(_, rest)| rest.split(' ').next());
    let Some(length) = span.and_then(|s| s.parse::<SignedDuration>().ok()) else { return 1 };
    match length.as_secs() {
        ..20 => 1,
        20..40 => 2,
        _ => LOOP_RESTARTS,
    }
}

/// Since when a pod is not ready.
pub(super) fn unready_since(pod: &Pod) -> Option<Timestamp> {
    let condition = pod.condition("Ready").filter(|c| c.status != Status::True).and_then(|c| c.since);
    condition.or(pod.meta.deleting).or(pod.meta.created)
}

/// Why a pod that is not ready is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// Its node does not answer.
    NodeGone,
    /// It should be gone and is not.
    Terminating,
    /// No node takes it; what the scheduler says.
    Scheduling(Text),
    /// An image cannot be had; the word, and what the kubelet says.
    Image(Text, Text),
    /// Its configuration lacks something; likewise.
    Config(Text, Text),
    /// Its sandbox or a volume cannot be made; what the kubelet says.
    Setup(Text),
    /// A container of it loops; how the last run ended.
    Loop(End),
    /// A container ended and is about to be started again.
    Ended(End),
    /// An init container has not finished; its name.
    Init(Text),
    /// It runs, and its readiness probe does not pass; what the kubelet says, if it does.
    NotReady(Option<Text>),
    /// It is being started.
    Starting,
}

/// Why a pod is not ready.
pub(super) fn why(survey: &Survey<'_>, pod: &Pod) -> Why {
    if survey.node_of(pod).is_some_and(|n| n.ready() != Status::True) {
        return Why::NodeGone;
    }
    if pod.meta.deleting.is_some() {
        return Why::Terminating;
    }
    if let Some(unbound) = pod.condition("PodScheduled").filter(|c| c.status == Status::False) {
        let gated = unbound.reason == "SchedulingGated";
        return if gated { Why::Starting } else { Why::Scheduling(unbound.message.clone()) };
    }
    let containers = pod.init.iter().chain(&pod.containers);
    if let Some(why) = containers.filter(|c| !c.ready).find_map(|c| of_container(survey, pod, c)) {
        return why;
    }
    if let Some(message) = setup_failure(survey, pod) {
        return Why::Setup(message);
    }
    if let Some(init) = pod.init.iter().find(|c| matches!(c.state, ContainerState::Running(_)) && !c.ready) {
        return Why::Init(init.name.clone());
    }
    if pod.containers.iter().any(|c| matches!(c.state, ContainerState::Running(_))) {
        return Why::NotReady(probe_failure(survey, pod));
    }
    Why::Starting
}

fn of_container(survey: &Survey<'_>, pod: &Pod, container: &Container) -> Option<Why> {
    let last = container.newest_end().map(|e| how(survey, pod, container, e));
    match &container.state {
        ContainerState::Waiting { reason, message } => match &**reason {
            "CrashLoopBackOff" => Some(Why::Loop(last.unwrap_or(End::Code(-1)))),
            "ErrImagePull"
            | "ImagePullBackOff"
            | "ErrImageNeverPull"
            | "InvalidImageName"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => Some(Why::Image(reason.clone(), message.clone())),
            "CreateContainerConfigError"
            | "CreateContainerError"
            | "RunContainerError"
            | "PreStartHookError"
            | "PostStartHookError"
            | "PreCreateHookError" => Some(Why::Config(reason.clone(), message.clone())),
            _ => None,
        },
        ContainerState::Terminated(_) => last.filter(|e| *e != End::Completed).map(Why::Ended),
        ContainerState::Running(_) if loops(survey, pod, container) => last.map(Why::Loop),
        _ => None,
    }
}

fn setup_failure(survey: &Survey<'_>, pod: &Pod) -> Option<Text> {
    if pod.containers.iter().any(|c| matches!(c.state, ContainerState::Running(_))) {
        return None;
    }
    let failed = |reason: &str| {
        matches!(reason, "FailedCreatePodSandBox" | "FailedMount" | "FailedAttachVolume" | "FailedMapVolume")
    };
    let about = pod.meta.reference(Kind::Pod);
    let found = survey.events_about(&about).find(|e| e.warning && failed(&e.reason));
    found.map(|e| e.message.clone())
}

fn probe_failure(survey: &Survey<'_>, pod: &Pod) -> Option<Text> {
    let about = pod.meta.reference(Kind::Pod);
    let found = survey.events_about(&about).find(|e| e.reason == "Unhealthy");
    found.map(|e| e.message.clone())
}

/// When it began: the first end that is known, or when the kubelet first backed off from restarting one of the pods (as
/// far as events still tell), whichever is earlier. The API itself remembers only the last end.
pub(super) fn began(survey: &Survey<'_>, first_end: Option<Timestamp>, pods: &[&Pod]) -> Option<Timestamp> {
    let backed_off = pods.iter().filter_map(|p| first_back_off(survey, p));
    backed_off.chain(first_end).min()
}

fn first_back_off(survey: &Survey<'_>, pod: &Pod) -> Option<Timestamp> {
    let about = pod.meta.reference(Kind::Pod);
    let restarting = survey.events_about(&about).filter(|e| e.reason == "BackOff" && e.message.contains("restarting"));
    restarting.filter_map(|e| e.first).min()
}
