//! A04: delete one pod; its controller makes another.

use serde_json::Value;

use super::crew::{Crew, is_active};
use super::words::{clean, count, kubectl, list, place, quoted};
use super::{Case, Class, Deed, Ref, Refused, blast, facts, refused, request};
use crate::action::guard::Answer;
use crate::action::plan::{Fact, Proof, Undo};
use crate::situation::object::{Pod, Status};
use crate::situation::{Key, Kind, Text};

pub(super) fn deed<'a>(case: &Case<'a>, object: Ref) -> Result<Deed<'a>, Refused> {
    let seen = case.situation().pods.get(&object.key).filter(|p| p.meta.uid == object.uid);
    let pod = seen.ok_or_else(|| refused(format!("{object} went while it was looked at"), "look at the list again"))?;
    if let Some(since) = pod.meta.deleting {
        let what = format!("{object} is on its way out already (until {})", since.strftime("%H:%M:%SZ"));
        return Err(refused(what, "wait for it; a pod that does not go is on a node that does not answer"));
    }
    let crew = Crew::behind(case, pod);
    let lost = usize::from(pod.ready());
    let (class, raised) = crew.as_ref().map_or((Class::R1, None), |crew| crew.weigh(lost));
    Ok(Deed {
        title: format!("Delete pod {}", object.key.name),
        class,
        change: request::deletion(&object),
        right: request::right("delete", &object, None),
        command: kubectl(&object, &format!("delete pod {}", quoted(&object.key.name))),
        reason: "CrashcartDeletePod",
        touched: vec![pod],
        makes: crew.is_some().then(|| case.target().clone()),
        own: std::iter::once(successor(case, pod, crew.as_ref())).chain(budgets(case, pod, &object)).collect(),
        warnings: raised.into_iter().chain(losses(case, pod)).collect(),
        differences: Vec::new(),
        blast_radius: blast_radius(case, pod, crew.as_ref(), &object),
        undo: Undo {
            says: "none: a deleted pod does not come back; its controller makes a new one".to_owned(),
            action: None,
        },
        proof: proof(pod, crew.as_ref()),
        basis: basis(case, pod, crew.as_ref(), &object),
        crew,
        object,
    })
}

/// Whether somebody makes another.
fn successor(case: &Case<'_>, pod: &Pod, crew: Option<&Crew<'_>>) -> Answer {
    let name = &pod.meta.key.name;
    let mirror = case.target().pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
    let Some(owner) = &pod.meta.owner else {
        return Answer::Refuse(format!("no controller owns {name}: nobody makes another, and it cannot be had back"));
    };
    if mirror || owner.kind == "Node" {
        return Answer::Refuse(format!(
            "{name} is a static pod of its node: the API deletes only its mirror, the pod itself runs on"
        ));
    }
    if owner.kind == "Job" {
        return Answer::Raise(
            Class::R2,
            format!(
                "{name} belongs to Job {}: what it has done is lost, it counts as a failed attempt, and nobody makes another \
                 once the Job's attempts are used up or it is over",
                owner.name
            ),
        );
    }
    match crew {
        Some(crew) => Answer::Pass(format!("{} {} makes another", crew.workload.kind, crew.workload.key.name)),
        None => {
            let says = format!("whether {} {} makes another is not known here", owner.kind, owner.name);
            Answer::Unsure(says)
        }
    }
}

/// A budget that has nothing left would keep an eviction back; a delete passes it by.
fn budgets(case: &Case<'_>, pod: &Pod, object: &Ref) -> Option<Answer> {
    let spent: Vec<&str> = facts::budgets(case, &pod.meta.labels, object)
        .filter(|(_, allowed)| *allowed <= 0 && pod.ready())
        .map(|(name, _)| name)
        .collect();
    let says = || format!("budget {} allows no disruption now; a delete does not ask it", list(&spent));
    (!spent.is_empty()).then(|| Answer::Raise(Class::R2, says()))
}

/// What is gone with the pod.
fn losses(case: &Case<'_>, pod: &Pod) -> Vec<String> {
    let mut lost = vec!["its logs go with it: save them first if they matter".to_owned()];
    let volumes = case.target().pointer("/spec/volumes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let scratch: Vec<Text> =
        volumes.iter().filter(|v| v.get("emptyDir").is_some()).map(|v| clean(v.get("name"))).collect();
    if !scratch.is_empty() {
        lost.push(format!("what it keeps in emptyDir is lost: {}", list(&scratch)));
    }
    let node = case.situation().nodes.get(&Key { namespace: Text::default(), name: pod.node.clone() });
    if let Some(node) = node.filter(|n| n.ready() != Status::True) {
        let name = &node.meta.key.name;
        lost.push(format!("node {name} is not ready: the pod stays Terminating until its kubelet answers again"));
    }
    lost
}

fn blast_radius(case: &Case<'_>, pod: &Pod, crew: Option<&Crew<'_>>, object: &Ref) -> Vec<String> {
    let grace = case.number("/spec/terminationGracePeriodSeconds").unwrap_or(30);
    let mut lines = vec![format!("{} goes; it gets up to {grace}s to end", place(pod))];
    if pod.finished() {
        lines.push("it has run to its end already: nothing that works goes with it".to_owned());
        return lines;
    }
    if let Some(crew) = crew {
        let left = crew.ready().saturating_sub(usize::from(pod.ready()));
        let how =
            if pod.ready() { format!("{left} until the new one is ready") } else { "it is not one of them".to_owned() };
        lines.push(format!("ready pods of {} now: {}; {how}", crew.name(), crew.counts()));
    }
    if pod.host_network {
        lines.push(format!("it uses the network of {}: what it listens on there does not answer until then", pod.node));
    }
    lines.extend(blast::services(case, &pod.meta.labels, object).into_iter().map(|(service, ready)| {
        let left = ready.iter().filter(|name| ![&*pod.meta.key.name, &*pod.ip].contains(name)).count();
        match left {
            0 => format!("Service {service} has no ready endpoint until then: requests to it fail"),
            n => format!("Service {service} keeps {} of {}", n, count(ready.len(), "ready endpoint")),
        }
    }));
    lines.extend(blast::budget_verdicts(case, &pod.meta.labels, object, "a delete"));
    // The pods of a DaemonSet are bound to their nodes and go to cordoned ones too.
    if crew.is_none_or(|crew| crew.workload.kind != Kind::DaemonSet) {
        lines.extend(blast::hindrances(case));
    }
    lines
}

fn proof(pod: &Pod, crew: Option<&Crew<'_>>) -> Proof {
    let within = jiff::SignedDuration::from_mins(3);
    let name = &pod.meta.key.name;
    // A finished pod counts for nobody, so nobody makes another in its place.
    match crew.filter(|_| is_active(pod)) {
        Some(crew) => {
            let says = format!("{name} is gone and a new pod of {} is ready", crew.name());
            Proof { says, within, workload: Some(crew.workload.clone()) }
        }
        None => Proof { says: format!("{name} is gone"), within, workload: None },
    }
}

fn basis(case: &Case<'_>, pod: &Pod, crew: Option<&Crew<'_>>, object: &Ref) -> Vec<Fact> {
    let mut facts = vec![
        facts::identity(object),
        facts::fact(format!("node of {}", object.key.name), &pod.node),
        facts::fact(format!("{} is ready", object.key.name), if pod.ready() { "yes" } else { "no" }),
    ];
    facts.extend(crew.map(facts::readiness));
    facts.extend(facts::surroundings(case, &pod.meta.labels, object));
    if let Some(why) = case.unseen(Kind::Pod) {
        facts.push(facts::fact("pods", why));
    }
    facts
}
