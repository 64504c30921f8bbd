//! The guards (catalogue 2.1): when an action must not be done, or not as lightly. Pure; asked when a plan is made and
//! again right before the first write.
//!
//! A guard is a row of [`GUARDS`]: its id, the actions it concerns, and a function from the case and the deed to an
//! answer. It may raise a class, never lower it.

mod access;
mod dependency;
mod drift;
mod freshness;
mod singleton;
#[cfg(test)]
mod tests;

use super::Action;
use super::deeds::{Case, Deed};
use super::plan::Class;

/// What a guard, or an action about itself, says; each with a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing speaks against it.
    Pass(String),
    /// It must not be done.
    Refuse(String),
    /// It may be done, but not below this class.
    Raise(Class, String),
    /// What it would have to know is not known.
    Unsure(String),
    /// To be told as a warning; it speaks neither for nor against it.
    Tell(String),
}

/// One guard.
struct Rule {
    /// The catalogue's id.
    id: &'static str,
    /// Which actions it concerns.
    concerns: fn(&Action) -> bool,
    /// What it says.
    ask: fn(&Case<'_>, &Deed<'_>) -> Answer,
}

/// Every guard, in the catalogue's order.
const GUARDS: &[Rule] = &[
    Rule { id: "G5", concerns: always, ask: singleton::ask },
    Rule { id: "G7", concerns: starts_pods, ask: dependency::ask },
    Rule { id: "G9", concerns: leaves_manifests, ask: drift::ask },
    Rule { id: "G10", concerns: always, ask: access::ask },
    Rule { id: "G11", concerns: always, ask: freshness::ask },
];

/// What each guard says that concerns the action.
pub(super) fn ask(case: &Case<'_>, deed: &Deed<'_>) -> Vec<(&'static str, Answer)> {
    let concerned = GUARDS.iter().filter(|rule| (rule.concerns)(case.action));
    concerned.map(|rule| (rule.id, (rule.ask)(case, deed))).collect()
}

const fn always(_: &Action) -> bool {
    true
}

/// Whether new pods come of it.
const fn starts_pods(action: &Action) -> bool {
    !matches!(action, Action::Cordon { .. } | Action::Uncordon { .. })
}

/// Whether the cluster differs from the manifests in Git afterwards.
const fn leaves_manifests(action: &Action) -> bool {
    matches!(action, Action::RollBack { .. } | Action::Scale { .. })
}
