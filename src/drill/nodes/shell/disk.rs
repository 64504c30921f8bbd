//! Disk, inodes, memory and processors.

use std::fmt::Write as _;

use super::Outcome;
use super::host::{Host, number_of};
use crate::drill::api::Backend as _;

const MIB: u64 = 1024 * 1024;
/// Blocks of a KiB that the machine has of memory.
const MEMORY: u64 = 7_937_024;
/// Where the disk is seen: the whole, and what lies on it.
const MOUNTS: [(&str, &str); 2] = [("/dev/sda1", "/"), ("/dev/sda15", "/boot/efi")];

/// What is asked about disk and memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disk {
    /// `df -P`
    Free {
        /// Blocks of so many bytes.
        block: u64,
        /// Only where the paths lie that were named.
        root: bool,
    },
    /// `df -Pi`
    Inodes,
    /// `du` of folders: readable for people, one level deep.
    Use {
        /// The folders.
        folders: Vec<String>,
        /// Sizes with units.
        human: bool,
        /// What is in them as well.
        within: bool,
    },
    /// `free -m`
    Memory,
    /// `vmstat`; how many lines.
    Activity(usize),
}

impl Disk {
    /// The question that these words ask.
    pub fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["df", rest @ ..] => {
                let flags: Vec<&str> = rest.iter().filter(|w| w.starts_with('-')).copied().collect();
                let paths: Vec<&&str> = rest.iter().filter(|w| !w.starts_with('-')).collect();
                if !paths.iter().all(|path| ["/", "/var/lib/rancher"].contains(*path)) {
                    return None;
                }
                let root = !paths.is_empty();
                match flags.as_slice() {
                    [] | ["-P" | "-k" | "-Pk"] => Some(Self::Free { block: 1024, root }),
                    ["-P", "-B1"] | ["-PB1" | "-B1"] => Some(Self::Free { block: 1, root }),
                    ["-Pi" | "-i" | "-iP"] => Some(Self::Inodes),
                    _ => None,
                }
            }
            ["du", flags, folders @ ..] if !folders.is_empty() => {
                let human = flags.contains('h');
                let known = ["-xhd1", "-xd1", "-xhs", "-sh", "-shx", "-xsh", "-s", "-xs", "-hs"].contains(flags);
                let folders = folders.iter().map(|f| f.trim_end_matches('/').to_owned()).collect();
                known.then(|| Self::Use { folders, human, within: flags.contains("d1") })
            }
            ["free", "-m"] => Some(Self::Memory),
            ["vmstat"] => Some(Self::Activity(1)),
            ["vmstat", "1", count] => count.parse().ok().filter(|n| (1..=30).contains(n)).map(Self::Activity),
            _ => None,
        }
    }

    /// Answers it.
    pub fn run(&self, host: &Host<'_>) -> Outcome {
        match self {
            Self::Free { block, root } => free(host, *block, *root),
            Self::Inodes => inodes(host),
            Self::Use { folders, human, within } => usage(host, folders, *human, *within),
            Self::Memory => memory(host),
            Self::Activity(lines) => activity(host, *lines),
        }
    }
}

fn row(name: &str, size: u64, used: u64, mount: &str) -> String {
    let free = size.saturating_sub(used);
    let percent = (used * 100).div_ceil(size.max(1));
    format!("{name:<10} {size:>13} {used:>12} {free:>12} {percent:>7}% {mount}\n")
}

fn free(host: &Host<'_>, block: u64, root: bool) -> Outcome {
    let disk = host.machine().disk;
    let title = if block == 1 { "1-blocks" } else { "1024-blocks" };
    let mut text = format!("Filesystem {title:>13} {:>12} {:>12} Capacity Mounted on\n", "Used", "Available");
    if !root {
        text.push_str(&row("tmpfs", 812_000 * 1024 / block, 1_900 * 1024 / block, "/run"));
    }
    for (name, mount) in MOUNTS.into_iter().filter(|(_, mount)| !root || *mount == "/") {
        let (size, used) = if mount == "/" { (disk.size * MIB, disk.used() * MIB) } else { (256 * MIB, 6 * MIB) };
        text.push_str(&row(name, size / block, used / block, mount));
    }
    Outcome::said(text)
}

fn inodes(host: &Host<'_>) -> Outcome {
    let inodes = 4_915_200;
    let used = inodes * u64::from(host.machine().disk.inodes) / 100;
    let mut text = format!("Filesystem {:>13} {:>12} {:>12} IUse% Mounted on\n", "Inodes", "IUsed", "IFree");
    text.push_str(&row("tmpfs", 992_128, 1_204, "/run"));
    text.push_str(&row("/dev/sda1", inodes, used, "/"));
    Outcome::said(text)
}

/// What the folders of the catalogue hold, in MiB.
fn sizes(host: &Host<'_>) -> Vec<(&'static str, u64)> {
    let machine = host.machine();
    let disk = machine.disk;
    let database = if machine.inside.database { 96 } else { 0 };
    let layers = 4_100 + disk.images;
    let storage = 800;
    let k3s = layers + database + disk.snapshots + storage + disk.filler;
    vec![
        ("/var/lib/rancher", k3s),
        ("/var/lib/rancher/k3s", k3s),
        ("/var/lib/rancher/k3s/agent", layers),
        ("/var/lib/rancher/k3s/agent/containerd", layers - 200),
        ("/var/lib/rancher/k3s/server", database + disk.snapshots + 3),
        ("/var/lib/rancher/k3s/server/db", database + disk.snapshots),
        ("/var/lib/rancher/k3s/server/db/etcd", database),
        ("/var/lib/rancher/k3s/server/db/snapshots", disk.snapshots),
        ("/var/lib/rancher/k3s/storage", storage + disk.filler),
        ("/var/log", disk.journal + 60),
        ("/var/log/journal", disk.journal),
        ("/var/log/pods", 42),
        ("/var/cache", disk.packages + 30),
        ("/var/cache/apt", disk.packages),
    ]
}

fn usage(host: &Host<'_>, folders: &[String], human: bool, within: bool) -> Outcome {
    let sizes = sizes(host);
    let mut outcome = Outcome::silent();
    for folder in folders {
        if folder.starts_with("/var/lib/rancher") && !host.root {
            outcome = super::host::denied(&format!("du: cannot read directory '{folder}'")).after(outcome);
            continue;
        }
        let Some((_, own)) = sizes.iter().find(|(name, _)| name == folder) else {
            let err = format!("du: cannot access '{folder}': No such file or directory\n");
            outcome = Outcome::failed(1, err).after(outcome);
            continue;
        };
        let child = |name: &str| name.strip_prefix(&format!("{folder}/")).is_some_and(|rest| !rest.contains('/'));
        let children = sizes.iter().filter(|(name, _)| within && child(name));
        let lines = children.map(|(name, size)| (*name, *size)).chain([(folder.as_str(), *own)]);
        let text: String = lines.map(|(name, size)| format!("{}\t{name}\n", shown(size, human))).collect();
        outcome.out.push_str(&text);
    }
    outcome
}

fn shown(mib: u64, human: bool) -> String {
    match mib {
        _ if !human => (mib * 1024).to_string(),
        0 => "4.0K".to_owned(),
        mib if mib >= 10_240 => format!("{}G", mib.div_ceil(1024)),
        mib if mib >= 1024 => format!("{:.1}G", mib as f64 / 1024.0),
        mib => format!("{mib}M"),
    }
}

/// CPU in thousandths of a core and memory in bytes that the node takes, as metrics-server tells it, or as is usual.
fn taken(host: &Host<'_>) -> (u64, u64) {
    let metrics = host.world.node_metrics().unwrap_or_default();
    let own = metrics.iter().find(|m| m["metadata"]["name"] == host.node);
    let amount = |field: &str, unit: char| {
        own.and_then(|m| m["usage"][field].as_str()?.trim_end_matches(['K', 'i', unit]).parse::<u64>().ok())
    };
    (amount("cpu", 'n').map_or(420, |nano| nano / 1_000_000), amount("memory", 'i').map_or(2 << 30, |k| k * 1024))
}

/// The load of the machine.
pub fn load(host: &Host<'_>) -> f64 {
    taken(host).0 as f64 / 1000.0 * 1.3 + 0.05
}

fn memory(host: &Host<'_>) -> Outcome {
    let (total, used) = (MEMORY / 1024, taken(host).1 / MIB);
    let cached = (total - used.min(total)) * 7 / 10;
    let free = total.saturating_sub(used + cached);
    Outcome::said(format!(
        "               total        used        free      shared  buff/cache   available\n\
         Mem:     {total:>11} {used:>11} {free:>11} {:>11} {cached:>11} {:>11}\n\
         Swap:    {:>11} {:>11} {:>11}\n",
        4,
        total - used.min(total),
        0,
        0,
        0
    ))
}

fn activity(host: &Host<'_>, lines: usize) -> Outcome {
    let (cpu, used) = taken(host);
    let busy = (cpu / 40).min(97);
    let free = MEMORY.saturating_sub(used / 1024) * 3 / 10;
    let mut text = String::from(
        "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------\n \
         r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu\n",
    );
    for line in 0..lines {
        let wander = number_of(&format!("{}{}", host.world.now().as_second(), line)) % 5;
        let (own, system) = ((busy * 2).div_ceil(3) + wander, busy / 3 + 1);
        let _ = writeln!(
            text,
            " {:>1}  0      0 {free:>6}  61220 {:>6}    0    0    {:>2}  {:>4} {:>4} {:>4} {own:>2} {system:>2} {:>2}  0  0  0",
            1 + wander / 2,
            free * 2,
            wander,
            120 + wander * 9,
            2100 + wander * 40,
            3900 + wander * 70,
            100 - own.min(60) - system.min(30)
        );
    }
    Outcome::said(text)
}
