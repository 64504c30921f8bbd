//! What the network asks of the world: who has an address, who listens, who may leave.

use std::collections::BTreeMap;

use super::World;
use super::json::text;
use super::machine::Machine;
use crate::drill::net::Vantage;

/// A pod as the network sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachable {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: String,
    /// The ports on which its container listens.
    pub ports: Vec<u16>,
}

impl World {
    /// The machines of the deployment, by the names of their nodes. Nodes of the load have none.
    pub const fn machines(&self) -> &BTreeMap<String, Machine> {
        &self.machines
    }

    /// The names of their nodes.
    pub(super) fn machine_names(&self) -> Vec<String> {
        self.machines.keys().cloned().collect()
    }

    /// One machine.
    pub fn machine(&self, node: &str) -> Option<&Machine> {
        self.machines.get(node)
    }

    /// The node with a name or an address.
    pub fn machine_at(&self, host: &str) -> Option<String> {
        let is = |(name, machine): &(&String, &Machine)| {
            name.as_str() == host || machine.public == host || machine.private == host
        };
        self.machines.iter().find(is).map(|(name, _)| name.clone())
    }

    /// Each node with its public address.
    pub fn public_addresses(&self) -> Vec<(String, String)> {
        self.machines.iter().map(|(name, machine)| (name.clone(), machine.public.clone())).collect()
    }

    /// Whether connections from there reach other hosts; `private` for the network between the nodes.
    pub fn can_leave(&self, from: &Vantage, private: bool) -> bool {
        match from {
            // The private network is the nodes' own.
            Vantage::Operator | Vantage::Edge => !private,
            Vantage::Node(node) => self.machine(node).is_some_and(|m| m.running() && m.link(private)),
        }
    }

    /// The address that the other side sees, where it matters to a firewall.
    pub fn sender(&self, from: &Vantage, private: bool) -> Option<String> {
        match from {
            Vantage::Operator => Some("198.51.100.7".to_owned()),
            Vantage::Edge => Some("203.0.113.201".to_owned()),
            Vantage::Node(node) => {
                self.machine(node).map(|m| if private { m.private.clone() } else { m.public.clone() })
            }
        }
    }

    /// Whether pods of a node reach those of others.
    pub fn overlay(&self, node: &str) -> bool {
        self.machine(node).is_some_and(|m| m.running() && m.overlay && m.private_link)
    }

    /// Whether the ingress of a node listens.
    pub fn ingress_runs(&self, node: &str) -> bool {
        self.machine(node).is_some_and(Machine::runs_containers)
            && self.store.list(self.res.pods, Some("kube-system")).iter().any(|pod| {
                text(pod, "/spec/nodeName") == node
                    && text(pod, "/spec/containers/0/name") == "traefik"
                    && self.listens(pod)
            })
    }

    /// The pod that has an address of the pod network and has not ended.
    pub fn pod_at(&self, ip: &str) -> Option<Reachable> {
        let run = self.runs.iter().find(|(_, run)| run.ip == ip)?;
        let pod = self.store.get(self.res.pods, &run.0.namespace, &run.0.name)?;
        let ports = if self.listens(&pod) { container_ports(&pod) } else { Vec::new() };
        Some(Reachable {
            namespace: run.0.namespace.clone(),
            name: run.0.name.clone(),
            node: run.1.node.clone(),
            ports,
        })
    }

    /// Where a Service's port leads: nothing if there is none, `Some(None)` if it has no endpoint.
    pub fn service_at(&self, ip: &str, port: u16) -> Option<Option<(String, u16)>> {
        let services = self.store.list(self.res.services, None);
        let service = services.iter().find(|s| text(s, "/spec/clusterIP") == ip)?;
        let ports = service["spec"]["ports"].as_array()?;
        let which = ports.iter().find(|p| p["port"].as_u64() == Some(u64::from(port)))?;
        Some(self.endpoint_of(service, text(which, "/name")))
    }
}

fn container_ports(pod: &serde_json::Value) -> Vec<u16> {
    let containers = super::json::list(pod, "/spec/containers");
    let declared = containers.iter().flat_map(|c| super::json::list(c, "/ports")).map(|port| &port["containerPort"]);
    // What answers a probe listens, declared or not.
    let probes = ["/livenessProbe/httpGet/port", "/readinessProbe/httpGet/port"];
    let probing = containers.iter().flat_map(|c| probes.into_iter().filter_map(|pointer| c.pointer(pointer)));
    declared.chain(probing).filter_map(|port| u16::try_from(port.as_u64()?).ok()).collect()
}
