//! What comes round: heartbeats, leaders' claims, the clock's minutes.

use jiff::SignedDuration;

use super::json::text;
use super::{Due, World};

/// Something that comes round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulse {
    /// A node renews its Lease.
    NodeLease(String),
    /// A node reports its status, though nothing has changed.
    NodeStatus(String),
    /// The leaders among the controllers renew their claims.
    Leaders,
    /// The controllers look whether the nodes are heard of.
    Nodes,
    /// etcd's leader looks at the members.
    Members,
    /// Kubelets look at their disks.
    Disks,
    /// A minute is full.
    Minute,
    /// The applications' queue goes on.
    Tasks,
    /// Pods of the load change.
    Churn,
}

impl World {
    pub(super) fn pulse(&mut self, pulse: Pulse) {
        let again = match &pulse {
            Pulse::NodeLease(node) => self.node_lease(node),
            Pulse::NodeStatus(node) => self.node_status(node),
            Pulse::Leaders => {
                self.lead();
                Some(SignedDuration::from_secs(2))
            }
            Pulse::Nodes => {
                self.monitor_nodes();
                Some(SignedDuration::from_secs(5))
            }
            Pulse::Members => {
                self.tell_of_members();
                Some(SignedDuration::from_secs(15))
            }
            Pulse::Disks => {
                self.look_at_disks();
                Some(SignedDuration::from_secs(10))
            }
            Pulse::Minute => {
                self.minute();
                Some(SignedDuration::from_secs(60))
            }
            Pulse::Tasks => Some(self.work_on_tasks()),
            Pulse::Churn => Some(self.churn()),
        };
        if let Some(after) = again {
            self.plan(after, Due::Pulse(pulse));
        }
    }

    fn minute(&mut self) {
        if !self.has_quorum() {
            return;
        }
        self.expire_events();
        if self.controllers_lead() {
            self.start_cron_jobs();
        }
        self.snapshot_if_due();
    }

    fn node_lease(&mut self, node: &str) -> Option<SignedDuration> {
        // A machine whose Lease is gone will have one again; a node of the load has only one.
        if self.posts(node) && !self.renew("kube-node-lease", node) && !self.machines.contains_key(node) {
            return None;
        }
        // A kubelet renews a little irregularly.
        Some(SignedDuration::from_secs(10) + SignedDuration::from_millis(self.random.below(400) as i64))
    }

    fn node_status(&mut self, node: &str) -> Option<SignedDuration> {
        if self.posts(node) && !self.heartbeat(node) {
            return None;
        }
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
        self.listening_since = self.now;
        for pulse in [Pulse::Leaders, Pulse::Nodes, Pulse::Members, Pulse::Disks] {
            self.plan(SignedDuration::ZERO, Due::Pulse(pulse));
        }
    }
}
