//! Which workload a check is about: the one that was named, or the one that plays a role.

use super::Asked;
use super::facts::unknown;
use crate::detect::{Scene, role_of};
use crate::situation::object::{Deployment, Labels, Meta, Pod};
use crate::situation::{Key, Kind, Ref, Situation};

/// The kinds that make pods and can play a role.
const WORKLOADS: [Kind; 3] = [Kind::Deployment, Kind::DaemonSet, Kind::StatefulSet];

/// A workload with its pods.
#[derive(Debug)]
pub(super) struct Work<'a> {
    /// Which one.
    pub(super) reference: Ref,
    /// What people call it: its role, else its name.
    pub(super) name: String,
    /// How many pods it should have.
    pub(super) desired: i64,
    /// How many are ready, as its controller counts.
    pub(super) ready: i64,
    /// The Deployment, if it is one.
    pub(super) deployment: Option<&'a Deployment>,
    /// Which pods it means; `None` where only owners tell.
    pub(super) selector: Option<&'a Labels>,
    /// Its pods that have not run to their end.
    pub(super) pods: Vec<&'a Pod>,
}

impl Work<'_> {
    /// `-n shop`
    pub(super) fn namespace_flag(&self) -> String {
        let namespace = &self.reference.key.namespace;
        if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") }
    }

    /// ` -l app=web`, or nothing.
    pub(super) fn selector_flag(&self) -> String {
        let Some(labels) = self.selector.filter(|s| !s.0.is_empty()) else { return String::new() };
        let pairs: Vec<String> = labels.0.iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!(" -l {}", pairs.join(","))
    }
}

/// The workload that the arguments name: `workload` goes before `role`. An `Err` says why there is none.
pub(super) fn work<'a>(asked: &Asked<'a>) -> Result<Work<'a>, String> {
    if let Some(named) = asked.reference("workload") {
        return of_reference(asked.scene, named);
    }
    let Some(role) = asked.role("role") else {
        return Err("no workload is named: open this tree on one, or name a role in the runbook".to_owned());
    };
    by_role(asked.scene, role)
}

/// The workload that plays a role, the one that lacks most pods first.
pub(in crate::runbook) fn workload_playing(scene: Scene<'_>, role: &str) -> Result<Ref, String> {
    by_role(scene, role).map(|work| work.reference)
}

fn by_role<'a>(scene: Scene<'a>, role: &str) -> Result<Work<'a>, String> {
    if let Some(found) = playing(scene, role).into_iter().next() {
        return Ok(found);
    }
    let blind = unknown(scene.situation, &WORKLOADS);
    Err(if !blind.is_empty() {
        blind
    } else if scene.profile.roles.contains_key(role) {
        format!("nothing in this cluster plays the role {role:?}, as the profile describes it")
    } else {
        format!("the profile does not say which workload plays the role {role:?}; add it under roles:")
    })
}

/// Every workload that plays a role, or one of its kind (`ingress-nginx` is an `ingress`); the one that lacks most pods
/// first.
pub(super) fn playing<'a>(scene: Scene<'a>, role: &str) -> Vec<Work<'a>> {
    let plays = |w: &Work<'_>, labels: &Labels| {
        let found = role_of(scene.profile, &w.reference, [labels, w.selector.unwrap_or(labels)]);
        found.is_some_and(|(name, _)| name == role || name.strip_prefix(role).is_some_and(|r| r.starts_with('-')))
    };
    let mut all: Vec<Work<'a>> = Vec::new();
    for (mut work, labels) in workloads(scene.situation) {
        if plays(&work, labels) {
            role.clone_into(&mut work.name);
            all.push(work);
        }
    }
    all.sort_by_key(|w| (w.ready - w.desired, w.reference.clone()));
    for work in &mut all {
        work.pods = pods(scene.situation, work);
    }
    all
}

fn of_reference<'a>(scene: Scene<'a>, named: &Ref) -> Result<Work<'a>, String> {
    let situation = scene.situation;
    let workload = situation.workload_around(named);
    let found =
        workloads(situation).find(|(w, _)| w.reference.kind == workload.kind && w.reference.key == workload.key);
    let Some((mut work, labels)) = found else { return loose(situation, workload) };
    let role = role_of(scene.profile, &work.reference, [labels, work.selector.unwrap_or(labels)]);
    if let Some((role, _)) = role {
        role.clone_into(&mut work.name);
    }
    work.pods = pods(situation, &work);
    Ok(work)
}

/// What is not in a table of workloads: a ReplicaSet on its own, a Job, a bare pod.
fn loose(situation: &Situation, reference: Ref) -> Result<Work<'_>, String> {
    let is_it = |p: &Pod| match reference.kind {
        Kind::Pod => p.meta.key == reference.key,
        kind => situation.workload_of(p).is_some_and(|w| w.kind == kind && w.key == reference.key),
    };
    let namespace = &*reference.key.namespace;
    let pods: Vec<&Pod> = situation.pods.values().filter(|p| p.meta.key.namespace == *namespace && is_it(p)).collect();
    if pods.is_empty() {
        let blind = unknown(situation, &[reference.kind, Kind::Pod]);
        let gone = format!("{reference} is not there (any more)");
        return Err(if blind.is_empty() { gone } else { format!("{gone}, or it cannot be seen: {blind}") });
    }
    let ready = pods.iter().filter(|p| p.ready()).count() as i64;
    let (name, desired) = (reference.key.name.to_string(), pods.len() as i64);
    Ok(Work { reference, name, desired, ready, deployment: None, selector: None, pods })
}

/// Every workload, yet without its pods.
fn workloads(situation: &Situation) -> impl Iterator<Item = (Work<'_>, &Labels)> {
    let deployments = situation.deployments.values().map(|d| {
        let work = make(Kind::Deployment, &d.meta, (d.replicas, d.ready), &d.selector);
        (Work { deployment: Some(d), ..work }, &d.meta.labels)
    });
    let daemon_sets = situation
        .daemon_sets
        .values()
        .map(|d| (make(Kind::DaemonSet, &d.meta, (d.desired, d.ready), &d.selector), &d.meta.labels));
    let stateful_sets = situation
        .stateful_sets
        .values()
        .map(|s| (make(Kind::StatefulSet, &s.meta, (s.replicas, s.ready), &s.selector), &s.meta.labels));
    deployments.chain(daemon_sets).chain(stateful_sets)
}

fn make<'a>(kind: Kind, meta: &Meta, (desired, ready): (i32, i32), selector: &'a Labels) -> Work<'a> {
    Work {
        reference: meta.reference(kind),
        name: meta.key.name.to_string(),
        desired: desired.into(),
        ready: ready.into(),
        deployment: None,
        selector: Some(selector),
        pods: Vec::new(),
    }
}

/// The pods that a workload selects and that nobody else owns. Where ReplicaSets cannot be seen, the selector decides.
fn pods<'a>(situation: &'a Situation, work: &Work<'_>) -> Vec<&'a Pod> {
    let Some(selector) = work.selector else { return Vec::new() };
    let reference = &work.reference;
    let own = |p: &&Pod| {
        let owner = situation.workload_of(p);
        owner.is_none_or(|o| o.kind == Kind::ReplicaSet || (o.kind == reference.kind && o.key == reference.key))
    };
    let namespace = &reference.key.namespace;
    let from = Key { namespace: namespace.clone(), name: "".into() };
    let all = situation.pods.range(from..).take_while(|(k, _)| k.namespace == *namespace).map(|(_, p)| p);
    all.filter(|p| !p.finished() && selector.selects(&p.meta.labels)).filter(own).collect()
}
