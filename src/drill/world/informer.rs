//! Who has to look at what: changes of the store become work for the controllers.

use std::sync::Arc;

use serde_json::Value;

use super::garbage::leaving;
use super::json::{Id, map, owner_reference, selects, text};
use super::{World, label};
use crate::drill::store::{Happened, Logged, ResourceId};

/// An object that a controller has to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Its ReplicaSets, replicas and conditions.
    Deployment(Id),
    /// Its pods.
    ReplicaSet(Id),
    /// Its pods.
    DaemonSet(Id),
    /// Its pods.
    Job(Id),
    /// Where it runs, and its life there.
    Pod(Id),
    /// The endpoints behind it.
    Service(Id),
    /// How many of its pods may go.
    Budget(Id),
    /// Whether the service behind it answers.
    ApiService(Id),
    /// What a cordon means.
    Node(Id),
    /// What it waits for before it goes.
    Leaving(ResourceId, Id),
    /// Its pods and their claims.
    StatefulSet(Id),
    /// Its Jobs.
    CronJob(Id),
    /// How many replicas its target has.
    Autoscaler(Id),
    /// Its volume.
    Claim(Id),
    /// Its volume is made.
    Provision(Id),
    /// Its claim.
    Volume(String),
    /// What was in it goes.
    Wipe(String),
    /// What every namespace has.
    Namespace(Id),
    /// What of it is used.
    Quota(Id),
}

impl World {
    /// Lets the controllers work until nothing is left to do at this moment.
    pub(super) fn settle(&mut self) {
        loop {
            self.observe();
            let Some(work) = self.work.pop_first() else { return };
            if !self.attends(&work) {
                self.stalled.insert(work);
                continue;
            }
            match work {
                Work::Deployment(id) => self.reconcile_deployment(&id),
                Work::ReplicaSet(id) => self.reconcile_replica_set(&id),
                Work::DaemonSet(id) => self.reconcile_daemon_set(&id),
                Work::Job(id) => self.reconcile_job(&id),
                Work::Pod(id) => self.reconcile_pod(&id),
                Work::Service(id) => self.reconcile_service(&id),
                Work::Budget(id) => self.reconcile_budget(&id),
                Work::ApiService(id) => self.reconcile_api_service(&id),
                Work::Node(id) => self.reconcile_node(&id),
                Work::Leaving(resource, id) => self.reconcile_leaving(resource, &id),
                Work::StatefulSet(id) => self.reconcile_stateful_set(&id),
                Work::CronJob(id) => self.reconcile_cron_job(&id),
                Work::Autoscaler(id) => self.reconcile_autoscaler(&id),
                Work::Claim(id) => self.reconcile_claim(&id),
                Work::Provision(id) => self.provision(&id),
                Work::Volume(name) => self.reconcile_volume(&name),
                Work::Wipe(name) => self.wipe(&name),
                Work::Namespace(id) => self.reconcile_namespace(&id),
                Work::Quota(id) => self.reconcile_quota(&id),
            }
        }
    }

    /// Reads what changed in the store since it was last read.
    fn observe(&mut self) {
        if self.store.revision() == self.seen {
            return;
        }
        let seen = std::mem::replace(&mut self.seen, self.store.revision());
        let quiet = [self.res.events, self.res.leases];
        let mut touched = self.store.changed_after(seen);
        touched.retain(|resource| !quiet.contains(resource));
        for resource in touched {
            match self.store.changes_after(resource, seen) {
                Ok(changes) => changes.iter().for_each(|change| self.consider(resource, change)),
                Err(_) => self.look_at_all(resource),
            }
        }
    }

    /// More has changed than the store remembers: everything may have.
    fn look_at_all(&mut self, resource: ResourceId) {
        for object in self.store.list(resource, None) {
            let change = Logged { happened: Happened::Added, revision: 0, object, previous: None };
            self.consider(resource, &change);
        }
    }

    fn consider(&mut self, resource: ResourceId, change: &Logged) {
        let object = &change.object;
        let id = Id::of(object);
        match change.happened {
            Happened::Deleted => self.collect_garbage(object),
            Happened::Added => self.collect_if_abandoned(resource, object),
            Happened::Modified => {}
        }
        if change.happened != Happened::Deleted && leaving(object) && resource != self.res.pods {
            self.work.insert(Work::Leaving(resource, id.clone()));
        }
        self.consider_quotas(change);
        self.consider_owner(object);
        if let Some(work) = self.own_work(resource, &id) {
            self.work.insert(work);
        }
        if resource == self.res.pods {
            self.consider_pod(&id, change);
        } else if resource == self.res.nodes {
            self.consider_node(change);
        } else if resource == self.res.slices || resource == self.res.api_services {
            self.consider_api_services(object);
        } else if resource == self.res.claims {
            self.consider_claim(object);
        } else if resource == self.res.services && change.happened == Happened::Deleted {
            self.remove_endpoints(object);
        } else if resource == self.res.service_accounts || resource == self.res.config_maps {
            self.work.insert(Work::Namespace(Id::new("", &id.namespace)));
        }
    }

    /// What a change of an object means to its own controller.
    fn own_work(&self, resource: ResourceId, id: &Id) -> Option<Work> {
        let res = &self.res;
        let id = id.clone();
        Some(match resource {
            r if r == res.pods => Work::Pod(id),
            r if r == res.replica_sets => Work::ReplicaSet(id),
            r if r == res.deployments => Work::Deployment(id),
            r if r == res.daemon_sets => Work::DaemonSet(id),
            r if r == res.stateful_sets => Work::StatefulSet(id),
            r if r == res.jobs => Work::Job(id),
            r if r == res.cron_jobs => Work::CronJob(id),
            r if r == res.autoscalers => Work::Autoscaler(id),
            r if r == res.services => Work::Service(id),
            r if r == res.budgets => Work::Budget(id),
            r if r == res.claims => Work::Claim(id),
            r if r == res.volumes => Work::Volume(id.name),
            r if r == res.namespaces => Work::Namespace(id),
            r if r == res.quotas => Work::Quota(id),
            _ => return None,
        })
    }

    fn consider_pod(&mut self, id: &Id, change: &Logged) {
        let labels = |o: &Arc<Value>| map(o, "/metadata/labels").cloned();
        let sides: Vec<_> =
            [Some(&change.object), change.previous.as_ref()].into_iter().flatten().map(labels).collect();
        for service in self.store.list(self.res.services, Some(&id.namespace)) {
            let selector = map(&service, "/spec/selector");
            if sides.iter().any(|labels| selects(selector, labels.as_ref())) {
                self.work.insert(Work::Service(Id::of(&service)));
            }
        }
        let touched = |selector: &Value| sides.iter().any(|labels| label::matches(selector, labels.as_ref()));
        for budget in self.store.list(self.res.budgets, Some(&id.namespace)) {
            if touched(&budget["spec"]["selector"]) {
                self.work.insert(Work::Budget(Id::of(&budget)));
            }
        }
        if owner_reference(&change.object).is_none() {
            self.consider_foundling(&id.namespace, &touched);
        }
    }

    /// Somebody may want to take up a pod that nobody has.
    fn consider_foundling(&mut self, namespace: &str, touched: &dyn Fn(&Value) -> bool) {
        for resource in [self.res.replica_sets, self.res.daemon_sets, self.res.stateful_sets, self.res.jobs] {
            for controller in self.store.list(resource, Some(namespace)) {
                if touched(&controller["spec"]["selector"]) {
                    self.work.extend(self.own_work(resource, &Id::of(&controller)));
                }
            }
        }
    }

    /// What is used of a quota changes when something comes or goes, or a pod ends.
    fn consider_quotas(&mut self, change: &Logged) {
        let namespace = text(&change.object, "/metadata/namespace");
        let phase = |o: &Value| text(o, "/status/phase").to_owned();
        let same = change.happened == Happened::Modified
            && change
                .previous
                .as_ref()
                .is_some_and(|p| p.get("spec") == change.object.get("spec") && phase(p) == phase(&change.object));
        if namespace.is_empty() || same {
            return;
        }
        for quota in self.store.list(self.res.quotas, Some(namespace)) {
            self.work.insert(Work::Quota(Id::of(&quota)));
        }
    }

    /// A claim matters to its volume and to the pods that wait for it.
    fn consider_claim(&mut self, claim: &Value) {
        let volume = text(claim, "/spec/volumeName");
        if !volume.is_empty() {
            self.work.insert(Work::Volume(volume.to_owned()));
        }
        self.wake_pods_of(claim);
    }

    fn consider_owner(&mut self, object: &Value) {
        let Some(owner) = owner_reference(object) else { return };
        let id = Id::new(text(object, "/metadata/namespace"), text(owner, "/name"));
        match text(owner, "/kind") {
            "Deployment" => self.work.insert(Work::Deployment(id)),
            "ReplicaSet" => self.work.insert(Work::ReplicaSet(id)),
            "DaemonSet" => self.work.insert(Work::DaemonSet(id)),
            "Job" => self.work.insert(Work::Job(id)),
            "StatefulSet" => self.work.insert(Work::StatefulSet(id)),
            "CronJob" => self.work.insert(Work::CronJob(id)),
            _ => false,
        };
    }

    /// A node that came, went or was changed by somebody (not by its own heartbeat) matters to what runs everywhere and to
    /// what waits for a place.
    fn consider_node(&mut self, change: &Logged) {
        let same = |part: &str| change.previous.as_ref().is_some_and(|p| p.get(part) == change.object.get(part));
        let words = |o: &Value| ["labels", "annotations"].map(|part| o["metadata"].get(part).cloned());
        let lasts = change.happened != Happened::Deleted;
        if lasts && same("spec") && change.previous.as_ref().is_some_and(|p| words(p) == words(&change.object)) {
            return;
        }
        self.work.insert(Work::Node(Id::of(&change.object)));
        for set in self.store.list(self.res.daemon_sets, None) {
            self.work.insert(Work::DaemonSet(Id::of(&set)));
        }
        for pod in self.store.on_node(self.res.pods, "") {
            self.work.insert(Work::Pod(Id::of(&pod)));
        }
    }

    fn consider_api_services(&mut self, object: &Value) {
        if object["kind"] == "APIService" {
            self.work.insert(Work::ApiService(Id::of(object)));
            return;
        }
        let namespace = text(object, "/metadata/namespace");
        let service = super::json::entry(object, "/metadata/labels", "kubernetes.io/service-name");
        for api in self.store.list(self.res.api_services, None) {
            if text(&api, "/spec/service/namespace") == namespace && text(&api, "/spec/service/name") == service {
                self.work.insert(Work::ApiService(Id::of(&api)));
            }
        }
    }
}
