//! Commands and objects in a word, for hints, the command line and narrow columns.

use crate::config::keymap::Command;
use crate::situation::{Kind, Subject};

/// A kind as people say it: `deploy`, `pod`, `configmap`.
pub fn kind(kind: Kind) -> String {
    match kind {
        Kind::Deployment => "deploy".to_owned(),
        Kind::PersistentVolumeClaim => "pvc".to_owned(),
        Kind::PersistentVolume => "pv".to_owned(),
        Kind::PodDisruptionBudget => "pdb".to_owned(),
        Kind::HorizontalPodAutoscaler => "hpa".to_owned(),
        Kind::EtcdSnapshotFile => "etcd snapshot".to_owned(),
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => "webhook".to_owned(),
        other => other.resource().kind.to_lowercase(),
    }
}

/// A subject in short: `deploy/api`, `outside/postgres`.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Object(r) => format!("{}/{}", kind(r.kind), r.key.name),
        Subject::Outside(name) => format!("outside/{name}"),
        Subject::Api(name) => format!("api/{name}"),
    }
}

/// What a command does, in a word or two.
pub const fn short(command: Command) -> &'static str {
    match command {
        Command::Open => "open",
        Command::Back => "back",
        Command::Quit => "quit",
        Command::Up => "up",
        Command::Down => "down",
        Command::Left => "left",
        Command::Right => "right",
        Command::PageUp => "page up",
        Command::PageDown => "page down",
        Command::Top => "top",
        Command::Bottom => "bottom",
        Command::NextPane => "next pane",
        Command::PreviousPane => "previous pane",
        Command::Dashboard => "dashboard",
        Command::Findings => "findings",
        Command::Pods => "pods",
        Command::Nodes => "nodes",
        Command::Workloads => "workloads",
        Command::Events => "events",
        Command::Changes => "changes",
        Command::Sources => "sources",
        Command::Logs => "logs",
        Command::Help => "help",
        Command::CommandLine => "command",
        Command::Filter => "filter",
        Command::ClearFilter => "clear filter",
        Command::NextSort => "sort",
        Command::ReverseSort => "reverse",
        Command::Warnings => "warnings",
        Command::Follow => "follow",
        Command::Previous => "previous run",
        Command::NextContainer => "container",
        Command::Wrap => "wrap",
        Command::Timestamps => "times",
        Command::Search => "search",
        Command::NextMatch => "next match",
        Command::PreviousMatch => "previous match",
        Command::Copy => "copy",
        Command::Redraw => "redraw",
        Command::Trees => "trees",
        Command::Arm => "arm",
        Command::Act => "act",
        Command::Incident => "incident",
        Command::Way1 => "choose",
        Command::Way2
        | Command::Way3
        | Command::Way4
        | Command::Way5
        | Command::Way6
        | Command::Way7
        | Command::Way8
        | Command::Way9 => "choose another",
        Command::StepBack => "step back",
        Command::Why => "why",
        Command::CloseTree => "close tree",
        Command::Diff => "requests",
        Command::Cancel => "stop",
        Command::Undo => "undo",
        Command::LookedAt => "looked at",
    }
}
