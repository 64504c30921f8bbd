//! Power, boots and the unit `k3s`: what is asked of a machine, and what it does by itself until it stands again.

use jiff::SignedDuration;

use super::machine::{Machine, Member, Power, PowerAction, Unit};
use super::random::mix;
use super::{Due, World};

/// What can be asked of the unit `k3s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum K3sAction {
    /// Stop and start it; containers go on.
    Restart,
    /// Stop it; containers go on.
    Stop,
    /// Start it.
    Start,
}

/// What a machine does next by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineStep {
    /// The system is up.
    Booted,
    /// k3s is up, or fails to be.
    Started,
    /// k3s gives up; systemd starts it again.
    Crashed,
    /// The etcd member has caught up.
    Joined,
}

/// Milliseconds that something takes: at least, and at most.
type Span = (u64, u64);

/// A restart of the machine, until its system answers.
const REBOOT: Span = (25_000, 40_000);
/// The same from power off.
const POWER_ON: Span = (12_000, 17_000);
/// k3s, until its API server answers.
const START: Span = (10_000, 19_000);
/// How long systemd and k3s need after a crash until etcd runs again.
const AGAIN: Span = (6_000, 9_000);
/// How long k3s holds out without a quorum: its leader election is lost by then.
const HOLDS_OUT: Span = (30_000, 50_000);
/// A member that learns, until it votes.
const LEARNS: Span = (20_000, 40_000);

impl World {
    /// Changes a machine; what follows from it, follows.
    pub fn change_machine(&mut self, node: &str, change: impl FnOnce(&mut Machine)) {
        self.alter_machine(node, change);
        self.settle();
    }

    /// The same for a controller, which is at work already.
    pub(super) fn alter_machine(&mut self, node: &str, change: impl FnOnce(&mut Machine)) {
        self.remember_rules();
        let Some(machine) = self.machines.get_mut(node) else { return };
        let before = machine.clone();
        change(machine);
        self.follow(node, &before);
        self.take_stock();
    }

    /// What a change leads to: a machine that gets power boots, a unit that is started starts.
    fn follow(&mut self, node: &str, before: &Machine) {
        let Some(machine) = self.machines.get_mut(node) else { return };
        if machine.power == Power::Off && before.power != Power::Off {
            machine.turn += 1;
            machine.booting = false;
            machine.containers = false;
        } else if machine.power == Power::On && before.power == Power::Off {
            self.boot(node, POWER_ON);
            return;
        } else if machine.k3s.active() && !before.k3s.active() {
            self.start_k3s(node, START);
        } else if !machine.k3s.active() && before.k3s.active() {
            machine.turn += 1;
            machine.starting = false;
        } else if machine.k3s.active() && machine.etcd_broken() && !before.etcd_broken() {
            self.start_k3s(node, AGAIN);
        }
        if before.containers && self.machine(node).is_some_and(|m| !m.containers) {
            self.lose_containers(node);
        }
    }

    /// Does something with a machine's power. What hangs does not hear the wish to reboot.
    pub fn power(&mut self, node: &str, action: PowerAction) {
        let Some(power) = self.machine(node).map(|m| m.power) else { return };
        match action {
            PowerAction::Off => self.change_machine(node, |machine| machine.power = Power::Off),
            PowerAction::On => self.change_machine(node, |machine| machine.power = Power::On),
            PowerAction::Reboot if power != Power::On => {}
            PowerAction::Reset if power == Power::Off => {}
            PowerAction::Reboot | PowerAction::Reset => {
                self.boot(node, REBOOT);
                self.take_stock();
                self.settle();
            }
        }
    }

    /// Does something with the unit `k3s`.
    pub fn k3s(&mut self, node: &str, action: K3sAction) {
        let Some(machine) = self.machine(node).filter(|m| m.running()) else { return };
        match action {
            K3sAction::Stop => self.change_machine(node, |machine| machine.k3s = Unit::Inactive),
            K3sAction::Start if machine.k3s.active() => {}
            K3sAction::Start | K3sAction::Restart => {
                self.start_k3s(node, START);
                self.take_stock();
                self.settle();
            }
        }
    }

    /// What `k3s-killall.sh` does: stops k3s and ends all containers.
    pub fn kill_all(&mut self, node: &str) {
        self.change_machine(node, |machine| {
            machine.k3s = Unit::Inactive;
            machine.containers = false;
            machine.service_rules = false;
        });
    }

    fn boot(&mut self, node: &str, takes: Span) {
        self.remember_rules();
        self.lose_containers(node);
        if let Some(machine) = self.machines.get_mut(node) {
            machine.power = Power::On;
            machine.booting = true;
            machine.starting = false;
        }
        self.next_step(node, takes, MachineStep::Booted);
    }

    fn start_k3s(&mut self, node: &str, takes: Span) {
        self.remember_rules();
        if let Some(machine) = self.machines.get_mut(node) {
            machine.k3s = Unit::Active;
            machine.starting = true;
            machine.struggling = false;
        }
        self.next_step(node, takes, MachineStep::Started);
    }

    /// Plans what a machine does next, in place of what was planned before. How long it takes is no chance of the story:
    /// it was somebody's wish.
    pub(super) fn next_step(&mut self, node: &str, (from, to): Span, step: MachineStep) {
        let Some(machine) = self.machines.get_mut(node) else { return };
        machine.turn += 1;
        let turn = machine.turn;
        let millis = from + mix(node, turn) % (to - from + 1);
        self.plan(SignedDuration::from_millis(millis as i64), Due::Machine(node.to_owned(), turn, step));
    }

    pub(super) fn machine_step(&mut self, node: &str, turn: u64, step: MachineStep) {
        let now = self.now;
        let Some(machine) = self.machines.get_mut(node).filter(|m| m.turn == turn && m.power == Power::On) else {
            return;
        };
        match step {
            MachineStep::Booted => {
                (machine.booting, machine.booted, machine.restarts) = (false, now, 0);
                machine.boots += 1;
                // The unit is enabled, whoever stopped it before.
                if machine.k3s != Unit::Failed {
                    self.start_k3s(node, START);
                }
            }
            MachineStep::Started if machine.etcd_broken() => {
                machine.restarts += 1;
                self.start_k3s(node, AGAIN);
            }
            MachineStep::Started => self.k3s_is_up(node),
            MachineStep::Crashed => {
                machine.restarts += 1;
                self.start_k3s(node, AGAIN);
            }
            MachineStep::Joined => {
                machine.etcd = Member::Voter;
                self.member_joined(node);
            }
        }
        self.take_stock();
    }

    fn k3s_is_up(&mut self, node: &str) {
        let others = !self.quorum.is_empty();
        let Some(machine) = self.machines.get_mut(node) else { return };
        machine.starting = false;
        machine.fresh = true;
        // It sets up flannel and kube-proxy anew.
        machine.overlay = true;
        machine.service_rules = true;
        if machine.etcd == Member::Fresh && others {
            machine.etcd = Member::Learner;
        }
    }

    /// Looks again who has a quorum, after something about a machine has changed.
    pub(super) fn take_stock(&mut self) {
        self.keep_diaries();
        let quorum = self.machines.keys().filter(|node| self.finds_quorum(node)).cloned().collect();
        let before = std::mem::replace(&mut self.quorum, quorum);
        let (lost, found): (Vec<_>, Vec<_>) =
            before.symmetric_difference(&self.quorum).cloned().partition(|node| before.contains(node));
        for node in &lost {
            self.lose_claims(node);
        }
        for node in &found {
            self.rejoin(node);
        }
        self.watch_over_strugglers();
        if before.is_empty() && !found.is_empty() {
            self.work.append(&mut self.stalled);
        }
    }

    fn rejoin(&mut self, node: &str) {
        let Some(machine) = self.machines.get_mut(node) else { return };
        if std::mem::take(&mut machine.struggling) {
            machine.turn += 1;
        }
        if machine.etcd == Member::Learner {
            self.next_step(node, LEARNS, MachineStep::Joined);
        }
        self.kubelet_returns(node);
    }

    /// k3s does not live long without a quorum.
    fn watch_over_strugglers(&mut self) {
        let struggles = |(node, m): &(&String, &Machine)| m.k3s_runs() && !m.struggling && !self.quorum.contains(*node);
        let found: Vec<_> = self.machines.iter().filter(struggles).map(|(node, _)| node.clone()).collect();
        for node in found {
            if let Some(machine) = self.machines.get_mut(&node) {
                machine.struggling = true;
            }
            self.next_step(&node, HOLDS_OUT, MachineStep::Crashed);
        }
    }
}
