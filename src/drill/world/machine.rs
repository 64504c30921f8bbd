//! The machines under the nodes: power, links, k3s, disk, firewall, clock. What a shell on them reads, what the network and
//! the kubelet feel.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::World;
use super::inside::Inside;
use super::json::text;
use crate::drill::net::{Route, Vantage};

/// One machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The provider's number for it.
    pub id: u64,
    /// Its public address.
    pub public: String,
    /// Its private address.
    pub private: String,
    /// Whether it runs.
    pub power: Power,
    /// Since when it runs.
    pub booted: Timestamp,
    /// Whether its public interface is up.
    pub public_link: bool,
    /// Whether its private interface is up.
    pub private_link: bool,
    /// The unit `k3s`: API server, etcd member, kubelet, flannel and kube-proxy.
    pub k3s: Unit,
    /// Whether containers run: they outlive a stop of k3s, but not `k3s-killall.sh`.
    pub containers: bool,
    /// Whether pods reach those of other nodes.
    pub overlay: bool,
    /// Whether kube-proxy's rules are there.
    pub service_rules: bool,
    /// Its etcd member.
    pub etcd: Member,
    /// Its disk.
    pub disk: Disk,
    /// Its firewall.
    pub firewall: Firewall,
    /// How far its clock is off.
    pub skew: SignedDuration,
    /// Whether its clock is kept in step.
    pub in_step: bool,
    /// What only a shell on it tells.
    pub inside: Inside,
}

/// The power of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Power {
    /// It runs.
    On,
    /// It is off.
    Off,
    /// The provider says it runs, and nothing answers.
    Hung,
}

/// What the provider can do with a machine's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerAction {
    /// Asks the system to restart.
    Reboot,
    /// Restarts it at once.
    Reset,
    /// Switches it on.
    On,
    /// Switches it off at once.
    Off,
}

/// A unit of systemd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// It runs.
    Active,
    /// It was stopped.
    Inactive,
    /// It fails again and again.
    Failed,
}

impl Unit {
    /// Whether it runs.
    pub const fn active(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// How an etcd member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Member {
    /// It votes.
    Voter,
    /// It is still learning.
    Learner,
    /// Its data are damaged: it does not start.
    Corrupt,
    /// It is no member any more.
    Removed,
}

/// A disk; sizes in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Its size.
    pub size: u64,
    /// What nothing below accounts for: the system, container layers, volumes.
    pub base: u64,
    /// Images that nothing uses.
    pub images: u64,
    /// The journal.
    pub journal: u64,
    /// Packages kept after their installation.
    pub packages: u64,
    /// Snapshots of etcd.
    pub snapshots: u64,
    /// Something that fills it.
    pub filler: u64,
    /// Inodes in use, per cent.
    pub inodes: u8,
}

impl Disk {
    /// How much of it is in use, at most its size.
    pub const fn used(&self) -> u64 {
        let used = self.base + self.images + self.journal + self.packages + self.snapshots + self.filler;
        if used < self.size { used } else { self.size }
    }

    /// The same, per cent, rounded up as `df` does.
    pub const fn percent(&self) -> u64 {
        (self.used() * 100).div_ceil(self.size)
    }
}

/// A host firewall as `ufw` keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Firewall {
    /// Whether it is on; what no rule allows is then dropped.
    pub enabled: bool,
    /// Its rules; the first that fits decides.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What it says.
    pub verdict: Verdict,
    /// From where: an address or the beginning of one (`10.0.0.`); empty for anywhere.
    #[serde(default)]
    pub from: String,
    /// To which ports; empty for all.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// `tcp` or `udp`; empty for both.
    #[serde(default)]
    pub protocol: String,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Let in.
    Allow,
    /// Dropped.
    Deny,
    /// Refused.
    Reject,
}

impl Firewall {
    /// What becomes of a TCP connection that the firewall does not let in.
    pub fn verdict(&self, _from: &Vantage, sender: Option<&str>, port: u16) -> Option<Route> {
        if !self.enabled {
            return None;
        }
        let fits = |rule: &&Rule| {
            (rule.from.is_empty() || sender.is_some_and(|s| s.starts_with(&rule.from)))
                && (rule.ports.is_empty() || rule.ports.contains(&port))
                && rule.protocol != "udp"
        };
        match self.rules.iter().find(fits).map(|rule| rule.verdict) {
            Some(Verdict::Allow) => None,
            Some(Verdict::Reject) => Some(Route::Refused),
            Some(Verdict::Deny) | None => Some(Route::Silent),
        }
    }
}

impl Machine {
    /// A healthy server of the deployment, the first being number 1.
    pub fn server(number: u32, booted: Timestamp) -> Self {
        let allow = |from: &str, ports: &[u16], protocol: &str| Rule {
            verdict: Verdict::Allow,
            from: from.to_owned(),
            ports: ports.to_vec(),
            protocol: protocol.to_owned(),
        };
        Self {
            id: 48_210_000 + u64::from(number),
            public: format!("203.0.113.{}", 10 + number),
            private: format!("10.0.0.{}", 10 + number),
            power: Power::On,
            booted,
            public_link: true,
            private_link: true,
            k3s: Unit::Active,
            containers: true,
            overlay: true,
            service_rules: true,
            etcd: Member::Voter,
            disk: Disk {
                size: 78_614,
                base: 19_300,
                images: 2_900,
                journal: 1_020,
                packages: 310,
                snapshots: 240,
                filler: 0,
                inodes: 9,
            },
            firewall: Firewall {
                enabled: true,
                rules: vec![
                    allow("", &[22], "tcp"),
                    allow("", &[80, 443], "tcp"),
                    allow("", &[6443], "tcp"),
                    allow("10.0.0.", &[2379, 2380, 10250], "tcp"),
                    allow("10.0.0.", &[8472], "udp"),
                    allow("10.42.", &[], ""),
                    allow("10.43.", &[], ""),
                ],
            },
            skew: SignedDuration::ZERO,
            in_step: true,
            inside: Inside::new(number),
        }
    }

    /// Whether it runs and answers.
    pub const fn running(&self) -> bool {
        matches!(self.power, Power::On)
    }

    /// Whether the operator reaches its API server.
    pub const fn serves_api(&self) -> bool {
        self.running() && self.public_link && self.k3s.active()
    }

    /// Whether an interface is up: the private one or the public.
    pub const fn link(&self, private: bool) -> bool {
        if private { self.private_link } else { self.public_link }
    }
}

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

    /// One machine.
    pub fn machine(&self, node: &str) -> Option<&Machine> {
        self.machines.get(node)
    }

    /// Changes a machine; what follows from it, follows.
    pub fn change_machine(&mut self, node: &str, change: impl FnOnce(&mut Machine)) {
        self.remember_rules();
        if let Some(machine) = self.machines.get_mut(node) {
            change(machine);
            self.machine_changed(node);
            self.settle();
        }
    }

    /// Does something with a machine's power.
    pub fn power(&mut self, node: &str, action: PowerAction) {
        let now = self.now;
        self.change_machine(node, |machine| match action {
            PowerAction::Off => machine.power = Power::Off,
            PowerAction::On if machine.power == Power::On => {}
            PowerAction::On | PowerAction::Reboot | PowerAction::Reset => {
                machine.power = Power::On;
                machine.booted = now;
            }
        });
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
        self.machine(node).is_some_and(|m| m.running() && m.containers)
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
