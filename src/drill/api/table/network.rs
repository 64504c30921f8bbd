//! Services and what leads to them.

use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, labels, name, or, selector};
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("", "Service") => Some(service()),
        ("", "Endpoints") => Some(Printer {
            columns: const { &[NAME, Column::text("Endpoints"), AGE] },
            cells: |o, now| vec![name(o), endpoints(o), age(o, now)],
        }),
        ("discovery.k8s.io", "EndpointSlice") => Some(endpoint_slice()),
        ("networking.k8s.io", "Ingress") => Some(ingress()),
        ("networking.k8s.io", "IngressClass") => Some(Printer {
            columns: const { &[NAME, Column::text("Controller"), Column::text("Parameters"), AGE] },
            cells: |o, now| vec![name(o), o.text("spec.controller").into(), "<none>".into(), age(o, now)],
        }),
        ("networking.k8s.io", "NetworkPolicy") => Some(Printer {
            columns: const { &[NAME, Column::text("Pod-Selector"), AGE] },
            cells: |o, now| vec![name(o), selector(o, "spec.podSelector").into(), age(o, now)],
        }),
        _ => None,
    }
}

fn service() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Type"),
                Column::text("Cluster-IP"),
                Column::text("External-IP"),
                Column::text("Port(s)"),
                AGE,
                Column::wide("Selector"),
            ]
        },
        cells: |o, now| {
            let kind = or(o.text("spec.type"), "ClusterIP");
            let ip = or(o.text("spec.clusterIP"), "<none>");
            let selector = labels(o, "spec.selector").into();
            vec![name(o), kind, ip, external(o).into(), ports(o).into(), age(o, now), selector]
        },
    }
}

/// Where a service is reached from outside.
fn external(service: &Value) -> String {
    let own = service.items("spec.externalIPs").iter().filter_map(Value::as_str);
    match service.text("spec.type") {
        "ExternalName" => service.text("spec.externalName").to_owned(),
        "LoadBalancer" => {
            let given = service.items("status.loadBalancer.ingress").iter();
            let given = given.map(|i| if i.text("ip").is_empty() { i.text("hostname") } else { i.text("ip") });
            join(given.chain(own), "<pending>")
        }
        _ => join(own, "<none>"),
    }
}

fn ports(service: &Value) -> String {
    let port = |p: &Value| {
        let node_port = p.int("nodePort");
        let node_port = if node_port == 0 { String::new() } else { format!(":{node_port}") };
        let protocol = if p.text("protocol").is_empty() { "TCP" } else { p.text("protocol") };
        format!("{}{node_port}/{protocol}", p.int("port"))
    };
    let ports: Vec<_> = service.items("spec.ports").iter().map(port).collect();
    join(ports.iter().map(String::as_str), "<none>")
}

/// At most three, then how many more.
fn first_three(all: &[String], none: &str) -> Cell {
    let shown = join(all.iter().take(3).map(String::as_str), none);
    if all.len() > 3 { format!("{shown} + {} more...", all.len() - 3) } else { shown }.into()
}

fn endpoints(endpoints: &Value) -> Cell {
    let mut all = Vec::new();
    for subset in endpoints.items("subsets") {
        for address in subset.items("addresses") {
            let ip = address.text("ip");
            all.extend(subset.items("ports").iter().map(|p| format!("{ip}:{}", p.int("port"))));
        }
    }
    first_three(&all, "<none>")
}

fn endpoint_slice() -> Printer {
    Printer {
        columns: const { &[NAME, Column::text("AddressType"), Column::text("Ports"), Column::text("Endpoints"), AGE] },
        cells: |o, now| {
            let port = |p: &Value| p.at("port").as_i64().map_or_else(|| "*".to_owned(), |n| n.to_string());
            let ports: Vec<_> = o.items("ports").iter().map(port).collect();
            let addresses = o.items("endpoints").iter().flat_map(|e| e.items("addresses"));
            let addresses: Vec<_> = addresses.filter_map(Value::as_str).map(str::to_owned).collect();
            vec![
                name(o),
                o.text("addressType").into(),
                first_three(&ports, "<unset>"),
                first_three(&addresses, "<unset>"),
                age(o, now),
            ]
        },
    }
}

fn ingress() -> Printer {
    Printer {
        columns: const {
            &[NAME, Column::text("Class"), Column::text("Hosts"), Column::text("Address"), Column::text("Ports"), AGE]
        },
        cells: |o, now| {
            let hosts: Vec<_> = o
                .items("spec.rules")
                .iter()
                .map(|r| r.text("host"))
                .filter(|h| !h.is_empty())
                .map(str::to_owned)
                .collect();
            let addresses = o.items("status.loadBalancer.ingress").iter();
            let addresses = addresses.map(|i| if i.text("ip").is_empty() { i.text("hostname") } else { i.text("ip") });
            vec![
                name(o),
                or(o.text("spec.ingressClassName"), "<none>"),
                first_three(&hosts, "*"),
                join(addresses, "").into(),
                if o.items("spec.tls").is_empty() { "80" } else { "80, 443" }.into(),
                age(o, now),
            ]
        },
    }
}
