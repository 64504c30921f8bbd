//! The few files of a node that the catalogue names. They are words in the world; no file is touched.

use std::fmt::Write as _;

use serde_json::Value;

use super::Outcome;
use super::host::{Host, denied, text, time};
use crate::drill::world::{Inside, Kept};

const CONFIG: &str = "/etc/rancher/k3s/config.yaml";
const DATABASE: &str = "/var/lib/rancher/k3s/server/db";
const SNAPSHOTS: &str = "/var/lib/rancher/k3s/server/db/snapshots";
const ETCD: &str = "/var/lib/rancher/k3s/server/db/etcd";
const TOKEN: &str = "/var/lib/rancher/k3s/server/token";
const RULES: &str = "/etc/ufw";
const REBOOT: &str = "/var/run/reboot-required";
/// Copies are made below these.
const KEEPS: [&str; 2] = ["/root/", "/var/lib/rancher/k3s/server/db."];
/// How many copies there is room for.
const MOST: usize = 64;
/// The largest configuration.
const LARGEST: usize = 64 * 1024;

/// What is done with files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Files {
    /// `cat`
    Read(Vec<String>),
    /// `ls`, in full with `-l`.
    List(Option<String>, bool),
    /// `test -f`, `test -d`, `test -e`
    Exists(String),
    /// `cp`
    Copy(String, String),
    /// `mv`
    Move(String, String),
    /// `install -m 600 /dev/stdin PATH`
    Install(String),
    /// `stat -c %Y PATH`
    Changed(Vec<String>),
}

impl Files {
    /// What these words mean.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let own = |path: &str| path.trim_end_matches('/').to_owned();
        Some(match words {
            ["cat", paths @ ..] if paths.iter().all(|path| path.starts_with('/')) => {
                Self::Read(paths.iter().map(|path| own(path)).collect())
            }
            ["ls"] => Self::List(None, false),
            ["ls", "-l" | "-la" | "-al" | "-ld", path] => Self::List(Some(own(path)), true),
            ["ls", "-1" | "-A", path] | ["ls", path] if path.starts_with('/') => Self::List(Some(own(path)), false),
            ["test", "-f" | "-d" | "-e", path] | ["[", "-f" | "-d" | "-e", path, "]"] => Self::Exists(own(path)),
            ["cp", "-a", from, to] | ["cp", from, to] if !from.starts_with('-') => {
                // `COPY/.` into a folder is what is in it.
                Self::Copy(own(from.strip_suffix("/.").unwrap_or(from)), own(to))
            }
            ["mv", from, to] if !from.starts_with('-') => Self::Move(own(from), own(to)),
            ["install", "-m", "600" | "0600", "/dev/stdin", path] => Self::Install(own(path)),
            ["stat", "-c", "%Y", paths @ ..] if !paths.is_empty() => {
                Self::Changed(paths.iter().map(|path| own(path)).collect())
            }
            _ => return None,
        })
    }

    /// Does it.
    pub fn run(&self, host: &mut Host<'_>, input: &str) -> Outcome {
        match self {
            Self::Read(paths) => paths.iter().fold(Outcome::silent(), |before, path| read(host, path).after(before)),
            Self::List(path, full) => match path {
                None => Outcome::silent(),
                Some(path) => list_of(host, path, *full),
            },
            Self::Exists(path) => Outcome { code: u32::from(!exists(host, path)), ..Outcome::silent() },
            Self::Copy(..) | Self::Move(..) | Self::Install(_) if !host.root => denied("cannot create regular file"),
            Self::Copy(from, to) => copy(host, from, to, false),
            Self::Move(from, to) => copy(host, from, to, true),
            Self::Install(path) => install(host, path, input),
            Self::Changed(paths) => changed(host, paths),
        }
    }
}

fn missing(program: &str, path: &str) -> Outcome {
    Outcome::failed(1, format!("{program}: {path}: No such file or directory\n"))
}

/// The machine's own number.
pub fn machine_id(host: &Host<'_>) -> String {
    text(&host.own(), "/status/nodeInfo/machineID").to_owned()
}

fn read(host: &Host<'_>, path: &str) -> Outcome {
    let inside = host.inside();
    let own = host.own();
    let content = match path {
        "/etc/machine-id" => format!("{}\n", machine_id(host)),
        "/proc/sys/kernel/random/boot_id" => format!("{}\n", text(&own, "/status/nodeInfo/bootID")),
        "/etc/hostname" => format!("{}\n", host.node),
        "/etc/os-release" => "PRETTY_NAME=\"Ubuntu 24.04.4 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\n".to_owned(),
        "/etc/resolv.conf" => "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n".to_owned(),
        "/run/flannel/subnet.env" if host.machine().overlay => {
            format!(
                "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.{}.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n",
                host.number()
            )
        }
        REBOOT if inside.reboot_required => "*** System restart required ***\n".to_owned(),
        "/var/log/apt/history.log" => upgrades(&inside),
        _ if path.starts_with("/etc/rancher/")
            || path.starts_with("/var/lib/rancher/")
            || path.starts_with("/root/") =>
        {
            if !host.root {
                return denied(&format!("cat: {path}"));
            }
            match (path, inside.copies.get(path)) {
                (CONFIG, _) => inside.k3s_config,
                (TOKEN, _) | (_, Some(Kept::Token)) => token(&inside),
                (_, Some(Kept::Config(config))) => config.clone(),
                (DATABASE | ETCD | SNAPSHOTS, _) | (_, Some(Kept::Database)) => {
                    return Outcome::failed(1, format!("cat: {path}: Is a directory\n"));
                }
                _ => return missing("cat", path),
            }
        }
        _ => return missing("cat", path),
    };
    Outcome::said(content)
}

/// The server's token, as the configuration has it.
fn token(inside: &Inside) -> String {
    let line = inside.k3s_config.lines().find_map(|line| line.strip_prefix("token: "));
    format!("{}\n", line.unwrap_or_default())
}

fn upgrades(inside: &Inside) -> String {
    let done = inside.diary.iter().filter(|entry| entry.text.starts_with("os-upgrade.service: started"));
    let line = |at: jiff::Timestamp| {
        format!("\nStart-Date: {}\nCommandline: apt-get -y upgrade\n", at.strftime("%Y-%m-%d  %H:%M:%S"))
    };
    done.map(|entry| line(entry.at)).collect()
}

fn exists(host: &Host<'_>, path: &str) -> bool {
    let inside = host.inside();
    match path {
        REBOOT | "/run/reboot-required" => inside.reboot_required,
        DATABASE | ETCD => inside.database,
        SNAPSHOTS | CONFIG | TOKEN | RULES => true,
        "/run/flannel/subnet.env" => host.machine().overlay,
        _ => inside.copies.contains_key(path) || read(host, path).code == 0,
    }
}

/// The snapshots on this node: name, size, when.
pub fn snapshots(host: &Host<'_>) -> Vec<(String, u64, jiff::Timestamp)> {
    let mut found: Vec<_> = host
        .objects("k3s.cattle.io", "etcdsnapshotfiles")
        .iter()
        .filter(|snapshot| text(snapshot, "/spec/nodeName") == host.node)
        .filter_map(|snapshot: &std::sync::Arc<Value>| {
            let size = text(snapshot, "/status/size").parse().unwrap_or_default();
            Some((text(snapshot, "/spec/snapshotName").to_owned(), size, time(snapshot, "/status/creationTime")?))
        })
        .collect();
    found.sort();
    found
}

fn list_of(host: &Host<'_>, path: &str, full: bool) -> Outcome {
    let inside = host.inside();
    if (path.starts_with("/var/lib/rancher/k3s/server") || path.starts_with("/root")) && !host.root {
        return Outcome { code: 2, ..denied(&format!("ls: cannot open directory '{path}'")) };
    }
    let began = host.machine().booted;
    let folder = |name: &str| (name.to_owned(), 4096, began, true);
    let file = |name: &str, size: u64| (name.to_owned(), size, began, false);
    let entries = match path {
        SNAPSHOTS => snapshots(host).into_iter().map(|(name, size, at)| (name, size, at, false)).collect(),
        ETCD if inside.database => vec![folder("member"), file("name", 15), file("config", 1011)],
        DATABASE if inside.database => vec![folder("etcd"), folder("snapshots")],
        "/var/lib/rancher/k3s/server" => {
            let moved = inside.copies.keys().filter_map(|kept| kept.strip_prefix("/var/lib/rancher/k3s/server/"));
            let own = if inside.database { vec!["db"] } else { Vec::new() };
            own.into_iter().chain(moved).map(folder).chain([folder("tls"), file("token", 109)]).collect()
        }
        "/root" => inside.copies.keys().filter_map(|kept| kept.strip_prefix("/root/")).map(folder).collect(),
        RULES => vec![file("user.rules", 1972), file("user6.rules", 1311), file("ufw.conf", 312)],
        _ if exists(host, path) => vec![file(path, 64)],
        _ => {
            let err = format!("ls: cannot access '{path}': No such file or directory\n");
            return Outcome::failed(2, err);
        }
    };
    let line = |(name, size, at, folder): &(String, u64, jiff::Timestamp, bool)| {
        if !full {
            return format!("{name}\n");
        }
        let mode = if *folder { "drwx------ 2" } else { "-rw------- 1" };
        format!("{mode} root root {size:>9} {} {name}\n", at.strftime("%b %e %H:%M"))
    };
    let total = if full && entries.len() > 1 { format!("total {}\n", entries.len() * 4) } else { String::new() };
    Outcome::said(total + &entries.iter().map(line).collect::<String>())
}

/// What lies at a path, to copy it.
fn lies_at(inside: &Inside, host: &Host<'_>, path: &str) -> Option<Kept> {
    match path {
        CONFIG => Some(Kept::Config(inside.k3s_config.clone())),
        TOKEN => Some(Kept::Token),
        RULES => Some(Kept::Firewall(host.machine().firewall)),
        DATABASE => inside.database.then_some(Kept::Database),
        _ => inside.copies.get(path).cloned(),
    }
}

fn copy(host: &mut Host<'_>, from: &str, to: &str, away: bool) -> Outcome {
    let program = if away { "mv" } else { "cp" };
    let inside = host.inside();
    let Some(kept) = lies_at(&inside, host, from) else {
        return Outcome::failed(1, format!("{program}: cannot stat '{from}': No such file or directory\n"));
    };
    let to =
        if to == "/root" { format!("/root/{}", from.rsplit('/').next().unwrap_or_default()) } else { to.to_owned() };
    let fits = match (to.as_str(), &kept) {
        (CONFIG, Kept::Config(_)) | (RULES, Kept::Firewall(_)) | (TOKEN, Kept::Token) => true,
        (DATABASE, Kept::Database) => !inside.database,
        (to, _) => KEEPS.iter().any(|keep| to.starts_with(keep)) && inside.copies.len() < MOST,
    };
    // What is in use is not moved away from under it, but for the data of a k3s that is stopped.
    let movable = !away || from == DATABASE || inside.copies.contains_key(from);
    if !fits || !movable {
        return Outcome::failed(1, format!("{program}: cannot create '{to}': Operation not permitted\n"));
    }
    host.change(|machine| {
        match (to.as_str(), &kept) {
            (CONFIG, Kept::Config(config)) => machine.inside.k3s_config.clone_from(config),
            (RULES, Kept::Firewall(rules)) => machine.firewall = rules.clone(),
            (DATABASE, _) => machine.inside.database = true,
            (TOKEN, _) => {}
            _ => {
                machine.inside.copies.insert(to.clone(), kept);
            }
        }
        if away {
            machine.inside.copies.remove(from);
            machine.inside.database &= from != DATABASE;
        }
    });
    Outcome::silent()
}

fn install(host: &mut Host<'_>, path: &str, input: &str) -> Outcome {
    if path != CONFIG || input.len() > LARGEST {
        return denied(&format!("install: cannot create regular file '{path}'"));
    }
    host.world.change_inside(host.node, |inside| input.clone_into(&mut inside.k3s_config));
    Outcome::silent()
}

fn changed(host: &Host<'_>, paths: &[String]) -> Outcome {
    let machine = host.machine();
    let mut outcome = Outcome::silent();
    for path in paths {
        match path.as_str() {
            "/etc/ufw/user.rules" | "/etc/ufw/user6.rules" => {
                let at = machine.inside.firewall_changed.unwrap_or(machine.booted);
                let _ = writeln!(outcome.out, "{}", at.as_second());
            }
            _ => {
                let err = format!("stat: cannot statx '{path}': No such file or directory\n");
                outcome = Outcome::failed(1, err).after(outcome);
            }
        }
    }
    outcome
}
