//! Endpoints: which pods stand behind a Service, as EndpointSlices and in the older form.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::World;
use super::garbage::leaving;
use super::json::{Id, is, list, map, owned_by, put, selects, text, uid};
use super::pods::finished;
use super::random::uid_for;
use crate::drill::store::stamp;

/// How many endpoints one slice holds.
const A_SLICE: usize = 100;
/// How many addresses the older form holds.
const AN_OBJECT: usize = 1000;
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Pods behind a Service that have the same ports for it.
struct Group {
    ports: Value,
    pods: Vec<Arc<Value>>,
}

impl World {
    /// An address and port behind a Service's port, one after the other; nothing while there is no ready endpoint.
    pub(super) fn endpoint_of(&self, service: &Value, port: &str) -> Option<(String, u16)> {
        let slices = self.store.owned(self.res.slices, uid(service));
        let number = |slice: &Value| list(slice, "/ports").iter().find(|p| text(p, "/name") == port)?["port"].as_u64();
        let ready = slices.iter().filter_map(|slice| Some((slice, u16::try_from(number(slice)?).ok()?)));
        let addresses: Vec<(&str, u16)> = ready
            .flat_map(|(slice, port)| {
                let ready = list(slice, "/endpoints").iter().filter(|e| e["conditions"]["ready"] == true);
                ready.map(move |e| (text(e, "/addresses/0"), port))
            })
            .collect();
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let (address, port) = addresses.get(turn.checked_rem(addresses.len())?)?;
        Some(((*address).to_owned(), *port))
    }

    pub(super) fn reconcile_service(&mut self, id: &Id) {
        let Some(service) = self.store.get(self.res.services, &id.namespace, &id.name) else { return };
        if leaving(&service) {
            return;
        }
        let Some(selector) = map(&service, "/spec/selector") else { return };
        let mut pods = self.store.list(self.res.pods, Some(&id.namespace));
        pods.retain(|pod| {
            selects(Some(selector), map(pod, "/metadata/labels"))
                && !text(pod, "/status/podIP").is_empty()
                && !finished(pod)
        });
        let groups = groups(&service, pods);
        self.write_slices(&service, &groups);
        self.write_endpoints(&service, &groups);
    }

    /// A hundred endpoints a slice; one slice remains when there are none.
    fn write_slices(&mut self, service: &Value, groups: &[Group]) {
        let early = publishes_unready(service);
        let mut wanted: Vec<(Vec<Value>, Value)> = Vec::new();
        for group in groups {
            let endpoints: Vec<Value> = group.pods.iter().map(|pod| endpoint(pod, early)).collect();
            wanted.extend(endpoints.chunks(A_SLICE).map(|part| (part.to_vec(), group.ports.clone())));
        }
        if wanted.is_empty() {
            wanted.push((Vec::new(), Value::Null));
        }
        let known = self.store.owned(self.res.slices, uid(service));
        let mut known = known.iter();
        for (endpoints, ports) in wanted {
            match known.next() {
                Some(slice) => self.update_slice(&Id::of(slice), endpoints, ports),
                None => self.create_slice(service, &endpoints, &ports),
            }
        }
        for slice in known {
            let id = Id::of(slice);
            self.store.remove(self.res.slices, &id.namespace, &id.name);
        }
    }

    fn create_slice(&mut self, service: &Value, endpoints: &[Value], ports: &Value) {
        let name = text(service, "/metadata/name");
        let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.insert("endpointslice.kubernetes.io/managed-by".into(), "endpointslice-controller.k8s.io".into());
        labels.insert("kubernetes.io/service-name".into(), name.into());
        if text(service, "/spec/clusterIP") == "None" {
            labels.insert("service.kubernetes.io/headless".into(), "".into());
        }
        let slice = json!({
            "metadata": {
                "generateName": format!("{name}-"), "namespace": service["metadata"]["namespace"], "labels": labels,
                "annotations": { TRIGGER: stamp(self.now) },
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
                slice["metadata"]["annotations"][TRIGGER] = now.into();
                slice["endpoints"] = endpoints;
            }
            if !ports.is_null() {
                slice["ports"] = ports;
            }
        });
    }

    /// The older form: one object of the Service's name.
    fn write_endpoints(&mut self, service: &Value, groups: &[Group]) {
        let id = Id::of(service);
        let early = publishes_unready(service);
        let subsets: Vec<Value> = groups.iter().filter_map(|group| subset(group, early)).collect();
        let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.insert("endpoints.kubernetes.io/managed-by".into(), "endpoint-controller".into());
        if text(service, "/spec/clusterIP") == "None" {
            labels.insert("service.kubernetes.io/headless".into(), "".into());
        }
        let (subsets, now) = (Value::from(subsets), stamp(self.now));
        let write = |object: &mut Value| {
            if object["subsets"] != subsets {
                put(object, &["metadata", "annotations", TRIGGER], now.into());
                object["subsets"] = subsets;
            }
            object["metadata"]["labels"] = labels.into();
        };
        if self.store.get(self.res.endpoints, &id.namespace, &id.name).is_some() {
            self.store.modify(self.res.endpoints, &id.namespace, &id.name, write);
            return;
        }
        // No chance of the story is spent on it.
        let own = uid_for(&format!("endpoints/{}/{}", uid(service), self.now));
        let mut object = json!({ "metadata": { "name": id.name, "namespace": id.namespace, "uid": own } });
        write(&mut object);
        let _ = self.store.create(self.res.endpoints, object, self.now);
    }

    /// A Service is gone: the older form goes with it.
    pub(super) fn remove_endpoints(&mut self, service: &Value) {
        let id = Id::of(service);
        self.store.remove(self.res.endpoints, &id.namespace, &id.name);
    }
}

fn publishes_unready(service: &Value) -> bool {
    service.pointer("/spec/publishNotReadyAddresses") == Some(&true.into())
}

fn groups(service: &Value, pods: Vec<Arc<Value>>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for pod in pods {
        let ports = ports(service, &pod);
        let group = groups.entry(ports.to_string()).or_insert_with(|| Group { ports, pods: Vec::new() });
        group.pods.push(pod);
    }
    groups.into_values().collect()
}

fn target(pod: &Value) -> Value {
    json!({ "kind": "Pod", "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
        "uid": pod["metadata"]["uid"] })
}

fn endpoint(pod: &Arc<Value>, early: bool) -> Value {
    let (ready, leaving) = (is(pod, "Ready"), leaving(pod));
    let mut endpoint = json!({
        "addresses": [text(pod, "/status/podIP")],
        "conditions": { "ready": early || (ready && !leaving), "serving": ready, "terminating": leaving },
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": target(pod),
    });
    if !text(pod, "/spec/subdomain").is_empty() && !text(pod, "/spec/hostname").is_empty() {
        endpoint["hostname"] = pod["spec"]["hostname"].clone();
    }
    endpoint
}

/// The addresses of a group in the older form, those that are ready and those that are not.
fn subset(group: &Group, early: bool) -> Option<Value> {
    let address = |pod: &Arc<Value>| json!({ "ip": text(pod, "/status/podIP"), "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod) });
    let here = group.pods.iter().filter(|pod| early || !leaving(pod)).take(AN_OBJECT);
    let (ready, unready): (Vec<_>, Vec<_>) = here.partition(|pod| early || is(pod, "Ready"));
    if ready.is_empty() && unready.is_empty() {
        return None;
    }
    let mut subset = json!({});
    for (field, pods) in [("addresses", ready), ("notReadyAddresses", unready)] {
        if !pods.is_empty() {
            subset[field] = pods.into_iter().map(address).collect();
        }
    }
    let mut ports = group.ports.clone();
    for port in ports.as_array_mut().into_iter().flatten() {
        if text(port, "/name").is_empty() {
            put(port, &["name"], Value::Null);
        }
    }
    subset["ports"] = ports;
    Some(subset)
}

/// The Service's ports as a pod has them; one that the pod does not have is left out.
fn ports(service: &Value, pod: &Arc<Value>) -> Value {
    let named = |name: &str| {
        let containers = list(pod, "/spec/containers").iter();
        containers.flat_map(|c| list(c, "/ports")).find(|p| p["name"] == name).map(|p| p["containerPort"].clone())
    };
    let resolved = list(service, "/spec/ports").iter().filter_map(|port| {
        let target = &port["targetPort"];
        let number = target.as_str().map_or_else(|| Some(target.clone()), named)?;
        Some(json!({ "name": text(port, "/name"), "port": number, "protocol": port["protocol"] }))
    });
    Value::from(resolved.collect::<Vec<_>>())
}
