//! What metrics-server tells: usage that wanders slowly around what a workload usually takes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::json::{Id, list, text, uid};
use super::kubelet::{PodRun, State};
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
    fn metrics_answer(&self) -> Result<Timestamp, Unavailable> {
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
            let (cpu, memory) = self.usage(pod, at)?;
            let container = pod.pointer("/spec/containers/0/name")?;
            Some(json!({
                "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
                "metadata": { "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
                    "creationTimestamp": stamp(self.now), "labels": pod["metadata"]["labels"] },
                "timestamp": stamp(at), "window": "15.0s",
                "containers": [{ "name": container, "usage": amounts(cpu, memory) }],
            }))
        });
        Ok(usage.collect())
    }

    pub(super) fn node_usages(&self) -> Result<Vec<Value>, Unavailable> {
        let at = self.metrics_answer()?;
        let pods = self.store.list(self.res.pods, None);
        let nodes = self.store.list(self.res.nodes, None);
        let heard = nodes.into_iter().filter(|node| self.kubelet_answers(text(node, "/metadata/name")));
        let usage = heard.map(|node| {
            let name = text(&node, "/metadata/name");
            let here = pods.iter().filter(|p| text(p, "/spec/nodeName") == name).filter_map(|p| self.usage(p, at));
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
        let Some(run) = self.runs.get(&Id::of(pod)) else {
            let running = !list(pod, "/status/containerStatuses").is_empty() && text(pod, "/status/phase") == "Running";
            return running.then(|| usual(Trade::Other, uid(pod), at));
        };
        let State::Running(since) = run.container.state else { return None };
        let (cpu, memory) = running(run, since, at);
        let cpu = if self.is_deadlocked(&Id::of(pod)) { cpu * 0.03 } else { cpu };
        (at.duration_since(since) >= UNSEEN).then_some((cpu, memory))
    }
}

fn running(run: &PodRun, since: Timestamp, at: Timestamp) -> (f64, f64) {
    let (cpu, memory) = usual(run.container.trade, &run.uid, at);
    let (Course::Leaks(_), Some(ends)) = (run.container.course, run.container.ends) else {
        return (if run.ailment.is_some() { cpu * 0.4 } else { cpu }, memory);
    };
    let done = (at.duration_since(since).as_secs_f64() / ends.duration_since(since).as_secs_f64()).clamp(0.0, 1.0);
    // The collector works harder and harder as the heap nears its limit.
    (cpu * (1.0 + 6.0 * done * done), memory + (run.container.limit as f64 * 0.985 - memory).max(0.0) * done)
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
