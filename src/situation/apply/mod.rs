//! How observations change the situation.

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};

use super::object::{Container, Event, Object, Pod};
use super::{
    CHANGES, EVENTS, Key, Kind, Observation, SAMPLES, Situation, Source, SourceState, SourceStatus, Table, Text, Usage,
    change,
};

macro_rules! tables {
    ($self:ident, $kind:expr, $table:ident => $body:expr) => {
        match $kind {
            Kind::Node => {
                let $table = &mut $self.nodes;
                $body
            }
            Kind::Lease => {
                let $table = &mut $self.leases;
                $body
            }
            Kind::Namespace => {
                let $table = &mut $self.namespaces;
                $body
            }
            Kind::Pod => {
                let $table = &mut $self.pods;
                $body
            }
            Kind::Deployment => {
                let $table = &mut $self.deployments;
                $body
            }
            Kind::ReplicaSet => {
                let $table = &mut $self.replica_sets;
                $body
            }
            Kind::DaemonSet => {
                let $table = &mut $self.daemon_sets;
                $body
            }
            Kind::StatefulSet => {
                let $table = &mut $self.stateful_sets;
                $body
            }
            Kind::Job => {
                let $table = &mut $self.jobs;
                $body
            }
            Kind::CronJob => {
                let $table = &mut $self.cron_jobs;
                $body
            }
            Kind::Service => {
                let $table = &mut $self.services;
                $body
            }
            Kind::EndpointSlice => {
                let $table = &mut $self.endpoint_slices;
                $body
            }
            Kind::PersistentVolumeClaim => {
                let $table = &mut $self.claims;
                $body
            }
            Kind::PersistentVolume => {
                let $table = &mut $self.volumes;
                $body
            }
            Kind::PodDisruptionBudget => {
                let $table = &mut $self.budgets;
                $body
            }
            Kind::HorizontalPodAutoscaler => {
                let $table = &mut $self.autoscalers;
                $body
            }
            Kind::Ingress => {
                let $table = &mut $self.ingresses;
                $body
            }
            Kind::ConfigMap => {
                let $table = &mut $self.config_maps;
                $body
            }
            Kind::ResourceQuota => {
                let $table = &mut $self.quotas;
                $body
            }
            Kind::ValidatingWebhookConfiguration => {
                let $table = &mut $self.validating;
                $body
            }
            Kind::MutatingWebhookConfiguration => {
                let $table = &mut $self.mutating;
                $body
            }
            Kind::ApiService => {
                let $table = &mut $self.api_services;
                $body
            }
            Kind::EtcdSnapshotFile => {
                let $table = &mut $self.etcd_snapshots;
                $body
            }
            Kind::Event => {
                let $table = &mut $self.events;
                $body
            }
        }
    };
}

impl Situation {
    /// Applies one observation. Returns whether anything that a screen or a detector could see has changed.
    pub fn apply(&mut self, observation: Observation) -> bool {
        match observation {
            Observation::Listing(kind) => self.begin_list(kind),
            Observation::Seen(object) => return self.see(*object),
            Observation::Listed(kind) => self.end_list(kind),
            Observation::Gone(kind, key) => return self.lose(kind, &key),
            Observation::Skipped(kind, name, reason) => self.skip(kind, name, reason),
            Observation::Limited(source, part) => self.sources.entry(source).or_default().limited = part,
            Observation::Source(source, state) => return self.set_source(source, state),
            Observation::Heard(source, at) => return self.hear(source, at),
            Observation::Cluster(id) => self.cluster = id,
            Observation::ClusterChanged(how) => self.cluster_changed = Some(how).filter(|how| !how.is_empty()),
            Observation::Version(version) => self.version = version,
            Observation::Skew(skew) => {
                self.skew = skew;
                return false;
            }
            Observation::Health(health) => {
                if let Some(latency) = health.latency {
                    push(&mut self.latencies, latency, SAMPLES);
                }
                self.endpoints.insert(health.endpoint.clone(), health);
            }
            Observation::NodeMetrics(list) => self.take_node_metrics(list),
            Observation::PodMetrics(namespace, list) => self.take_pod_metrics(&namespace, list),
        }
        true
    }

    fn begin_list(&mut self, kind: Kind) {
        self.relists.insert(kind, HashSet::new());
        let status = self.sources.entry(Source::Watch(kind)).or_default();
        status.skipped.clear();
        if !status.known() {
            status.state = SourceState::Listing(0);
        }
    }

    fn end_list(&mut self, kind: Kind) {
        if let Some(seen) = self.relists.remove(&kind) {
            let missing: Vec<Key> =
                tables!(self, kind, table => table.keys().filter(|k| !seen.contains(*k)).cloned().collect());
            // One that is there and cannot be decoded any more is not gone, only no longer known.
            let gone: Vec<&Key> = missing.iter().filter(|k| !self.is_skipped(kind, k)).collect();
            for key in gone {
                self.note_gone(kind, key);
            }
            tables!(self, kind, table => table.retain(|key, _| seen.contains(key)));
            if kind == Kind::Event {
                self.event_ages = self.events.values().map(|e| (e.last, e.meta.key.clone())).collect();
            }
        }
        self.sources.entry(Source::Watch(kind)).or_default().state = SourceState::Live;
    }

    fn see(&mut self, mut object: Object) -> bool {
        let kind = object.kind();
        self.interner.object(&mut object);
        if let Some(seen) = self.relists.get_mut(&kind) {
            seen.insert(object.key().clone());
            let status = self.sources.entry(Source::Watch(kind)).or_default();
            if let SourceState::Listing(count) = &mut status.state {
                *count += 1;
            }
        }
        self.unskip(kind, object.key());
        for change in change::between(self, &object) {
            push(&mut self.seen_changes, change, CHANGES);
        }
        self.put(object)
    }

    fn put(&mut self, object: Object) -> bool {
        match object {
            Object::Node(o) => insert(&mut self.nodes, o.meta.key.clone(), o),
            Object::Lease(o) => insert(&mut self.leases, o.meta.key.clone(), o),
            Object::Namespace(o) => insert(&mut self.namespaces, o.meta.key.clone(), o),
            Object::Pod(mut o) => {
                if let Some(before) = self.pods.get(&o.meta.key) {
                    carry_history(before, &mut o);
                } else {
                    start_history(&mut o);
                }
                insert(&mut self.pods, o.meta.key.clone(), o)
            }
            Object::Deployment(o) => insert(&mut self.deployments, o.meta.key.clone(), o),
            Object::ReplicaSet(o) => insert(&mut self.replica_sets, o.meta.key.clone(), o),
            Object::DaemonSet(o) => insert(&mut self.daemon_sets, o.meta.key.clone(), o),
            Object::StatefulSet(o) => insert(&mut self.stateful_sets, o.meta.key.clone(), o),
            Object::Job(o) => insert(&mut self.jobs, o.meta.key.clone(), o),
            Object::CronJob(o) => insert(&mut self.cron_jobs, o.meta.key.clone(), o),
            Object::Service(o) => insert(&mut self.services, o.meta.key.clone(), o),
            Object::EndpointSlice(o) => insert(&mut self.endpoint_slices, o.meta.key.clone(), o),
            Object::PersistentVolumeClaim(o) => insert(&mut self.claims, o.meta.key.clone(), o),
            Object::PersistentVolume(o) => insert(&mut self.volumes, o.meta.key.clone(), o),
            Object::PodDisruptionBudget(o) => insert(&mut self.budgets, o.meta.key.clone(), o),
            Object::HorizontalPodAutoscaler(o) => insert(&mut self.autoscalers, o.meta.key.clone(), o),
            Object::Ingress(o) => insert(&mut self.ingresses, o.meta.key.clone(), o),
            Object::ConfigMap(o) => insert(&mut self.config_maps, o.meta.key.clone(), o),
            Object::ResourceQuota(o) => insert(&mut self.quotas, o.meta.key.clone(), o),
            Object::ValidatingWebhookConfiguration(o) => insert(&mut self.validating, o.meta.key.clone(), o),
            Object::MutatingWebhookConfiguration(o) => insert(&mut self.mutating, o.meta.key.clone(), o),
            Object::ApiService(o) => insert(&mut self.api_services, o.meta.key.clone(), o),
            Object::EtcdSnapshotFile(o) => insert(&mut self.etcd_snapshots, o.meta.key.clone(), o),
            Object::Event(o) => self.put_event(o),
        }
    }

    fn put_event(&mut self, event: Event) -> bool {
        let key = event.meta.key.clone();
        if let Some(known) = self.events.get(&key) {
            self.event_ages.remove(&(known.last, key.clone()));
        } else {
            while self.events.len() >= EVENTS
                && let Some((_, oldest)) = self.event_ages.pop_first()
            {
                self.events_dropped += usize::from(self.events.remove(&oldest).is_some());
            }
        }
        self.event_ages.insert((event.last, key.clone()));
        insert(&mut self.events, key, event)
    }

    fn note_gone(&mut self, kind: Kind, key: &Key) {
        if let Some(change) = change::gone(self, kind, key) {
            push(&mut self.seen_changes, change, CHANGES);
        }
    }

    fn lose(&mut self, kind: Kind, key: &Key) -> bool {
        self.note_gone(kind, key);
        if let Some(seen) = self.relists.get_mut(&kind) {
            seen.remove(key);
        }
        self.unskip(kind, key);
        if kind == Kind::Pod {
            self.forget_usage(key);
        }
        if let Some(event) = self.events.get(key).filter(|_| kind == Kind::Event) {
            self.event_ages.remove(&(event.last, key.clone()));
        }
        tables!(self, kind, table => table.remove(key).is_some())
    }

    fn forget_usage(&mut self, pod: &Key) {
        let from = (pod.clone(), Text::default());
        let containers: Vec<Text> =
            self.pod_usage.range(from..).take_while(|((p, _), _)| p == pod).map(|((_, c), _)| c.clone()).collect();
        for container in containers {
            self.pod_usage.remove(&(pod.clone(), container));
        }
    }

    fn is_skipped(&self, kind: Kind, key: &Key) -> bool {
        let status = self.sources.get(&Source::Watch(kind));
        status.is_some_and(|s| !s.skipped.is_empty() && s.skipped.iter().any(|(name, _)| *name == *key.to_string()))
    }

    /// An object that was decoded after all, or is gone, is no longer among those that could not be.
    fn unskip(&mut self, kind: Kind, key: &Key) {
        if self.is_skipped(kind, key)
            && let Some(status) = self.sources.get_mut(&Source::Watch(kind))
        {
            let name = key.to_string();
            status.skipped.retain(|(known, _)| *known != *name);
        }
    }

    fn skip(&mut self, kind: Kind, name: Text, reason: Text) {
        let status = self.sources.entry(Source::Watch(kind)).or_default();
        status.skipped.retain(|(known, _)| *known != name);
        if status.skipped.len() < SourceStatus::SKIPPED {
            status.skipped.push((name, reason));
        }
    }

    fn set_source(&mut self, source: Source, state: SourceState) -> bool {
        let status = self.sources.entry(source).or_default();
        // A source that answered once and fails now has lost what it had, and one that never did has nothing to lose,
        // whatever its sender calls it.
        let state = match state {
            SourceState::Failed(trouble) if status.known() => SourceState::Lost(trouble),
            SourceState::Lost(trouble) if !status.known() => SourceState::Failed(trouble),
            other => other,
        };
        let changed = status.state != state;
        status.state = state;
        changed
    }

    fn hear(&mut self, source: Source, at: jiff::Timestamp) -> bool {
        // A kind is known by a whole list and by nothing less: a word from its watch does not stand for one.
        let by_list = matches!(source, Source::Watch(_));
        let status = self.sources.entry(source).or_default();
        status.heard = Some(at);
        if status.state == SourceState::Live || (by_list && !status.known()) {
            return false;
        }
        status.state = SourceState::Live;
        true
    }

    fn take_node_metrics(&mut self, list: Vec<(Text, Usage)>) {
        let named: HashSet<&Text> = list.iter().map(|(name, _)| name).collect();
        self.node_usage.retain(|node, _| named.contains(node));
        for (node, usage) in list {
            sample(self.node_usage.entry(node).or_default(), usage);
        }
    }

    fn take_pod_metrics(&mut self, namespace: &Text, list: Vec<(Text, Text, Usage)>) {
        let named: HashSet<(&Text, &Text)> = list.iter().map(|(pod, container, _)| (pod, container)).collect();
        self.pod_usage
            .retain(|(pod, container), _| pod.namespace != *namespace || named.contains(&(&pod.name, container)));
        for (pod, container, usage) in list {
            let key = Key { namespace: namespace.clone(), name: pod };
            sample(self.pod_usage.entry((key, container)).or_default(), usage);
        }
    }
}

fn insert<T: PartialEq>(table: &mut Table<T>, key: Key, object: T) -> bool {
    match table.get_mut(&key) {
        Some(known) if *known == object => false,
        Some(known) => {
            *known = object;
            true
        }
        None => {
            table.insert(key, object);
            true
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T, limit: usize) {
    if ring.len() >= limit {
        ring.pop_front();
    }
    ring.push_back(item);
}

/// A sample of the same window is the same sample.
fn sample(ring: &mut VecDeque<Usage>, usage: Usage) {
    if ring.back().is_none_or(|last| last.at != usage.at) {
        push(ring, usage, SAMPLES);
    }
}

fn start_history(pod: &mut Pod) {
    for container in &mut pod.containers {
        container.history = container.newest_end().cloned().into_iter().collect();
    }
}

/// Keeps the ends that were seen before: the API forgets all but the last.
fn carry_history(before: &Pod, now: &mut Pod) {
    if before.meta.uid != now.meta.uid {
        start_history(now);
        return;
    }
    for container in &mut now.containers {
        let known = before.containers.iter().find(|c| c.name == container.name);
        let mut history = known.map(|c| c.history.clone()).unwrap_or_default();
        let ends = [container.last.clone(), container.newest_end().cloned()];
        for end in ends.into_iter().flatten() {
            if !history.iter().any(|h| h.finished == end.finished && h.exit_code == end.exit_code) {
                history.push(end);
            }
        }
        let surplus = history.len().saturating_sub(Container::HISTORY);
        history.drain(..surplus);
        container.history = history;
    }
}
