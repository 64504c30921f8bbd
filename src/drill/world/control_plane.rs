//! etcd and those who lead: who has a quorum, who holds which Lease, which member votes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::World;
use super::genesis::condition;
use super::informer::Work;
use super::json::{entry, list, put, text, time};
use super::machine::{Machine, Member};
use super::recorder::{Note, Reporter};
use crate::drill::net::Route;
use crate::drill::store::stamp;

/// Who led what when the cluster was new. k3s runs its controllers in one process, so that one node leads nearly all.
pub(super) const LEADERS: [(&str, &str); 4] =
    [(CONTROLLERS, "nbg1-1"), (SCHEDULER, "nbg1-1"), ("k3s", "nbg1-1"), (ETCD, "nbg1-2")];

const CONTROLLERS: &str = "kube-controller-manager";
const SCHEDULER: &str = "kube-scheduler";
const ETCD: &str = "k3s-etcd";

/// How long a claim to lead holds that nobody renews.
const CLAIM: SignedDuration = SignedDuration::from_secs(15);
/// An unchanged condition is written again after so long.
const REFRESHED: SignedDuration = SignedDuration::from_secs(300);
const PEERS: u16 = 2380;

const IS_VOTER: &str = "EtcdIsVoter";
const NODE_NAME: &str = "etcd.k3s.cattle.io/node-name";
const REMOVE: &str = "etcd.k3s.cattle.io/remove";
const REMOVED: &str = "etcd.k3s.cattle.io/removed-node-name";

impl World {
    /// Whether the cluster's API reads and writes at all.
    pub fn has_quorum(&self) -> bool {
        !self.quorum.is_empty()
    }

    /// Whether a node's etcd member is part of the quorum: its own API server works and its kubelet is heard.
    pub fn in_quorum(&self, node: &str) -> bool {
        self.quorum.contains(node)
    }

    /// The node whose etcd member leads, while there is a quorum.
    pub fn etcd_leader(&self) -> Option<&str> {
        let lease = self.store.get(self.res.leases, "kube-system", ETCD);
        let holder = lease.map(|l| holder(&l).to_owned()).unwrap_or_default();
        self.quorum.get(&holder).or_else(|| self.quorum.first()).map(String::as_str)
    }

    /// Whether the operator reaches a node's API server. Where the others have a quorum and this one does not, k3s never
    /// gets as far as to answer.
    pub fn serves_api(&self, node: &str) -> bool {
        let Some(machine) = self.machine(node) else { return false };
        machine.k3s_runs() && machine.public_link && (self.quorum.is_empty() || self.in_quorum(node))
    }

    /// Whether a node's member reaches a majority, itself among it.
    pub(super) fn finds_quorum(&self, node: &str) -> bool {
        let Some(own) = self.machine(node).filter(|m| m.etcd_runs()) else { return false };
        let members = self.machines.values().filter(|m| matches!(m.etcd, Member::Voter | Member::Corrupt)).count();
        let voters = self.machines.values().filter(|m| m.etcd == Member::Voter && m.etcd_runs() && linked(own, m));
        voters.count() * 2 > members
    }

    /// Whether the controllers of the control plane work: one of them leads.
    pub(super) fn attends(&self, work: &Work) -> bool {
        self.has_quorum()
            && match work {
                Work::Pod(_) | Work::ApiService(_) => true,
                _ => self.leading.contains(CONTROLLERS),
            }
    }

    /// Whether somebody leads the schedulers.
    pub(super) fn scheduler_leads(&self) -> bool {
        self.leading.contains(SCHEDULER)
    }

    /// Whether somebody leads the controllers.
    pub(super) fn controllers_lead(&self) -> bool {
        self.has_quorum() && self.leading.contains(CONTROLLERS)
    }

    /// A node's claims to lead are void: their process is gone.
    pub(super) fn lose_claims(&mut self, node: &str) {
        for (lease, _) in LEADERS {
            let held = self.store.get(self.res.leases, "kube-system", lease);
            if held.is_some_and(|l| holder(&l) == node) {
                self.leading.remove(lease);
            }
        }
    }

    /// Leaders renew their claims; those of the dead pass to others.
    pub(super) fn lead(&mut self) {
        if self.quorum.is_empty() {
            return;
        }
        for (lease, _) in LEADERS {
            if self.leading.contains(lease) {
                self.renew("kube-system", lease);
            } else {
                self.take_over(lease);
            }
        }
    }

    fn take_over(&mut self, lease: &'static str) {
        let Some(held) = self.store.get(self.res.leases, "kube-system", lease) else { return };
        let renewed = time(&held, "/spec/renewTime").unwrap_or_default();
        if self.now.duration_since(renewed) < CLAIM {
            return;
        }
        let turn = self.random.below(self.quorum.len() as u64) as usize;
        let Some(node) = self.quorum.iter().nth(turn).cloned() else { return };
        let identity = format!("{node}_{}", self.random.hex(8));
        let now = self.now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        self.store.modify(self.res.leases, "kube-system", lease, |lease| {
            lease["spec"]["holderIdentity"] = identity.as_str().into();
            lease["spec"]["acquireTime"] = now.as_str().into();
            lease["spec"]["renewTime"] = now.as_str().into();
            lease["spec"]["leaseTransitions"] = (lease["spec"]["leaseTransitions"].as_i64().unwrap_or(0) + 1).into();
        });
        self.leading.insert(lease);
        if lease == CONTROLLERS {
            self.listening_since = self.now;
        }
        let message = format!("{identity} became leader");
        self.record(&held, Reporter::Controller(lease), Note::normal("LeaderElection", &message));
        self.work.append(&mut self.stalled);
    }

    /// The leader of etcd's members says of each whether it votes.
    pub(super) fn tell_of_members(&mut self) {
        if !self.has_quorum() || !self.leading.contains(ETCD) {
            return;
        }
        let members: Vec<_> = self.machines.iter().map(|(n, m)| (n.clone(), self.standing(n, m))).collect();
        for (node, standing) in members {
            self.tell_of_member(&node, standing);
        }
    }

    fn standing(&self, node: &str, machine: &Machine) -> (&'static str, &'static str, &'static str) {
        match machine.etcd {
            Member::Removed | Member::Fresh => ("False", "NotAMember", "Node is not a member of the etcd cluster"),
            _ if !self.in_quorum(node) => ("False", "Unhealthy", "context deadline exceeded"),
            Member::Learner => {
                ("False", "MemberIsLearner", "Node has not been promoted to voting member of the etcd cluster")
            }
            _ => ("True", "MemberNotLearner", "Node is a voting member of the etcd cluster"),
        }
    }

    fn tell_of_member(&mut self, node: &str, (status, reason, message): (&str, &str, &str)) {
        let Some(known) = self.store.get(self.res.nodes, "", node) else { return };
        let new = condition(IS_VOTER, status, reason, message, self.now);
        let old = list(&known, "/status/conditions").iter().find(|c| c["type"] == IS_VOTER);
        let same = old.is_some_and(|old| old["status"] == status && old["reason"] == reason);
        let told = old.and_then(|c| time(c, "/lastHeartbeatTime")).unwrap_or_default();
        if same && self.now.duration_since(told) < REFRESHED + SignedDuration::from_secs(30) {
            return;
        }
        self.set_node_conditions(node, vec![new]);
    }

    /// A member is taken out of the cluster; its k3s does not survive that.
    pub(super) fn remove_member(&mut self, node: &str) {
        if self.machine(node).is_some_and(|m| !matches!(m.etcd, Member::Removed | Member::Fresh)) {
            self.alter_machine(node, |machine| machine.etcd = Member::Removed);
        }
    }

    /// Somebody may have asked, by an annotation, that a member go.
    pub(super) fn heed_removal(&mut self, node: &Value) {
        let name = text(node, "/metadata/name");
        let wished = entry(node, "/metadata/annotations", REMOVE) == "true";
        if !wished || !entry(node, "/metadata/annotations", REMOVED).is_empty() {
            return;
        }
        let member = entry(node, "/metadata/annotations", NODE_NAME).to_owned();
        self.store.modify(self.res.nodes, "", name, |node| {
            put(node, &["metadata", "annotations", REMOVED], member.into());
        });
        self.remove_member(name);
    }

    /// A member votes: it has a name of its own again.
    pub(super) fn member_joined(&mut self, node: &str) {
        let name = format!("{node}-{}", self.random.hex(8));
        self.store.modify(self.res.nodes, "", node, |node| {
            if !entry(node, "/metadata/annotations", REMOVED).is_empty() {
                put(node, &["metadata", "annotations", NODE_NAME], name.into());
            }
            put(node, &["metadata", "annotations", REMOVE], Value::Null);
            put(node, &["metadata", "annotations", REMOVED], Value::Null);
        });
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

    /// Renews a Lease, if there is one.
    pub(super) fn renew(&mut self, namespace: &str, name: &str) -> bool {
        let now = self.now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let lease = |lease: &mut Value| put(lease, &["spec", "renewTime"], now.into());
        self.store.modify(self.res.leases, namespace, name, lease).is_some()
    }

    /// Sets conditions of a node; what stays as it was keeps the time since when.
    pub(super) fn set_node_conditions(&mut self, node: &str, new: Vec<Value>) {
        let now = self.now;
        self.store.modify(self.res.nodes, "", node, |node| {
            let mut conditions = list(node, "/status/conditions").to_vec();
            for mut new in new {
                new["lastHeartbeatTime"] = stamp(now).into();
                super::json::set_condition(&mut conditions, new, now);
            }
            put(node, &["status", "conditions"], conditions.into());
        });
    }
}

/// The node that holds a Lease.
fn holder(lease: &Value) -> &str {
    let holder = text(lease, "/spec/holderIdentity");
    holder.rsplit_once('_').map_or(holder, |(node, _)| node)
}

/// Whether two members hear one another.
fn linked(one: &Machine, other: &Machine) -> bool {
    let hears = |hearer: &Machine, speaker: &Machine| {
        !matches!(hearer.firewall.verdict(Some(&speaker.private), PEERS), Some(Route::Refused | Route::Silent))
    };
    one.id == other.id || (one.private_link && other.private_link && hears(one, other) && hears(other, one))
}
