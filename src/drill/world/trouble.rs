//! What can happen to a machine, and what mends it.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use super::machine::{Machine, Member, Power, Rule, Unit, Verdict};

/// Something that happens to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Trouble {
    /// It is off, or hangs.
    Power(Power),
    /// Its public interface is down.
    PublicLink,
    /// Its private interface is down.
    PrivateLink,
    /// k3s was stopped, or fails; its containers go on.
    K3s(Unit),
    /// Its etcd member is not as it should be.
    Etcd(Member),
    /// Its pods do not reach those of other nodes.
    Overlay,
    /// kube-proxy's rules are gone.
    ServiceRules,
    /// Its disk is full up to so many per cent.
    Disk(u8),
    /// Its firewall keeps these ports (all, if none) from everybody.
    Blocked(Vec<u16>),
    /// Its clock is off by so many seconds, and nothing keeps it in step.
    Clock(i32),
}

impl Trouble {
    /// It happens.
    pub fn befall(&self, machine: &mut Machine) {
        match self {
            Self::Power(power) => machine.power = *power,
            Self::PublicLink => machine.public_link = false,
            Self::PrivateLink => machine.private_link = false,
            Self::K3s(unit) => machine.k3s = *unit,
            Self::Etcd(member) => machine.etcd = *member,
            Self::Overlay => machine.overlay = false,
            Self::ServiceRules => machine.service_rules = false,
            Self::Disk(percent) => {
                let wanted = machine.disk.size * u64::from(*percent) / 100;
                machine.disk.filler += wanted.saturating_sub(machine.disk.used());
            }
            Self::Blocked(ports) => machine.firewall.rules.insert(0, block(ports)),
            Self::Clock(seconds) => {
                machine.skew = SignedDuration::from_secs(i64::from(*seconds));
                machine.in_step = false;
            }
        }
    }

    /// It is over.
    pub fn mend(&self, machine: &mut Machine) {
        match self {
            Self::Power(_) => machine.power = Power::On,
            Self::PublicLink => machine.public_link = true,
            Self::PrivateLink => machine.private_link = true,
            Self::K3s(_) => machine.k3s = Unit::Active,
            Self::Etcd(_) => machine.etcd = Member::Voter,
            Self::Overlay => machine.overlay = true,
            Self::ServiceRules => machine.service_rules = true,
            Self::Disk(_) => machine.disk.filler = 0,
            Self::Blocked(ports) => machine.firewall.rules.retain(|rule| *rule != block(ports)),
            Self::Clock(_) => {
                machine.skew = SignedDuration::ZERO;
                machine.in_step = true;
            }
        }
    }

    /// Whether it still holds.
    pub fn holds(&self, machine: &Machine) -> bool {
        let mut mended = machine.clone();
        self.mend(&mut mended);
        mended != *machine
    }
}

fn block(ports: &[u16]) -> Rule {
    Rule {
        verdict: Verdict::Deny,
        from: String::new(),
        ports: ports.to_vec(),
        protocol: String::new(),
        outgoing: false,
    }
}
