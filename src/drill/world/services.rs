//! Services: the addresses and node ports that a server gives them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::World;
use super::json::{Id, list, put, text};
use super::random::mix;

/// The first node port, and how many there are.
const NODE_PORTS: (u64, u64) = (30_000, 2768);

impl World {
    /// A Service that is changed keeps its address and ports, and gets those that its new type has.
    pub(super) fn keep_service(&self, service: &mut Value) {
        let id = Id::of(service);
        if self.store.get(self.res.services, &id.namespace, &id.name).is_some() {
            self.admit_service(service);
            if text(service, "/spec/type") != "ExternalName" {
                super::admission::give_address(service);
            }
        }
    }

    /// Gives a Service what it lacks of addresses and ports; what it had before it keeps.
    pub(super) fn admit_service(&self, service: &mut Value) {
        let id = Id::of(service);
        let before = self.store.get(self.res.services, &id.namespace, &id.name);
        let kind = text(service, "/spec/type").to_owned();
        if kind == "ExternalName" {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
                put(service, &["spec", field], Value::Null);
            }
            return;
        }
        if text(service, "/spec/clusterIP").is_empty() {
            let kept = before.as_ref().map(|b| text(b, "/spec/clusterIP")).unwrap_or_default();
            let address = if kept.is_empty() { self.free_address(&id) } else { kept.to_owned() };
            put(service, &["spec", "clusterIP"], address.as_str().into());
            put(service, &["spec", "clusterIPs"], json!([address]));
        }
        let open = matches!(kind.as_str(), "NodePort" | "LoadBalancer");
        let known = before.as_ref().map(|b| list(b, "/spec/ports")).unwrap_or_default();
        self.admit_ports(&id, service, open, known);
        if !open {
            put(service, &["spec", "externalTrafficPolicy"], Value::Null);
        } else if text(service, "/spec/externalTrafficPolicy").is_empty() {
            put(service, &["spec", "externalTrafficPolicy"], "Cluster".into());
        }
        if kind == "LoadBalancer" && service.pointer("/spec/allocateLoadBalancerNodePorts").is_none() {
            put(service, &["spec", "allocateLoadBalancerNodePorts"], true.into());
        }
    }

    fn admit_ports(&self, id: &Id, service: &mut Value, open: bool, known: &[Value]) {
        let mut taken = self.node_ports();
        for port in service["spec"]["ports"].as_array_mut().into_iter().flatten() {
            if !open {
                put(port, &["nodePort"], Value::Null);
            } else if port["nodePort"].as_u64().unwrap_or_default() == 0 {
                let same = known.iter().find(|k| k["port"] == port["port"] && text(k, "/name") == text(port, "/name"));
                let number = same.and_then(|k| k["nodePort"].as_u64()).or_else(|| free_port(id, port, &taken));
                if let Some(number) = number {
                    taken.insert(number);
                    port["nodePort"] = number.into();
                }
            }
        }
    }

    /// An address that no Service has.
    fn free_address(&self, id: &Id) -> String {
        let services = self.store.list(self.res.services, None);
        let taken: BTreeSet<&str> = services.iter().map(|s| text(s, "/spec/clusterIP")).collect();
        let first = mix(&format!("{}/{}", id.namespace, id.name), 0);
        let addresses = (0..25_000).map(|step| {
            let number = first.wrapping_add(step);
            format!("10.43.{}.{}", 100 + number % 100, 1 + number / 100 % 250)
        });
        addresses.into_iter().find(|address| !taken.contains(address.as_str())).unwrap_or_default()
    }

    fn node_ports(&self) -> BTreeSet<u64> {
        let services = self.store.list(self.res.services, None);
        services.iter().flat_map(|s| list(s, "/spec/ports")).filter_map(|p| p["nodePort"].as_u64()).collect()
    }
}

fn free_port(id: &Id, port: &Value, taken: &BTreeSet<u64>) -> Option<u64> {
    let (least, many) = NODE_PORTS;
    let first = mix(&format!("{}/{}/{}", id.namespace, id.name, port["port"]), 1) % many;
    (0..many).map(|step| least + (first + step) % many).find(|number| !taken.contains(number))
}
