//! What only a shell on a machine tells: kernel, packages, configuration of k3s, copies that were made; and what its journal
//! keeps of what happened to it.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::machine::{Firewall, Machine, Member, Power, Unit};
use super::{Due, World};
use crate::drill::store::stamp;

/// How much the journal keeps of what happened.
const KEPT: usize = 400;
/// What kube-proxy sets for a machine of four cores.
const CONNECTIONS: u32 = 131_072;

/// What only a shell on a machine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// `/etc/rancher/k3s/config.yaml`
    pub k3s_config: String,
    /// The version of k3s that is installed, if it is another than the cluster's.
    pub k3s_version: Option<String>,
    /// Whether its SSH server forwards connections.
    pub forwarding: bool,
    /// Whether somebody holds the lock of consoles.
    pub locked: bool,
    /// How many connections are tracked beyond the usual, and how many may be.
    pub connections: u32,
    /// How many connections may be tracked.
    pub connections_max: u32,
    /// Whether checksums of the overlay are left to the card.
    pub offload: bool,
    /// Whether packages wait to be upgraded.
    pub outdated: bool,
    /// Whether the machine must be started anew for what was upgraded.
    pub reboot_required: bool,
    /// Whether the data of etcd are where they belong.
    pub database: bool,
    /// Copies that were made, by path.
    pub copies: BTreeMap<String, Kept>,
    /// When the firewall will be put back, from which copy; and which of such plans this is.
    pub revert: Option<(Timestamp, String, u64)>,
    /// When its firewall was changed last.
    pub firewall_changed: Option<Timestamp>,
    /// When its power, links or k3s changed last.
    pub changed: Option<Timestamp>,
    /// What happened to it, oldest first.
    pub diary: VecDeque<DiaryEntry>,
    /// How the machine stood when its diary was kept last.
    seen: Option<Seen>,
}

/// What of a machine its diary is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    power: Power,
    boots: u32,
    links: (bool, bool),
    k3s: (Unit, bool),
    restarts: u32,
    etcd: Member,
    full: bool,
    firewall: Firewall,
}

impl Seen {
    fn of(machine: &Machine) -> Self {
        Self {
            power: machine.power,
            boots: machine.boots,
            links: (machine.public_link, machine.private_link),
            k3s: (machine.k3s, machine.starting),
            restarts: machine.restarts,
            etcd: machine.etcd,
            full: machine.disk.used() >= machine.disk.size,
            firewall: machine.firewall.clone(),
        }
    }
}

/// Something that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The data of etcd.
    Database,
    /// The server's token.
    Token,
    /// The configuration of k3s.
    Config(String),
    /// The rules of the firewall.
    Firewall(Firewall),
    /// The installer of k3s.
    Installer,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiaryEntry {
    /// When.
    pub at: Timestamp,
    /// Who says it: `kernel`, `systemd`, `k3s`.
    pub by: &'static str,
    /// What.
    pub text: String,
}

impl Inside {
    /// Of a healthy server, the first being number 1.
    pub fn new(number: u32) -> Self {
        let joins = if number == 1 { "cluster-init: true" } else { "server: https://10.0.0.11:6443" };
        Self {
            k3s_config: format!(
                "{joins}\ntoken: K10c0ffee::server:honeydue\nnode-ip: 10.0.0.{}\nflannel-iface: enp7s0\ndisable:\n- servicelb\n",
                10 + number
            ),
            k3s_version: None,
            forwarding: true,
            locked: false,
            connections: 0,
            connections_max: CONNECTIONS,
            offload: true,
            outdated: true,
            reboot_required: false,
            database: true,
            copies: BTreeMap::new(),
            revert: None,
            firewall_changed: None,
            changed: None,
            diary: VecDeque::new(),
            seen: None,
        }
    }

    /// What a start of the machine resets.
    fn boot(&mut self) {
        self.locked = false;
        self.connections_max = CONNECTIONS;
        self.offload = true;
        self.reboot_required = false;
        self.revert = None;
    }

    fn note(&mut self, at: Timestamp, by: &'static str, text: impl Into<String>) {
        if self.diary.len() >= KEPT {
            self.diary.pop_front();
        }
        self.diary.push_back(DiaryEntry { at, by, text: text.into() });
    }
}

impl Machine {
    /// Keeps in its journal what has changed since it was looked at last.
    fn keep_diary(&mut self, now: Timestamp) {
        let is = Seen::of(self);
        let Some(was) = self.inside.seen.replace(is.clone()) else { return };
        if is == was {
            return;
        }
        let inside = &mut self.inside;
        if is.firewall != was.firewall {
            inside.firewall_changed = Some(now);
        }
        if (is.power, is.boots, is.links, is.k3s, is.etcd) != (was.power, was.boots, was.links, was.k3s, was.etcd) {
            inside.changed = Some(now);
        }
        if is.boots != was.boots {
            inside.boot();
            inside.note(now, "kernel", "Linux version 6.8.0-101-generic (buildd@lcy02-amd64-080)");
            inside.note(now, "systemd", "Started ssh.service - OpenBSD Secure Shell server.");
        }
        for (name, is, was) in [("eth0", is.links.0, was.links.0), ("enp7s0", is.links.1, was.links.1)] {
            if is != was {
                inside.note(now, "kernel", format!("{name}: Link is {}", if is { "Up" } else { "Down" }));
            }
        }
        inside.note_k3s(&is, &was, now);
        if is.full && !was.full {
            let text =
                "level=error msg=\"write /var/lib/rancher/k3s/server/db/etcd/member/wal: no space left on device\"";
            inside.note(now, "k3s", text);
        }
    }
}

impl Inside {
    fn note_k3s(&mut self, is: &Seen, was: &Seen, now: Timestamp) {
        if is.restarts > was.restarts {
            let why = complaint(is);
            self.note(now, "k3s", format!("time=\"{}\" level=fatal msg=\"{why}\"", stamp(now)));
            self.note(now, "systemd", "k3s.service: Main process exited, code=exited, status=1/FAILURE");
            self.note(now, "systemd", "k3s.service: Failed with result 'exit-code'.");
            let again = format!("k3s.service: Scheduled restart job, restart counter is at {}.", is.restarts);
            self.note(now, "systemd", again);
        }
        match (was.k3s, is.k3s) {
            (before, after) if before == after => {}
            (_, (Unit::Active, true)) => {
                self.note(now, "systemd", "Starting k3s.service - Lightweight Kubernetes...");
                self.note(now, "k3s", format!("time=\"{}\" level=info msg=\"Starting k3s v1.34.6+k3s1\"", stamp(now)));
            }
            (_, (Unit::Active, false)) => {
                self.note(now, "k3s", format!("time=\"{}\" level=info msg=\"k3s is up and running\"", stamp(now)));
                self.note(now, "systemd", "Started k3s.service - Lightweight Kubernetes.");
            }
            (_, (Unit::Inactive, _)) => {
                self.note(now, "systemd", "Stopping k3s.service - Lightweight Kubernetes...");
                self.note(now, "systemd", "k3s.service: Deactivated successfully.");
                self.note(now, "systemd", "Stopped k3s.service - Lightweight Kubernetes.");
            }
            (_, (Unit::Failed, _)) => {
                self.note(now, "systemd", "k3s.service: Main process exited, code=exited, status=1/FAILURE");
                self.note(now, "systemd", "k3s.service: Failed with result 'exit-code'.");
            }
        }
    }
}

/// What k3s says before it gives up.
const fn complaint(seen: &Seen) -> &'static str {
    match seen.etcd {
        _ if seen.full => "starting kubernetes: write /var/lib/rancher/k3s/server/db: no space left on device",
        Member::Removed => {
            "starting kubernetes: preparing server: start managed database: the member has been permanently removed from the cluster"
        }
        Member::Corrupt => {
            "starting kubernetes: preparing server: start managed database: checkInitialHashKV: found data inconsistency with peers"
        }
        Member::Voter | Member::Learner | Member::Fresh => "leaderelection lost for k3s",
    }
}

impl World {
    /// Changes what only a shell tells. Nothing follows from it.
    pub fn change_inside(&mut self, node: &str, change: impl FnOnce(&mut Inside)) {
        if let Some(machine) = self.machines.get_mut(node) {
            change(&mut machine.inside);
        }
    }

    /// Keeps the diaries of all machines.
    pub(super) fn keep_diaries(&mut self) {
        let now = self.now;
        self.machines.values_mut().for_each(|machine| machine.keep_diary(now));
    }

    /// Writes a line into a machine's journal.
    pub fn note_inside(&mut self, node: &str, by: &'static str, text: impl Into<String>) {
        let now = self.now;
        self.change_inside(node, |inside| inside.note(now, by, text));
    }

    /// Plans that a machine's firewall be put back from a copy.
    pub fn arm_revert(&mut self, node: &str, copy: &str, after: SignedDuration) {
        let Ok(at) = self.now.checked_add(after) else { return };
        let turn = self.now.as_microsecond() as u64;
        self.change_inside(node, |inside| inside.revert = Some((at, copy.to_owned(), turn)));
        self.plan(after, Due::Revert(node.to_owned(), turn));
    }

    /// The firewall is put back, unless that was called off.
    pub(super) fn revert_firewall(&mut self, node: &str, turn: u64) {
        let planned = self.machine(node).and_then(|machine| machine.inside.revert.clone());
        let Some((_, copy, _)) = planned.filter(|(.., planned)| *planned == turn) else { return };
        self.change_machine(node, |machine| {
            machine.inside.revert = None;
            if let Some(Kept::Firewall(rules)) = machine.inside.copies.get(&copy) {
                machine.firewall = rules.clone();
            }
        });
        self.note_inside(node, "systemd", "ufw-revert.service: Deactivated successfully.");
    }

    /// Takes a snapshot of etcd on a node, under a name of its own.
    pub fn save_snapshot(&mut self, node: &str, name: &str) -> String {
        let file = format!("{name}-{node}-{}", self.now.as_second());
        let object = json!({
            "metadata": {
                "name": format!("local-{file}-{:06x}", self.now.as_millisecond() & 0x00ff_ffff),
                "labels": { "etcd.k3s.cattle.io/snapshot-storage-node": node },
                "annotations": { "etcd.k3s.cattle.io/snapshot-token-hash": "9b3e0d7c51aa" },
            },
            "spec": { "snapshotName": file, "nodeName": node,
                "location": format!("file:///var/lib/rancher/k3s/server/db/snapshots/{file}") },
            "status": { "creationTime": stamp(self.now), "readyToUse": true,
                "size": (14_200_000 + self.now.as_second() % 60_000).to_string() },
        });
        let _ = self.store.create(self.res.snapshots, object, self.now);
        self.settle();
        file
    }

    /// Forgets a snapshot of etcd by the name of its object.
    pub fn drop_snapshot(&mut self, name: &str) {
        self.store.remove(self.res.snapshots, "", name);
        self.settle();
    }

    /// The images that a node has.
    pub fn images_of(&self, node: &str) -> Vec<String> {
        self.pulled.iter().filter(|(at, _)| at == node).map(|(_, image)| image.clone()).collect()
    }

    /// A node gets an image without pulling it.
    pub fn add_image(&mut self, node: &str, image: &str) {
        self.pulled.insert((node.to_owned(), image.to_owned()));
    }

    /// A node forgets an image.
    pub fn remove_image(&mut self, node: &str, image: &str) {
        self.pulled.remove(&(node.to_owned(), image.to_owned()));
    }

    /// A node says of itself which k3s it runs.
    pub fn report_version(&mut self, node: &str, version: &str) {
        self.store.modify(self.res.nodes, "", node, |node: &mut Value| {
            node["status"]["nodeInfo"]["kubeletVersion"] = version.into();
        });
        self.settle();
    }
}
