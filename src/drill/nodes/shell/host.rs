//! The node as its commands see it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::super::super::store::Store;
use super::super::super::world::{Inside, Machine, World};
use super::Outcome;

/// The node as its commands see it.
pub struct Host<'a> {
    /// The world it is in.
    pub world: &'a mut World,
    /// Its name.
    pub node: &'a str,
    /// Whether the command may do everything.
    pub root: bool,
}

impl<'a> Host<'a> {
    /// A node of a world.
    pub const fn new(world: &'a mut World, node: &'a str, root: bool) -> Self {
        Self { world, node, root }
    }

    /// The machine, as it is; nothing is known of one that is gone.
    pub fn machine(&self) -> Machine {
        self.world.machine(self.node).cloned().unwrap_or_else(|| Machine::server(1, self.world.now()))
    }

    /// What only a shell tells.
    pub fn inside(&self) -> Inside {
        self.machine().inside
    }

    /// What the machine's own clock says.
    pub fn now(&self) -> Timestamp {
        let skew = self.world.machine(self.node).map_or(jiff::SignedDuration::ZERO, |machine| machine.skew);
        self.world.now().checked_add(skew).unwrap_or_else(|_| self.world.now())
    }

    /// Changes the machine; what follows from it, follows.
    pub fn change(&mut self, change: impl FnOnce(&mut Machine)) {
        self.world.change_machine(self.node, change);
    }

    /// Whether k3s is up.
    pub fn k3s_is_up(&self) -> bool {
        self.world.machine(self.node).is_some_and(Machine::k3s_runs)
    }

    /// An object of the cluster.
    pub fn object(&self, group: &str, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.world.store().get(Store::resource(group, plural)?, namespace, name)
    }

    /// The objects of a kind.
    pub fn objects(&self, group: &str, plural: &str) -> Vec<Arc<Value>> {
        Store::resource(group, plural).map(|kind| self.world.store().list(kind, None)).unwrap_or_default()
    }

    /// The pods that are bound to this node.
    pub fn pods(&self) -> Vec<Arc<Value>> {
        let here = |pod: &Arc<Value>| text(pod, "/spec/nodeName") == self.node;
        self.objects("", "pods").into_iter().filter(here).collect()
    }

    /// The node as the cluster knows it.
    pub fn own(&self) -> Arc<Value> {
        self.object("", "nodes", "", self.node).unwrap_or_default()
    }

    /// The other machines, by node.
    pub fn peers(&self) -> Vec<(String, Machine)> {
        let others = self.world.machines().iter().filter(|(name, _)| name.as_str() != self.node);
        others.map(|(name, machine)| (name.clone(), machine.clone())).collect()
    }

    /// The number of the node among the machines, the first being 0.
    pub fn number(&self) -> usize {
        self.world.machines().keys().position(|name| name == self.node).unwrap_or_default()
    }
}

/// A text in an object; empty where there is none.
pub fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A list in an object.
pub fn list<'v>(object: &'v Value, pointer: &str) -> &'v [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A time in an object.
pub fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// A number that belongs to a text, always the same.
pub fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a command says to who may not use it.
pub fn denied(what: &str) -> Outcome {
    Outcome::failed(1, format!("{what}: Permission denied\n"))
}
