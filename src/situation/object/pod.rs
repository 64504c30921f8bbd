//! Pods and their containers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Amounts, Condition, Labels, Meta, Status};
use crate::situation::Text;

/// A pod's phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "the names are Kubernetes' own")]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    #[default]
    #[serde(other)]
    Unknown,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pod {
    /// What every object has.
    pub meta: Meta,
    /// The node it is bound to, or empty.
    pub node: Text,
    /// Its phase.
    pub phase: Phase,
    /// `status.reason`, such as `Evicted`.
    pub reason: Text,
    /// `status.message`.
    pub message: Text,
    /// Its address.
    pub ip: Text,
    /// Whether it uses the node's network.
    pub host_network: bool,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Its containers, spec and status joined by name, in the spec's order.
    pub containers: Vec<Container>,
    /// Its init containers, likewise.
    pub init: Vec<Container>,
    /// The claims it mounts.
    pub claims: Vec<Text>,
    /// `nodeSelector`.
    pub node_selector: Labels,
    /// When the kubelet accepted it.
    pub started: Option<Timestamp>,
}

/// One container of a pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// Its name.
    pub name: Text,
    /// The image as the spec asks for it.
    pub image: Text,
    /// The image as it runs (with its digest), or empty.
    pub image_id: Text,
    /// Whether it is ready.
    pub ready: bool,
    /// `restartCount`.
    pub restarts: u32,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended last time, from `lastState`.
    pub last: Option<Termination>,
    /// Every end that was seen while watching, oldest first, at most [`Container::HISTORY`]; kept by the situation
    /// across updates, because the API tells only the last one.
    pub history: Vec<Termination>,
    /// Limits.
    pub limits: Amounts,
    /// Requests.
    pub requests: Amounts,
}

impl Container {
    /// How many ends are remembered.
    pub const HISTORY: usize = 16;

    /// The newest end: the present one, or that of the last run.
    pub fn newest_end(&self) -> Option<&Termination> {
        match &self.state {
            ContainerState::Terminated(t) => Some(t),
            _ => self.last.as_ref(),
        }
    }
}

/// What a container does now.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ContainerState {
    /// No status yet.
    #[default]
    Absent,
    /// Not running; why in one word (`CrashLoopBackOff`) and in a sentence.
    Waiting {
        /// One word.
        reason: Text,
        /// A sentence.
        message: Text,
    },
    /// Running since.
    Running(Option<Timestamp>),
    /// Ended.
    Terminated(Termination),
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Termination {
    /// Exit code; 137 is a kill, 2 a Go panic.
    pub exit_code: i32,
    /// `OOMKilled`, `Error`, `Completed`.
    pub reason: Text,
    /// The termination message.
    pub message: Text,
    /// When it started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

impl Pod {
    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Whether the pod is ready and not on its way out.
    pub fn ready(&self) -> bool {
        self.meta.deleting.is_none() && self.condition("Ready").is_some_and(|c| c.status == Status::True)
    }

    /// Whether the pod has run to its end (a finished Job's pod is not a failure).
    pub fn finished(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }

    /// Restarts of all its containers.
    pub fn restarts(&self) -> u32 {
        self.containers.iter().map(|c| c.restarts).sum()
    }

    /// The newest end of any of its containers.
    pub fn last_restart(&self) -> Option<Timestamp> {
        self.containers.iter().filter_map(|c| c.last.as_ref()?.finished).max()
    }

    /// The word `kubectl get pods` shows in its STATUS column.
    pub fn status(&self) -> Text {
        if self.meta.deleting.is_some() {
            return Text::new(if self.reason == "NodeLost" { "Unknown" } else { "Terminating" });
        }
        if let Some(word) = self.init_status() {
            return word;
        }
        let word = self.containers.iter().rev().find_map(|c| match &c.state {
            ContainerState::Waiting { reason, .. } if !reason.is_empty() => Some(reason.clone()),
            ContainerState::Terminated(t) if !t.reason.is_empty() => Some(t.reason.clone()),
            ContainerState::Terminated(t) => Some(Text::new(&format!("ExitCode:{}", t.exit_code))),
            _ => None,
        });
        let running = self.containers.iter().any(|c| matches!(c.state, ContainerState::Running(_)) && c.ready);
        match word {
            Some(w) if w == "Completed" && running => Text::new(if self.ready() { "Running" } else { "NotReady" }),
            Some(w) => w,
            None if !self.reason.is_empty() => self.reason.clone(),
            None => Text::new(match self.phase {
                Phase::Pending => "Pending",
                Phase::Running => "Running",
                Phase::Succeeded => "Succeeded",
                Phase::Failed => "Failed",
                Phase::Unknown => "Unknown",
            }),
        }
    }

    fn init_status(&self) -> Option<Text> {
        let total = self.init.len();
        self.init.iter().enumerate().find_map(|(i, c)| match &c.state {
            ContainerState::Terminated(t) if t.exit_code == 0 => None,
            ContainerState::Terminated(t) if !t.reason.is_empty() => Some(Text::new(&format!("Init:{}", t.reason))),
            ContainerState::Terminated(t) => Some(Text::new(&format!("Init:ExitCode:{}", t.exit_code))),
            ContainerState::Waiting { reason, .. } if !reason.is_empty() && reason != "PodInitializing" => {
                Some(Text::new(&format!("Init:{reason}")))
            }
            // A restartable init container (a sidecar) that runs is done with its part.
            ContainerState::Running(_) if c.ready => None,
            ContainerState::Absent if self.phase != Phase::Pending => None,
            _ => Some(Text::new(&format!("Init:{i}/{total}"))),
        })
    }
}
