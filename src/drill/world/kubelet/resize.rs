//! Other resources for a container that runs: given in place, or not given by a node that is too small.

use serde_json::{Value, json};

use crate::drill::world::World;
use crate::drill::world::json::{Id, bytes, list, set_condition, text};

/// What is said of a pod whose resources its node does not have.
const PENDING: &str = "PodResizePending";

impl World {
    /// Gives a running pod the resources that it is to have, if they are not those that it has.
    pub(super) fn give_resources(&mut self, id: &Id, pod: &Value) {
        let has = pod.pointer("/status/containerStatuses/0/resources");
        let wanted = &pod["spec"]["containers"][0]["resources"];
        if has.is_none_or(|has| has == wanted) {
            return;
        }
        let node = self.store.get(self.res.nodes, "", text(pod, "/spec/nodeName"));
        let refusal = node.and_then(|node| too_large(wanted, &node["status"]["allocatable"]));
        if refusal.is_none() {
            self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
                if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
                    conditions.retain(|c| c["type"] != PENDING);
                }
            });
            self.write_pod_status(id);
            return;
        }
        let now = self.now;
        self.store.modify(self.res.pods, &id.namespace, &id.name, |pod| {
            let mut conditions = list(pod, "/status/conditions").to_vec();
            let condition = json!({ "type": PENDING, "status": "True", "reason": "Infeasible", "message": refusal,
                "lastProbeTime": null, "observedGeneration": pod["metadata"]["generation"] });
            set_condition(&mut conditions, condition, now);
            pod["status"]["conditions"] = conditions.into();
        });
    }
}

/// Whether a pod waits for resources that its node does not have; its container keeps what it has.
pub(super) fn is_pending(conditions: &[Value]) -> bool {
    conditions.iter().any(|c| c["type"] == PENDING)
}

/// Why a node cannot give these resources.
fn too_large(wanted: &Value, allocatable: &Value) -> Option<String> {
    let amount = |quantities: &Value, name: &str| {
        let quantity = text(quantities, &format!("/{name}"));
        if name == "cpu" { millis(quantity) } else { bytes(quantity) }
    };
    ["memory", "cpu"].iter().find_map(|name| {
        let (wanted, has) = (amount(&wanted["requests"], name), amount(allocatable, name));
        let message = format!("Node didn't have enough capacity: {name}, requested: {wanted}, capacity: {has}");
        (has > 0 && wanted > has).then_some(message)
    })
}

/// Thousandths of a core: `250m`, `2`.
fn millis(quantity: &str) -> u64 {
    quantity.strip_suffix('m').map_or_else(
        || (quantity.parse::<f64>().unwrap_or_default() * 1000.0).max(0.0) as u64,
        |thousandths| thousandths.parse().unwrap_or_default(),
    )
}
