//! Nodes.

use super::Wire;
use super::meta::MetaWire;
use super::wire::{ConditionWire, Pairs, Resources, Time, conditions, wire};
use crate::situation::Text;
use crate::situation::object::{LEFT_BEHIND, Node, NodeInfo, Object, Taint};

wire! {
    struct NodeWire { metadata: MetaWire<Pairs>, spec: Spec, status: NodeStatus }

    struct Spec { unschedulable: bool, taints: Vec<TaintWire> }

    struct TaintWire { key: Text, value: Text, effect: Text, time_added: Time }

    struct NodeStatus {
        addresses: Vec<AddressWire>,
        conditions: Vec<ConditionWire>,
        capacity: Resources,
        allocatable: Resources,
        node_info: InfoWire,
    }

    struct AddressWire { r#type: Text, address: Text }

    struct InfoWire {
        kubelet_version: Text,
        os_image: Text,
        kernel_version: Text,
        architecture: Text,
        container_runtime_version: Text,
        #[serde(rename = "machineID")]
        machine_id: Text,
        #[serde(rename = "bootID")]
        boot_id: Text,
    }
}

impl From<InfoWire> for NodeInfo {
    fn from(wire: InfoWire) -> Self {
        Self {
            kubelet_version: wire.kubelet_version,
            os_image: wire.os_image,
            kernel_version: wire.kernel_version,
            architecture: wire.architecture,
            container_runtime: wire.container_runtime_version,
            machine_id: wire.machine_id,
            boot_id: wire.boot_id,
        }
    }
}

/// Whether an annotation says something of k3s, etcd or flannel, or was left by this program.
fn tells(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    matches!(domain, "k3s.io" | "flannel.alpha.coreos.com") || domain.ends_with(".k3s.cattle.io") || key == LEFT_BEHIND
}

impl Wire for NodeWire {
    fn version(&mut self) -> String {
        std::mem::take(&mut self.metadata.resource_version)
    }

    fn object(mut self) -> Object {
        let mut annotations = std::mem::take(&mut self.metadata.annotations).into_vec();
        annotations.retain(|(key, _)| tells(key));
        let taints = self.spec.taints.into_iter();
        Node {
            meta: self.metadata.into(),
            unschedulable: self.spec.unschedulable,
            taints: taints
                .map(|t| Taint { key: t.key, value: t.value, effect: t.effect, added: t.time_added.0 })
                .collect(),
            addresses: self.status.addresses.into_iter().map(|a| (a.r#type, a.address)).collect(),
            conditions: conditions(self.status.conditions),
            capacity: self.status.capacity.0,
            allocatable: self.status.allocatable.0,
            info: self.status.node_info.into(),
            annotations,
        }
        .into()
    }
}
