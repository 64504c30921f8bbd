//! What comes round: heartbeats, leaders' claims, the clock's minutes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::json::{list, put, text};
use super::{Due, World};
use crate::drill::store::stamp;

/// Something that comes round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulse {
    /// A node renews its Lease.
    NodeLease(String),
    /// A node reports its status, though nothing has changed.
    NodeStatus(String),
    /// The leaders among the controllers renew their claims.
    Leaders,
    /// A minute is full.
    Minute,
    /// The applications' queue goes on.
    Tasks,
    /// Pods of the load change.
    Churn,
}

/// Who leads what. k3s runs its controllers in one process, so that one node leads nearly all of it.
pub(super) const LEADERS: [(&str, &str); 4] =
    [("kube-controller-manager", "nbg1-1"), ("kube-scheduler", "nbg1-1"), ("k3s", "nbg1-1"), ("k3s-etcd", "nbg1-2")];

impl World {
    pub(super) fn pulse(&mut self, pulse: Pulse) {
        let again = match &pulse {
            Pulse::NodeLease(node) => self.renew("kube-node-lease", node, SignedDuration::from_secs(10)),
            Pulse::NodeStatus(node) => self.heartbeat(node),
            Pulse::Leaders => {
                for (lease, _) in LEADERS {
                    self.renew("kube-system", lease, SignedDuration::ZERO);
                }
                Some(SignedDuration::from_secs(2))
            }
            Pulse::Minute => {
                self.expire_events();
                self.start_cron_jobs();
                self.snapshot_if_due();
                Some(SignedDuration::from_secs(60))
            }
            Pulse::Tasks => Some(self.work_on_tasks()),
            Pulse::Churn => Some(self.churn()),
        };
        if let Some(after) = again {
            self.plan(after, Due::Pulse(pulse));
        }
    }

    fn renew(&mut self, namespace: &str, name: &str, again: SignedDuration) -> Option<SignedDuration> {
        let now = self.now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let lease = |lease: &mut Value| put(lease, &["spec", "renewTime"], now.into());
        self.store.modify(self.res.leases, namespace, name, lease)?;
        // A kubelet renews a little irregularly.
        Some(again + SignedDuration::from_millis(self.random.below(400) as i64))
    }

    fn heartbeat(&mut self, node: &str) -> Option<SignedDuration> {
        let now = stamp(self.now);
        self.store.modify(self.res.nodes, "", node, |node| {
            let mut conditions = list(node, "/status/conditions").to_vec();
            for condition in &mut conditions {
                condition["lastHeartbeatTime"] = now.as_str().into();
            }
            put(node, &["status", "conditions"], conditions.into());
        })?;
        Some(SignedDuration::from_secs(295 + self.random.below(10) as i64))
    }

    /// Begins everything that comes round, spread over its period.
    pub(super) fn begin_pulses(&mut self) {
        let nodes = self.store.list(self.res.nodes, None);
        for node in &nodes {
            let name = text(node, "/metadata/name").to_owned();
            let lease = self.random.millis((0, 10_000));
            self.plan(lease, Due::Pulse(Pulse::NodeLease(name.clone())));
            let status = self.random.millis((0, 300_000));
            self.plan(status, Due::Pulse(Pulse::NodeStatus(name)));
        }
        self.plan(SignedDuration::ZERO, Due::Pulse(Pulse::Leaders));
    }

    /// The Lease of a node or a leader.
    pub(super) fn create_lease(&mut self, namespace: &str, name: &str, holder: &str, seconds: u32) {
        let lease = json!({
            "metadata": { "name": name, "namespace": namespace },
            "spec": { "holderIdentity": holder, "leaseDurationSeconds": seconds,
                "renewTime": self.now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string() },
        });
        let _ = self.store.create(self.res.leases, lease, self.now);
    }
}
