//! Who has to look at what: changes of the store become work for the controllers.

use std::sync::Arc;

use serde_json::Value;

use super::World;
use super::garbage::leaving;
use super::json::{Id, map, owner_reference, selects, text};
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
            }
        }
    }

    /// Reads what changed in the store since it was last read.
    fn observe(&mut self) {
        if self.store.revision() == self.seen {
            return;
        }
        let seen = std::mem::replace(&mut self.seen, self.store.revision());
        let watched = [
            self.res.pods,
            self.res.replica_sets,
            self.res.deployments,
            self.res.daemon_sets,
            self.res.jobs,
            self.res.services,
            self.res.nodes,
            self.res.budgets,
            self.res.slices,
            self.res.api_services,
            self.res.cron_jobs,
            self.res.namespaces,
            self.res.claims,
            self.res.volumes,
            self.res.config_maps,
            self.res.service_accounts,
        ];
        for resource in watched {
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
        if change.happened == Happened::Deleted {
            self.collect_garbage(resource, object);
        } else if leaving(object) && resource != self.res.pods {
            self.work.insert(Work::Leaving(resource, id.clone()));
        }
        if resource == self.res.pods {
            self.consider_pod(id, change);
        } else if resource == self.res.replica_sets {
            self.work.insert(Work::ReplicaSet(id));
            self.consider_owner(object);
        } else if resource == self.res.deployments {
            self.work.insert(Work::Deployment(id));
        } else if resource == self.res.daemon_sets {
            self.work.insert(Work::DaemonSet(id));
        } else if resource == self.res.jobs {
            self.work.insert(Work::Job(id));
        } else if resource == self.res.services {
            self.work.insert(Work::Service(id));
        } else if resource == self.res.budgets {
            self.work.insert(Work::Budget(id));
        } else if resource == self.res.nodes {
            self.consider_node(change);
        } else if resource == self.res.slices || resource == self.res.api_services {
            self.consider_api_services(object);
        }
    }

    fn consider_pod(&mut self, id: Id, change: &Logged) {
        self.consider_owner(&change.object);
        let namespace = id.namespace.clone();
        self.work.insert(Work::Pod(id));
        let labels = |o: &Arc<Value>| map(o, "/metadata/labels").cloned();
        let sides: Vec<_> =
            [Some(&change.object), change.previous.as_ref()].into_iter().flatten().map(labels).collect();
        let touched = |selector: Option<&serde_json::Map<String, Value>>| {
            sides.iter().any(|labels| selects(selector, labels.as_ref()))
        };
        for service in self.store.list(self.res.services, Some(&namespace)) {
            if touched(map(&service, "/spec/selector")) {
                self.work.insert(Work::Service(Id::of(&service)));
            }
        }
        for budget in self.store.list(self.res.budgets, Some(&namespace)) {
            if touched(map(&budget, "/spec/selector/matchLabels")) {
                self.work.insert(Work::Budget(Id::of(&budget)));
            }
        }
    }

    fn consider_owner(&mut self, object: &Value) {
        let Some(owner) = owner_reference(object) else { return };
        let id = Id::new(text(object, "/metadata/namespace"), text(owner, "/name"));
        match text(owner, "/kind") {
            "Deployment" => self.work.insert(Work::Deployment(id)),
            "ReplicaSet" => self.work.insert(Work::ReplicaSet(id)),
            "DaemonSet" => self.work.insert(Work::DaemonSet(id)),
            "Job" => self.work.insert(Work::Job(id)),
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
        let waiting: Vec<_> = self.store.list(self.res.pods, None);
        for pod in waiting.iter().filter(|p| text(p, "/spec/nodeName").is_empty()) {
            self.work.insert(Work::Pod(Id::of(pod)));
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
