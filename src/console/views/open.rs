//! Which screen shows what.

use crate::config::keymap::Command;
use crate::console::screen::{Context, Effect, Screen};
use crate::situation::{Key, Ref, Subject};

/// The screen that a command opens from everywhere.
pub fn by_command(command: Command, _cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    match command {
        Command::Changes => Some(Box::new(super::Changes::new())),
        Command::Nodes => Some(Box::new(super::Nodes::new())),
        Command::Workloads => Some(Box::new(super::Workloads::new())),
        Command::Pods => Some(Box::new(super::Pods::new())),
        Command::Sources => Some(Box::new(super::Sources::new())),
        _ => None,
    }
}

/// The detail of what a finding or a change is about; `None` when there is none (any more).
pub fn by_subject(_subject: &Subject, _cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    None
}

/// The log of a pod: of its previous run when that one crashed.
pub fn logs_of(_pod: &Key, _cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    None
}

/// Opens the detail of a subject, or says why that cannot be.
pub(super) fn push_subject(subject: &Subject, cx: &Context<'_>) -> Effect {
    by_subject(subject, cx).map_or_else(
        || Effect::Say(format!("{}: nothing more is known of it", crate::console::labels::subject(subject))),
        Effect::Push,
    )
}

/// Opens the log of a pod, or says why that cannot be.
pub(super) fn push_logs(pod: &Key, cx: &Context<'_>) -> Effect {
    logs_of(pod, cx).map_or_else(|| Effect::Say(format!("pod {pod} is gone, and its log with it")), Effect::Push)
}

/// A command on one object of a list or a page: opens its detail, its log, its events.
pub(super) fn act_on(command: Command, object: &Ref, cx: &Context<'_>) -> Effect {
    match command {
        Command::Open => push_subject(&object.clone().into(), cx),
        Command::Copy => Effect::Copy(object.key.to_string()),
        _ => Effect::Ignored,
    }
}
