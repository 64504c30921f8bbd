//! Pods beyond those of the deployment, to try a client on a big cluster: stable ones, about 16 KB of JSON each, in
//! namespaces `load-…`, on nodes of their own.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::pulse::Pulse;
use super::random::{digest, mix};
use super::{Due, World, genesis};
use crate::drill::store::stamp;

/// How many pods share a namespace.
const A_NAMESPACE: u32 = 500;

/// How much is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Nodes in all; those of the deployment count.
    pub nodes: u32,
    /// Pods beyond those of the deployment.
    pub pods: u32,
    /// Pod updates a second.
    pub churn: u32,
}

impl World {
    /// Adds nodes and pods, all of them running for hours.
    pub fn burden(&mut self, load: Load) {
        self.burden_telling(load, &|_| {});
    }

    /// The same, and says now and then how many pods there are.
    pub fn burden_telling(&mut self, load: Load, tell: &dyn Fn(u32)) {
        self.load = load;
        let deployed = self.store.list(self.res.nodes, None).len() as u32;
        for number in deployed + 1..=load.nodes {
            self.add_agent(number);
        }
        for namespace in 0..load.pods.div_ceil(A_NAMESPACE) {
            let name = json!({ "metadata": { "name": format!("load-{namespace:03}") },
                "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } });
            let _ = self.store.create(self.res.namespaces, name, self.now);
        }
        let ballast = ballast();
        for number in 0..load.pods {
            if number % A_NAMESPACE == 0 {
                tell(number);
            }
            let pod = self.load_pod(number, load.nodes.max(deployed).max(1), &ballast);
            let _ = self.store.create(self.res.pods, pod, self.now);
        }
        // Nobody has to do anything for them.
        self.settle_load();
        if load.churn > 0 && load.pods > 0 {
            self.plan(SignedDuration::from_secs(1), Due::Pulse(Pulse::Churn));
        }
    }

    fn settle_load(&mut self) {
        self.seen = self.store.revision();
    }

    fn add_agent(&mut self, number: u32) {
        let node = genesis::agent(number, self.now);
        let name = format!("nbg1-{number}");
        let _ = self.store.create(self.res.nodes, node, self.now);
        self.create_lease("kube-node-lease", &name, &name, 40);
        let first = self.random.millis((0, 10_000));
        self.plan(first, Due::Pulse(Pulse::NodeLease(name.clone())));
        let first = self.random.millis((0, 300_000));
        self.plan(first, Due::Pulse(Pulse::NodeStatus(name)));
    }

    fn load_pod(&self, number: u32, nodes: u32, ballast: &str) -> Value {
        let (name, namespace) = (format!("load-{number:05}"), format!("load-{:03}", number / A_NAMESPACE));
        let hash = mix(&name, 0);
        let since = stamp(self.now - SignedDuration::from_secs((7200 + hash % 80_000) as i64));
        let node = number % nodes + 1;
        let address = format!("10.{}.{}.{}", 50 + number / 62_500, number / 250 % 250, number % 250 + 2);
        let condition = |kind: &str| json!({ "type": kind, "status": "True", "lastTransitionTime": since });
        let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition);
        json!({
            "metadata": {
                "name": name, "namespace": namespace, "creationTimestamp": since, "labels": { "app": "load" },
                "annotations": { "load/ballast": ballast },
            },
            "spec": {
                "nodeName": format!("nbg1-{node}"), "restartPolicy": "Always",
                "containers": [{ "name": "main", "image": "registry.example.com/load/main:1", "env": env(),
                    "resources": { "requests": { "cpu": "10m", "memory": "16Mi" }, "limits": { "memory": "64Mi" } } }],
            },
            "status": {
                "phase": "Running", "startTime": since, "hostIP": genesis::inside(node), "podIP": address,
                "podIPs": [{ "ip": address }], "qosClass": "Burstable",
                "conditions": conditions,
                "containerStatuses": [{
                    "name": "main", "image": "registry.example.com/load/main:1", "ready": true, "started": true,
                    "restartCount": 0, "lastState": {}, "state": { "running": { "startedAt": since } },
                    "imageID": "registry.example.com/load/main@sha256:6b1f", "containerID": format!("containerd://{hash:016x}"),
                }],
            },
        })
    }

    /// A tenth of a second of updates.
    pub(super) fn churn(&mut self) -> SignedDuration {
        let Load { pods, churn, .. } = self.load;
        let tenth = self.now.as_millisecond() / 100;
        let many = u64::from(churn) * (tenth as u64 % 10 + 1) / 10 - u64::from(churn) * (tenth as u64 % 10) / 10;
        for _ in 0..many {
            let number = self.random.below(u64::from(pods)) as u32;
            let (name, namespace) = (format!("load-{number:05}"), format!("load-{:03}", number / A_NAMESPACE));
            let now = stamp(self.now);
            self.store.modify(self.res.pods, &namespace, &name, |pod| {
                pod["status"]["conditions"][2]["lastTransitionTime"] = now.into();
            });
        }
        SignedDuration::from_millis(100)
    }
}

fn env() -> Value {
    (0..16).map(|n| json!({ "name": format!("SETTING_{n:02}"), "value": digest(&n.to_string()) })).collect()
}

/// What makes a pod as big as pods are.
fn ballast() -> String {
    (0..200).map(|n| digest(&n.to_string())).collect()
}
