//! How etcd stands, seen from one member.

use super::super::world::{Machine, Member, World};

/// How etcd stands, seen from one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etcd {
    /// The member.
    pub member: Member,
    /// Whether it knows of a leader.
    pub has_leader: bool,
    /// Whether it leads.
    pub is_leader: bool,
    /// The other members that it does not reach, by node.
    pub lost: Vec<String>,
    /// The revision of the newest change.
    pub revision: u64,
}

impl Etcd {
    /// Looks at it from a node; nothing if there is no such machine.
    pub fn seen_from(world: &World, node: &str) -> Option<Self> {
        let own = world.machine(node)?;
        let missed = |(name, machine): &(&String, &Machine)| {
            let belongs = matches!(machine.etcd, Member::Voter | Member::Corrupt);
            let linked = own.private_link && machine.private_link;
            name.as_str() != node && belongs && !(machine.etcd_runs() && linked)
        };
        let lost = world.machines().iter().filter(missed).map(|(name, _)| name.clone()).collect();
        let has_leader = world.in_quorum(node);
        let is_leader = has_leader && world.etcd_leader() == Some(node);
        Some(Self { member: own.etcd, has_leader, is_leader, lost, revision: world.store().revision() })
    }

    /// Whether it is healthy: it has a leader, or votes for one.
    pub const fn healthy(&self) -> bool {
        self.has_leader
    }
}
