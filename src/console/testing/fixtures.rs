//! Small worlds. Names are of a shop: namespace `shop`, nodes `node-1`…, so that no deployment of anybody is meant.

use jiff::{SignedDuration, Timestamp};

use crate::config::Profile;
use crate::config::theme::Theme;
use crate::situation::object::{
    Amounts, Condition, Container, ContainerState, DaemonSet, Deployment, Event, Labels, Meta, Node, NodeInfo, Owner,
    Phase, Pod, ReplicaSet, Status, TemplateContainer, Termination,
};
use crate::situation::{
    ClusterId, EndpointHealth, Key, Kind, Observation, Ref, Source, SourceState, Text, Trouble, Usage,
};

/// The time at which the tests' clock stands.
pub const NOW: &str = "04:12:09";

/// A time of the night that all tests play in (UTC).
///
/// # Panics
/// When it is not one.
pub fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-11-22T{time}{seconds}Z").parse().expect("a time such as 04:03 or 04:03:10")
}

/// The dark theme.
pub fn theme() -> Theme {
    Theme::default()
}

/// A profile that names the shop's namespace and two outside services.
pub fn profile() -> Profile {
    let outside = ["postgres", "mail"].map(|name| (name.to_owned(), crate::config::profile::Outside::default()));
    Profile {
        name: "shop".into(),
        namespaces: vec!["shop".into()],
        outside: outside.into_iter().collect(),
        ..Profile::default()
    }
}

/// The reference of a Deployment of the shop.
pub fn workload(name: &str) -> Ref {
    Ref { kind: Kind::Deployment, key: Key::new("shop", name), uid: Text::new(&format!("uid-deployments-{name}")) }
}

/// What every object has.
pub fn meta(kind: Kind, namespace: &str, name: &str, created: Timestamp) -> Meta {
    Meta {
        key: Key::new(namespace, name),
        uid: Text::new(&format!("uid-{}-{name}", kind.resource().plural)),
        created: Some(created),
        ..Meta::default()
    }
}

/// Days ago.
pub fn days(n: i64) -> Timestamp {
    at(NOW) - SignedDuration::from_hours(24 * n)
}

fn owner(kind: &str, of: &Meta) -> Owner {
    Owner { kind: kind.into(), name: of.key.name.clone(), uid: of.uid.clone() }
}

fn labels(app: &str) -> Labels {
    Labels(vec![(Text::new("app"), Text::new(app))].into())
}

/// A condition that holds since.
pub fn condition(kind: &str, status: Status, since: Timestamp) -> Condition {
    Condition { kind: kind.into(), status, since: Some(since), ..Condition::default() }
}

/// A node that is ready.
pub fn node(name: &str) -> Node {
    let amounts = Amounts { cpu_milli: Some(2000), memory: Some(4 << 30), pods: Some(110), storage: Some(40 << 30) };
    Node {
        meta: Meta {
            labels: Labels(
                ["control-plane", "etcd"]
                    .map(|r| (Text::new(&format!("node-role.kubernetes.io/{r}")), Text::new("true")))
                    .into(),
            ),
            ..meta(Kind::Node, "", name, days(61))
        },
        addresses: vec![("InternalIP".into(), "203.0.113.11".into())],
        conditions: vec![
            condition("Ready", Status::True, days(61)),
            condition("DiskPressure", Status::False, days(61)),
        ],
        capacity: amounts,
        allocatable: amounts,
        info: NodeInfo { kubelet_version: "v1.34.6+k3s1".into(), ..NodeInfo::default() },
        ..Node::default()
    }
}

/// A Deployment with its pods wanted and ready.
pub fn deployment(name: &str, replicas: i32, ready: i32, revision: u64) -> Deployment {
    Deployment {
        meta: Meta { generation: 1, ..meta(Kind::Deployment, "shop", name, days(61)) },
        replicas,
        selector: labels(name),
        strategy: "RollingUpdate".into(),
        containers: vec![template(name, revision)],
        revision: Some(revision),
        observed_generation: 1,
        current: replicas,
        updated: replicas,
        ready,
        available: ready,
        unavailable: replicas - ready,
        conditions: vec![condition("Available", if ready > 0 { Status::True } else { Status::False }, days(1))],
        ..Deployment::default()
    }
}

fn template(name: &str, revision: u64) -> TemplateContainer {
    TemplateContainer { name: name.into(), image: Text::new(&format!("registry.example.com/{name}:r{revision}")) }
}

/// A revision of a Deployment.
pub fn revision(of: &Deployment, revision: u64, created: Timestamp, replicas: i32, ready: i32) -> ReplicaSet {
    let name = &of.meta.key.name;
    let set = format!("{name}-{revision}f9c");
    ReplicaSet {
        meta: Meta { owner: Some(owner("Deployment", &of.meta)), ..meta(Kind::ReplicaSet, "shop", &set, created) },
        replicas,
        selector: labels(name),
        current: replicas,
        ready,
        available: ready,
        revision: Some(revision),
        containers: vec![template(name, revision)],
        template: format!(r#"{{"spec":{{"containers":[{{"image":"registry.example.com/{name}:r{revision}"}}]}}}}"#)
            .into(),
        ..ReplicaSet::default()
    }
}

/// A pod of a revision that runs and is ready.
pub fn pod(of: &ReplicaSet, suffix: &str, node: &str, created: Timestamp) -> Pod {
    let app = of.containers.first().map(|c| c.name.clone()).unwrap_or_default();
    Pod {
        meta: Meta {
            labels: labels(&app),
            owner: Some(owner("ReplicaSet", &of.meta)),
            ..meta(Kind::Pod, "shop", &format!("{}-{suffix}", of.meta.key.name), created)
        },
        node: node.into(),
        phase: Phase::Running,
        ip: "10.42.0.7".into(),
        conditions: vec![condition("Ready", Status::True, created)],
        containers: vec![Container {
            name: app.clone(),
            image: of.containers.first().map(|c| c.image.clone()).unwrap_or_default(),
            ready: true,
            state: ContainerState::Running(Some(created)),
            limits: Amounts { memory: Some(256 << 20), ..Amounts::default() },
            ..Container::default()
        }],
        started: Some(created),
        ..Pod::default()
    }
}

/// How a container ended.
pub fn ended(exit_code: i32, reason: &str, finished: &str) -> Termination {
    let finished = at(finished);
    Termination {
        exit_code,
        reason: reason.into(),
        message: Text::default(),
        started: Some(finished - SignedDuration::from_secs(20)),
        finished: Some(finished),
    }
}

/// The pod in a crash loop: so many restarts, its last end as given.
pub fn crashing(mut pod: Pod, restarts: u32, end: &Termination) -> Pod {
    pod.conditions = vec![condition("Ready", Status::False, end.finished.unwrap_or_default())];
    for container in &mut pod.containers {
        container.ready = false;
        container.restarts = restarts;
        container.last = Some(end.clone());
        container.state = ContainerState::Waiting {
            reason: "CrashLoopBackOff".into(),
            message: "back-off 5m0s restarting failed container".into(),
        };
    }
    pod
}

/// A DaemonSet on three nodes.
pub fn daemon_set(name: &str, desired: i32, ready: i32) -> DaemonSet {
    DaemonSet {
        meta: meta(Kind::DaemonSet, "kube-system", name, days(61)),
        selector: labels(name),
        desired,
        current: desired,
        updated: desired,
        ready,
        available: ready,
        ..DaemonSet::default()
    }
}

/// A warning about a pod.
pub fn warning(pod: &Pod, reason: &str, message: &str, count: u32, last: &str) -> Event {
    Event {
        meta: meta(Kind::Event, "shop", &format!("{}.{reason}", pod.meta.key.name), at(last)),
        about_kind: "Pod".into(),
        about: pod.meta.key.clone(),
        about_uid: pod.meta.uid.clone(),
        warning: true,
        reason: reason.into(),
        message: message.into(),
        count,
        first: Some(at(last)),
        last: Some(at(last)),
        source: "kubelet".into(),
    }
}

/// An object as it is now.
pub fn seen(object: impl Into<crate::situation::object::Object>) -> Observation {
    Observation::Seen(Box::new(object.into()))
}

/// The first contact: which cluster it is, and that its API answers.
pub fn contact() -> Vec<Observation> {
    let cluster = ClusterId {
        context: "shop-k3s".into(),
        server: "https://203.0.113.11:6443".into(),
        uid: "7c1e0000-0000-0000-0000-000000000000".into(),
        user: "on-call".into(),
        namespace: "default".into(),
    };
    let health = EndpointHealth {
        endpoint: cluster.server.clone(),
        ready: vec![("ping".into(), true), ("etcd".into(), true)],
        live: vec![("ping".into(), true)],
        answered: true,
        latency: Some(SignedDuration::from_millis(18)),
        at: Some(at(NOW)),
    };
    vec![
        Observation::Cluster(cluster),
        Observation::Version("v1.34.6+k3s1".into()),
        Observation::Heard(Source::Api, at("04:12:08")),
        Observation::Heard(Source::Endpoint(health.endpoint.clone()), at("04:12:08")),
        Observation::Health(health),
    ]
}

/// `objects` as the whole content of the cluster: every kind listed and live.
pub fn listed(objects: Vec<Observation>) -> Vec<Observation> {
    let begin = Kind::ALL.into_iter().map(Observation::Listing);
    let end = Kind::ALL
        .into_iter()
        .flat_map(|kind| [Observation::Listed(kind), Observation::Heard(Source::Watch(kind), at("04:12:08"))]);
    contact().into_iter().chain(begin).chain(objects).chain(end).collect()
}

fn usage(cpu_milli: u64, memory: u64) -> Usage {
    Usage {
        amounts: Amounts { cpu_milli: Some(cpu_milli), memory: Some(memory), ..Amounts::default() },
        at: Some(at("04:12")),
    }
}

fn metrics() -> Vec<Observation> {
    vec![
        Observation::NodeMetrics(vec![
            ("node-1".into(), usage(440, 1_700 << 20)),
            ("node-2".into(), usage(620, 3_300 << 20)),
            ("node-3".into(), usage(360, 1_600 << 20)),
        ]),
        Observation::Heard(Source::NodeMetrics, at("04:12:05")),
    ]
}

struct Shop {
    api: Deployment,
    old: ReplicaSet,
    new: ReplicaSet,
    rest: Vec<Observation>,
}

/// Three nodes, an api of three, an admin, a worker and an ingress on every node; revision 42 of the api is `new`.
fn shop(api: Deployment, old: (i32, i32), new: (i32, i32)) -> Shop {
    let old = revision(&api, 41, days(4), old.0, old.1);
    let new = revision(&api, 42, at("04:01"), new.0, new.1);
    let mut rest: Vec<Observation> = ["node-1", "node-2", "node-3"].map(node).map(seen).into();
    for (name, rev) in [("admin", 17), ("worker", 29)] {
        let deployment = deployment(name, 1, 1, rev);
        let set = revision(&deployment, rev, days(4), 1, 1);
        rest.push(seen(pod(&set, "k2x4p", "node-3", days(4))));
        rest.push(seen(set));
        rest.push(seen(deployment));
    }
    rest.push(seen(daemon_set("ingress", 3, 3)));
    rest.extend(metrics());
    Shop { api, old, new, rest }
}

/// Everything is well.
pub fn healthy() -> Vec<Observation> {
    let Shop { api, old, new, rest } = shop(deployment("api", 3, 3, 41), (3, 3), (0, 0));
    let pods = [("7xkq2", "node-1"), ("b4fzl", "node-2"), ("x9d2m", "node-3")];
    let pods = pods.map(|(suffix, node)| seen(pod(&old, suffix, node, days(4))));
    let quiet = ReplicaSet { meta: Meta { created: Some(days(40)), ..new.meta.clone() }, revision: Some(40), ..new };
    listed([rest, pods.into(), vec![seen(old), seen(quiet), seen(api)]].concat())
}

/// A new revision of the api panics; two pods of the old one still serve, the third was taken by the rollout.
pub fn panicking() -> Vec<Observation> {
    let Shop { mut api, old, new, rest } = shop(deployment("api", 3, 2, 42), (2, 2), (2, 0));
    api.updated = 2;
    api.conditions.push(condition("Progressing", Status::True, at("04:01")));
    let good = [("7xkq2", "node-1"), ("b4fzl", "node-2")].map(|(s, n)| pod(&old, s, n, days(4)));
    let bad = [("c8v7t", "node-3", 6), ("m5w2q", "node-1", 5)].map(|(suffix, node, restarts)| {
        crashing(pod(&new, suffix, node, at("04:01")), restarts, &ended(2, "Error", "04:10:31"))
    });
    let events =
        bad.iter().map(|p| seen(warning(p, "BackOff", "Back-off restarting failed container api", 31, "04:11")));
    let events: Vec<_> = events.collect();
    let pods: Vec<_> = good.into_iter().chain(bad).map(seen).collect();
    listed([rest, pods, events, vec![seen(old), seen(new), seen(api)]].concat())
}

/// The API was lost two minutes ago, in the middle of [`panicking`].
pub fn api_lost() -> Vec<Observation> {
    let trouble = Trouble {
        what: "connection refused by 203.0.113.11:6443".into(),
        remedy: "check k3s on that server: systemctl status k3s".into(),
        retry_at: Some(at("04:12:13")),
    };
    let mut all = panicking();
    let sources = Kind::ALL.into_iter().map(Source::Watch).chain([Source::Api]);
    for source in sources {
        all.push(Observation::Heard(source.clone(), at("04:10:02")));
        all.push(Observation::Source(source, SourceState::Lost(trouble.clone())));
    }
    all
}

/// The API never answered.
pub fn api_down() -> Vec<Observation> {
    let trouble = Trouble {
        what: "the server's certificate is signed by an authority this kubeconfig does not know".into(),
        remedy: "compare certificate-authority-data of the kubeconfig with the server's CA; on k3s it is \
                 /var/lib/rancher/k3s/server/tls/server-ca.crt"
            .into(),
        retry_at: Some(at("04:12:17")),
    };
    let mut first = contact();
    first.truncate(1);
    first.push(Observation::Source(Source::Api, SourceState::Failed(trouble)));
    first
}

/// This account may see neither pods nor nodes.
pub fn forbidden() -> Vec<Observation> {
    let all = healthy().into_iter().filter(|o| match o {
        Observation::Seen(object) => !matches!(object.kind(), Kind::Pod | Kind::Node),
        Observation::Listing(kind) | Observation::Listed(kind) => !matches!(kind, Kind::Pod | Kind::Node),
        Observation::Heard(Source::Watch(kind), _) => !matches!(kind, Kind::Pod | Kind::Node),
        _ => true,
    });
    let refused = [(Kind::Pod, "list pods"), (Kind::Node, "list nodes")]
        .map(|(kind, rule)| Observation::Source(Source::Watch(kind), SourceState::Forbidden(rule.into())));
    all.chain(refused).collect()
}

/// Texts that want to break the screen: wide and combining characters, escape sequences, marks that turn the direction
/// of writing, very long words.
pub fn hostile() -> Vec<Observation> {
    let long = "x".repeat(10_000);
    let names = [
        "日本語のポッド名前が長い",
        "e\u{301}e\u{301}e\u{301}-combining",
        "\u{202e}gnp.exe",
        "\x1b]0;owned\x07evil",
        &long,
    ];
    let mut all: Vec<Observation> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let mut deployment = deployment(name, 2, i as i32 % 3, 7);
        deployment.meta.uid = Text::new(&format!("uid-{i}"));
        let set = revision(&deployment, 7, at("03:50"), 2, 0);
        let pod = crashing(pod(&set, "zzzzz", "nöde-\u{1F600}", at("03:50")), 9, &ended(2, "Err\x1b[31mor", "04:11"));
        all.push(seen(warning(&pod, "Bäck\x07Off", &format!("日本語 \x1b[2J {long}"), 4, "04:11")));
        all.extend([seen(pod), seen(set), seen(deployment)]);
    }
    all.push(seen(node("nöde-\u{1F600}-日本語")));
    listed(all)
}
