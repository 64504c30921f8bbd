//! How well a thing is by itself, in one mark and a word or two.

use jiff::{SignedDuration, Timestamp};

use crate::config::theme::Tone;
use crate::console::screen::Context;
use crate::detect::Mark;
use crate::situation::Source;
use crate::situation::object::{Container, ContainerState, Node, Phase, Pod, Status};
use crate::situation::time::since;

/// Restarts of this age still count as trouble.
pub const RECENT: SignedDuration = SignedDuration::from_mins(15);
/// A pod may be on its way for so long before that is trouble.
const STARTING: SignedDuration = SignedDuration::from_mins(1);

/// The verdict on one pod by itself.
pub fn of_pod(pod: &Pod, now: Timestamp) -> Mark {
    if pod.phase == Phase::Succeeded {
        return Mark::Good;
    }
    let late = |at: Option<Timestamp>, limit| at.is_some_and(|at| since(at, now) > limit);
    if pod.meta.deleting.is_some() {
        // The stamp is the end of the grace period: after that it hangs.
        return if late(pod.meta.deleting, STARTING) { Mark::Warning } else { Mark::Unknown };
    }
    if pod.finished() || pod.containers.iter().chain(&pod.init).any(stuck) {
        return Mark::Bad;
    }
    match (pod.ready(), late(pod.last_restart(), RECENT)) {
        (true, old) if old || pod.restarts() == 0 => Mark::Good,
        (true, _) => Mark::Warning,
        (false, _) if late(pod.meta.created, STARTING) => Mark::Bad,
        (false, _) => Mark::Unknown,
    }
}

/// Whether a container waits for something that time alone does not bring, or ended badly.
fn stuck(container: &Container) -> bool {
    match &container.state {
        ContainerState::Waiting { reason, .. } => {
            !reason.is_empty() && !matches!(reason.as_str(), "ContainerCreating" | "PodInitializing")
        }
        ContainerState::Terminated(end) => end.exit_code != 0,
        ContainerState::Absent | ContainerState::Running(_) => false,
    }
}

/// The conditions of a node that are bad news when they hold.
pub const PRESSURES: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

/// The verdict on one node, and what is the matter; empty when nothing is.
pub fn of_node(node: &Node) -> (Mark, String) {
    match node.ready() {
        Status::False => return (Mark::Bad, "not ready".to_owned()),
        Status::Unknown => return (Mark::Bad, "silent".to_owned()),
        Status::True => {}
    }
    let holds = |kind: &&str| node.condition(kind).is_some_and(|c| c.status == Status::True);
    let mut words: Vec<&str> = PRESSURES.into_iter().filter(holds).collect();
    if node.condition("EtcdIsVoter").is_some_and(|c| c.status == Status::False) {
        words.push("no etcd voter");
    }
    if node.unschedulable {
        words.push("cordoned");
    }
    if node.meta.deleting.is_some() {
        words.push("being deleted");
    }
    (if words.is_empty() { Mark::Good } else { Mark::Warning }, words.join(", "))
}

/// What is aged supports no good mark.
pub fn as_known(mark: Mark, source: &Source, cx: &Context<'_>) -> Mark {
    if mark == Mark::Good && !cx.situation.source(source).live() { Mark::Unknown } else { mark }
}

/// The worst first; the unknown stands between the troubled and the well.
pub const fn rank(mark: Mark) -> i64 {
    match mark {
        Mark::Bad => 0,
        Mark::Warning => 1,
        Mark::Unknown => 2,
        Mark::Good => 3,
    }
}

/// The tone of a word that belongs to a verdict: what is well stays quiet.
pub const fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::Good => Tone::Dim,
        Mark::Unknown => Tone::Unknown,
        Mark::Warning => Tone::Warning,
        Mark::Bad => Tone::Bad,
    }
}
