//! Workloads of every kind as detectors see them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Scene, role};
use crate::config::profile::Role;
use crate::situation::object::{Deployment, Labels, Meta, Pod, Status};
use crate::situation::{Kind, Ref, Situation, Subject};

/// How many pods of a workload a finding names.
const SUBJECTS: usize = 50;

/// A workload, or a pod that belongs to none.
#[derive(Debug)]
pub(super) struct Workload<'a> {
    /// Which one.
    pub(super) reference: Ref,
    /// Its role in the profile.
    pub(super) role: Option<(&'a str, &'a Role)>,
    /// How many pods it should have.
    pub(super) desired: i32,
    /// How many are ready.
    pub(super) ready: i32,
    /// The Deployment, if it is one.
    pub(super) deployment: Option<&'a Deployment>,
    /// Which pods it means.
    pub(super) selector: Option<&'a Labels>,
    /// Its pods that are, or recently were, in trouble.
    pub(super) pods: Vec<&'a Pod>,
    /// Users' requests pass through it: its role says so, or an Ingress leads to it.
    pub(super) serves: bool,
}

impl Workload<'_> {
    /// What people call it: its role, else its name.
    pub(super) fn name(&self) -> &str {
        self.role.map_or(&*self.reference.key.name, |(name, _)| name)
    }

    /// Whether it plays the role of that name, or one of its kind (`ingress-nginx` is an `ingress`).
    pub(super) fn plays(&self, role: &str) -> bool {
        self.role.is_some_and(|(name, _)| name == role || name.strip_prefix(role).is_some_and(|r| r.starts_with('-')))
    }

    /// Whether the cluster itself needs it, rather than the application.
    pub(super) fn is_infrastructure(&self) -> bool {
        ["ingress", "dns", "metrics", "storage"].iter().any(|role| self.plays(role))
    }

    /// Pods of finite work: a failing attempt is retried and no outage.
    pub(super) fn is_batch(&self) -> bool {
        matches!(self.reference.kind, Kind::Job | Kind::CronJob)
    }

    /// Two thirds of its pods, at least one: so many gone and it is as good as down.
    pub(super) fn most(&self) -> usize {
        let desired = usize::try_from(self.desired).unwrap_or_default();
        (2 * desired).div_ceil(3).max(1)
    }

    /// `1 of 3 ready`
    pub(super) fn counts(&self) -> String {
        format!("{} of {} ready", self.ready, self.desired)
    }

    /// The workload, then the pods given, as many as a person would look at.
    pub(super) fn subjects<'p>(&self, pods: impl IntoIterator<Item = &'p Pod>) -> Vec<Subject> {
        let own = Subject::Object(self.reference.clone());
        let pods = pods.into_iter().map(|p| Subject::Object(p.meta.reference(Kind::Pod)));
        let mut all: Vec<Subject> = std::iter::once(own).chain(pods.take(SUBJECTS)).collect();
        all.dedup();
        all
    }

    /// Since when it is not (wholly) available: its own condition, else the earliest of its pods.
    pub(super) fn down_since(&self) -> Option<Timestamp> {
        let condition = self.deployment.and_then(|d| d.condition("Available"));
        let own = condition.filter(|c| c.status == Status::False).and_then(|c| c.since);
        own.or_else(|| self.pods.iter().filter(|p| !p.ready()).filter_map(|p| super::pod::unready_since(p)).min())
    }
}

/// Every workload with its troubled pods.
pub(super) fn all<'a>(scene: Scene<'a>, mut troubled: BTreeMap<Ref, Vec<&'a Pod>>) -> Vec<Workload<'a>> {
    let situation = scene.situation;
    let behind = behind_ingresses(situation);
    let mut make = |kind: Kind, meta: &'a Meta, desired: i32, ready: i32, selector: &'a Labels| {
        let reference = meta.reference(kind);
        let pods = troubled.remove(&reference).unwrap_or_default();
        let role = role::of(scene.profile, &reference, [&meta.labels, selector]);
        let serves = role.is_some_and(|(_, r)| r.serves)
            || behind.iter().any(|(ns, s)| **ns == *reference.key.namespace && s.selects(selector));
        Workload { reference, role, desired, ready, deployment: None, selector: Some(selector), pods, serves }
    };
    let mut all = Vec::new();
    for d in situation.deployments.values() {
        let own = make(Kind::Deployment, &d.meta, d.replicas, d.ready, &d.selector);
        all.push(Workload { deployment: Some(d), ..own });
    }
    for d in situation.daemon_sets.values() {
        all.push(make(Kind::DaemonSet, &d.meta, d.desired, d.ready, &d.selector));
    }
    for s in situation.stateful_sets.values() {
        all.push(make(Kind::StatefulSet, &s.meta, s.replicas, s.ready, &s.selector));
    }
    all.extend(troubled.into_iter().map(|(owner, pods)| loose(situation, owner, pods)));
    all
}

/// What owns pods and is not in a table of workloads: a ReplicaSet on its own, a Job, a bare pod, a kind not watched.
fn loose<'a>(situation: &'a Situation, reference: Ref, pods: Vec<&'a Pod>) -> Workload<'a> {
    let set = situation.replica_sets.get(&reference.key).filter(|_| reference.kind == Kind::ReplicaSet);
    let seen = i32::try_from(pods.len()).unwrap_or(i32::MAX);
    let ready = i32::try_from(pods.iter().filter(|p| p.ready()).count()).unwrap_or(i32::MAX);
    Workload {
        role: None,
        desired: set.map_or(seen, |s| s.replicas),
        ready: set.map_or(ready, |s| s.ready),
        deployment: None,
        selector: set.map(|s| &s.selector),
        pods,
        serves: false,
        reference,
    }
}

/// Whether an Ingress leads to pods of these labels.
pub fn behind_ingress(situation: &Situation, namespace: &str, labels: &Labels) -> bool {
    behind_ingresses(situation).iter().any(|(ns, selector)| *ns == namespace && selector.selects(labels))
}

/// The selectors of Services that an Ingress leads to, with their namespaces.
fn behind_ingresses(situation: &Situation) -> Vec<(&str, &Labels)> {
    let mut found = Vec::new();
    for ingress in situation.ingresses.values() {
        let namespace = &ingress.meta.key.namespace;
        for (_, service, _) in &ingress.routes {
            let key = crate::situation::Key { namespace: namespace.clone(), name: service.clone() };
            if let Some(service) = situation.services.get(&key) {
                found.push((&**namespace, &service.selector));
            }
        }
    }
    found
}
