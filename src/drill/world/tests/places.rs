//! Where pods find a place, and what they hear that find none.

use serde_json::{Value, json};

use super::quiet;
use crate::drill::api::Backend as _;
use crate::drill::store::Deletion;
use crate::drill::world::World;
use crate::drill::world::json::{condition, put, text};

impl World {
    /// Makes a pod as a client does; its node, or what it heard instead.
    fn place_pod(&mut self, name: &str, spec: Value) -> Result<String, String> {
        let mut spec = spec;
        if spec.get("containers").is_none() {
            spec["containers"] = json!([{ "name": "c", "image": "c:1" }]);
        }
        let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": spec, "status": { "phase": "Pending" },
            "metadata": { "name": name, "namespace": "default", "labels": { "app": "place" } } });
        self.complete(&mut pod);
        self.admit(&mut pod);
        self.store.create(self.res.pods, pod, self.now).expect("a pod");
        self.settle();
        self.heard(name)
    }

    fn heard(&self, name: &str) -> Result<String, String> {
        let pod = self.store.get(self.res.pods, "default", name).expect("the pod");
        match text(&pod, "/spec/nodeName") {
            "" => Err(condition(&pod, "PodScheduled").map(|c| text(c, "/message").to_owned()).unwrap_or_default()),
            node => Ok(node.to_owned()),
        }
    }

    fn mark(&mut self, node: &str, path: &[&str], value: Value) {
        self.store.modify(self.res.nodes, "", node, |node| put(node, path, value));
        self.settle();
    }
}

fn asks(cpu: &str, memory: &str) -> Value {
    json!({ "containers": [{ "name": "c", "image": "c:1", "resources": { "requests": { "cpu": cpu, "memory": memory } } }] })
}

fn requires(expression: Value) -> Value {
    json!({ "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution":
        { "nodeSelectorTerms": [{ "matchExpressions": [expression] }] } } } })
}

const LASTING: &str =
    "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";

#[test]
fn resources_are_counted_and_freed() {
    let mut world = quiet();
    let heard = world.place_pod("big", asks("1", "32Gi")).unwrap_err();
    assert_eq!(
        heard,
        "0/3 nodes are available: 3 Insufficient memory. no new claims to deallocate, preemption: 0/3 nodes are \
         available: 3 No preemption victims found for incoming pod."
    );
    let mut nodes = std::collections::BTreeSet::new();
    for name in ["one", "two", "three"] {
        nodes.insert(world.place_pod(name, asks("3", "1Gi")).expect("a place"));
    }
    assert_eq!(nodes.len(), 3);
    assert!(world.place_pod("four", asks("3", "1Gi")).unwrap_err().contains("3 Insufficient cpu"));
    let (pods, now) = (world.res.pods, world.now);
    world.store.delete(pods, "default", "two", Deletion { grace: Some(0), ..Deletion::default() }, now);
    world.store.remove(pods, "default", "two");
    world.settle();
    assert!(world.heard("four").is_ok(), "it takes the place that became free");
}

#[test]
fn nodes_are_chosen_by_what_is_required_of_them() {
    let mut world = quiet();
    let hostname = |operator: &str, values: Value| {
        requires(json!({ "key": "kubernetes.io/hostname", "operator": operator, "values": values }))
    };
    assert_eq!(world.place_pod("in", hostname("In", json!(["nbg1-3"]))).as_deref(), Ok("nbg1-3"));
    assert_eq!(world.place_pod("not", hostname("NotIn", json!(["nbg1-1", "nbg1-2"]))).as_deref(), Ok("nbg1-3"));
    let exists = requires(json!({ "key": "honeydue/redis", "operator": "Exists" }));
    assert_eq!(world.place_pod("has", exists).as_deref(), Ok("nbg1-1"));
    let preferred = json!({ "affinity": { "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 50,
        "preference": { "matchExpressions": [{ "key": "kubernetes.io/hostname", "operator": "In", "values": ["nbg1-2"] }] } }] } } });
    assert_eq!(world.place_pod("rather", preferred).as_deref(), Ok("nbg1-2"));
    let heard = world.place_pod("nowhere", json!({ "nodeSelector": { "disk": "ssd" } })).unwrap_err();
    assert_eq!(
        heard,
        format!("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. {LASTING}")
    );
    world.mark("nbg1-2", &["metadata", "labels", "disk"], "ssd".into());
    assert_eq!(world.heard("nowhere").as_deref(), Ok("nbg1-2"), "a label is news to those that wait");
}

#[test]
fn taints_and_cordons_keep_away_who_does_not_tolerate_them() {
    let mut world = quiet();
    world.mark("nbg1-1", &["spec", "taints"], json!([{ "key": "team", "value": "a", "effect": "NoSchedule" }]));
    world.mark("nbg1-2", &["spec", "unschedulable"], true.into());
    world.mark("nbg1-3", &["spec", "taints"], json!([{ "key": "away", "effect": "PreferNoSchedule" }]));
    assert_eq!(
        world.place_pod("any", json!({})).as_deref(),
        Ok("nbg1-3"),
        "what is to be avoided is better than nothing"
    );
    world.mark("nbg1-3", &["spec", "taints"], json!([{ "key": "away", "effect": "NoExecute" }]));
    let heard = world.place_pod("none", json!({})).unwrap_err();
    assert_eq!(
        heard,
        format!(
            "0/3 nodes are available: 1 node(s) had untolerated taint {{away: }}, 1 node(s) had untolerated taint \
             {{team: a}}, 1 node(s) were unschedulable. {LASTING}"
        )
    );
    let tolerant =
        json!({ "tolerations": [{ "key": "team", "operator": "Equal", "value": "a", "effect": "NoSchedule" }] });
    assert_eq!(world.place_pod("tolerant", tolerant).as_deref(), Ok("nbg1-1"));
}

#[test]
fn ports_of_a_node_can_be_had_once() {
    let mut world = quiet();
    let port = |number: u16| {
        json!({ "containers": [{ "name": "c", "image": "c:1",
            "ports": [{ "containerPort": number, "hostPort": number, "protocol": "TCP" }] }] })
    };
    for name in ["a", "b", "c"] {
        assert!(world.place_pod(name, port(19_100)).is_ok());
    }
    let heard = world.place_pod("d", port(19_100)).unwrap_err();
    assert!(heard.contains("3 node(s) didn't have free ports for the requested pod ports"), "{heard}");
    assert!(world.place_pod("e", port(19_101)).is_ok());
}

#[test]
fn pods_keep_apart_and_spread_as_they_ask() {
    let mut world = quiet();
    let me = json!({ "matchLabels": { "app": "place" } });
    let apart = json!({ "affinity": { "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution":
        [{ "topologyKey": "kubernetes.io/hostname", "labelSelector": me }] } } });
    for name in ["a", "b", "c"] {
        assert!(world.place_pod(name, apart.clone()).is_ok());
    }
    assert!(world.place_pod("d", apart).unwrap_err().contains("3 node(s) didn't match pod anti-affinity rules"));
    let heard = world.place_pod("e", json!({})).unwrap_err();
    assert!(heard.contains("3 node(s) didn't satisfy existing pods anti-affinity rules"), "{heard}");

    let mut world = quiet();
    world.mark("nbg1-3", &["spec", "unschedulable"], true.into());
    let spread = json!({ "topologySpreadConstraints": [{ "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": me }] });
    for name in ["a", "b"] {
        assert!(world.place_pod(name, spread.clone()).is_ok());
    }
    let heard = world.place_pod("c", spread).unwrap_err();
    assert!(heard.contains("2 node(s) didn't match pod topology spread constraints"), "{heard}");
}

#[test]
fn a_missing_claim_another_scheduler_and_a_gate() {
    let mut world = quiet();
    let volume = json!({ "volumes": [{ "name": "v", "persistentVolumeClaim": { "claimName": "lost" } }] });
    let heard = world.place_pod("claim", volume).unwrap_err();
    assert!(
        heard.starts_with("0/3 nodes are available: persistentvolumeclaim \"lost\" not found. preemption:"),
        "{heard}"
    );
    assert_eq!(world.place_pod("other", json!({ "schedulerName": "mine" })), Err(String::new()));
    let heard = world.place_pod("gate", json!({ "schedulingGates": [{ "name": "g" }] })).unwrap_err();
    assert!(heard.contains("scheduling gates"));
}
