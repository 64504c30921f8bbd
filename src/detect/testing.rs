//! Builders of small worlds for tests: a shop with roles, in which each test breaks one thing.

use jiff::{SignedDuration, Timestamp};

use super::{Assessment, Finding, Scene, assess};
use crate::config::Profile;
use crate::config::profile::Role;
use crate::situation::object::{
    Amounts, Condition, Container, ContainerState, DaemonSet, Deployment, Endpoint, EndpointSlice, Event, Labels,
    Lease, Meta, Node, Object, Owner, Phase, Pod, ReplicaSet, Service, Status, TemplateContainer, Termination,
};
use crate::situation::{Key, Kind, Observation, Situation, Source, SourceState, Text};

/// The namespace of the shop.
pub const NS: &str = "shop";

/// The present moment of every test.
pub fn now() -> Timestamp {
    "2026-11-22T04:12:00Z".parse().unwrap()
}

/// So many seconds before [`now`].
pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// A situation with a profile: `web` (3, serves), `office` (1), `ingress` and `dns`, `metrics` are roles.
#[derive(Debug)]
pub struct World {
    pub situation: Situation,
    pub profile: Profile,
}

impl World {
    /// Everything is known, nothing is there but three nodes.
    pub fn new() -> Self {
        let mut situation = Situation::new();
        situation.now = now();
        situation.wall = now();
        for kind in Kind::ALL {
            situation.apply(Observation::Source(Source::Watch(kind), SourceState::Live));
            situation.apply(Observation::Heard(Source::Watch(kind), now()));
        }
        for source in [Source::Api, Source::NodeMetrics, Source::PodMetrics] {
            situation.apply(Observation::Source(source, SourceState::Live));
        }
        let mut profile = Profile::default();
        for (name, namespace, serves) in [
            ("web", NS, true),
            ("office", NS, false),
            ("ingress", "kube-system", true),
            ("dns", "kube-system", false),
            ("metrics", "kube-system", false),
        ] {
            let role = Role { namespace: namespace.into(), name: name.into(), serves, ..Role::default() };
            profile.roles.insert(name.into(), role);
        }
        let mut world = Self { situation, profile };
        for i in 1..=3 {
            world.put(mk_node(&format!("node-{i}")));
            world.put(mk_lease(&format!("node-{i}"), 4));
        }
        world
    }

    /// Adds or replaces an object.
    pub fn put(&mut self, object: impl Into<Object>) {
        self.situation.apply(Observation::Seen(Box::new(object.into())));
    }

    /// A Deployment at revision 1 with so many pods, all ready for a day, spread over the nodes.
    pub fn deploy(&mut self, namespace: &str, name: &str, replicas: i32) {
        self.put(mk_deployment(namespace, name, replicas));
        self.put(mk_set(namespace, name, 1, 86_400, replicas));
        for i in 1..=replicas {
            self.put(mk_pod(namespace, name, 1, i));
        }
    }

    /// Replaces a pod after a change.
    pub fn change_pod(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut Pod)) {
        let mut pod = self.situation.pods[&Key::new(namespace, name)].clone();
        change(&mut pod);
        self.put(pod);
    }

    /// Replaces a Deployment after a change.
    pub fn change_deployment(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut Deployment)) {
        let mut deployment = self.situation.deployments[&Key::new(namespace, name)].clone();
        change(&mut deployment);
        self.put(deployment);
    }

    /// Says how many pods of a Deployment are ready, and since when not all are.
    pub fn set_ready(&mut self, namespace: &str, name: &str, ready: i32, seconds_ago: i64) {
        self.change_deployment(namespace, name, |d| {
            d.ready = ready;
            d.available = ready;
            let status = if ready == 0 { Status::False } else { Status::True };
            d.conditions = vec![mk_condition("Available", status, "", seconds_ago)];
        });
    }

    /// An event about a pod.
    pub fn pod_event(&mut self, pod: &str, reason: &str, message: &str, seconds_ago: i64) {
        let uid = self.situation.pods.get(&Key::new(NS, pod)).map(|p| p.meta.uid.clone()).unwrap_or_default();
        let name = format!("{pod}.{reason}.{seconds_ago}");
        self.put(Event {
            meta: mk_meta(NS, &name, 3600),
            about_kind: "Pod".into(),
            about: Key::new(NS, pod),
            about_uid: uid,
            warning: true,
            reason: reason.into(),
            message: message.into(),
            count: 1,
            first: Some(ago(seconds_ago)),
            last: Some(ago(seconds_ago)),
            source: "kubelet".into(),
        });
    }

    /// The state of a source.
    pub fn source(&mut self, source: Source, state: SourceState) {
        self.situation.apply(Observation::Source(source, state));
    }

    /// Everything derived.
    pub fn assess(&self) -> Assessment {
        assess(Scene { situation: &self.situation, profile: &self.profile })
    }

    /// The findings of one id.
    pub fn findings(&self, id: &str) -> Vec<Finding> {
        self.assess().findings.into_iter().filter(|f| f.id == id).collect()
    }

    /// The one finding of an id.
    pub fn finding(&self, id: &str) -> Finding {
        let mut found = self.findings(id);
        assert_eq!(found.len(), 1, "{id}: {:#?}", self.assess().findings);
        found.remove(0)
    }

    /// The ids of all findings, in order.
    pub fn ids(&self) -> Vec<&'static str> {
        self.assess().findings.iter().map(|f| f.id).collect()
    }
}

/// All texts of a finding's evidence, a line each.
pub fn evidence(finding: &Finding) -> String {
    finding.evidence.iter().map(|e| e.text.as_str()).collect::<Vec<_>>().join("\n")
}

pub fn mk_meta(namespace: &str, name: &str, age: i64) -> Meta {
    Meta {
        key: Key::new(namespace, name),
        uid: Text::new(&format!("uid-{namespace}-{name}")),
        created: Some(ago(age)),
        labels: mk_labels(name),
        ..Meta::default()
    }
}

pub fn mk_labels(app: &str) -> Labels {
    Labels(Box::new([("app".into(), app.into())]))
}

pub fn mk_condition(kind: &str, status: Status, reason: &str, seconds_ago: i64) -> Condition {
    let since = Some(ago(seconds_ago));
    Condition { kind: kind.into(), status, reason: reason.into(), message: Text::default(), since, heard: since }
}

pub fn mk_node(name: &str) -> Node {
    let mut meta = mk_meta("", name, 864_000);
    meta.labels = Labels(Box::new([("node-role.kubernetes.io/control-plane".into(), "true".into())]));
    let conditions = vec![
        mk_condition("Ready", Status::True, "KubeletReady", 800_000),
        mk_condition("EtcdIsVoter", Status::True, "MemberNotLearner", 800_000),
    ];
    let mut node = Node { meta, conditions, ..Node::default() };
    node.conditions[1].heard = Some(ago(60));
    node
}

pub fn mk_lease(node: &str, renewed_ago: i64) -> Lease {
    let renewed = Some(ago(renewed_ago));
    Lease { meta: mk_meta("kube-node-lease", node, 864_000), holder: node.into(), renewed, seconds: Some(40) }
}

pub fn mk_deployment(namespace: &str, name: &str, replicas: i32) -> Deployment {
    Deployment {
        meta: mk_meta(namespace, name, 864_000),
        replicas,
        selector: mk_labels(name),
        containers: vec![TemplateContainer { name: "main".into(), image: "registry.example.com/main:1".into() }],
        revision: Some(1),
        current: replicas,
        updated: replicas,
        ready: replicas,
        available: replicas,
        conditions: vec![mk_condition("Available", Status::True, "MinimumReplicasAvailable", 86_400)],
        ..Deployment::default()
    }
}

pub fn mk_set(namespace: &str, deployment: &str, revision: u64, age: i64, ready: i32) -> ReplicaSet {
    let mut meta = mk_meta(namespace, &format!("{deployment}-rs{revision}"), age);
    meta.owner = Some(Owner {
        kind: "Deployment".into(),
        name: deployment.into(),
        uid: Text::new(&format!("uid-{namespace}-{deployment}")),
    });
    let image = Text::new(&format!("registry.example.com/main:{revision}"));
    ReplicaSet {
        meta,
        replicas: ready,
        current: ready,
        ready,
        available: ready,
        revision: Some(revision),
        containers: vec![TemplateContainer { name: "main".into(), image }],
        template: "".into(),
        ..ReplicaSet::default()
    }
}

/// Pod `NAME-rsREVISION-I` on `node-I`, ready for a day.
pub fn mk_pod(namespace: &str, deployment: &str, revision: u64, i: i32) -> Pod {
    let set = format!("{deployment}-rs{revision}");
    let mut meta = mk_meta(namespace, &format!("{set}-{i}"), 86_400);
    meta.labels = mk_labels(deployment);
    let uid = Text::new(&format!("uid-{namespace}-{set}"));
    meta.owner = Some(Owner { kind: "ReplicaSet".into(), name: set.into(), uid });
    let main = Container {
        name: "main".into(),
        image: "registry.example.com/main:1".into(),
        ready: true,
        state: ContainerState::Running(Some(ago(86_000))),
        limits: Amounts { memory: Some(256 << 20), ..Amounts::default() },
        ..Container::default()
    };
    Pod {
        meta,
        node: Text::new(&format!("node-{i}")),
        phase: Phase::Running,
        conditions: vec![
            mk_condition("PodScheduled", Status::True, "", 86_400),
            mk_condition("Ready", Status::True, "", 86_000),
        ],
        containers: vec![main],
        started: Some(ago(86_400)),
        ..Pod::default()
    }
}

pub fn mk_daemon_set(namespace: &str, name: &str, desired: i32, ready: i32) -> DaemonSet {
    let meta = mk_meta(namespace, name, 864_000);
    DaemonSet { meta, selector: mk_labels(name), desired, current: desired, ready, ..DaemonSet::default() }
}

/// The pod of a DaemonSet on `node-I`.
pub fn mk_daemon_pod(namespace: &str, set: &str, i: i32) -> Pod {
    let mut pod = mk_pod(namespace, set, 1, i);
    pod.meta.key = Key::new(namespace, format!("{set}-{i}"));
    pod.meta.uid = Text::new(&format!("uid-{namespace}-{set}-{i}"));
    let uid = Text::new(&format!("uid-{namespace}-{set}"));
    pod.meta.owner = Some(Owner { kind: "DaemonSet".into(), name: set.into(), uid });
    pod
}

pub fn mk_service(namespace: &str, name: &str) -> Service {
    let (meta, selector) = (mk_meta(namespace, name, 864_000), mk_labels(name));
    Service { meta, kind: "ClusterIP".into(), cluster_ip: "10.43.0.20".into(), selector, ports: Vec::new() }
}

pub fn mk_slice(namespace: &str, service: &str, endpoints: &[(&str, bool)]) -> EndpointSlice {
    let endpoint = |(pod, ready): &(&str, bool)| Endpoint { pod: (*pod).into(), ready: *ready, ..Endpoint::default() };
    let meta = mk_meta(namespace, &format!("{service}-slice"), 864_000);
    EndpointSlice { meta, service: service.into(), endpoints: endpoints.iter().map(endpoint).collect() }
}

pub fn mk_end(exit_code: i32, reason: &str, seconds_ago: i64) -> Termination {
    let (started, finished) = (Some(ago(seconds_ago + 10)), Some(ago(seconds_ago)));
    Termination { exit_code, reason: reason.into(), message: Text::default(), started, finished }
}

/// The container ended so and runs again; the pod is ready.
pub fn restarted(pod: &mut Pod, exit_code: i32, reason: &str, seconds_ago: i64) {
    let container = &mut pod.containers[0];
    container.restarts += 1;
    container.last = Some(mk_end(exit_code, reason, seconds_ago));
    container.state = ContainerState::Running(Some(ago(seconds_ago - 1)));
}

/// The container waits to be started again after so many ends like this one.
pub fn crash_loops(pod: &mut Pod, exit_code: i32, reason: &str, restarts: u32, seconds_ago: i64) {
    let back_off = ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"];
    let back_off = back_off[(restarts.max(1) as usize - 1).min(5)];
    let container = &mut pod.containers[0];
    container.restarts = restarts;
    container.ready = false;
    container.last = Some(mk_end(exit_code, reason, seconds_ago));
    container.state = ContainerState::Waiting {
        reason: "CrashLoopBackOff".into(),
        message: Text::new(&format!("back-off {back_off} restarting failed container=main pod=x")),
    };
    unready(pod, seconds_ago);
}

/// The container waits for something.
pub fn waits(pod: &mut Pod, reason: &str, message: &str, seconds_ago: i64) {
    pod.containers[0].ready = false;
    pod.containers[0].state = ContainerState::Waiting { reason: reason.into(), message: message.into() };
    pod.phase = Phase::Pending;
    unready(pod, seconds_ago);
}

/// The pod is not ready.
pub fn unready(pod: &mut Pod, seconds_ago: i64) {
    pod.containers[0].ready = false;
    pod.conditions.retain(|c| c.kind != "Ready");
    pod.conditions.push(mk_condition("Ready", Status::False, "ContainersNotReady", seconds_ago));
}
