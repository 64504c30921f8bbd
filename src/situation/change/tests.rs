use jiff::{SignedDuration, Timestamp};

use super::{Change, changes, image_difference};
use crate::situation::object::{
    ApiService, Budget, Claim, Condition, ConfigMap, CronJob, DaemonSet, Deployment, EtcdSnapshot, Job, KeyHash,
    Labels, Meta, Namespace, Node, NodeInfo, Object, Owner, ReplicaSet, StatefulSet, Status, Taint, TemplateContainer,
};
use crate::situation::{Key, Kind, Observation, Situation};

fn now() -> Timestamp {
    "2026-11-22T04:12:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn meta(namespace: &str, name: &str, minutes: i64) -> Meta {
    let uid = format!("uid-{name}").into();
    Meta { key: Key::new(namespace, name), uid, created: Some(ago(minutes)), ..Meta::default() }
}

const LONG: i64 = 60 * 24 * 30;

struct World(Situation);

impl World {
    fn new() -> Self {
        let mut situation = Situation::new();
        situation.now = now();
        Self(situation)
    }

    fn put(&mut self, object: impl Into<Object>) {
        self.0.apply(Observation::Seen(Box::new(object.into())));
    }

    fn all(&self) -> Vec<Change> {
        changes(&self.0)
    }

    /// Every change as `subject: what | detail`, newest first.
    fn told(&self) -> Vec<String> {
        let line = |c: &Change| format!("{}: {} | {}", c.subject, c.what, c.detail);
        self.all().iter().map(line).map(|l| l.trim_end_matches(" | ").to_owned()).collect()
    }
}

fn web() -> Deployment {
    Deployment { meta: meta("shop", "web", LONG), replicas: 3, revision: Some(42), ..Deployment::default() }
}

fn set(revision: u64, minutes: i64, image: &str, template: &str) -> ReplicaSet {
    let mut meta = meta("shop", &format!("web-{revision}"), minutes);
    meta.owner = Some(Owner { kind: "Deployment".into(), name: "web".into(), uid: "uid-web".into() });
    let containers = vec![TemplateContainer { name: "main".into(), image: image.into() }];
    ReplicaSet { meta, revision: Some(revision), containers, template: template.into(), ..ReplicaSet::default() }
}

fn template(container: &str, rest: &str) -> String {
    format!(
        r#"{{"metadata":{{"labels":{{"app":"web"}}{rest}}},"spec":{{"containers":[{{"name":"main"{container}}}]}}}}"#
    )
}

fn rollout(old: &str, new: &str, images: (&str, &str)) -> Vec<String> {
    let mut world = World::new();
    world.put(web());
    world.put(set(41, LONG, images.0, old));
    world.put(set(42, 11, images.1, new));
    world.told()
}

#[test]
fn a_rollout_names_both_revisions_and_the_image() {
    let told = rollout("", "", ("registry.example.com/web:1.41", "registry.example.com/web:1.42"));
    assert_eq!(told, ["Deployment/shop/web: revision 41 → 42 | image 1.41 → 1.42"]);
}

#[test]
fn a_changed_template_names_its_parts_and_no_value_of_the_environment() {
    let old = template(
        r#","image":"w:1","env":[{"name":"LEVEL","value":"info"},{"name":"OLD","value":"s3cret"}],"resources":{"limits":{"memory":"256Mi"}}"#,
        "",
    );
    let new = template(
        r#","image":"w:1","env":[{"name":"LEVEL","value":"debug"},{"name":"NEW","value":"s3cret"}],"resources":{"limits":{"memory":"128Mi"}},"livenessProbe":{}"#,
        r#","annotations":{"note":"x"}"#,
    );
    let told = rollout(&old, &new, ("w:1", "w:1"));
    let detail = "env LEVEL +NEW -OLD, livenessProbe, memory limit 256Mi → 128Mi, annotation note";
    assert_eq!(told, [format!("Deployment/shop/web: revision 41 → 42 | {detail}")]);
}

#[test]
fn a_restart_is_called_a_restart() {
    let stamp = r#","annotations":{"kubectl.kubernetes.io/restartedAt":"2026-11-22T04:01:00Z"}"#;
    let told = rollout(&template("", ""), &template("", stamp), ("w:1", "w:1"));
    assert_eq!(told, ["Deployment/shop/web: revision 41 → 42 | restarted"]);
}

#[test]
fn a_template_that_cannot_be_read_still_changed() {
    assert_eq!(rollout("{", "{{", ("w:1", "w:1")), ["Deployment/shop/web: revision 41 → 42 | template changed"]);
}

#[test]
fn going_back_is_told_when_it_was_seen_and_not_twice() {
    let mut world = World::new();
    world.put(web());
    world.put(set(41, 300, "w:1", ""));
    world.put(set(42, 100, "w:2", ""));
    let mut back = set(41, 300, "w:1", "");
    back.revision = Some(43);
    world.put(back);
    let mut deployment = web();
    let heard = Some(now());
    deployment.conditions = vec![Condition { kind: "Progressing".into(), heard, ..Condition::default() }];
    world.put(deployment);
    let told = world.told();
    let line = "Deployment/shop/web: revision 42 → 43 | back to an earlier template: image 2 → 1";
    assert_eq!(told, [line, "Deployment/shop/web: revision 42"]);
}

#[test]
fn images_are_shortened_as_far_as_they_can_still_be_told_apart() {
    let one = |image: &str| [TemplateContainer { name: "main".into(), image: image.into() }];
    let difference = |old: &str, new: &str| image_difference(&one(old), &one(new));
    assert_eq!(difference("a/b:1", "a/b:1"), "");
    assert_eq!(difference("reg:5000/b", "reg:5000/b:2"), "image latest → 2");
    assert_eq!(difference("a/b:1", "c/b:1"), "image a/b:1 → c/b:1");
    assert_eq!(
        difference("a/b@sha256:0123456789abcdef", "a/b:1@sha256:fedcba9876543210"),
        "image 01234567… → fedcba98…"
    );
}

#[test]
fn nodes_join_turn_and_are_cordoned() {
    let mut world = World::new();
    let condition = |kind: &str, minutes| Condition {
        kind: kind.into(),
        status: Status::False,
        since: Some(ago(minutes)),
        reason: "Unhealthy".into(),
        ..Condition::default()
    };
    let mut node = Node { meta: meta("", "node-1", 600), ..Node::default() };
    node.conditions = vec![condition("EtcdIsVoter", 20), condition("DiskPressure", 599), condition("Other", 5)];
    node.unschedulable = true;
    node.taints =
        vec![Taint { key: "node.kubernetes.io/unschedulable".into(), added: Some(ago(10)), ..Taint::default() }];
    world.put(node);
    let told = ["Node//node-1: cordoned", "Node//node-1: EtcdIsVoter became False | Unhealthy", "Node//node-1: joined"];
    assert_eq!(world.told(), told);
}

#[test]
fn what_leaves_no_stamp_on_a_node_is_seen() {
    let mut world = World::new();
    let node = |boot: &str, labels: &[(&str, &str)], taints: &[&str], unschedulable| {
        let mut node = Node { meta: meta("", "node-1", LONG), unschedulable, ..Node::default() };
        node.info = NodeInfo { boot_id: boot.into(), ..NodeInfo::default() };
        node.meta.labels = Labels(labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
        let taint = |key: &&str| Taint { key: (*key).into(), effect: "NoExecute".into(), ..Taint::default() };
        node.taints = taints.iter().map(taint).collect();
        node
    };
    world.put(node("1", &[("disk", "ssd")], &[], false));
    assert_eq!(world.told(), [""; 0]);
    world.put(node("1", &[("disk", "hdd"), ("cache", "yes")], &["own/out", "node.kubernetes.io/not-ready"], true));
    world.put(node("2", &[("cache", "yes")], &[], false));
    let mut told = world.told();
    told.sort();
    let expected = [
        "Node//node-1: cordoned",
        "Node//node-1: labels changed | disk=hdd +cache=yes",
        "Node//node-1: labels changed | -disk",
        "Node//node-1: rebooted",
        "Node//node-1: taints changed | +own/out:NoExecute",
        "Node//node-1: taints changed | -own/out:NoExecute",
        "Node//node-1: uncordoned",
    ];
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(told, sorted);
}

#[test]
fn a_cordon_that_was_seen_and_is_stamped_is_one_change() {
    let mut world = World::new();
    world.put(Node { meta: meta("", "node-1", LONG), ..Node::default() });
    let taint = Taint { key: "node.kubernetes.io/unschedulable".into(), added: Some(ago(1)), ..Taint::default() };
    world.put(Node { meta: meta("", "node-1", LONG), unschedulable: true, taints: vec![taint], ..Node::default() });
    assert_eq!(world.told(), ["Node//node-1: cordoned"]);
    assert_eq!(world.all()[0].at, ago(1));
}

fn map(name: &str, keys: &[(&str, u64)], modified: i64) -> ConfigMap {
    let mut meta = meta("shop", name, LONG);
    meta.modified = Some(ago(modified));
    let hash = |(key, hash): &(&str, u64)| KeyHash { key: (*key).into(), hash: *hash };
    ConfigMap { meta, keys: Some(keys.iter().map(hash).collect()) }
}

#[test]
fn changed_keys_are_named_once_at_the_time_of_the_change() {
    let mut world = World::new();
    world.put(map("settings", &[("a", 1), ("b", 2), ("gone", 3)], 500));
    assert_eq!(world.told(), ["ConfigMap/shop/settings: modified"]);
    world.put(map("settings", &[("a", 1), ("b", 9), ("new", 4)], 3));
    assert_eq!(world.told(), ["ConfigMap/shop/settings: 3 keys changed | b new gone (values not kept)"]);
    assert_eq!(world.all()[0].at, ago(3));
}

#[test]
fn machines_writing_to_their_own_maps_is_no_news() {
    let mut world = World::new();
    for name in ["kube-root-ca.crt", "ingress-controller-leader", "k3s-etcd-snapshots"] {
        world.put(map(name, &[("a", 1)], 5));
        world.put(map(name, &[("a", 2)], 4));
        world.0.apply(Observation::Gone(Kind::ConfigMap, Key::new("shop", name)));
    }
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn scaling_pausing_and_images_are_seen() {
    let mut world = World::new();
    world.put(web());
    world.put(Deployment { replicas: 5, paused: true, ..web() });
    let daemon = |image: &str, generation| {
        let mut meta = meta("kube-system", "ingress", LONG);
        meta.generation = generation;
        let containers = vec![TemplateContainer { name: "main".into(), image: image.into() }];
        DaemonSet { meta, containers, ..DaemonSet::default() }
    };
    world.put(daemon("t:1", 1));
    world.put(daemon("t:2", 2));
    world.put(daemon("t:2", 3));
    let stateful = |replicas| StatefulSet { meta: meta("shop", "db", LONG), replicas, ..StatefulSet::default() };
    world.put(stateful(1));
    world.put(stateful(0));
    let budget = |n: &str| Budget { meta: meta("shop", "web", LONG), min_available: n.into(), ..Budget::default() };
    world.put(budget("2"));
    world.put(budget("3"));
    let mut told = world.told();
    told.sort();
    let expected = [
        "DaemonSet/kube-system/ingress: image changed | image 1 → 2",
        "DaemonSet/kube-system/ingress: template changed",
        "Deployment/shop/web: rollout paused",
        "Deployment/shop/web: scaled 3 → 5",
        "PodDisruptionBudget/shop/web: budget changed | at least 2 there → at least 3 there",
        "StatefulSet/shop/db: scaled 1 → 0",
    ];
    assert_eq!(told, expected);
}

#[test]
fn status_churn_is_no_change() {
    let mut world = World::new();
    world.put(web());
    for ready in 0..3 {
        world.put(Deployment { ready, available: ready, observed_generation: 7, ..web() });
    }
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn things_that_come_and_go() {
    let mut world = World::new();
    world.put(Namespace { meta: meta("", "new", 30), phase: "Active".into() });
    let claim = |phase: &str| Claim { meta: meta("shop", "data", LONG), phase: phase.into(), ..Claim::default() };
    world.put(claim("Pending"));
    world.put(claim("Bound"));
    world.put(web());
    world.0.apply(Observation::Gone(Kind::Deployment, Key::new("shop", "web")));
    let told =
        ["Deployment/shop/web: deleted", "PersistentVolumeClaim/shop/data: Pending → Bound", "Namespace//new: created"];
    assert_eq!(world.told(), told);
}

#[test]
fn a_relist_tells_what_was_deleted_meanwhile() {
    let mut world = World::new();
    world.put(web());
    world.0.apply(Observation::Listing(Kind::Deployment));
    world.0.apply(Observation::Listed(Kind::Deployment));
    assert_eq!(world.told(), ["Deployment/shop/web: deleted"]);
}

#[test]
fn runs_snapshots_and_api_services() {
    let mut world = World::new();
    let cron = CronJob {
        meta: meta("shop", "nightly", LONG),
        last_scheduled: Some(ago(90)),
        last_successful: Some(ago(89)),
        ..CronJob::default()
    };
    world.put(cron);
    let failed = Condition {
        kind: "Failed".into(),
        status: Status::True,
        reason: "BackoffLimitExceeded".into(),
        since: Some(ago(40)),
        ..Condition::default()
    };
    world.put(Job { meta: meta("shop", "import", 50), conditions: vec![failed], ..Job::default() });
    for (name, minutes) in [("one", 700), ("two", 20)] {
        let taken = Some(ago(minutes));
        let meta = meta("", name, minutes);
        world.put(EtcdSnapshot { meta, node: "node-1".into(), ready: true, taken, ..EtcdSnapshot::default() });
    }
    let condition = Condition {
        kind: "Available".into(),
        status: Status::False,
        reason: "MissingEndpoints".into(),
        since: Some(ago(15)),
        ..Condition::default()
    };
    let service = Some(("kube-system".into(), "metrics".into()));
    world.put(ApiService { meta: meta("", "v1beta1.metrics.k8s.io", LONG), service, conditions: vec![condition] });
    let told = [
        "APIService//v1beta1.metrics.k8s.io: became unavailable | MissingEndpoints",
        "ETCDSnapshotFile//two: etcd snapshot taken | 2 usable, newest on node-1",
        "Job/shop/import: failed | BackoffLimitExceeded",
        "CronJob/shop/nightly: ran | succeeded",
    ];
    assert_eq!(world.told(), told);
}

#[test]
fn a_successor_of_the_same_name_is_a_creation_and_no_change() {
    let mut world = World::new();
    world.put(web());
    let mut successor = Deployment { replicas: 1, ..web() };
    successor.meta.uid = "another".into();
    successor.meta.created = Some(ago(2));
    world.put(successor);
    assert_eq!(world.told(), ["Deployment/shop/web: created"]);
}
