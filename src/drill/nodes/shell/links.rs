//! Interfaces, sockets, routes and rules of the network.

use std::fmt::Write as _;

use super::host::{Host, number_of, text};
use super::{Outcome, rules};
use crate::drill::world::Machine;

/// What the interfaces are called: public, private, overlay, bridge.
const PUBLIC: &str = "eth0";
const PRIVATE: &str = "enp7s0";

/// What is asked about the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Links {
    /// `ss -ltnup` and such: TCP, UDP.
    Sockets {
        /// TCP.
        tcp: bool,
        /// UDP.
        udp: bool,
        /// Only this port.
        port: Option<u16>,
    },
    /// `ss -s`
    Summary,
    /// `ip -br addr`, `ip -br link`
    Addresses(bool),
    /// `ip -s link`
    Counters,
    /// `ip route`
    Routes,
    /// `ip -d -s link show flannel.1`
    Overlay,
    /// `bridge fdb show dev flannel.1`
    Forwarding,
    /// `ip neigh show dev flannel.1`
    Neighbours,
    /// `networkctl status`
    Status,
    /// `iptables-save`, of one table or all.
    Rules(Option<String>),
    /// `sysctl NAME…`
    Settings(Vec<String>),
    /// `sysctl -w net.netfilter.nf_conntrack_max=N`
    Connections(u32),
    /// `ethtool -K flannel.1 tx-checksum-ip-generic on|off`
    Offload(bool),
    /// `ethtool -k flannel.1`
    Features,
    /// `ip link set dev IF up`
    Up(String),
    /// `netplan apply`
    Apply,
}

impl Links {
    /// The question or order that these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["ss", "-s"] => Self::Summary,
            ["ss", flags] => sockets(flags, None)?,
            ["ss", flags, filter] => sockets(flags, Some(filter.strip_prefix("sport = :")?.parse().ok()?))?,
            ["ip", "-br", "addr" | "a"] => Self::Addresses(true),
            ["ip", "-br", "link"] => Self::Addresses(false),
            ["ip", "-s", "link"] => Self::Counters,
            ["ip", "route" | "r"] | ["ip", "route", "show"] => Self::Routes,
            ["ip", "-d", "-s", "link", "show", "flannel.1"] | ["ip", "link", "show", "flannel.1"] => Self::Overlay,
            ["bridge", "fdb", "show", "dev", "flannel.1"] => Self::Forwarding,
            ["ip", "neigh", "show", "dev", "flannel.1"] => Self::Neighbours,
            ["networkctl"] | ["networkctl", "status"] => Self::Status,
            ["iptables-save"] => Self::Rules(None),
            ["iptables-save", "-t", table] => Self::Rules(Some((*table).to_owned())),
            ["sysctl", "-w", setting] => {
                Self::Connections(setting.strip_prefix("net.netfilter.nf_conntrack_max=")?.parse().ok()?)
            }
            ["sysctl", names @ ..] if !names.is_empty() && names.iter().all(|name| !name.starts_with('-')) => {
                Self::Settings(names.iter().map(|name| (*name).to_owned()).collect())
            }
            ["ethtool", "-K", "flannel.1", "tx-checksum-ip-generic", on @ ("on" | "off")] => Self::Offload(*on == "on"),
            ["ethtool", "-k", "flannel.1"] => Self::Features,
            ["ip", "link", "set", "dev", name, "up"] | ["ip", "link", "set", name, "up"] => {
                Self::Up((*name).to_owned())
            }
            ["netplan", "apply"] => Self::Apply,
            _ => return None,
        })
    }

    /// Answers or does it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        let wants_root =
            matches!(self, Self::Rules(_) | Self::Connections(_) | Self::Offload(_) | Self::Up(_) | Self::Apply);
        if wants_root && !host.root {
            return Outcome::failed(4, "Fatal: can't open lock file /run/xtables.lock: Permission denied\n");
        }
        match self {
            Self::Sockets { tcp, udp, port } => listening(host, *tcp, *udp, *port),
            Self::Summary => summary(host),
            Self::Addresses(addresses) => addresses_of(host, *addresses),
            Self::Counters => counters(host),
            Self::Routes => routes(host),
            Self::Overlay => overlay(host),
            Self::Forwarding => per_peer(host, |mac, peer, _| format!("{mac} dst {} self permanent\n", peer.private)),
            Self::Neighbours => per_peer(host, |mac, _, number| format!("10.42.{number}.0 lladdr {mac} PERMANENT\n")),
            Self::Status => status(host),
            Self::Rules(table) => rules::saved(host, table.as_deref()),
            Self::Settings(names) => rules::settings(host, names),
            Self::Connections(most) => {
                host.world.change_inside(host.node, |inside| inside.connections_max = *most);
                Outcome::said(format!("net.netfilter.nf_conntrack_max = {most}\n"))
            }
            Self::Offload(on) => {
                host.world.change_inside(host.node, |inside| inside.offload = *on);
                let on = if *on { "on" } else { "off" };
                Outcome::said(format!("Actual changes:\ntx-checksum-ip-generic: {on}\n"))
            }
            Self::Features => {
                let on = if host.inside().offload { "on" } else { "off" };
                Outcome::said(format!(
                    "Features for flannel.1:\ntx-checksumming: {on}\n\ttx-checksum-ip-generic: {on}\n"
                ))
            }
            Self::Up(name) => up(host, name),
            Self::Apply => {
                host.change(|machine| (machine.public_link, machine.private_link) = (true, true));
                Outcome::silent()
            }
        }
    }
}

fn sockets(flags: &str, port: Option<u16>) -> Option<Links> {
    let flags = flags.strip_prefix('-')?;
    let known = flags.chars().all(|c| "ltnup".contains(c)) && flags.contains('l');
    let (tcp, udp) = (flags.contains('t'), flags.contains('u'));
    known.then_some(Links::Sockets { tcp: tcp || !udp, udp, port })
}

/// Who listens: address, port, program, whether with datagrams.
fn listeners(host: &Host<'_>) -> Vec<(&'static str, u16, &'static str, bool)> {
    let machine = host.machine();
    let mut all = vec![("0.0.0.0", 22, "sshd", false), ("127.0.0.53%lo", 53, "systemd-resolve", true)];
    if machine.k3s_runs() {
        for port in [6444, 10248, 10249, 10256, 10257, 10258, 10259, 2379, 2380, 2381, 2382] {
            all.push(("127.0.0.1", port, "k3s-server", false));
        }
        for port in [6443, 10250] {
            all.push(("*", port, "k3s-server", false));
        }
        all.push(("*", 2379, "k3s-server", false));
        all.push(("*", 2380, "k3s-server", false));
    }
    if machine.overlay {
        all.push(("0.0.0.0", 8472, "-", true));
    }
    if host.world.ingress_runs(host.node) {
        all.extend([80, 443, 8080].map(|port| ("*", port, "traefik", false)));
    }
    all
}

fn listening(host: &Host<'_>, tcp: bool, udp: bool, port: Option<u16>) -> Outcome {
    let mut text = String::from("Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n");
    for (address, number, program, datagrams) in listeners(host) {
        if (datagrams && !udp) || (!datagrams && !tcp) || port.is_some_and(|port| port != number) {
            continue;
        }
        let (netid, state, queue) = if datagrams { ("udp", "UNCONN", 0) } else { ("tcp", "LISTEN", 4096) };
        // Whose socket it is only root is told.
        let process = if host.root && program != "-" {
            format!("users:((\"{program}\",pid={},fd={}))", 700 + number_of(program) % 900, 3 + number % 60)
        } else {
            String::new()
        };
        let local = format!("{address}:{number}");
        let line = format!("{netid:<5} {state:<6} 0      {queue:<6} {local:<19} 0.0.0.0:*         {process}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Outcome::said(text)
}

fn summary(host: &Host<'_>) -> Outcome {
    let count = 180 + number_of(host.node) % 40;
    Outcome::said(format!(
        "Total: {}\nTCP:   {count} (estab {}, closed {}, orphaned 0, timewait {})\n\nTransport Total     IP        IPv6\n\
         UDP       6         4         2\nTCP       {:<9} {:<9} {}\n",
        count + 40,
        count * 6 / 10,
        count / 5,
        count / 5,
        count * 8 / 10,
        count * 5 / 10,
        count * 3 / 10
    ))
}

const fn word(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

/// The interfaces with whether they are up, and their addresses.
fn interfaces(host: &Host<'_>) -> Vec<(&'static str, &'static str, String)> {
    let machine = host.machine();
    let number = host.number();
    let mut all = vec![("lo", "UNKNOWN", "127.0.0.1/8".to_owned())];
    all.push((PUBLIC, word(machine.public_link), format!("{}/32", machine.public)));
    all.push((PRIVATE, word(machine.private_link), format!("{}/32", machine.private)));
    if machine.overlay {
        all.push(("flannel.1", "UNKNOWN", format!("10.42.{number}.0/32")));
    }
    if machine.containers {
        all.push(("cni0", "UP", format!("10.42.{number}.1/24")));
    }
    all
}

fn addresses_of(host: &Host<'_>, addresses: bool) -> Outcome {
    let line = |(name, state, address): &(&str, &str, String)| {
        let last = if addresses { address.clone() } else { format!("{} <BROADCAST,MULTICAST>", mac(host.node, name)) };
        format!("{name:<16} {state:<14} {last} \n")
    };
    Outcome::said(interfaces(host).iter().map(line).collect::<String>())
}

fn mac(node: &str, interface: &str) -> String {
    let b = number_of(&format!("{node}/{interface}")).to_be_bytes();
    format!("86:00:{:02x}:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2], b[3])
}

/// Packets since the start, growing with the time.
fn packets(host: &Host<'_>, interface: &str) -> (i64, i64) {
    let seconds = host.world.now().duration_since(host.machine().booted).as_secs().max(1);
    let rate = 40 + (number_of(&format!("{}{interface}", host.node)) % 60) as i64;
    (seconds * rate, seconds * rate * 9 / 10)
}

fn counters(host: &Host<'_>) -> Outcome {
    let mut text = String::new();
    for (number, (name, state, _)) in interfaces(host).iter().enumerate() {
        text.push_str(&link(host, number + 1, name, state, 1500, (0, 0)));
    }
    Outcome::said(text)
}

fn link(host: &Host<'_>, number: usize, name: &str, state: &str, mtu: u32, errors: (i64, i64)) -> String {
    let (received, sent) = packets(host, name);
    let flags = if state == "DOWN" { "BROADCAST,MULTICAST" } else { "BROADCAST,MULTICAST,UP,LOWER_UP" };
    format!(
        "{number}: {name}: <{flags}> mtu {mtu} qdisc noqueue state {state} mode DEFAULT group default \n    link/ether {} \
         brd ff:ff:ff:ff:ff:ff\n    RX:  bytes packets errors dropped  missed   mcast           \n    {} {received} 0 {} \
         0 0 \n    TX:  bytes packets errors dropped carrier collsns           \n    {} {sent} {} 0 0 0 \n",
        mac(host.node, name),
        received * 310,
        errors.0,
        sent * 280,
        errors.1
    )
}

fn overlay(host: &Host<'_>) -> Outcome {
    let machine = host.machine();
    if !machine.overlay {
        return Outcome::failed(1, "Device \"flannel.1\" does not exist.\n");
    }
    let details = format!(
        "    vxlan id 1 local {} dev {PRIVATE} srcport 0 0 dstport 8472 nolearning ttl auto ageing 300\n",
        machine.private
    );
    let text = link(host, 4, "flannel.1", "UNKNOWN", 1400, (0, i64::from(!machine.private_link) * 812));
    Outcome::said(text.replacen("brd ff:ff:ff:ff:ff:ff\n", &format!("brd ff:ff:ff:ff:ff:ff\n{details}"), 1))
}

fn routes(host: &Host<'_>) -> Outcome {
    let machine = host.machine();
    let mut text = String::new();
    if machine.public_link {
        let _ = writeln!(text, "default via 172.31.1.1 dev {PUBLIC} proto dhcp src {} metric 100 ", machine.public);
    }
    if machine.private_link {
        let _ = writeln!(text, "10.0.0.0/16 via 10.0.0.1 dev {PRIVATE} ");
    }
    let own = host.number();
    for number in 0..host.world.machines().len() {
        if number == own && machine.containers {
            let _ = writeln!(text, "10.42.{number}.0/24 dev cni0 proto kernel scope link src 10.42.{number}.1 ");
        } else if number != own && machine.overlay {
            let _ = writeln!(text, "10.42.{number}.0/24 via 10.42.{number}.0 dev flannel.1 onlink ");
        }
    }
    Outcome::said(text)
}

/// A line for each peer in the overlay's tables.
fn per_peer(host: &Host<'_>, line: impl Fn(String, &Machine, usize) -> String) -> Outcome {
    if !host.machine().overlay {
        return Outcome::failed(1, "Cannot find device \"flannel.1\"\n");
    }
    let number = |name: &str| host.world.machines().keys().position(|n| n == name).unwrap_or_default();
    let peers = host.peers();
    Outcome::said(peers.iter().map(|(name, peer)| line(vtep(host, name), peer, number(name))).collect::<String>())
}

/// The address of a node's end of the overlay, as the node itself tells the cluster.
fn vtep(host: &Host<'_>, node: &str) -> String {
    let node = host.object("", "nodes", "", node).unwrap_or_default();
    let data = node["metadata"]["annotations"]["flannel.alpha.coreos.com/backend-data"].as_str().unwrap_or_default();
    let data: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    text(&data, "/VtepMAC").to_owned()
}

fn status(host: &Host<'_>) -> Outcome {
    let machine = host.machine();
    let online = if machine.public_link { "online" } else { "offline" };
    let state = if machine.public_link && machine.private_link { "routable" } else { "degraded" };
    Outcome::said(format!(
        "●        State: {state}\n  Online state: {online}\n       Address: {} on {PUBLIC}\n                {} on {PRIVATE}\n",
        machine.public, machine.private
    ))
}

fn up(host: &mut Host<'_>, name: &str) -> Outcome {
    match name {
        PUBLIC => host.change(|machine| machine.public_link = true),
        PRIVATE => host.change(|machine| machine.private_link = true),
        "flannel.1" | "cni0" | "lo" => {}
        _ => return Outcome::failed(1, format!("Cannot find device \"{name}\"\n")),
    }
    Outcome::silent()
}
