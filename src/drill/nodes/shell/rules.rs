//! What kube-proxy and the firewall have told the kernel, and how many connections it keeps track of.

use std::fmt::Write as _;

use super::Outcome;
use super::host::{Host, list, number_of, text as text_at};
use crate::drill::world::World;

/// Rules of kube-proxy for each endpoint and Service.
const RULES_EACH: usize = 2;

/// How many ready endpoints the Services have.
fn endpoints(world: &World) -> usize {
    let Some(slices) = crate::drill::store::Store::resource("discovery.k8s.io", "endpointslices") else { return 0 };
    let of = |slice: &serde_json::Value| {
        list(slice, "/endpoints").iter().filter(|e| e["conditions"]["ready"] == true).count()
            * list(slice, "/ports").len()
    };
    world.store().list(slices, None).iter().map(|slice| of(slice)).sum()
}

/// `iptables-save`, of one table or all.
pub fn saved(host: &Host<'_>, table: Option<&str>) -> Outcome {
    let mut text = String::new();
    let works = host.machine().service_rules && host.machine().running();
    if table.is_none_or(|table| table == "nat") {
        text.push_str("*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n");
        if works {
            text.push_str("-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n");
            for service in host.objects("", "services") {
                let name = format!("{}/{}", text_of(&service, "namespace"), text_of(&service, "name"));
                let hash = format!("{:016X}", number_of(&name));
                let ip = text_at(&service, "/spec/clusterIP").to_owned();
                let _ = writeln!(
                    text,
                    "-A KUBE-SERVICES -d {ip}/32 -p tcp -m comment --comment \"{name} cluster IP\" -j KUBE-SVC-{hash}"
                );
            }
            for number in 0..endpoints(host.world) * RULES_EACH {
                let _ = writeln!(text, "-A KUBE-SEP-{number:016X} -p tcp -m tcp -j DNAT");
            }
        }
        text.push_str("COMMIT\n");
    }
    if table.is_none_or(|table| table == "filter") {
        text.push_str("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n");
        if works {
            text.push_str(
                "-A INPUT -m comment --comment \"kube-router netpol - 4IA2OSFRMVNDXBVV\" -j KUBE-ROUTER-INPUT\n",
            );
            text.push_str("-A FORWARD -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-FORWARD\n");
            text.push_str("-A OUTPUT -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-OUTPUT\n");
        }
        if host.machine().firewall.enabled {
            text.push_str("-A INPUT -j ufw-before-input\n-A INPUT -j ufw-after-input\n");
        }
        text.push_str("COMMIT\n");
    }
    Outcome::said(text)
}

fn text_of<'v>(object: &'v serde_json::Value, field: &str) -> &'v str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// How many connections are tracked, and how many may be.
pub fn tracked(host: &Host<'_>) -> (u32, u32) {
    let inside = host.inside();
    let usual = 2400 + (number_of(&format!("{}{}", host.node, host.world.now().as_second() / 30)) % 700) as u32;
    (usual.saturating_add(inside.connections).min(inside.connections_max), inside.connections_max)
}

/// `sysctl NAME…`
pub fn settings(host: &Host<'_>, names: &[String]) -> Outcome {
    let (count, most) = tracked(host);
    let mut outcome = Outcome::silent();
    for name in names {
        let value = match name.as_str() {
            "net.netfilter.nf_conntrack_count" => count,
            "net.netfilter.nf_conntrack_max" => most,
            "net.ipv4.ip_forward" => 1,
            _ => {
                let path = name.replace('.', "/");
                outcome.code = 255;
                let _ = writeln!(outcome.err, "sysctl: cannot stat /proc/sys/{path}: No such file or directory");
                continue;
            }
        };
        let _ = writeln!(outcome.out, "{name} = {value}");
    }
    outcome
}
