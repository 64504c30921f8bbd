//! Changes that leave no time stamp and are noticed by comparing an object with the one known before.

use jiff::Timestamp;

use super::stamped::{self, change};
use super::{Change, template};
use crate::situation::object::{
    Autoscaler, Budget, ConfigMap, DaemonSet, Deployment, Labels, Meta, Node, Object, ReplicaSet, StatefulSet, Taint,
};
use crate::situation::{Key, Kind, Ref, Situation, Text};

/// What an object's new version changes against the one that is known, where no time stamp will tell it afterwards.
/// A successor of the same name is a new object: its creation is told by its stamp.
pub(in crate::situation) fn between(situation: &Situation, now: &Object) -> Vec<Change> {
    let key = now.key();
    match now {
        Object::Node(now) => pair(situation.nodes.get(key), now, |o| &o.meta).map(|old| node(situation, old, now)),
        Object::Deployment(now) => {
            pair(situation.deployments.get(key), now, |o| &o.meta).map(|old| deployment(situation, old, now))
        }
        Object::ReplicaSet(now) => {
            pair(situation.replica_sets.get(key), now, |o| &o.meta).map(|old| returned(situation, old, now))
        }
        Object::DaemonSet(now) => {
            pair(situation.daemon_sets.get(key), now, |o| &o.meta).map(|old| daemon_set(situation, old, now))
        }
        Object::StatefulSet(now) => {
            pair(situation.stateful_sets.get(key), now, |o| &o.meta).map(|old| stateful_set(situation, old, now))
        }
        Object::ConfigMap(now) => {
            pair(situation.config_maps.get(key), now, |o| &o.meta).map(|old| config_map(situation, old, now))
        }
        Object::PodDisruptionBudget(now) => {
            pair(situation.budgets.get(key), now, |o| &o.meta).map(|old| budget(situation, old, now))
        }
        Object::HorizontalPodAutoscaler(now) => {
            pair(situation.autoscalers.get(key), now, |o| &o.meta).map(|old| autoscaler(situation, old, now))
        }
        Object::PersistentVolumeClaim(now) => pair(situation.claims.get(key), now, |o| &o.meta)
            .map(|old| phase(situation, now.meta.reference(Kind::PersistentVolumeClaim), &old.phase, &now.phase)),
        Object::PersistentVolume(now) => pair(situation.volumes.get(key), now, |o| &o.meta)
            .map(|old| phase(situation, now.meta.reference(Kind::PersistentVolume), &old.phase, &now.phase)),
        _ => None,
    }
    .unwrap_or_default()
}

/// An object that is gone, where that is news. Pods, ReplicaSets and the like come and go.
pub(in crate::situation) fn gone(situation: &Situation, kind: Kind, key: &Key) -> Option<Change> {
    let meta = match kind {
        Kind::Node => situation.nodes.get(key).map(|o| &o.meta),
        Kind::Namespace => situation.namespaces.get(key).map(|o| &o.meta),
        Kind::Deployment => situation.deployments.get(key).map(|o| &o.meta),
        Kind::DaemonSet => situation.daemon_sets.get(key).map(|o| &o.meta),
        Kind::StatefulSet => situation.stateful_sets.get(key).map(|o| &o.meta),
        Kind::Service => situation.services.get(key).map(|o| &o.meta),
        Kind::Ingress => situation.ingresses.get(key).map(|o| &o.meta),
        Kind::ConfigMap => situation.config_maps.get(key).map(|o| &o.meta).filter(|m| !stamped::is_noise(m)),
        Kind::PersistentVolumeClaim => situation.claims.get(key).map(|o| &o.meta),
        Kind::PersistentVolume => situation.volumes.get(key).map(|o| &o.meta),
        Kind::PodDisruptionBudget => situation.budgets.get(key).map(|o| &o.meta),
        Kind::HorizontalPodAutoscaler => situation.autoscalers.get(key).map(|o| &o.meta),
        Kind::ResourceQuota => situation.quotas.get(key).map(|o| &o.meta),
        _ => None,
    }?;
    Some(change(situation.now, meta.reference(kind), "deleted", ""))
}

/// The object known before, if it is the same one.
fn pair<'a, T>(old: Option<&'a T>, now: &T, meta: impl Fn(&T) -> &Meta) -> Option<&'a T> {
    old.filter(|old| meta(old).uid == meta(now).uid)
}

fn node(situation: &Situation, old: &Node, now: &Node) -> Vec<Change> {
    let subject = || now.meta.reference(Kind::Node);
    let mut all = Vec::new();
    let mut add = |at: Timestamp, what: &str, detail: &str| all.push(change(at, subject(), what, detail));
    if old.unschedulable != now.unschedulable {
        let stamp = now.taints.iter().find(|t| t.key == "node.kubernetes.io/unschedulable").and_then(|t| t.added);
        let what = if now.unschedulable { "cordoned" } else { "uncordoned" };
        add(stamp.unwrap_or(situation.now), what, "");
    }
    if !old.info.boot_id.is_empty() && old.info.boot_id != now.info.boot_id {
        add(situation.now, "rebooted", &now.info.kernel_version);
    }
    if !old.info.kubelet_version.is_empty() && old.info.kubelet_version != now.info.kubelet_version {
        add(situation.now, "kubelet changed", &format!("{} → {}", old.info.kubelet_version, now.info.kubelet_version));
    }
    if let Some(detail) = labels(&old.meta.labels, &now.meta.labels) {
        add(situation.now, "labels changed", &detail);
    }
    if let Some(detail) = taints(&old.taints, &now.taints) {
        add(situation.now, "taints changed", &detail);
    }
    if let Some(detail) = annotations(&old.annotations, &now.annotations) {
        add(situation.now, "annotations changed", &detail);
    }
    all
}

fn labels(old: &Labels, now: &Labels) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in &now.0 {
        match old.get(key) {
            None => parts.push(format!("+{key}={value}")),
            Some(was) if was != value => parts.push(format!("{key}={value}")),
            Some(_) => {}
        }
    }
    parts.extend(old.0.iter().filter(|(k, _)| now.get(k).is_none()).map(|(k, _)| format!("-{k}")));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Taints that people set; those of the controllers follow from conditions and cordons.
fn taints(old: &[Taint], now: &[Taint]) -> Option<String> {
    let own = |t: &&Taint| !t.key.starts_with("node.kubernetes.io/") && !t.key.starts_with("node.cloudprovider.");
    let same = |a: &Taint, b: &Taint| a.key == b.key && a.value == b.value && a.effect == b.effect;
    let added = now.iter().filter(own).filter(|t| !old.iter().any(|o| same(o, t)));
    let removed = old.iter().filter(own).filter(|t| !now.iter().any(|n| same(n, t)));
    let mut parts: Vec<String> = added.map(|t| format!("+{}:{}", t.key, t.effect)).collect();
    parts.extend(removed.map(|t| format!("-{}:{}", t.key, t.effect)));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The annotations that tell of a changed configuration; the others tick by themselves.
fn annotations(old: &[(Text, Text)], now: &[(Text, Text)]) -> Option<String> {
    const TOLD: [&str; 3] = ["k3s.io/node-args", "k3s.io/node-config-hash", "flannel.alpha.coreos.com/public-ip"];
    let get = |list: &[(Text, Text)], key: &str| list.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
    let changed = TOLD.into_iter().filter(|k| get(old, k).is_some() && get(old, k) != get(now, k));
    let parts: Vec<&str> = changed.collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn deployment(situation: &Situation, old: &Deployment, now: &Deployment) -> Vec<Change> {
    let subject = || now.meta.reference(Kind::Deployment);
    let mut all: Vec<Change> = scaled(situation, subject(), old.replicas, now.replicas).into_iter().collect();
    if old.paused != now.paused {
        let what = if now.paused { "rollout paused" } else { "rollout resumed" };
        all.push(change(situation.now, subject(), what, ""));
    }
    all
}

fn scaled(situation: &Situation, subject: Ref, from: i32, to: i32) -> Option<Change> {
    (from != to).then(|| change(situation.now, subject, &format!("scaled {from} → {to}"), ""))
}

/// A set that got a new revision number is an earlier template that came back.
fn returned(situation: &Situation, old: &ReplicaSet, now: &ReplicaSet) -> Vec<Change> {
    let (Some(was), Some(is)) = (old.revision, now.revision) else { return Vec::new() };
    let owner = now.meta.owner.as_ref().filter(|o| o.kind == "Deployment" && is > was);
    let Some(owner) = owner else { return Vec::new() };
    let key = Key { namespace: now.meta.key.namespace.clone(), name: owner.name.clone() };
    let subject = Ref { kind: Kind::Deployment, key, uid: owner.uid.clone() };
    let others = situation.replica_sets.values().filter(|s| s.meta.owner.as_ref().is_some_and(|o| o.uid == owner.uid));
    let former = others.filter(|s| s.meta.uid != now.meta.uid && s.revision < Some(is)).max_by_key(|s| s.revision);
    let (what, detail) = stamped::revision(former, now, true);
    vec![change(situation.now, subject, &what, &detail)]
}

fn daemon_set(situation: &Situation, old: &DaemonSet, now: &DaemonSet) -> Vec<Change> {
    let images = template::image_difference(&old.containers, &now.containers);
    let subject = now.meta.reference(Kind::DaemonSet);
    edited(situation, subject, (old.meta.generation, now.meta.generation), &images).into_iter().collect()
}

fn stateful_set(situation: &Situation, old: &StatefulSet, now: &StatefulSet) -> Vec<Change> {
    let subject = || now.meta.reference(Kind::StatefulSet);
    if let Some(scaled) = scaled(situation, subject(), old.replicas, now.replicas) {
        return vec![scaled];
    }
    let images = template::image_difference(&old.containers, &now.containers);
    edited(situation, subject(), (old.meta.generation, now.meta.generation), &images).into_iter().collect()
}

/// A new generation is a new specification; what is new in it, as far as the images tell.
fn edited(situation: &Situation, subject: Ref, (was, is): (i64, i64), images: &str) -> Option<Change> {
    let what = if images.is_empty() { "template changed" } else { "image changed" };
    (was != is || !images.is_empty()).then(|| change(situation.now, subject, what, images))
}

fn config_map(situation: &Situation, old: &ConfigMap, now: &ConfigMap) -> Vec<Change> {
    let (Some(was), Some(is)) = (&old.keys, &now.keys) else { return Vec::new() };
    if stamped::is_noise(&now.meta) {
        return Vec::new();
    }
    let find =
        |list: &[crate::situation::object::KeyHash], key: &str| list.iter().find(|k| k.key == key).map(|k| k.hash);
    let mut names: Vec<&str> = is.iter().filter(|k| find(was, &k.key) != Some(k.hash)).map(|k| &*k.key).collect();
    names.extend(was.iter().filter(|k| find(is, &k.key).is_none()).map(|k| &*k.key));
    if names.is_empty() {
        return Vec::new();
    }
    let what = if names.len() == 1 { "1 key changed".to_owned() } else { format!("{} keys changed", names.len()) };
    let detail = format!("{} (values not kept)", names.join(" "));
    let stamp = now.meta.modified.filter(|m| old.meta.modified.is_none_or(|o| *m > o));
    vec![change(stamp.unwrap_or(situation.now), now.meta.reference(Kind::ConfigMap), &what, &detail)]
}

fn budget(situation: &Situation, old: &Budget, now: &Budget) -> Vec<Change> {
    let values = |b: &Budget| match (&*b.min_available, &*b.max_unavailable) {
        ("", max) => format!("at most {max} away"),
        (min, _) => format!("at least {min} there"),
    };
    let same = old.min_available == now.min_available && old.max_unavailable == now.max_unavailable;
    let detail = format!("{} → {}", values(old), values(now));
    let at = now.meta.modified.unwrap_or(situation.now);
    let subject = now.meta.reference(Kind::PodDisruptionBudget);
    if same { Vec::new() } else { vec![change(at, subject, "budget changed", &detail)] }
}

fn autoscaler(situation: &Situation, old: &Autoscaler, now: &Autoscaler) -> Vec<Change> {
    let same = old.min == now.min && old.max == now.max && old.target == now.target;
    let detail = format!("{}–{} → {}–{}", old.min, old.max, now.min, now.max);
    let at = now.meta.modified.unwrap_or(situation.now);
    let subject = now.meta.reference(Kind::HorizontalPodAutoscaler);
    if same { Vec::new() } else { vec![change(at, subject, "range changed", &detail)] }
}

fn phase(situation: &Situation, subject: Ref, was: &str, is: &str) -> Vec<Change> {
    if was == is || was.is_empty() {
        return Vec::new();
    }
    vec![change(situation.now, subject, &format!("{was} → {is}"), "")]
}
