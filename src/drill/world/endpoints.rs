//! EndpointSlices: which pods stand behind a Service.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::World;
use super::json::{Id, is, list, map, owned_by, selects, text};
use crate::drill::store::stamp;

impl World {
    /// An address and port behind a Service's port, one after the other; nothing while there is no ready endpoint.
    pub(super) fn endpoint_of(&self, service: &Value, port: &str) -> Option<(String, u16)> {
        let slices = self.store.list(self.res.slices, Some(text(service, "/metadata/namespace")));
        let slice = slices.iter().find(|s| super::json::owner(s) == super::json::uid(service))?;
        let number = list(slice, "/ports").iter().find(|p| text(p, "/name") == port)?["port"].as_u64()?;
        let ready = list(slice, "/endpoints").iter().filter(|e| e["conditions"]["ready"] == true);
        let addresses: Vec<&str> = ready.map(|e| text(e, "/addresses/0")).collect();
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let address = addresses.get(turn.checked_rem(addresses.len())?)?;
        Some(((*address).to_owned(), u16::try_from(number).ok()?))
    }

    pub(super) fn reconcile_service(&mut self, id: &Id) {
        let Some(service) = self.store.get(self.res.services, &id.namespace, &id.name) else { return };
        let Some(selector) = map(&service, "/spec/selector") else { return };
        let mut pods = self.store.list(self.res.pods, Some(&id.namespace));
        pods.retain(|pod| {
            selects(Some(selector), map(pod, "/metadata/labels"))
                && !text(pod, "/status/podIP").is_empty()
                && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
        });
        let ports = ports(&service, pods.first());
        let endpoints: Vec<_> = pods.iter().map(endpoint).collect();
        let slices = self.store.list(self.res.slices, Some(&id.namespace));
        let slice = slices.iter().find(|s| super::json::owner(s) == super::json::uid(&service));
        match slice {
            Some(slice) => self.update_slice(&Id::of(slice), endpoints, ports),
            None => self.create_slice(&service, &endpoints, &ports),
        }
    }

    fn create_slice(&mut self, service: &Value, endpoints: &[Value], ports: &Value) {
        let name = text(service, "/metadata/name");
        let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.insert("endpointslice.kubernetes.io/managed-by".into(), "endpointslice-controller.k8s.io".into());
        labels.insert("kubernetes.io/service-name".into(), name.into());
        let slice = json!({
            "metadata": {
                "generateName": format!("{name}-"), "namespace": service["metadata"]["namespace"], "labels": labels,
                "annotations": { "endpoints.kubernetes.io/last-change-trigger-time": stamp(self.now) },
                "ownerReferences": owned_by(service),
            },
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
        });
        let _ = self.store.create(self.res.slices, slice, self.now);
    }

    fn update_slice(&mut self, id: &Id, endpoints: Vec<Value>, ports: Value) {
        let now = stamp(self.now);
        let endpoints = Value::from(endpoints);
        self.store.modify(self.res.slices, &id.namespace, &id.name, |slice| {
            if slice["endpoints"] != endpoints {
                slice["metadata"]["annotations"]["endpoints.kubernetes.io/last-change-trigger-time"] = now.into();
                slice["endpoints"] = endpoints;
            }
            if !ports.is_null() {
                slice["ports"] = ports;
            }
        });
    }
}

fn endpoint(pod: &Arc<Value>) -> Value {
    let leaving = pod.pointer("/metadata/deletionTimestamp").is_some();
    let ready = is(pod, "Ready");
    json!({
        "addresses": [text(pod, "/status/podIP")],
        "conditions": { "ready": ready && !leaving, "serving": ready, "terminating": leaving },
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": { "kind": "Pod", "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
            "uid": pod["metadata"]["uid"] },
    })
}

/// The Service's ports as the pods have them; null while there is no pod to tell a named one.
fn ports(service: &Value, pod: Option<&Arc<Value>>) -> Value {
    let Some(pod) = pod else { return Value::Null };
    let named = |name: &str| {
        let containers = list(pod, "/spec/containers").iter();
        containers.flat_map(|c| list(c, "/ports")).find(|p| p["name"] == name).map(|p| p["containerPort"].clone())
    };
    let resolved = list(service, "/spec/ports").iter().map(|port| {
        let target = &port["targetPort"];
        let number = target.as_str().map_or_else(|| Some(target.clone()), named);
        json!({ "name": text(port, "/name"), "port": number, "protocol": port["protocol"] })
    });
    Value::from(resolved.collect::<Vec<_>>())
}
