//! Which objects an owner has and which pods a node, so that nobody has to look at all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Key, key};

/// What is found under a UID or the name of a node.
type Shelf = BTreeMap<String, BTreeSet<Key>>;

/// The indexes of one resource.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the UID of each owner; those that nobody owns under the empty one.
    owners: Shelf,
    /// Pods by the name of their node; those without one under the empty one.
    nodes: Shelf,
}

impl Index {
    /// An object has become another, or begun, or ended.
    pub(super) fn change(&mut self, key: &Key, before: Option<&Value>, after: Option<&Value>) {
        let owner = [before, after].map(|object| object.map(owners).unwrap_or_default());
        move_over(&mut self.owners, key, &owner);
        let node = [before, after].map(|object| object.and_then(node).into_iter().collect());
        move_over(&mut self.nodes, key, &node);
    }

    /// What an owner has, by namespace and name.
    pub(super) fn owned(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.owners.get(uid).into_iter().flatten()
    }

    /// What nobody owns in a namespace.
    pub(super) fn orphans(&self, namespace: &str) -> impl Iterator<Item = &Key> {
        let free = self.owners.get("").map(|keys| keys.range(key(namespace, "")..));
        free.into_iter().flatten().take_while(move |key| key.0 == namespace)
    }

    /// The pods of a node.
    pub(super) fn on(&self, node: &str) -> impl Iterator<Item = &Key> {
        self.nodes.get(node).into_iter().flatten()
    }

    /// How many they are.
    pub(super) fn count_on(&self, node: &str) -> usize {
        self.nodes.get(node).map_or(0, BTreeSet::len)
    }
}

fn owners(object: &Value) -> Vec<&str> {
    let references = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).map(Vec::as_slice);
    match references.unwrap_or_default() {
        [] => vec![""],
        some => some.iter().filter_map(|owner| owner["uid"].as_str()).collect(),
    }
}

/// Only pods are on nodes.
fn node(object: &Value) -> Option<&str> {
    (object["kind"] == "Pod").then(|| object.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or_default())
}

fn move_over(shelf: &mut Shelf, key: &Key, [before, after]: &[Vec<&str>; 2]) {
    if before == after {
        return;
    }
    for place in before.iter().filter(|place| !after.contains(place)) {
        if let Some(keys) = shelf.get_mut(*place) {
            keys.remove(key);
            if keys.is_empty() {
                shelf.remove(*place);
            }
        }
    }
    for place in after.iter().filter(|place| !before.contains(place)) {
        shelf.entry((*place).to_owned()).or_default().insert(key.clone());
    }
}
