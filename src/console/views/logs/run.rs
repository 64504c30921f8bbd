//! Whose log it is: the pod and its containers, and what becomes of them while the log is open.

use jiff::{SignedDuration, Timestamp};

use super::POD;
use crate::console::views::exits;
use crate::situation::object::{Container, ContainerState, Pod};
use crate::situation::time::since;
use crate::situation::{Ref, Situation, Text};

/// A present run that is younger than this has not said much yet.
const YOUNG: SignedDuration = SignedDuration::from_mins(10);

/// A container of a pod, watched for restarts and for its end.
#[derive(Debug)]
pub struct Watched {
    pod: Ref,
    containers: Vec<Text>,
    at: usize,
    /// Restarts of each container when it was last looked at.
    restarts: Vec<u32>,
    gone: bool,
}

impl Watched {
    /// A container by its name; without one, the one that is worst off.
    pub fn new(pod: &Pod, container: Option<&str>) -> Self {
        let containers: Vec<Text> = all(pod).map(|c| c.name.clone()).collect();
        let named = container.and_then(|name| containers.iter().position(|c| c == name));
        let at = named.unwrap_or_else(|| worst(pod));
        Self { pod: pod.meta.reference(POD), containers, at, restarts: restarts(pod), gone: false }
    }

    /// The pod.
    pub fn pod(&self) -> &Ref {
        &self.pod
    }

    /// The container's name.
    pub fn container(&self) -> &str {
        self.containers.get(self.at).map_or("", Text::as_str)
    }

    /// The container's place among all: `2/3`; empty where there is only one.
    pub fn place(&self) -> String {
        if self.containers.len() < 2 { String::new() } else { format!("{}/{}", self.at + 1, self.containers.len()) }
    }

    /// Turns to the next container. Returns whether there is another one.
    pub fn next(&mut self) -> bool {
        self.at = (self.at + 1) % self.containers.len().max(1);
        self.containers.len() > 1
    }

    /// The container as it is now.
    pub fn now<'a>(&self, situation: &'a Situation) -> Option<&'a Container> {
        let pod = situation.pods.get(&self.pod.key).filter(|p| p.meta.uid == self.pod.uid)?;
        all(pod).find(|c| c.name == self.container())
    }

    /// Whether the container is known to be in its first run.
    pub fn never_ended(&self, situation: &Situation) -> bool {
        self.now(situation).is_some_and(|c| c.restarts == 0 && c.newest_end().is_none())
    }

    /// Whether the run before crashed and the present one is too young to tell more.
    pub fn crashed_lately(&self, pod: &Pod, now: Timestamp) -> bool {
        let Some(container) = all(pod).find(|c| c.name == self.container()) else { return false };
        let crashed = container.last.as_ref().is_some_and(|end| end.exit_code != 0);
        let young = match &container.state {
            ContainerState::Running(Some(started)) => since(*started, now) < YOUNG,
            ContainerState::Terminated(_) => false,
            _ => true,
        };
        crashed && young
    }

    /// Whether the pod is gone.
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// What happened since the last look, in words for the log.
    pub fn look(&mut self, situation: &Situation, previous: bool) -> Vec<String> {
        let mut words = Vec::new();
        match situation.pods.get(&self.pod.key) {
            None if !self.gone && situation.knows(POD) => {
                self.gone = true;
                words.push("the pod is gone; what was read of it stays here".to_owned());
            }
            None => {}
            Some(pod) if pod.meta.uid != self.pod.uid => {
                words.push("another pod of the same name took its place; what follows is that one's".to_owned());
                let container = self.container().to_owned();
                *self = Self::new(pod, Some(&container));
            }
            Some(pod) => {
                let before = std::mem::replace(&mut self.restarts, restarts(pod));
                self.gone = false;
                let container = all(pod).nth(self.at);
                let known = before.get(self.at).copied();
                if let (Some(container), Some(known), false) = (container, known, previous)
                    && container.restarts > known
                {
                    words.push(restarted(container));
                }
            }
        }
        words
    }
}

fn restarted(container: &Container) -> String {
    let name = &container.name;
    match container.newest_end() {
        Some(end) => format!("{name} ended: {}; restart {} follows", exits::short(end), container.restarts),
        None => format!("{name} ended; restart {} follows", container.restarts),
    }
}

fn all(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.containers.iter().chain(&pod.init)
}

fn restarts(pod: &Pod) -> Vec<u32> {
    all(pod).map(|c| c.restarts).collect()
}

/// The container that is worst off: an init container that holds the others up, else one that is not ready and
/// restarts most, else the first.
fn worst(pod: &Pod) -> usize {
    let starts = |c: &Container| !matches!(c.state, ContainerState::Absent | ContainerState::Waiting { .. });
    let first = pod.containers.len();
    let begun = pod.containers.iter().any(|c| starts(c) || c.last.is_some());
    let stuck = |c: &Container| match &c.state {
        ContainerState::Terminated(end) => end.exit_code != 0,
        ContainerState::Running(_) => !c.ready,
        ContainerState::Waiting { .. } => c.last.is_some(),
        ContainerState::Absent => false,
    };
    if let (false, Some(at)) = (begun, pod.init.iter().position(stuck)) {
        return first + at;
    }
    let unready = pod.containers.iter().enumerate().filter(|(_, c)| !c.ready);
    unready.max_by_key(|(i, c)| (c.restarts, std::cmp::Reverse(*i))).map_or(0, |(i, _)| i)
}
