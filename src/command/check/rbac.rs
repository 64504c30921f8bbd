//! `check --rbac`: what this account may read, as its own requests have shown.

use serde::Serialize;

use super::json::Cluster;
use crate::command::paper::{Ink, WIDTH, fill};
use crate::situation::{Kind, Situation, Source, SourceState};

/// What the account may do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Access {
    cluster: Cluster,
    user: String,
    reads: Vec<Read>,
    /// Nothing in this version changes anything, so there is no action to ask about.
    actions: Vec<String>,
}

/// One kind of read.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Read {
    what: String,
    /// `null`: it could not be told.
    allowed: Option<bool>,
    needed: bool,
    note: String,
}

impl Access {
    /// What the sources have shown.
    pub(super) fn of(situation: &Situation) -> Self {
        let kinds = Kind::ALL.into_iter().map(|k| (Source::Watch(k), k.resource().needed));
        let others = [(Source::NodeMetrics, false), (Source::PodMetrics, false)];
        Self {
            cluster: Cluster::of(situation),
            user: situation.cluster.user.to_string(),
            reads: kinds.chain(others).map(|(source, needed)| read(situation, &source, needed)).collect(),
            actions: Vec::new(),
        }
    }
}

fn read(situation: &Situation, source: &Source, needed: bool) -> Read {
    let status = situation.source(source);
    let (allowed, note) = match &status.state {
        SourceState::Live if !status.limited.is_empty() => (Some(true), status.limited.to_string()),
        SourceState::Live => (Some(true), String::new()),
        SourceState::Forbidden(_) => (Some(false), status.state.to_string()),
        // It was read once, and nobody took the right away since.
        SourceState::Lost(_) => (Some(true), status.state.to_string()),
        state => (None, state.to_string()),
    };
    Read { what: source.to_string(), allowed, needed, note }
}

/// The table for people.
pub(super) fn text(situation: &Situation, ink: Ink) -> String {
    let access = Access::of(situation);
    let user = if access.user.is_empty() { "this account" } else { &access.user };
    let mut lines = vec![format!("What {user} may read ({}):", access.cluster.context), String::new()];
    for read in &access.reads {
        let word = match read.allowed {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "unknown",
        };
        let need = if read.needed { "needed" } else { "optional" };
        let note = fill(&read.note, "        ", WIDTH);
        let head = format!("  {word:<8} {:<34} {need}", read.what);
        lines.push(if note.is_empty() { head } else { format!("{head}\n{note}") });
    }
    lines.push(String::new());
    let actions = "Actions: none. This version only looks; it offers nothing that would change the cluster.";
    lines.push(fill(actions, "", WIDTH));
    ink.plain(&(lines.join("\n") + "\n"))
}
