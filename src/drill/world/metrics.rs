//! What metrics-server tells: usage that wanders slowly around what a workload usually takes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::json::{Id, list, text, uid};
use super::kubelet::{Container, PodRun, State};
use super::program::{Course, Trade};
use super::random::share;
use crate::drill::api::Unavailable;
use crate::drill::store::stamp;

/// How often kubelets are asked.
const RESOLUTION: i64 = 15;
/// A container shows up in the metrics only after it has run for a while.
const UNSEEN: SignedDuration = SignedDuration::from_secs(20);
const MIB: f64 = 1_048_576.0;

impl World {
    pub(super) fn metrics_answer(&self) -> Result<Timestamp, Unavailable> {
        if !self.has_ready_endpoint("kube-system", "metrics-server") {
            return Err(Unavailable::default());
        }
        let second = self.now.as_second();
        Timestamp::from_second(second - second.rem_euclid(RESOLUTION)).map_err(|_| Unavailable::default())
    }

    pub(super) fn pod_usages(&self, namespace: Option<&str>) -> Result<Vec<Value>, Unavailable> {
        let at = self.metrics_answer()?;
        let pods = self.store.list(self.res.pods, namespace);
        let heard = pods.iter().filter(|pod| self.kubelet_answers(text(pod, "/spec/nodeName")));
        let usage = heard.filter_map(|pod| {
            let containers = self.container_usages(pod, at)?;
            let containers = containers
                .into_iter()
                .map(|(name, (cpu, memory))| json!({ "name": name, "usage": amounts(cpu, memory) }));
            Some(json!({
                "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
                "metadata": { "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
                    "creationTimestamp": stamp(self.now), "labels": pod["metadata"]["labels"] },
                "timestamp": stamp(at), "window": "15.0s",
                "containers": containers.collect::<Vec<_>>(),
            }))
        });
        Ok(usage.collect())
    }

    pub(super) fn node_usages(&self) -> Result<Vec<Value>, Unavailable> {
        let at = self.metrics_answer()?;
        let nodes = self.store.list(self.res.nodes, None);
        let heard = nodes.into_iter().filter(|node| self.kubelet_answers(text(node, "/metadata/name")));
        let usage = heard.map(|node| {
            let name = text(&node, "/metadata/name");
            let pods = self.store.on_node(self.res.pods, name);
            let here = pods.iter().filter_map(|p| self.usage(p, at));
            // What k3s itself takes, etcd and the API server among it.
            let own = (230.0 * wander(uid(&node), at), 1740.0 * MIB * (0.97 + 0.03 * wander(name, at)));
            let (cpu, memory) = here.fold(own, |sum, pod| (sum.0 + pod.0, sum.1 + pod.1));
            json!({
                "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
                "metadata": { "name": name, "creationTimestamp": stamp(self.now), "labels": node["metadata"]["labels"] },
                "timestamp": stamp(at), "window": "15.0s", "usage": amounts(cpu, memory),
            })
        });
        Ok(usage.collect())
    }

    /// CPU in thousandths of a core and memory in bytes, of a pod that runs.
    pub(super) fn usage(&self, pod: &Value, at: Timestamp) -> Option<(f64, f64)> {
        let containers = self.container_usages(pod, at)?;
        Some(containers.into_iter().fold((0.0, 0.0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1)))
    }

    /// The same of each of its containers, by name.
    fn container_usages(&self, pod: &Value, at: Timestamp) -> Option<Vec<(String, (f64, f64))>> {
        let Some(run) = self.runs.get(&Id::of(pod)) else {
            let running = !list(pod, "/status/containerStatuses").is_empty() && text(pod, "/status/phase") == "Running";
            let name = text(pod, "/spec/containers/0/name").to_owned();
            return running.then(|| vec![(name, usual(Trade::Other, uid(pod), at))]);
        };
        let deadlocked = self.is_deadlocked(&Id::of(pod));
        let seen = run.all().filter_map(|container| {
            let State::Running(since) = container.state else { return None };
            let (cpu, memory) = running(run, container, since, at);
            let cpu = if deadlocked { cpu * 0.03 } else { cpu };
            (at.duration_since(since) >= UNSEEN).then(|| (container.name.clone(), (cpu, memory)))
        });
        Some(seen.collect::<Vec<_>>()).filter(|seen| !seen.is_empty())
    }
}

fn running(run: &PodRun, container: &Container, since: Timestamp, at: Timestamp) -> (f64, f64) {
    let first = run.container.name == container.name;
    let who = if first { run.uid.clone() } else { format!("{}/{}", run.uid, container.name) };
    let (cpu, memory) = usual(container.trade, &who, at);
    let (Course::Leaks(_), Some(ends)) = (container.course, container.ends) else {
        return (if run.ailment.is_some() { cpu * 0.4 } else { cpu }, memory);
    };
    let done = (at.duration_since(since).as_secs_f64() / ends.duration_since(since).as_secs_f64()).clamp(0.0, 1.0);
    // The collector works harder and harder as the heap nears its limit.
    (cpu * (1.0 + 6.0 * done * done), memory + (container.limit as f64 * 0.985 - memory).max(0.0) * done)
}

fn usual(trade: Trade, who: &str, at: Timestamp) -> (f64, f64) {
    let (cpu, memory) = trade.figures();
    (cpu * wander(who, at), memory * MIB * (0.93 + 0.07 * wander(who, at)))
}

/// A factor around one that changes little from one sample to the next.
fn wander(who: &str, at: Timestamp) -> f64 {
    let second = at.as_second() as f64;
    let phase = share(who, 0) * std::f64::consts::TAU;
    let slow = (second / 2400.0 + phase).sin();
    let quick = (second / 310.0 + 3.0 * phase).sin();
    let noise = share(who, (at.as_second() / RESOLUTION) as u64) - 0.5;
    0.16f64.mul_add(noise, 0.08f64.mul_add(quick, 0.18f64.mul_add(slow, 1.0)))
}

fn amounts(cpu: f64, memory: f64) -> Value {
    json!({ "cpu": format!("{}n", (cpu * 1e6) as u64), "memory": format!("{}Ki", (memory / 1024.0) as u64) })
}
