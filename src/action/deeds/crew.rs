//! The workload that an action is about, with its pods and its role.

use jiff::SignedDuration;

use super::{Case, Class};
use crate::config::profile::Role;
use crate::detect;
use crate::situation::object::{Labels, Meta, Pod};
use crate::situation::{Key, Kind, Ref, Situation};

/// The pods that are one workload, as they were read.
#[derive(Debug, Clone)]
pub struct Crew<'a> {
    /// Which workload.
    pub workload: Ref,
    /// Its role in the profile.
    pub role: Option<(&'a str, &'a Role)>,
    /// How many pods it should have.
    pub wanted: usize,
    /// Its pods that are neither finished nor on their way out.
    pub pods: Vec<&'a Pod>,
    /// What its pods are selected by.
    pub selector: &'a Labels,
    /// Users' requests pass through it: its role says so, or an Ingress leads to it.
    pub serves: bool,
}

impl<'a> Crew<'a> {
    /// A workload of a kind that keeps a number of pods alive; `None` for others, and where it was not read.
    pub fn of(case: &Case<'a>, workload: &Ref) -> Option<Self> {
        let situation = case.situation();
        let (meta, wanted, selector) = known(situation, workload.kind, &workload.key)?;
        if !workload.uid.is_empty() && meta.uid != workload.uid {
            return None;
        }
        let namespace = workload.key.namespace.as_str();
        let role = detect::role_of(case.profile, workload, [&meta.labels, selector]);
        let serves = role.is_some_and(|(_, r)| r.serves) || detect::behind_ingress(situation, namespace, selector);
        let own = |p: &&Pod| situation.workload_of(p).is_some_and(|w| w.kind == workload.kind && w.key == workload.key);
        let pods = situation.pods_in(&meta.key.namespace).filter(|p| is_active(p)).filter(own).collect();
        let wanted = usize::try_from(wanted).unwrap_or_default();
        Some(Self { workload: workload.clone(), role, wanted, pods, selector, serves })
    }

    /// The workload of a pod.
    pub fn behind(case: &Case<'a>, pod: &Pod) -> Option<Self> {
        Self::of(case, &case.situation().workload_of(pod)?)
    }

    /// What a Service or a budget may select its pods by: the labels of one of them, else what the workload itself
    /// selects by.
    pub fn labels(&self) -> &'a Labels {
        self.pods.first().map_or(self.selector, |pod| &pod.meta.labels)
    }

    /// What people call it: its role, else its name.
    pub fn name(&self) -> &str {
        self.role.map_or(&*self.workload.key.name, |(name, _)| name)
    }

    /// Whether it plays the role of that name, or one of its kind (`ingress-nginx` is an `ingress`).
    pub fn plays(&self, role: &str) -> bool {
        self.role.is_some_and(|(name, _)| name == role || name.strip_prefix(role).is_some_and(|r| r.starts_with('-')))
    }

    /// Whether there must never be two of it.
    pub fn singleton(&self) -> bool {
        self.role.is_some_and(|(_, role)| role.singleton)
    }

    /// Whether the cluster itself needs it, rather than the application.
    pub fn is_infrastructure(&self) -> bool {
        ["ingress", "dns", "metrics", "storage"].iter().any(|role| self.plays(role))
    }

    /// How many of its pods are ready.
    pub fn ready(&self) -> usize {
        self.pods.iter().filter(|p| p.ready()).count()
    }

    /// `2 of 3`
    pub fn counts(&self) -> String {
        format!("{} of {}", self.ready(), self.wanted)
    }

    /// Class R1, or R2 with the reason: for ingress, dns, cache and singletons, and where `lost` of its ready pods leave
    /// none behind.
    pub fn weigh(&self, lost: usize) -> (Class, Option<String>) {
        let delicate = ["ingress", "dns", "cache"].into_iter().find(|role| self.plays(role));
        let why = match delicate {
            Some(role) => format!("{} plays {role}", self.workload.key.name),
            None if self.singleton() => format!("there must never be two of {}", self.name()),
            None if lost > 0 && self.ready() <= lost => "it takes the last ready pod".to_owned(),
            None => return (Class::R1, None),
        };
        (Class::R2, Some(format!("confirmed as R2, not R1: {why}")))
    }

    /// How long one of its pods took from its creation to being ready, where one tells without a restart in between.
    pub fn start_up(&self) -> Option<SignedDuration> {
        let fresh = self.pods.iter().filter(|p| p.ready() && p.restarts() == 0);
        let took = |p: &&Pod| Some(p.condition("Ready")?.since?.duration_since(p.meta.created?));
        let plausible = SignedDuration::ZERO..=SignedDuration::from_mins(30);
        fresh.filter_map(took).filter(|d| plausible.contains(d)).max()
    }
}

/// What the workload is, how many pods it should have and what they are selected by.
fn known<'a>(situation: &'a Situation, kind: Kind, key: &Key) -> Option<(&'a Meta, i32, &'a Labels)> {
    match kind {
        Kind::Deployment => situation.deployments.get(key).map(|w| (&w.meta, w.replicas, &w.selector)),
        Kind::DaemonSet => situation.daemon_sets.get(key).map(|w| (&w.meta, w.desired, &w.selector)),
        Kind::StatefulSet => situation.stateful_sets.get(key).map(|w| (&w.meta, w.replicas, &w.selector)),
        Kind::ReplicaSet => situation.replica_sets.get(key).map(|w| (&w.meta, w.replicas, &w.selector)),
        _ => None,
    }
}

/// Whether a pod counts for its controller: neither finished nor on its way out.
pub fn is_active(pod: &Pod) -> bool {
    !pod.finished() && pod.meta.deleting.is_none()
}
