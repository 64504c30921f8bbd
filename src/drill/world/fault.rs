//! Faults: what a scenario breaks, and how it is undone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::World;
use super::deadlock::{Deadlock, Process};
use super::json::{Id, is, text};
use super::kubelet::{Ailment, workload_name};
use super::meddling::{Meddled, Meddling};
use super::names::Lie;
use super::program::Course;
use super::trouble::Trouble;
use crate::drill::outside::{Mood, Site};

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// Somebody deploys an image that is faulty.
    Rollout(Rollout),
    /// Something ails the pods of a workload that run now; new ones are free of it.
    Ailing(Ailing),
    /// Something outside behaves otherwise.
    Outside(Weather),
    /// A machine is in trouble.
    Machine(InTrouble),
    /// Somebody changes the zone at the edge.
    Zone(Meddling),
    /// Processes wait for themselves.
    Deadlock(Deadlock),
    /// A name server says something that is not so.
    Names(Lie),
    /// The operator's own network has no way to anything outside.
    OperatorOffline,
}

/// How something outside behaves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Weather {
    /// What.
    pub site: Site,
    /// How.
    pub mood: Mood,
}

/// What has happened to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InTrouble {
    /// The name of its node.
    pub node: String,
    /// What has happened.
    pub trouble: Trouble,
}

/// A deploy of a faulty image.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// Its namespace.
    pub namespace: String,
    /// The Deployment.
    pub deployment: String,
    /// The image that is faulty.
    pub image: String,
    /// Environment that changes with it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The change cause that the deploy leaves.
    pub cause: String,
    /// How a container of that image goes on.
    pub course: Course,
}

/// Trouble of some pods.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ailing {
    /// Its namespace.
    pub namespace: String,
    /// The workload, by its name label.
    pub workload: String,
    /// Only the pod on this node; absent: all.
    pub node: Option<String>,
    /// What its probe says.
    pub says: String,
    /// Whether the liveness probe fails as well.
    #[serde(default)]
    pub deadly: bool,
}

/// When a fault counts as recovered.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Recovery {
    /// All pods of the workload (`namespace/name label`) are ready, as many as wanted, of one revision.
    Ready(String),
    /// The APIService is available.
    Available(String),
}

/// What a fault changed, to undo it.
#[derive(Debug, Clone)]
pub enum Undo {
    /// The former template of a Deployment, unless somebody has changed it meanwhile.
    Template {
        /// The Deployment's namespace.
        namespace: String,
        /// The Deployment.
        deployment: String,
        /// The faulty image.
        image: String,
        /// What was there before.
        template: Value,
    },
    /// Pods to cure (namespace, name).
    Cure(Vec<(String, String)>),
    /// How something outside behaved before, unless it has changed meanwhile.
    Outside {
        /// What.
        site: Site,
        /// How it behaves now.
        mood: Mood,
        /// How it behaved.
        before: Mood,
    },
    /// What a machine is to be freed of.
    Machine {
        /// The name of its node.
        node: String,
        /// Of what.
        trouble: Trouble,
    },
    /// What was changed in the zone.
    Zone(Meddled),
    /// Processes that wait for themselves.
    Deadlock(Vec<Process>),
    /// What a name server is to say no more.
    Names(Lie),
    /// The operator's network is to work again.
    OperatorOnline,
}

impl World {
    /// Breaks something, now.
    pub fn inject(&mut self, fault: &Fault) -> Option<Undo> {
        let undo = match fault {
            Fault::Rollout(rollout) => self.inject_rollout(rollout),
            Fault::Ailing(ailing) => Some(self.inject_ailing(ailing)),
            Fault::Outside(Weather { site, mood }) => {
                let before = self.outside.set(*site, mood.clone());
                Some(Undo::Outside { site: *site, mood: mood.clone(), before })
            }
            Fault::Machine(InTrouble { node, trouble }) => {
                self.change_machine(node, |machine| trouble.befall(machine));
                Some(Undo::Machine { node: node.clone(), trouble: trouble.clone() })
            }
            Fault::Zone(meddling) => Some(Undo::Zone(self.meddle(meddling))),
            Fault::Deadlock(fault) => Some(Undo::Deadlock(self.deadlock(fault))),
            Fault::Names(lie) => {
                self.outside.names.tell(lie.clone());
                Some(Undo::Names(lie.clone()))
            }
            Fault::OperatorOffline => {
                self.outside.operator_offline = true;
                Some(Undo::OperatorOnline)
            }
        };
        self.settle();
        undo
    }

    fn inject_rollout(&mut self, fault: &Rollout) -> Option<Undo> {
        self.programs.spoil(&fault.image, fault.course);
        let id = Id::new(&fault.namespace, &fault.deployment);
        let template = self.change_deployment(&id, Some(&fault.image), &fault.env, &fault.cause)?;
        let Id { namespace, name: deployment } = id;
        Some(Undo::Template { namespace, deployment, image: fault.image.clone(), template })
    }

    fn inject_ailing(&mut self, fault: &Ailing) -> Undo {
        let mut pods = self.store.list(self.res.pods, Some(&fault.namespace));
        pods.retain(|pod| {
            workload_name(pod) == fault.workload
                && fault.node.as_deref().is_none_or(|node| node == text(pod, "/spec/nodeName"))
        });
        let ids: Vec<Id> = pods.iter().map(|pod| Id::of(pod)).collect();
        for id in &ids {
            self.afflict(id, Ailment { says: fault.says.clone(), deadly: fault.deadly });
        }
        Undo::Cure(ids.into_iter().map(|id| (id.namespace, id.name)).collect())
    }

    /// Undoes a fault, through the controllers.
    pub fn heal(&mut self, undo: Undo) {
        match undo {
            Undo::Template { namespace, deployment, image, template } => {
                let restore = |object: &mut Value| {
                    if text(object, "/spec/template/spec/containers/0/image") == image {
                        object["spec"]["template"] = template;
                        object["metadata"]["annotations"]["kubernetes.io/change-cause"] = "roll back".into();
                    }
                };
                self.store.modify(self.res.deployments, &namespace, &deployment, restore);
            }
            Undo::Cure(pods) => {
                for (namespace, name) in pods {
                    self.cure(&Id { namespace, name });
                }
            }
            Undo::Outside { site, mood, before } => {
                if self.outside.mood(site) == mood {
                    self.outside.set(site, before);
                }
            }
            Undo::Machine { node, trouble } => self.change_machine(&node, |machine| trouble.mend(machine)),
            Undo::Zone(meddled) => self.unmeddle(meddled),
            Undo::Deadlock(processes) => self.unlock(&processes),
            Undo::Names(lie) => self.outside.names.retract(&lie),
            Undo::OperatorOnline => self.outside.operator_offline = false,
        }
        self.settle();
    }

    /// Whether a fault is still at work: its image is in use, or a pod still ails. It may not show yet.
    pub fn at_work(&self, undo: &Undo) -> bool {
        match undo {
            Undo::Template { namespace, deployment, image, .. } => {
                let deployment = self.store.get(self.res.deployments, namespace, deployment);
                deployment.is_some_and(|d| text(&d, "/spec/template/spec/containers/0/image") == image)
            }
            Undo::Cure(pods) => pods.iter().any(|(namespace, name)| {
                self.runs.get(&Id::new(namespace, name)).is_some_and(|run| run.ailment.is_some())
            }),
            Undo::Outside { site, mood, .. } => self.outside.mood(*site) == *mood,
            Undo::Machine { node, trouble } => self.machine(node).is_some_and(|machine| trouble.holds(machine)),
            Undo::Zone(meddled) => self.is_meddled(meddled),
            Undo::Deadlock(processes) => processes.iter().any(|(id, _)| self.is_deadlocked(id)),
            Undo::Names(lie) => self.outside.names.tells(lie),
            Undo::OperatorOnline => self.outside.operator_offline,
        }
    }

    /// Whether what was broken works again.
    pub fn recovered(&self, recovery: &Recovery) -> bool {
        match recovery {
            Recovery::Available(name) => {
                self.store.get(self.res.api_services, "", name).is_some_and(|api| is(&api, "Available"))
            }
            Recovery::Ready(workload) => self.workload_ready(workload),
        }
    }

    fn workload_ready(&self, workload: &str) -> bool {
        let Some((namespace, name)) = workload.split_once('/') else { return false };
        let count = |object: &Value, field: &str| object["status"][field].as_i64().unwrap_or_default();
        if let Some(set) = self.store.get(self.res.daemon_sets, namespace, name) {
            return count(&set, "desiredNumberScheduled") == count(&set, "numberReady");
        }
        let Some(deployment) = self.store.get(self.res.deployments, namespace, name) else { return false };
        let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
        ["replicas", "updatedReplicas", "readyReplicas"].into_iter().all(|field| count(&deployment, field) == wanted)
    }
}
