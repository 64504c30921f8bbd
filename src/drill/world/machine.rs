//! The machines under the nodes: power, links, k3s, disk, firewall, clock. What a shell on them reads, what the network and
//! the kubelet feel.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use super::inside::Inside;
use crate::drill::net::Route;

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
    /// Whether it is on its way up: it has power, and nothing answers yet.
    pub booting: bool,
    /// Since when it runs.
    pub booted: Timestamp,
    /// How often it was started since it was set up; decides its boot id.
    pub boots: u32,
    /// Whether its public interface is up.
    pub public_link: bool,
    /// Whether its private interface is up.
    pub private_link: bool,
    /// The unit `k3s`: API server, etcd member, kubelet, flannel and kube-proxy.
    pub k3s: Unit,
    /// Whether k3s is on its way up: the unit is `activating`, and nothing of it answers yet.
    pub starting: bool,
    /// How often systemd has started k3s again by itself.
    pub restarts: u32,
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
    /// What was planned for it in an earlier turn is void.
    pub(super) turn: u64,
    /// Its kubelet has not told anybody yet that it was started.
    pub(super) fresh: bool,
    /// k3s runs and finds no quorum: it will give up soon.
    pub(super) struggling: bool,
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
    /// It is no member any more: it does not start.
    Removed,
    /// Its data were moved away: it joins anew when k3s starts.
    Fresh,
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
    /// Whether it is about what leaves the machine.
    #[serde(default)]
    pub outgoing: bool,
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

impl Rule {
    /// Whether an address is the rule's, or begins as it says.
    fn covers(&self, address: &str) -> bool {
        address == self.from || self.from.ends_with('.') && address.starts_with(&self.from)
    }

    /// Whether it is about TCP connections to a port, out of the machine or into it.
    fn concerns(&self, outgoing: bool, port: u16) -> bool {
        self.outgoing == outgoing && (self.ports.is_empty() || self.ports.contains(&port)) && self.protocol != "udp"
    }
}

impl Firewall {
    /// What becomes of a TCP connection that the firewall does not let out.
    pub fn outgoing(&self, port: u16) -> Option<Route> {
        match self.rules.iter().find(|rule| rule.concerns(true, port)).filter(|_| self.enabled)?.verdict {
            Verdict::Allow => None,
            Verdict::Reject => Some(Route::Refused),
            Verdict::Deny => Some(Route::Silent),
        }
    }

    /// What becomes of a TCP connection that the firewall does not let in.
    pub fn verdict(&self, sender: Option<&str>, port: u16) -> Option<Route> {
        if !self.enabled {
            return None;
        }
        let fits = |rule: &&Rule| {
            rule.concerns(false, port) && (rule.from.is_empty() || sender.is_some_and(|s| rule.covers(s)))
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
            outgoing: false,
        };
        Self {
            id: 48_210_000 + u64::from(number),
            public: format!("203.0.113.{}", 10 + number),
            private: format!("10.0.0.{}", 10 + number),
            power: Power::On,
            booting: false,
            booted,
            boots: 0,
            public_link: true,
            private_link: true,
            k3s: Unit::Active,
            starting: false,
            restarts: 0,
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
            turn: 0,
            fresh: false,
            struggling: false,
        }
    }

    /// Whether it runs and answers.
    pub const fn running(&self) -> bool {
        matches!(self.power, Power::On) && !self.booting
    }

    /// Whether k3s is up: it answers on its ports, and the kubelet works.
    pub const fn k3s_runs(&self) -> bool {
        self.running() && self.k3s.active() && !self.starting && !self.etcd_broken()
    }

    /// Whether its etcd member takes part.
    pub const fn etcd_runs(&self) -> bool {
        self.k3s_runs() && matches!(self.etcd, Member::Voter | Member::Learner)
    }

    /// Whether its etcd member cannot start, which k3s does not survive.
    pub const fn etcd_broken(&self) -> bool {
        matches!(self.etcd, Member::Corrupt | Member::Removed) || self.disk.used() >= self.disk.size
    }

    /// Whether containers run on it, whoever started them.
    pub const fn runs_containers(&self) -> bool {
        self.running() && self.containers
    }

    /// Whether an interface is up: the private one or the public.
    pub const fn link(&self, private: bool) -> bool {
        if private { self.private_link } else { self.public_link }
    }
}
