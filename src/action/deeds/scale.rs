//! A06: more or fewer pods.

use serde_json::json;

use super::blast::{self, hindrances};
use super::crew::Crew;
use super::request::{self, MERGE};
use super::words::{count, kubectl, list, places, quoted};
use super::{Case, Class, Deed, Ref, Refused, facts, refused, restart};
use crate::action::Action;
use crate::action::plan::{Difference, Proof, Undo};
use crate::situation::Kind;
use crate::situation::object::Pod;

pub(super) fn deed<'a>(case: &Case<'a>, object: Ref, replicas: u32) -> Result<Deed<'a>, Refused> {
    super::alive(case, &object)?;
    let crew = restart::rolled(case, &object)?;
    // Absent is one, as the API has it.
    let former = case.number("/spec/replicas").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let name = &object.key.name;
    if former == replicas {
        let what = format!("{name} has {} already", count(former as usize, "replica"));
        return Err(refused(what, "ask for another number"));
    }
    let up = replicas > former;
    let (class, raised) = if up { crew.weigh(0) } else { (Class::R2, None) };
    let mut basis = facts::deployment(case, &object, &crew);
    basis.extend(autoscalers(case, &object).map(|(name, range)| facts::fact(format!("autoscaler {name}"), range)));
    Ok(Deed {
        title: format!("Scale {name} {} from {former} to {replicas}", if up { "up" } else { "down" }),
        class,
        change: request::patch(&object, "/scale", MERGE, json!({ "spec": { "replicas": replicas } })),
        right: request::right("patch", &object, Some("deployments/scale")),
        command: kubectl(&object, &format!("scale deploy/{} --replicas={replicas}", quoted(name))),
        reason: "CrashcartScale",
        touched: if up { Vec::new() } else { crew.pods.clone() },
        makes: if up { case.target().pointer("/spec/template").cloned() } else { None },
        own: Vec::new(),
        warnings: raised.into_iter().chain(warnings(case, &object, &crew, replicas)).collect(),
        differences: vec![Difference {
            what: "replicas".to_owned(),
            before: former.to_string(),
            after: replicas.to_string(),
        }],
        blast_radius: blast_radius(case, &object, &crew, (former, replicas)),
        undo: Undo {
            says: format!("scale {name} to {former} again"),
            action: Some(Action::Scale { deployment: object.clone(), replicas: former }),
        },
        proof: proof(&crew, replicas),
        basis,
        crew: Some(crew),
        object,
    })
}

fn proof(crew: &Crew<'_>, replicas: u32) -> Proof {
    let says = match replicas {
        0 => "no pod of it is left".to_owned(),
        n => format!("{n} of {n} pods available"),
    };
    Proof { says, within: restart::patience(crew), workload: None }
}

fn warnings(case: &Case<'_>, object: &Ref, crew: &Crew<'_>, replicas: u32) -> Vec<String> {
    let mut told = Vec::new();
    if replicas == 0 && crew.serves {
        told.push(format!("users' requests pass through {}: with no pod they all fail", crew.name()));
    }
    if let Some(why) = case.unseen(Kind::HorizontalPodAutoscaler) {
        told.push(format!("whether an autoscaler will undo it is not known: {why}"));
    }
    let undone = |(name, range)| format!("autoscaler {name} ({range}) scales this Deployment too and will undo it");
    told.extend(autoscalers(case, object).map(undone));
    if (replicas as usize) > crew.wanted {
        told.extend(headroom(case, object));
    }
    told.extend(restart::under_way(case).map(|_| "a rollout is under way: it goes on with the new number".to_owned()));
    told
}

/// The autoscalers of the Deployment, with the range each keeps it in.
fn autoscalers<'a>(case: &Case<'a>, object: &Ref) -> impl Iterator<Item = (&'a str, String)> {
    let (key, kind) = (object.key.clone(), object.kind.resource().kind);
    let all = case.situation().autoscalers.values();
    let own =
        all.filter(move |a| a.meta.key.namespace == key.namespace && a.target.0 == kind && a.target.1 == key.name);
    own.map(|a| (a.meta.key.name.as_str(), format!("{} to {}", a.min, a.max)))
}

/// Whether the namespace has room for more, as far as quotas tell.
fn headroom(case: &Case<'_>, object: &Ref) -> Vec<String> {
    if let Some(why) = case.unseen(Kind::ResourceQuota) {
        return vec![format!("whether a quota leaves room for more pods is not known: {why}")];
    }
    let quotas = case.situation().quotas.values().filter(|q| q.meta.key.namespace == object.key.namespace);
    let told = quotas.filter(|q| !q.amounts.is_empty()).map(|quota| {
        let used: Vec<String> =
            quota.amounts.iter().map(|(what, used, hard)| format!("{what} {used} of {hard}")).collect();
        format!(
            "quota {} limits {}: see that more pods fit ({})",
            quota.meta.key.name,
            object.key.namespace,
            list(&used)
        )
    });
    told.collect()
}

fn blast_radius(case: &Case<'_>, object: &Ref, crew: &Crew<'_>, (former, replicas): (u32, u32)) -> Vec<String> {
    let name = crew.name();
    if replicas > former {
        let more = count((replicas - former) as usize, "more pod");
        let mut lines =
            vec![format!("{more} of {name}, where the scheduler finds room; none of the present ones goes")];
        lines.push(format!("ready now: {}", crew.counts()));
        lines.extend(hindrances(case));
        return lines;
    }
    let gone = crew.pods.len().saturating_sub(replicas as usize);
    let mut lines = vec![match replicas {
        0 => format!("all {} of {name} go: {}", count(gone, "pod"), places(crew.pods.iter().copied())),
        _ => format!(
            "{} of {name} go, unready and young ones first, of: {}",
            count(gone, "pod"),
            places(order(&crew.pods))
        ),
    }];
    lines.push(format!("ready now: {}; at most {replicas} afterwards", crew.counts()));
    let left = |(service, ready): (&str, std::collections::BTreeSet<&str>)| match replicas {
        0 => format!("Service {service} loses its {}: requests to it fail", count(ready.len(), "ready endpoint")),
        n => format!("Service {service} has {} now, at most {n} afterwards", count(ready.len(), "ready endpoint")),
    };
    lines.extend(blast::services(case, crew.labels(), object).into_iter().map(left));
    lines.extend(blast::budget_verdicts(case, crew.labels(), object, "scaling"));
    lines
}

/// The pods, those first that the controller is likely to take.
fn order<'a>(pods: &[&'a Pod]) -> Vec<&'a Pod> {
    let mut pods = pods.to_vec();
    pods.sort_by_key(|p| (p.ready(), std::cmp::Reverse(p.meta.created)));
    pods
}
