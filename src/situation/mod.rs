//! The situation: everything known now, each fact with a source and an age.
//!
//! It is owned by one loop (the console's or a headless command's) and changed only by [`Situation::apply`]. Views,
//! detectors and reports read it; none of them does I/O.

mod apply;
mod change;
mod intern;
mod kind;
pub mod object;
mod observation;
mod reference;
mod source;
pub mod template;
mod text;
pub mod time;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

pub use change::{Change, changes, image_difference};
pub use kind::{Kind, Resource};
pub use observation::{ClusterId, EndpointHealth, Observation, Usage};
pub use reference::{Key, Ref, Subject};
pub use source::{Source, SourceState, SourceStatus, Trouble};
pub use text::{Text, clean};

use object::{
    ApiService, Autoscaler, Budget, Claim, ConfigMap, CronJob, DaemonSet, Deployment, EndpointSlice, EtcdSnapshot,
    Event, Ingress, Job, Lease, Mutating, Namespace, Node, Pod, Quota, ReplicaSet, Service, StatefulSet, Validating,
    Volume,
};

/// Objects of one kind by namespace and name.
pub type Table<T> = BTreeMap<Key, T>;

/// How many events are kept; the oldest go first and are counted.
pub const EVENTS: usize = 4000;
/// How many usage samples are kept for a node or a container.
pub const SAMPLES: usize = 32;
/// How many observed changes are kept.
pub const CHANGES: usize = 200;

/// Everything known now.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "one table a kind")]
pub struct Situation {
    /// Cluster time of the last tick: what ages and windows are measured against. Set by the owner's loop.
    pub now: Timestamp,
    /// Wall time of the last tick: what [`SourceStatus::heard`] and retries are measured against.
    pub wall: Timestamp,
    /// Which cluster this is.
    pub cluster: ClusterId,
    /// Set while the kubeconfig or the endpoint means another cluster than at first contact: how that shows. Nothing may be
    /// changed then, and plans made before are void.
    pub cluster_changed: Option<Text>,
    /// `/version`; empty until known.
    pub version: Text,
    /// Server time minus the cluster clock's, from the last `Date` header.
    pub skew: SignedDuration,
    /// How each source answers. A source that is not in here has not been asked.
    pub sources: BTreeMap<Source, SourceStatus>,
    /// Health by endpoint URL.
    pub endpoints: BTreeMap<Text, EndpointHealth>,
    /// The last latencies of the API's `/readyz`, oldest first.
    pub latencies: VecDeque<SignedDuration>,
    /// Usage of nodes by name, oldest first.
    pub node_usage: BTreeMap<Text, VecDeque<Usage>>,
    /// Usage of containers by pod and container name, oldest first.
    pub pod_usage: BTreeMap<(Key, Text), VecDeque<Usage>>,
    /// Events that no longer fit.
    pub events_dropped: usize,
    /// Changes that were seen to happen, oldest first; [`changes`] joins them with those that time stamps tell.
    pub seen_changes: VecDeque<Change>,

    pub nodes: Table<Node>,
    pub leases: Table<Lease>,
    pub namespaces: Table<Namespace>,
    pub pods: Table<Pod>,
    pub deployments: Table<Deployment>,
    pub replica_sets: Table<ReplicaSet>,
    pub daemon_sets: Table<DaemonSet>,
    pub stateful_sets: Table<StatefulSet>,
    pub jobs: Table<Job>,
    pub cron_jobs: Table<CronJob>,
    pub services: Table<Service>,
    pub endpoint_slices: Table<EndpointSlice>,
    pub claims: Table<Claim>,
    pub volumes: Table<Volume>,
    pub budgets: Table<Budget>,
    pub autoscalers: Table<Autoscaler>,
    pub ingresses: Table<Ingress>,
    pub config_maps: Table<ConfigMap>,
    pub quotas: Table<Quota>,
    pub validating: Table<Validating>,
    pub mutating: Table<Mutating>,
    pub api_services: Table<ApiService>,
    pub etcd_snapshots: Table<EtcdSnapshot>,
    pub events: Table<Event>,

    /// The events by age, to find the oldest in a flood.
    event_ages: BTreeSet<(Option<Timestamp>, Key)>,
    /// Keys of the relist that is under way, by kind.
    relists: BTreeMap<Kind, HashSet<Key>>,
    interner: intern::Interner,
}

impl Situation {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How a source answers; one that was not asked waits.
    pub fn source(&self, source: &Source) -> SourceStatus {
        self.sources.get(source).cloned().unwrap_or_default()
    }

    /// Whether the facts of a kind are known (live, or aged).
    pub fn knows(&self, kind: Kind) -> bool {
        self.sources.get(&Source::Watch(kind)).is_some_and(SourceStatus::known)
    }

    /// Whether any kind has given its first whole list.
    pub fn has_data(&self) -> bool {
        Kind::ALL.into_iter().any(|k| self.knows(k))
    }

    /// How long ago a source was heard (wall time); `None`: never.
    pub fn age_of(&self, source: &Source) -> Option<SignedDuration> {
        let heard = self.sources.get(source)?.heard?;
        Some(time::since(heard, self.wall))
    }

    /// The newest usage of a node.
    pub fn usage_of_node(&self, node: &str) -> Option<Usage> {
        self.node_usage.get(node)?.back().copied()
    }

    /// The pods that a selector means, in one namespace.
    pub fn pods_selected<'a>(
        &'a self,
        namespace: &'a str,
        selector: &'a object::Labels,
    ) -> impl Iterator<Item = &'a Pod> + 'a {
        self.pods_in(namespace).filter(|p| selector.selects(&p.meta.labels))
    }

    /// The pods of one namespace.
    pub fn pods_in<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Pod> + 'a {
        let from = Key::new(namespace, "");
        self.pods.range(from..).take_while(move |(k, _)| k.namespace == *namespace).map(|(_, p)| p)
    }

    /// The ReplicaSets of a Deployment, newest revision first.
    pub fn revisions(&self, deployment: &Key) -> Vec<&ReplicaSet> {
        let Some(uid) = self.deployments.get(deployment).map(|d| &d.meta.uid) else { return Vec::new() };
        let from = Key::new(&*deployment.namespace, "");
        let mut sets: Vec<_> = self
            .replica_sets
            .range(from..)
            .take_while(|(k, _)| k.namespace == deployment.namespace)
            .map(|(_, r)| r)
            .filter(|r| r.meta.owner.as_ref().is_some_and(|o| o.uid == *uid))
            .collect();
        sets.sort_by_key(|r| std::cmp::Reverse((r.revision, r.meta.created)));
        sets
    }

    /// The workload a pod belongs to: its controller, or the Deployment behind its ReplicaSet. `None` for bare pods and
    /// owners of kinds that are not watched.
    pub fn workload_of(&self, pod: &Pod) -> Option<Ref> {
        let owner = pod.meta.owner.as_ref()?;
        let kind = Kind::named(&owner.kind)?;
        let key = Key { namespace: pod.meta.key.namespace.clone(), name: owner.name.clone() };
        if kind == Kind::ReplicaSet {
            let set = self.replica_sets.get(&key);
            if let Some(up) = set.and_then(|s| s.meta.owner.as_ref()).filter(|o| o.kind == "Deployment") {
                let key = Key { namespace: key.namespace, name: up.name.clone() };
                return Some(Ref { kind: Kind::Deployment, key, uid: up.uid.clone() });
            }
        }
        Some(Ref { kind, key, uid: owner.uid.clone() })
    }

    /// The workload that an object is a part of: that of a pod, the Deployment of a ReplicaSet, else the object itself.
    pub fn workload_around(&self, object: &Ref) -> Ref {
        let found = match object.kind {
            Kind::Pod => self.pods.get(&object.key).and_then(|pod| self.workload_of(pod)),
            Kind::ReplicaSet => self.replica_sets.get(&object.key).and_then(|set| {
                let owner = set.meta.owner.as_ref().filter(|o| o.kind == "Deployment")?;
                let key = Key { namespace: object.key.namespace.clone(), name: owner.name.clone() };
                Some(Ref { kind: Kind::Deployment, key, uid: owner.uid.clone() })
            }),
            _ => None,
        };
        found.unwrap_or_else(|| object.clone())
    }

    /// The events about one object, newest first.
    pub fn events_about<'a>(&'a self, object: &'a Ref) -> Vec<&'a Event> {
        let mut events: Vec<_> = self
            .events
            .values()
            .filter(|e| {
                e.about.name == object.key.name
                    && e.about_kind == object.kind.resource().kind
                    && (e.about.namespace == object.key.namespace || object.key.namespace.is_empty())
            })
            .collect();
        events.sort_by_key(|e| std::cmp::Reverse(e.last));
        events
    }
}
