//! What is lost meanwhile, one sentence a line.

use std::collections::BTreeSet;

use super::crew::Crew;
use super::facts::budgets;
use super::pace::Pace;
use super::words::{count, places};
use super::{Case, Ref};
use crate::situation::Kind;
use crate::situation::object::{Labels, Pod, Service, Status};

/// A rollout in which these pods end and the others stay.
pub fn rollout(case: &Case<'_>, object: &Ref, crew: &Crew<'_>, pace: Pace, going: &[&Pod]) -> Vec<String> {
    let mut lines = vec![who_goes(crew, pace, going)];
    let staying = crew.pods.len().saturating_sub(going.len());
    if staying > 0 && !going.is_empty() {
        lines.push(format!("{} run what is wanted already and stay", count(staying, "pod")));
    }
    lines.push(meanwhile(crew, pace, going));
    let ready_goes = going.iter().any(|p| p.ready());
    let how = match pace {
        _ if !ready_goes => "they stay",
        Pace::AllAtOnce if staying == 0 => "none meanwhile",
        _ => "they change one by one",
    };
    lines.extend(
        services(case, crew.labels(), object)
            .into_iter()
            .map(|(name, ready)| format!("Service {name} has {} now; {how}", count(ready.len(), "ready endpoint"))),
    );
    lines.extend(budget_verdicts(case, crew.labels(), object, "a rollout"));
    lines.extend(hindrances(case));
    lines
}

fn who_goes(crew: &Crew<'_>, pace: Pace, going: &[&Pod]) -> String {
    let name = crew.name();
    if going.is_empty() {
        return format!("no pod of {name} has to go");
    }
    let order = match pace {
        _ if going.len() == 1 => "",
        Pace::AllAtOnce => " all at once",
        Pace::Rolling { .. } => " one after the other",
    };
    format!("{} of {name} {}{order}: {}", count(going.len(), "pod"), goes(going.len()), places(going.iter().copied()))
}

const fn goes(n: usize) -> &'static str {
    if n == 1 { "goes" } else { "go" }
}

/// How many pods are ready, before and meanwhile.
fn meanwhile(crew: &Crew<'_>, pace: Pace, going: &[&Pod]) -> String {
    let now = format!("ready now: {}", crew.counts());
    // Pods that stay keep serving, whatever the pace.
    let stay = crew.ready().saturating_sub(going.iter().filter(|p| p.ready()).count());
    match pace {
        _ if stay == crew.ready() => format!("{now}; no ready pod goes"),
        Pace::AllAtOnce => format!("{now}; meanwhile {stay} ({pace})"),
        Pace::Rolling { .. } if crew.ready() <= pace.least(crew.wanted) => {
            format!("{now}; no ready pod goes before a new one is ready ({pace})")
        }
        Pace::Rolling { .. } => format!("{now}; meanwhile at least {} ({pace})", pace.least(crew.wanted)),
    }
}

/// The Services over pods of these labels, with the pods (or addresses) of their ready endpoints.
pub fn services<'a>(case: &Case<'a>, pods: &Labels, object: &Ref) -> Vec<(&'a str, BTreeSet<&'a str>)> {
    let situation = case.situation();
    let own = situation.services.values().filter(|s| s.meta.key.namespace == object.key.namespace);
    let named = |service: &'a Service| {
        let slices = situation.endpoint_slices.values();
        let own =
            slices.filter(|s| s.meta.key.namespace == service.meta.key.namespace && s.service == service.meta.key.name);
        let ready = own.flat_map(|s| &s.endpoints).filter(|e| e.ready && !e.terminating);
        let named = ready.map(|e| if e.pod.is_empty() { e.address.as_str() } else { e.pod.as_str() });
        (service.meta.key.name.as_str(), named.collect())
    };
    own.filter(|s| s.selector.selects(pods)).map(named).collect()
}

/// What each budget over the pods says, though nothing here asks it: only evictions do.
pub fn budget_verdicts(case: &Case<'_>, pods: &Labels, object: &Ref, what: &str) -> Vec<String> {
    if let Some(why) = case.unseen(Kind::PodDisruptionBudget) {
        return vec![format!("budgets are not known: {why}")];
    }
    let verdict = |(name, allowed): (&str, i32)| {
        format!(
            "budget {name} allows {} now; {what} does not ask it",
            count(usize::try_from(allowed).unwrap_or_default(), "disruption")
        )
    };
    let said: Vec<String> = budgets(case, pods, object).map(verdict).collect();
    if said.is_empty() { vec!["no budget guards its pods".to_owned()] } else { said }
}

/// The nodes on which no new pod can start.
pub fn hindrances(case: &Case<'_>) -> Vec<String> {
    let nodes = case.situation().nodes.values();
    let say = |node: &crate::situation::object::Node| {
        let name = &node.meta.key.name;
        match (node.ready() == Status::True, node.unschedulable) {
            (false, _) => Some(format!("node {name} is not ready: no new pod starts there")),
            (true, true) => Some(format!("node {name} is cordoned: no new pod goes there")),
            (true, false) => None,
        }
    };
    nodes.filter_map(say).collect()
}
