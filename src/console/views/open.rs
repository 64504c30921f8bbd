//! Which screen shows what.

use std::sync::Arc;

use crate::config::keymap::Command;
use crate::console::desk::Order;
use crate::console::screen::{Context, Effect, Screen};
use crate::runbook::Book;
use crate::situation::{Key, Kind, Ref, Subject};

/// The screen that a command opens from everywhere.
pub fn by_command(command: Command, _cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    match command {
        Command::Changes => Some(Box::new(super::Changes::new())),
        Command::Events => Some(Box::new(super::Events::all())),
        Command::Incident => Some(Box::new(super::Incident::new())),
        Command::Nodes => Some(Box::new(super::Nodes::new())),
        Command::Pods => Some(Box::new(super::Pods::new())),
        Command::Trees => Some(Box::new(super::Trees::new())),
        Command::Sources => Some(Box::new(super::Sources::new())),
        Command::Workloads => Some(Box::new(super::Workloads::new())),
        _ => None,
    }
}

/// The detail of what a finding or a change is about; `None` for a kind that has none.
pub fn by_subject(subject: &Subject, _cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    let Subject::Object(object) = subject else { return None };
    let object = object.clone();
    match object.kind {
        Kind::Node => Some(Box::new(super::Node::open(object))),
        Kind::Pod => Some(Box::new(super::Pod::open(object))),
        Kind::ReplicaSet => Some(Box::new(super::Revision::open(object))),
        Kind::Deployment | Kind::DaemonSet | Kind::StatefulSet | Kind::Job | Kind::CronJob => {
            Some(Box::new(super::Workload::open(object)))
        }
        _ => None,
    }
}

/// The log of a pod: of its previous run when that one crashed.
pub fn logs_of(pod: &Key, cx: &Context<'_>) -> Option<Box<dyn Screen>> {
    let pod = cx.situation.pods.get(pod)?;
    Some(Box::new(super::Logs::telling(pod, cx.now)))
}

/// Opens the detail of a subject, or says why that cannot be.
pub(super) fn push_subject(subject: &Subject, cx: &Context<'_>) -> Effect {
    by_subject(subject, cx).map_or_else(
        || Effect::Say(format!("{}: nothing more is known of it", crate::console::labels::subject(subject))),
        Effect::Push,
    )
}

/// The runbook that a finding leads to.
pub(super) fn book_of<'a>(finding: &crate::detect::Finding, cx: &Context<'a>) -> Option<&'a Arc<Book>> {
    let named = finding.runbook.and_then(|id| cx.desk.library.find(id));
    named.or_else(|| cx.desk.library.for_finding(finding.id))
}

/// Opens the tree that a finding leads to, on what it is about.
pub(super) fn open_tree(finding: &crate::detect::Finding, cx: &Context<'_>) -> Effect {
    let subject = finding.subjects.iter().find_map(|subject| match subject {
        Subject::Object(object) => Some(object.clone()),
        _ => None,
    });
    match book_of(finding, cx) {
        Some(book) => Effect::Order(Order::OpenTree(book.clone(), subject)),
        None => Effect::Push(Box::new(super::Trees::new())),
    }
}

/// Opens the log of a pod, or says why that cannot be.
pub(super) fn push_logs(pod: &Key, cx: &Context<'_>) -> Effect {
    logs_of(pod, cx).map_or_else(|| Effect::Say(format!("pod {pod} is gone, and its log with it")), Effect::Push)
}

/// Opens the log of a container of a pod, of the run before if that is asked for; without a container, the log that tells
/// most. A pod that bears the name of another one is not taken for it.
pub(super) fn push_log(pod: &Ref, container: Option<&str>, previous: bool, cx: &Context<'_>) -> Effect {
    let found = cx.situation.pods.get(&pod.key).filter(|p| pod.uid.is_empty() || p.meta.uid == pod.uid);
    match found {
        None => Effect::Say(format!("pod {} is gone, and its log with it", pod.key)),
        Some(pod) if container.is_none() && !previous => Effect::Push(Box::new(super::Logs::telling(pod, cx.now))),
        Some(pod) => Effect::Push(Box::new(super::Logs::open(pod, container, previous))),
    }
}

/// A command on one object of a list or a page: opens its detail, its log, its events, what can be done to it.
pub(super) fn act_on(command: Command, object: &Ref, cx: &Context<'_>) -> Effect {
    match (command, object.kind) {
        (Command::Open, _) => push_subject(&object.clone().into(), cx),
        (Command::Logs, Kind::Pod) => push_log(object, None, false, cx),
        (Command::Previous, Kind::Pod) => push_log(object, None, true, cx),
        (Command::Logs, Kind::Node) => Effect::Say("a node has no log here; open it for its pods".to_owned()),
        (Command::Logs, _) => match super::Workload::worst_pod(object, cx) {
            Some(pod) => push_log(&pod, None, false, cx),
            None => Effect::Say(format!("{} has no pods, so there is no log", object.key)),
        },
        (Command::Events, _) => Effect::Push(Box::new(super::Events::about(object.clone()))),
        (Command::Copy, _) => Effect::Copy(object.key.to_string()),
        (Command::Act, _) => Effect::Push(Box::new(super::Actions::on(vec![object.clone()]))),
        _ => Effect::Ignored,
    }
}
