//! A shop in raw JSON, as an API server sends it, and plans made on it. Names are of a shop, so that no deployment of
//! anybody is meant.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::action::draft::{Draft, Ground, draft, looks};
use crate::action::plan::{DryRun, Guard, Standing, Verdict};
use crate::action::{Action, Plan, Refused};
use crate::config::Profile;
use crate::config::profile::Role;
use crate::situation::{ClusterId, Key, Kind, Observation, Ref, Situation, Source, SourceState, Text};
use crate::watch;

/// When every plan of the tests is made.
pub fn made() -> Timestamp {
    at(0)
}

/// So many seconds after [`made`].
pub fn at(seconds: i64) -> Timestamp {
    let made: Timestamp = "2026-11-22T04:12:09Z".parse().unwrap();
    made + jiff::SignedDuration::from_secs(seconds)
}

fn stamp(seconds: i64) -> String {
    at(seconds).to_string()
}

/// Everything that stands on the server, and what is known besides.
#[derive(Debug)]
pub struct Shop {
    objects: Vec<(Kind, Value)>,
    pub profile: Profile,
    pub standing: Standing,
    pub unseen: Vec<(Kind, String)>,
}

impl Shop {
    /// `web` (3 pods, serves, revisions 40 to 42, 42 is at work), `worker` (1, singleton, Recreate), `office` (1), a
    /// DaemonSet `ingress`; three nodes, a Service and a budget for `web`.
    pub fn new() -> Self {
        let mut shop = Self {
            objects: Vec::new(),
            profile: Profile::default(),
            standing: Standing::default(),
            unseen: Vec::new(),
        };
        shop.standing.incident = "INC-0007".to_owned();
        for (name, serves, singleton) in [("web", true, false), ("worker", false, true), ("ingress", true, false)] {
            shop.profile.roles.insert(name.into(), Role { name: name.into(), serves, singleton, ..Role::default() });
        }
        for i in 1..=3 {
            shop.put(Kind::Node, node(i));
            shop.put(Kind::Pod, pod("web", "web-42", i, true));
            shop.put(Kind::Pod, pod("ingress", "ingress", i, true));
        }
        shop.put(Kind::Pod, pod("worker", "worker-7", 2, true));
        shop.put(Kind::Pod, pod("office", "office-3", 1, true));
        shop.put(Kind::Deployment, deployment("web", 42, 3));
        shop.put(Kind::Deployment, deployment("worker", 7, 1));
        shop.put(Kind::Deployment, deployment("office", 3, 1));
        shop.change(Kind::Deployment, "worker", |d| d["spec"]["strategy"] = json!({ "type": "Recreate" }));
        for (revision, replicas) in [(40, 0), (41, 0), (42, 3)] {
            shop.put(Kind::ReplicaSet, set("web", revision, replicas));
        }
        shop.put(Kind::ReplicaSet, set("worker", 7, 1));
        shop.put(Kind::ReplicaSet, set("office", 3, 1));
        shop.put(Kind::DaemonSet, daemon_set("ingress"));
        shop.put(Kind::Service, service("web"));
        shop.put(Kind::EndpointSlice, slice("web", &["web-42-1", "web-42-2", "web-42-3"]));
        shop.put(Kind::PodDisruptionBudget, budget("web", 1));
        shop
    }

    /// Adds or replaces an object.
    pub fn put(&mut self, kind: Kind, object: Value) {
        let name = object["metadata"]["name"].clone();
        self.objects.retain(|(k, o)| *k != kind || o["metadata"]["name"] != name);
        self.objects.push((kind, object));
    }

    /// Takes an object away.
    pub fn remove(&mut self, kind: Kind, name: &str) {
        self.objects.retain(|(k, o)| *k != kind || o["metadata"]["name"] != name);
    }

    /// Changes an object.
    pub fn change(&mut self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
        let object = self.objects.iter_mut().find(|(k, o)| *k == kind && o["metadata"]["name"] == name);
        change(&mut object.unwrap().1);
    }

    /// An object as it stands.
    pub fn raw(&self, kind: Kind, name: &str) -> Value {
        let object = self.objects.iter().find(|(k, o)| *k == kind && o["metadata"]["name"] == name);
        object.map(|(_, o)| o.clone()).unwrap_or_default()
    }

    /// What the planner reads for an action: only the lists it asks for.
    pub fn ground(&self, action: &Action) -> Ground {
        let looks = looks(action);
        let read =
            |kind: Kind| looks.iter().any(|l| l.kind == kind) && !self.unseen.iter().any(|(unseen, _)| *unseen == kind);
        let target = action.target();
        let sets = matches!(action, Action::RollBack { .. });
        Ground {
            situation: self.situation_of(read),
            target: self.raw(target.kind, &target.key.name),
            sets: self.objects.iter().filter(|(k, _)| sets && *k == Kind::ReplicaSet).map(|(_, o)| o.clone()).collect(),
            unseen: self.unseen.clone(),
        }
    }

    /// Everything, as the watches tell it.
    pub fn situation(&self) -> Situation {
        self.situation_of(|_| true)
    }

    fn situation_of(&self, read: impl Fn(Kind) -> bool) -> Situation {
        let mut situation = Situation::new();
        (situation.now, situation.wall) = (made(), made());
        for kind in Kind::ALL.into_iter().filter(|k| read(*k)) {
            situation.apply(Observation::Source(Source::Watch(kind), SourceState::Live));
            situation.apply(Observation::Heard(Source::Watch(kind), made()));
        }
        for (kind, object) in self.objects.iter().filter(|(k, _)| read(*k)) {
            let line = json!({ "type": "ADDED", "object": object }).to_string();
            situation.apply(watch::decoded(*kind, line.as_bytes()).unwrap());
        }
        situation
    }

    /// What comes of an action.
    pub fn try_draft(&self, action: &Action) -> Result<Draft, Refused> {
        draft(action, &self.ground(action), &self.profile, &self.standing, made())
    }

    /// The draft of an action that can be planned.
    pub fn draft(&self, action: &Action) -> Draft {
        self.try_draft(action).unwrap()
    }

    /// What one guard says of an action.
    pub fn guard(&self, action: &Action, id: &str) -> Option<Guard> {
        self.draft(action).guards.into_iter().find(|g| g.id == id)
    }

    /// The verdict of one guard, and what it says.
    pub fn verdict(&self, action: &Action, id: &str) -> (Verdict, String) {
        let guard = self.guard(action, id).unwrap();
        (guard.verdict, guard.says)
    }

    /// The plan of an action, as the planner makes it of the draft.
    pub fn plan(&self, action: Action) -> Plan {
        let draft = self.draft(&action);
        Plan {
            title: draft.title,
            class: draft.class,
            cluster: ClusterId::default(),
            endpoint: Text::default(),
            objects: draft.objects,
            requests: draft.requests,
            command: draft.command,
            guards: draft.guards,
            warnings: draft.warnings,
            rights: draft.rights,
            dry_run: DryRun::Accepted,
            differences: draft.differences,
            blast_radius: draft.blast_radius,
            undo: draft.undo,
            proof: draft.proof,
            basis: draft.basis,
            made: made(),
            action,
        }
    }
}

fn target(kind: Kind, name: &str) -> Ref {
    let namespace = if kind == Kind::Node { "" } else { "shop" };
    Ref { kind, key: Key::new(namespace, name), uid: Text::default() }
}

pub fn cordon(node: &str) -> Action {
    Action::Cordon { node: target(Kind::Node, node) }
}

pub fn uncordon(node: &str) -> Action {
    Action::Uncordon { node: target(Kind::Node, node) }
}

pub fn restart(name: &str) -> Action {
    Action::RolloutRestart { deployment: target(Kind::Deployment, name) }
}

pub fn delete(pod: &str) -> Action {
    Action::DeletePod { pod: target(Kind::Pod, pod) }
}

pub fn roll_back(name: &str, to: impl Into<Option<u64>>) -> Action {
    Action::RollBack { deployment: target(Kind::Deployment, name), to: to.into() }
}

pub fn scale(name: &str, replicas: u32) -> Action {
    Action::Scale { deployment: target(Kind::Deployment, name), replicas }
}

/// One of each, as the shop allows them.
pub fn one_of_each() -> [Action; 6] {
    [cordon("node-1"), uncordon("node-1"), restart("web"), delete("web-42-1"), roll_back("web", None), scale("web", 5)]
}

fn template(name: &str, revision: u64) -> Value {
    json!({
        "metadata": { "creationTimestamp": null, "labels": { "app": name } },
        "spec": {
            "containers": [{
                "name": name,
                "image": format!("registry.example.com/{name}:r{revision}"),
                "imagePullPolicy": "IfNotPresent",
                "env": [
                    { "name": "DATABASE_PASSWORD", "value": format!("hunter{revision}") },
                    { "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": name, "key": "mode" } } },
                ],
                "resources": { "limits": { "memory": "256Mi" } },
            }],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 20,
        },
    })
}

fn uid(kind: &str, name: &str) -> String {
    format!("uid-{kind}-{name}")
}

pub fn deployment(name: &str, revision: u64, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid("deployment", name), "generation": revision,
            "resourceVersion": "1234", "labels": { "app": name },
            "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
        },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name } },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } },
            "template": template(name, revision),
        },
        "status": {
            "observedGeneration": revision, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas,
            "conditions": [{ "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" }],
        },
    })
}

pub fn set(deployment: &str, revision: u64, replicas: i64) -> Value {
    let name = format!("{deployment}-{revision}");
    let mut template = template(deployment, revision);
    template["metadata"]["labels"]["pod-template-hash"] = revision.to_string().into();
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid("replicaset", &name), "labels": { "app": deployment },
            "creationTimestamp": stamp(-86_400 + i64::try_from(revision).unwrap()),
            "annotations": { "deployment.kubernetes.io/revision": revision.to_string() },
            "ownerReferences": [owner("Deployment", deployment, &uid("deployment", deployment))],
        },
        "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": deployment } }, "template": template },
        "status": { "replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas },
    })
}

pub fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true })
}

/// Pod `OWNER-I` on `node-I`, a day old; its owner is a ReplicaSet, unless it has the app's name.
pub fn pod(app: &str, owned_by: &str, i: i64, ready: bool) -> Value {
    let name = format!("{owned_by}-{i}");
    let kind = if owned_by == app { "DaemonSet" } else { "ReplicaSet" };
    let image = format!("registry.example.com/{app}:r{}", owned_by.rsplit('-').next().unwrap_or_default());
    let mut spec = template(app, 0)["spec"].clone();
    spec["containers"][0]["image"] = image.clone().into();
    spec["nodeName"] = format!("node-{i}").into();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "uid": uid("pod", &name), "creationTimestamp": stamp(-86_400),
            "labels": { "app": app },
            "ownerReferences": [owner(kind, owned_by, &uid(&kind.to_lowercase(), owned_by))],
        },
        "spec": spec,
        "status": {
            "phase": "Running", "podIP": format!("10.42.0.{i}"),
            "conditions": [{
                "type": "Ready", "status": if ready { "True" } else { "False" }, "lastTransitionTime": stamp(-86_388),
            }],
            "containerStatuses": [{ "name": app, "ready": ready, "restartCount": 0, "imageID": image }],
        },
    })
}

pub fn daemon_set(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": name, "namespace": "shop", "uid": uid("daemonset", name), "labels": { "app": name } },
        "spec": { "selector": { "matchLabels": { "app": name } }, "template": template(name, 1) },
        "status": { "desiredNumberScheduled": 3, "numberReady": 3 },
    })
}

pub fn node(i: i64) -> Value {
    let name = format!("node-{i}");
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "uid": uid("node", &name) },
        "spec": {},
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

pub fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name, "namespace": "shop", "uid": uid("service", name) },
        "spec": { "selector": { "app": name } },
    })
}

pub fn slice(service: &str, pods: &[&str]) -> Value {
    let endpoint = |pod: &&str| json!({ "addresses": ["10.42.0.9"], "conditions": { "ready": true }, "targetRef": { "kind": "Pod", "name": pod } });
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{service}-x"), "namespace": "shop", "uid": uid("slice", service),
            "labels": { "kubernetes.io/service-name": service },
        },
        "endpoints": pods.iter().map(endpoint).collect::<Vec<_>>(),
    })
}

pub fn budget(app: &str, allowed: i64) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": app, "namespace": "shop", "uid": uid("budget", app) },
        "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": app } } },
        "status": { "disruptionsAllowed": allowed },
    })
}

pub fn autoscaler(app: &str) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": app, "namespace": "shop", "uid": uid("hpa", app) },
        "spec": {
            "scaleTargetRef": { "kind": "Deployment", "name": app }, "minReplicas": 2, "maxReplicas": 6,
        },
    })
}
