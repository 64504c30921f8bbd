//! Who reaches what: a pure function of the world.

use std::net::Ipv4Addr;

use super::super::outside::{self, Mood, Site};
use super::super::world::{Machine, World};

/// Where a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Vantage {
    /// The engineer's own machine.
    Operator,
    /// The edge network, on its way to an origin.
    Edge,
    /// A node, by name: its processes, and what a shell there forwards.
    Node(String),
}

/// Where a connection ends up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub enum Place {
    /// The shell of a node.
    Shell(String),
    /// The API server of a node.
    Api(String),
    /// The ingress of a node; over TLS on 443.
    Ingress { node: String, tls: bool },
    /// The ingress's own health, on 8080 of its node.
    IngressPing(String),
    /// A node's kubelet (10250), which wants certificates.
    Kubelet(String),
    /// Health of the kubelet (10248), of kube-proxy (10256), of etcd (2381) on a node's loopback.
    Health { node: String, port: u16 },
    /// etcd's client and peer ports, which want certificates.
    Etcd(String),
    /// A port of a pod.
    Pod { namespace: String, name: String, port: u16 },
    /// Something outside.
    Site { site: Site, port: u16 },
}

/// What becomes of an attempt to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Something listens.
    To(Place),
    /// Nothing listens, or a firewall says no.
    Refused,
    /// Nothing ever comes back.
    Silent,
}

/// What becomes of an attempt to connect to a host (name or address) and port.
pub fn route(world: &World, from: &Vantage, host: &str, port: u16) -> Route {
    let host = host.trim_end_matches('.');
    if let Vantage::Node(node) = from {
        if world.machine(node).is_none_or(|m| !m.running()) {
            return Route::Silent;
        }
        if host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()) {
            return on_loopback(world, node, port);
        }
    }
    if let Some(node) = world.machine_at(host) {
        return to_node(world, from, &node, host, port);
    }
    if let Some(site) = outside::at(host) {
        return to_site(world, from, site, port);
    }
    // Only nodes know the way to pods and Services.
    let Vantage::Node(node) = from else { return Route::Silent };
    match host.parse::<Ipv4Addr>() {
        Ok(ip) if ip.octets()[..2] == [10, 42] => to_pod(world, node, host, port),
        Ok(ip) if ip.octets()[..2] == [10, 43] => to_service(world, node, host, port),
        _ => Route::Silent,
    }
}

fn on_loopback(world: &World, node: &str, port: u16) -> Route {
    let Some(machine) = world.machine(node) else { return Route::Silent };
    let node = node.to_owned();
    match port {
        22 => Route::To(Place::Shell(node)),
        6443 | 6444 if machine.k3s_runs() => Route::To(Place::Api(node)),
        10248 | 10256 | 2381 if machine.k3s_runs() => Route::To(Place::Health { node, port }),
        2379 if machine.k3s_runs() => Route::To(Place::Etcd(node)),
        80 | 443 | 8080 => to_ingress(world, &node, port),
        _ => Route::Refused,
    }
}

fn to_node(world: &World, from: &Vantage, node: &str, address: &str, port: u16) -> Route {
    let Some(machine) = world.machine(node) else { return Route::Silent };
    if let Vantage::Node(own) = from
        && own == node
    {
        return on_loopback(world, node, port);
    }
    let inside = machine.private == address;
    if !machine.running() || !machine.link(inside) || !world.can_leave(from, inside) {
        return Route::Silent;
    }
    if let Some(verdict) = machine.firewall.verdict(world.sender(from, inside).as_deref(), port) {
        return verdict;
    }
    let node = node.to_owned();
    match port {
        22 => Route::To(Place::Shell(node)),
        80 | 443 | 8080 => to_ingress(world, &node, port),
        6443 if machine.k3s_runs() => Route::To(Place::Api(node)),
        2379 | 2380 if machine.k3s_runs() => Route::To(Place::Etcd(node)),
        10250 if machine.k3s_runs() => Route::To(Place::Kubelet(node)),
        _ => Route::Refused,
    }
}

fn to_ingress(world: &World, node: &str, port: u16) -> Route {
    if !world.ingress_runs(node) {
        return Route::Refused;
    }
    let node = node.to_owned();
    Route::To(if port == 8080 { Place::IngressPing(node) } else { Place::Ingress { node, tls: port == 443 } })
}

fn to_site(world: &World, from: &Vantage, site: Site, port: u16) -> Route {
    if !world.can_leave(from, false) || (*from == Vantage::Operator && world.outside.operator_offline) {
        return Route::Silent;
    }
    if let Vantage::Node(node) = from
        && let Some(verdict) = world.machine(node).and_then(|machine| machine.firewall.outgoing(port))
    {
        return verdict;
    }
    if !site.ports().contains(&port) {
        return Route::Silent;
    }
    match world.outside.mood(site) {
        Mood::Refuses => Route::Refused,
        Mood::Silent => Route::Silent,
        _ => Route::To(Place::Site { site, port }),
    }
}

fn to_pod(world: &World, from: &str, ip: &str, port: u16) -> Route {
    let Some(pod) = world.pod_at(ip) else { return Route::Silent };
    if pod.node != from && !(world.overlay(from) && world.overlay(&pod.node)) {
        return Route::Silent;
    }
    if !world.machine(&pod.node).is_some_and(Machine::runs_containers) {
        return Route::Silent;
    }
    if pod.ports.contains(&port) {
        Route::To(Place::Pod { namespace: pod.namespace, name: pod.name, port })
    } else {
        Route::Refused
    }
}

fn to_service(world: &World, from: &str, ip: &str, port: u16) -> Route {
    if !world.machine(from).is_some_and(|m| m.service_rules) {
        return Route::Silent;
    }
    match world.service_at(ip, port) {
        None => Route::Silent,
        // kube-proxy rejects what has no endpoint.
        Some(None) => Route::Refused,
        Some(Some((ip, port))) => match world.machine_at(&ip) {
            Some(node) => to_node(world, &Vantage::Node(from.to_owned()), &node, &ip, port),
            None => to_pod(world, from, &ip, port),
        },
    }
}
