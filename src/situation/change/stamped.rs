//! Changes that the API's own time stamps tell, also those from before the console was started.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::template::{self, Difference};
use super::{Change, LIMIT, recent};
use crate::situation::object::{Condition, Meta, Node, ReplicaSet, Status};
use crate::situation::{Kind, Situation, Subject, Text};

/// What a change is called of which only the time is known.
pub(super) const MODIFIED: &str = "modified";

/// The conditions of a node whose turns are news.
const NODE_CONDITIONS: [&str; 5] = ["Ready", "EtcdIsVoter", "DiskPressure", "MemoryPressure", "PIDPressure"];

/// Every change that a stamp within the window tells, in no order.
pub(super) fn changes(situation: &Situation) -> Vec<Change> {
    let mut all = Vec::new();
    rollouts(situation, &mut all);
    nodes(situation, &mut all);
    modified(situation, &mut all);
    created(situation, &mut all);
    jobs(situation, &mut all);
    snapshots(situation, &mut all);
    api_services(situation, &mut all);
    all.retain(|c| recent(situation, c.at));
    all
}

pub(super) fn change(at: Timestamp, subject: impl Into<Subject>, what: &str, detail: &str) -> Change {
    Change { at, subject: subject.into(), what: Text::new(what), detail: Text::new(detail) }
}

/// The revisions of each Deployment against the one before.
fn rollouts(situation: &Situation, all: &mut Vec<Change>) {
    let mut by_owner: BTreeMap<&str, Vec<&ReplicaSet>> = BTreeMap::new();
    for set in situation.replica_sets.values() {
        if let Some(owner) = set.meta.owner.as_ref().filter(|o| o.kind == "Deployment") {
            by_owner.entry(&owner.uid).or_default().push(set);
        }
    }
    // Templates are compared only for as many as can be listed: the newest.
    let mut pairs = Vec::new();
    for deployment in situation.deployments.values() {
        let Some(sets) = by_owner.get_mut(&*deployment.meta.uid) else { continue };
        sets.sort_by_key(|s| (s.revision, s.meta.created));
        for (i, new) in sets.iter().enumerate() {
            let old = i.checked_sub(1).and_then(|i| sets.get(i)).copied();
            // A revision that went back to an older template keeps that one's set, and with it its creation time.
            let returned = old.is_some_and(|o| o.meta.created > new.meta.created);
            let began = deployment.condition("Progressing").and_then(|c| c.heard.or(c.since));
            let at = if returned { began } else { new.meta.created };
            if let Some(at) = at.filter(|at| recent(situation, *at)) {
                pairs.push((at, deployment, old, *new, returned));
            }
        }
    }
    pairs.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    for (at, deployment, old, new, returned) in pairs.into_iter().take(LIMIT) {
        let subject = deployment.meta.reference(Kind::Deployment);
        // The first revision of all is the Deployment's creation.
        if old.is_none() && new.revision.is_none_or(|r| r <= 1) {
            continue;
        }
        let (what, detail) = revision(old, new, returned);
        all.push(change(at, subject, &what, &detail));
    }
}

/// What a revision is called and what it changes.
pub(super) fn revision(old: Option<&ReplicaSet>, new: &ReplicaSet, returned: bool) -> (String, String) {
    let number = |s: &ReplicaSet| s.revision.map_or_else(|| "?".to_owned(), |r| r.to_string());
    let Some(old) = old else { return (format!("revision {}", number(new)), String::new()) };
    let what = format!("revision {} → {}", number(old), number(new));
    let parts = match template::difference(old, new) {
        Difference::Restart => "restarted".to_owned(),
        Difference::Parts(parts) if parts.is_empty() => "template changed".to_owned(),
        Difference::Parts(parts) => parts.join(", "),
    };
    let back = if returned { "back to an earlier template: " } else { "" };
    let cause = if new.change_cause.is_empty() { String::new() } else { format!(" ({})", new.change_cause) };
    (what, format!("{back}{parts}{cause}"))
}

fn nodes(situation: &Situation, all: &mut Vec<Change>) {
    for node in situation.nodes.values() {
        let subject = || node.meta.reference(Kind::Node);
        all.extend(node.meta.created.map(|at| change(at, subject(), "joined", &node.info.kubelet_version)));
        let taint = node.taints.iter().find(|t| t.key == "node.kubernetes.io/unschedulable");
        if let Some(at) = taint.filter(|_| node.unschedulable).and_then(|t| t.added) {
            all.push(change(at, subject(), "cordoned", ""));
        }
        all.extend(node.conditions.iter().filter_map(|c| turned(node, c)));
    }
}

/// A condition that turned after the node had joined.
fn turned(node: &Node, condition: &Condition) -> Option<Change> {
    let at = condition.since.filter(|_| NODE_CONDITIONS.contains(&&*condition.kind))?;
    let settling = jiff::SignedDuration::from_mins(5);
    if node.meta.created.is_some_and(|c| at.duration_since(c) < settling) {
        return None;
    }
    let word = match condition.status {
        Status::True => "True",
        Status::False => "False",
        Status::Unknown => "Unknown",
    };
    let what = format!("{} became {word}", condition.kind);
    Some(change(at, node.meta.reference(Kind::Node), &what, &condition.reason))
}

/// Objects of which only the time of their last change is known.
fn modified(situation: &Situation, all: &mut Vec<Change>) {
    let mut add = |kind: Kind, meta: &Meta| {
        let Some(at) = meta.modified else { return };
        let new = meta.created.is_some_and(|c| at.duration_since(c).abs() < jiff::SignedDuration::from_secs(5));
        all.push(change(at, meta.reference(kind), if new { "created" } else { MODIFIED }, ""));
    };
    for map in situation.config_maps.values().filter(|m| !is_noise(&m.meta)) {
        add(Kind::ConfigMap, &map.meta);
    }
    situation.ingresses.values().for_each(|o| add(Kind::Ingress, &o.meta));
    situation.budgets.values().for_each(|o| add(Kind::PodDisruptionBudget, &o.meta));
    situation.autoscalers.values().for_each(|o| add(Kind::HorizontalPodAutoscaler, &o.meta));
    situation.quotas.values().for_each(|o| add(Kind::ResourceQuota, &o.meta));
    situation.validating.values().for_each(|o| add(Kind::ValidatingWebhookConfiguration, &o.meta));
    situation.mutating.values().for_each(|o| add(Kind::MutatingWebhookConfiguration, &o.meta));
}

/// ConfigMaps that machines write: the authority in every namespace, leaders' locks, Helm's and k3s' records.
pub(super) fn is_noise(meta: &Meta) -> bool {
    let name = &*meta.key.name;
    name.starts_with("kube-root-ca.crt")
        || name.ends_with("-leader")
        || name.ends_with("-lock")
        || name.contains("leader-election")
        || name == "cluster-info"
        || name == "k3s-etcd-snapshots"
        || name == "extension-apiserver-authentication"
}

fn created(situation: &Situation, all: &mut Vec<Change>) {
    let mut add =
        |kind: Kind, meta: &Meta| all.extend(meta.created.map(|at| change(at, meta.reference(kind), "created", "")));
    situation.namespaces.values().for_each(|o| add(Kind::Namespace, &o.meta));
    situation.deployments.values().for_each(|o| add(Kind::Deployment, &o.meta));
    situation.daemon_sets.values().for_each(|o| add(Kind::DaemonSet, &o.meta));
    situation.stateful_sets.values().for_each(|o| add(Kind::StatefulSet, &o.meta));
    situation.claims.values().for_each(|o| add(Kind::PersistentVolumeClaim, &o.meta));
    situation.volumes.values().for_each(|o| add(Kind::PersistentVolume, &o.meta));
    for (meta, kind) in deleting(situation) {
        all.extend(meta.deleting.map(|at| change(at, meta.reference(kind), "deletion asked for", &held_by(meta))));
    }
}

fn deleting(situation: &Situation) -> impl Iterator<Item = (&Meta, Kind)> {
    let namespaces = situation.namespaces.values().map(|o| (&o.meta, Kind::Namespace));
    let claims = situation.claims.values().map(|o| (&o.meta, Kind::PersistentVolumeClaim));
    let volumes = situation.volumes.values().map(|o| (&o.meta, Kind::PersistentVolume));
    let nodes = situation.nodes.values().map(|o| (&o.meta, Kind::Node));
    namespaces.chain(claims).chain(volumes).chain(nodes).filter(|(m, _)| m.deleting.is_some())
}

fn held_by(meta: &Meta) -> String {
    if meta.finalizers.is_empty() { String::new() } else { format!("held by {}", meta.finalizers.join(", ")) }
}

/// The last run of each CronJob and the end of each Job that is nobody's run.
fn jobs(situation: &Situation, all: &mut Vec<Change>) {
    for cron in situation.cron_jobs.values() {
        all.extend(cron.last_scheduled.map(|at| {
            let done = cron.last_successful.is_some_and(|s| s >= at);
            let detail = if done { "succeeded" } else { "not known to have succeeded" };
            change(at, cron.meta.reference(Kind::CronJob), "ran", detail)
        }));
    }
    for job in situation.jobs.values() {
        let failure = job.conditions.iter().find(|c| c.kind == "Failed" && c.status == Status::True);
        let subject = || job.meta.reference(Kind::Job);
        if let Some(failure) = failure {
            all.extend(failure.since.map(|at| change(at, subject(), "failed", &failure.reason)));
        } else if job.meta.owner.is_none() {
            all.extend(job.completed.map(|at| change(at, subject(), "finished", "")));
        }
    }
}

/// One line for the whole set of snapshots: the newest, and how many there are.
fn snapshots(situation: &Situation, all: &mut Vec<Change>) {
    let usable = situation.etcd_snapshots.values().filter(|s| s.ready);
    let Some((at, newest)) = usable.clone().filter_map(|s| Some((s.taken?, s))).max_by_key(|(at, _)| *at) else {
        return;
    };
    let detail = format!("{} usable, newest on {}", usable.count(), newest.node);
    all.push(change(at, newest.meta.reference(Kind::EtcdSnapshotFile), "etcd snapshot taken", &detail));
}

fn api_services(situation: &Situation, all: &mut Vec<Change>) {
    for service in situation.api_services.values().filter(|s| s.service.is_some()) {
        let Some(condition) = service.available() else { continue };
        let Some(at) = condition.since else { continue };
        let new = service.meta.created.is_some_and(|c| at.duration_since(c) < jiff::SignedDuration::from_mins(5));
        if condition.status == Status::True && new {
            continue;
        }
        let what = if condition.status == Status::True { "became available" } else { "became unavailable" };
        all.push(change(at, service.meta.reference(Kind::ApiService), what, &condition.reason));
    }
}
