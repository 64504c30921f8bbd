//! The facts that a plan rests on: what is compared once more after the key. No resource versions, no status noise.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::crew::Crew;
use super::words::list;
use super::{Case, Fact};
use crate::situation::object::{Labels, Node, Status};
use crate::situation::{Kind, Ref, template};

/// One fact.
pub fn fact(what: impl Into<String>, value: impl ToString) -> Fact {
    Fact { what: what.into(), value: value.to_string() }
}

/// That it is this object and no other of its name.
pub fn identity(object: &Ref) -> Fact {
    fact(format!("UID of {object}"), &object.uid)
}

/// The spec of a Deployment and how its pods are.
pub fn deployment(case: &Case<'_>, object: &Ref, crew: &Crew<'_>) -> Vec<Fact> {
    let paused = case.target().pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default();
    let mut facts = vec![
        identity(object),
        fact("generation", case.number("/metadata/generation").unwrap_or_default()),
        fact("pod template", hash(case.target().pointer("/spec/template"))),
        fact("paused", if paused { "yes" } else { "no" }),
    ];
    facts.push(readiness(crew));
    facts.extend(surroundings(case, crew.labels(), object));
    facts
}

/// How many pods of a workload are wanted and ready.
pub fn readiness(crew: &Crew<'_>) -> Fact {
    fact(format!("ready pods of {}", crew.workload.key.name), crew.counts())
}

/// The verdicts of the budgets over pods of these labels, and the nodes that may not take new ones.
pub fn surroundings(case: &Case<'_>, pods: &Labels, object: &Ref) -> Vec<Fact> {
    let mut facts: Vec<Fact> = match case.unseen(Kind::PodDisruptionBudget) {
        Some(_) => vec![fact("budgets", "unknown")],
        None => {
            budgets(case, pods, object).map(|(name, allowed)| fact(format!("budget {name} allows"), allowed)).collect()
        }
    };
    facts.extend(nodes(case));
    facts
}

/// The budgets over pods of these labels: name, and how many disruptions each allows now.
pub fn budgets<'a>(case: &Case<'a>, pods: &Labels, object: &Ref) -> impl Iterator<Item = (&'a str, i32)> {
    let own = case.situation().budgets.values().filter(|b| b.meta.key.namespace == object.key.namespace);
    own.filter(|b| b.selector.selects(pods)).map(|b| (b.meta.key.name.as_str(), b.allowed))
}

/// Which nodes are sick, and which take no new pods.
pub fn nodes(case: &Case<'_>) -> [Fact; 2] {
    let sick = |n: &Node| n.ready() != Status::True;
    [fact("nodes not ready", named(case, sick)), fact("cordoned nodes", named(case, |n| n.unschedulable))]
}

/// The names of the nodes of which something holds.
fn named(case: &Case<'_>, holds: impl Fn(&Node) -> bool) -> String {
    let nodes = case.situation().nodes.values().filter(|n| holds(n));
    list(&nodes.map(|n| n.meta.key.name.as_str()).collect::<Vec<_>>())
}

/// A few digits that stand for a template: equal templates have the same.
pub fn hash(template: Option<&Value>) -> String {
    let canonical = template::canonical(template.cloned().unwrap_or_default());
    let digest = Sha256::digest(canonical.as_bytes());
    digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}
