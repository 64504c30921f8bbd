//! Servers as the API shows them.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::Outcome;
use super::desk::{Desk, Order, stamp};
use super::refusal::Refusal;
use crate::drill::world::{Machine, Power, World, mix};

/// The most servers on one page.
const PAGE: usize = 50;

/// The node whose machine has a number.
pub(super) fn find(world: &World, id: &str) -> Result<String, Refusal> {
    let number: u64 = id.parse().map_err(|_| Refusal::Invalid("id", "not a valid number".to_owned()))?;
    let node = world.machines().iter().find(|(_, machine)| machine.id == number).map(|(node, _)| node.clone());
    node.ok_or_else(|| Refusal::missing("server", id))
}

/// All servers that are asked for, page by page.
pub(super) fn list(world: &World, desk: &Desk, asked: &BTreeMap<String, String>) -> Outcome {
    let number = |name: &'static str, otherwise: usize| match asked.get(name).map(|text| text.parse::<usize>()) {
        None => Ok(otherwise),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(Refusal::Invalid(name, "must be a number above 0".to_owned())),
    };
    let (page, size) = (number("page", 1)?, number("per_page", 25)?.min(PAGE));
    let fits = |node: &&String| {
        asked.get("name").is_none_or(|name| name == *node)
            && asked.get("label_selector").is_none_or(|selector| selects(selector))
            && asked.get("status").is_none_or(|status| {
                world.machine(node).is_some_and(|machine| self::status(machine, desk, world) == status)
            })
    };
    let nodes: Vec<&String> = world.machines().keys().filter(fits).collect();
    let shown = nodes.iter().skip((page - 1).saturating_mul(size)).take(size);
    let servers: Vec<Value> = shown.map(|node| describe(world, desk, node)).collect();
    Ok((StatusCode::OK, json!({ "servers": servers, "meta": meta(page, size, nodes.len()) })))
}

/// Where a page stands among the pages.
pub(super) fn meta(page: usize, size: usize, total: usize) -> Value {
    let last = total.div_ceil(size).max(1);
    json!({ "pagination": {
        "page": page, "per_page": size, "previous_page": (page > 1).then(|| page - 1),
        "next_page": (page < last).then(|| page + 1), "last_page": last, "total_entries": total,
    } })
}

/// Whether the labels of the servers, all of which have the same, fit a selector.
fn selects(selector: &str) -> bool {
    let labels = labels();
    selector.split(',').map(str::trim).filter(|part| !part.is_empty()).all(|part| {
        if let Some((key, value)) = part.split_once("!=") {
            return labels[key.trim()] != value.trim();
        }
        match part.split_once('=') {
            Some((key, value)) => labels[key.trim()] == value.trim_start_matches('=').trim(),
            None => part.strip_prefix('!').map_or_else(|| !labels[part].is_null(), |key| labels[key].is_null()),
        }
    })
}

fn labels() -> Value {
    json!({ "cluster": "honeydue", "role": "k3s-server" })
}

/// One server.
pub(super) fn describe(world: &World, desk: &Desk, node: &str) -> Value {
    let Some(machine) = world.machine(node) else { return Value::Null };
    let id = machine.id;
    json!({
        "id": id, "name": node, "status": status(machine, desk, world), "created": created(machine),
        "locked": desk.under_way(id, world.now()).is_some(), "labels": labels(),
        "public_net": {
            "ipv4": {
                "id": id + 1_000, "ip": machine.public, "blocked": false,
                "dns_ptr": format!("static.{}.clients.example.com", reversed(&machine.public)),
            },
            "ipv6": null, "floating_ips": [], "firewalls": [],
        },
        "private_net": [{ "network": 4_711_021, "ip": machine.private, "alias_ips": [], "mac_address": mac(id) }],
        "server_type": {
            "id": 104, "name": "cpx31", "description": "CPX 31", "cores": 4, "memory": 8.0, "disk": 80,
            "architecture": "x86", "cpu_type": "shared", "storage_type": "local", "deprecated": false,
        },
        "datacenter": {
            "id": 2, "name": "nbg1-dc3", "description": "Nuremberg 1 virtual DC 3",
            "location": {
                "id": 2, "name": "nbg1", "description": "Nuremberg DC Park 1", "country": "DE", "city": "Nuremberg",
                "latitude": 49.452_102, "longitude": 11.076_665, "network_zone": "eu-central",
            },
        },
        "image": {
            "id": 161_547_269, "type": "system", "status": "available", "name": "ubuntu-24.04",
            "description": "Ubuntu 24.04", "os_flavor": "ubuntu", "os_version": "24.04", "architecture": "x86",
        },
        "protection": { "delete": true, "rebuild": true }, "rescue_enabled": false, "backup_window": null, "iso": null,
        "volumes": [], "load_balancers": [], "placement_group": null, "primary_disk_size": 80,
        "included_traffic": 21_990_232_555_520_u64, "ingoing_traffic": mix(node, 1) >> 24,
        "outgoing_traffic": mix(node, 2) >> 24,
    })
}

/// The provider sees power, and what it is doing with it; it does not see whether a system answers.
fn status(machine: &Machine, desk: &Desk, world: &World) -> &'static str {
    let off = machine.power == Power::Off;
    match desk.under_way(machine.id, world.now()) {
        Some(Order::On) => "starting",
        Some(Order::Off | Order::Shutdown) => "stopping",
        _ if off => "off",
        _ => "running",
    }
}

/// A machine is older than its cluster.
fn created(machine: &Machine) -> String {
    let at = 1_757_400_000 + (machine.id % 100).cast_signed() * 734;
    stamp(jiff::Timestamp::from_second(at).unwrap_or_default())
}

fn reversed(address: &str) -> String {
    address.split('.').rev().collect::<Vec<_>>().join(".")
}

fn mac(id: u64) -> String {
    let bytes = mix("private", id).to_be_bytes();
    format!("86:00:00:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2])
}
