//! G5: of some workloads there must never be two, and while the one is away nobody does its work.

use std::collections::BTreeMap;

use super::{Answer, Case, Class, Deed};
use crate::action::Action;
use crate::action::deeds::Pace;
use crate::action::deeds::crew::Crew;
use crate::action::deeds::words::list;
use crate::situation::{Ref, time};

pub(super) fn ask(case: &Case<'_>, deed: &Deed<'_>) -> Answer {
    match (&deed.crew, case.action) {
        (Some(crew), _) if crew.singleton() => of_it(case, deed, crew),
        (None, Action::Cordon { .. }) => hosted(case, deed),
        _ => Answer::Pass("no singleton is concerned".to_owned()),
    }
}

/// The action is done to a singleton.
fn of_it(case: &Case<'_>, deed: &Deed<'_>, crew: &Crew<'_>) -> Answer {
    let name = crew.name();
    let overlaps = Pace::of(case.target(), crew.wanted).overlaps();
    match case.action {
        Action::Scale { replicas: 2.., .. } => Answer::Refuse(format!("there must never be two of {name} at work")),
        Action::Scale { replicas: 0, .. } => {
            Answer::Raise(Class::R2, format!("nobody does the work of {name} until it is scaled up again"))
        }
        Action::Scale { .. } => Answer::Raise(Class::R2, format!("there must never be two of {name}: this makes one")),
        Action::RolloutRestart { .. } if overlaps => Answer::Refuse(format!(
            "its rollout starts the new pod before the old one ends, and there must never be two of {name}: scale it to 0, \
             wait until its pod is gone, and scale it to 1"
        )),
        Action::RollBack { .. } if overlaps && crew.ready() > 0 => Answer::Raise(
            Class::R2,
            format!("its rollout starts the new pod before the old one ends: for a while two of {name} are at work"),
        ),
        _ => Answer::Raise(Class::R2, format!("nobody does the work of {name} meanwhile; {}", gap(deed, crew))),
    }
}

/// How long it will be away, as far as its last start tells.
fn gap(deed: &Deed<'_>, crew: &Crew<'_>) -> String {
    let makes = deed.makes.as_ref();
    let grace =
        makes.and_then(|m| m.pointer("/spec/terminationGracePeriodSeconds").and_then(serde_json::Value::as_i64));
    let grace = grace.unwrap_or(30);
    match crew.start_up() {
        Some(took) => {
            format!("expected gap: {} to become ready, as last time, after up to {grace}s to end", time::age(took))
        }
        None => format!("how long it takes to become ready is not known; it gets up to {grace}s to end"),
    }
}

/// The action is done to a node on which singletons stand.
fn hosted(case: &Case<'_>, deed: &Deed<'_>) -> Answer {
    let mut singletons: BTreeMap<Ref, String> = BTreeMap::new();
    for pod in &deed.touched {
        if let Some(crew) = Crew::behind(case, pod).filter(Crew::singleton) {
            let bound = if pod.node_selector.0.is_empty() { "" } else { " (bound by its node selector)" };
            singletons.insert(crew.workload.clone(), format!("{}{bound}", crew.name()));
        }
    }
    if singletons.is_empty() {
        return Answer::Pass("no singleton stands on it".to_owned());
    }
    let names: Vec<String> = singletons.into_values().collect();
    let says = format!(
        "{} hosts {}: no gap now, but should it end meanwhile it starts on another node, or nowhere if it is bound to this one",
        deed.object.key.name,
        list(&names)
    );
    Answer::Raise(Class::R2, says)
}
