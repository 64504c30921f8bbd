//! The closed list of commands.

use super::Outcome;
use super::containers::Containers;
use super::disk::Disk;
use super::files::Files;
use super::filter::Filter;
use super::firewall::Ufw;
use super::host::Host;
use super::journal::Journal;
use super::k3s::K3s;
use super::links::Links;
use super::system::System;
use super::units::Units;
use super::web::Curl;

/// A command that a node knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Units, timers, the clock's keeper.
    Units(Units),
    /// What was logged.
    Journal(Journal),
    /// k3s itself.
    K3s(K3s),
    /// What runs in it.
    Containers(Containers),
    /// Disk and memory.
    Disk(Disk),
    /// Interfaces, sockets, routes, rules.
    Links(Links),
    /// The firewall.
    Ufw(Ufw),
    /// Files.
    Files(Files),
    /// Who and what the machine is.
    System(System),
    /// A request over HTTP.
    Curl(Curl),
    /// Text through a pipe.
    Filter(Filter),
}

/// The programs of the list, to tell one that is not there from one that was called otherwise.
const PROGRAMS: [&str; 51] = [
    "apt",
    "apt-get",
    "bash",
    "bridge",
    "cat",
    "chronyc",
    "cp",
    "curl",
    "date",
    "df",
    "du",
    "echo",
    "ethtool",
    "false",
    "flock",
    "free",
    "grep",
    "head",
    "hostname",
    "install",
    "ip",
    "iptables-save",
    "journalctl",
    "k3s",
    "k3s-killall.sh",
    "kill",
    "ls",
    "mv",
    "netplan",
    "networkctl",
    "nproc",
    "ps",
    "sh",
    "sort",
    "ss",
    "sysctl",
    "systemctl",
    "systemd-run",
    "tail",
    "test",
    "timedatectl",
    "timeout",
    "true",
    "ufw",
    "uname",
    "uptime",
    "vmstat",
    "wc",
    "which",
    "whoami",
    "id",
];

impl Command {
    /// The command that these words name.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        let name = program.rsplit('/').next().unwrap_or(program);
        let words = &[&[name], rest].concat()[..];
        Filter::parse(words)
            .map(Self::Filter)
            .or_else(|| Curl::parse(words).map(Self::Curl))
            .or_else(|| Units::parse(words).map(Self::Units))
            .or_else(|| Journal::parse(words).map(Self::Journal))
            .or_else(|| K3s::parse(words).map(Self::K3s))
            .or_else(|| Containers::parse(words).map(Self::Containers))
            .or_else(|| Disk::parse(words).map(Self::Disk))
            .or_else(|| Links::parse(words).map(Self::Links))
            .or_else(|| Ufw::parse(words).map(Self::Ufw))
            .or_else(|| Files::parse(words).map(Self::Files))
            .or_else(|| System::parse(words).map(Self::System))
    }

    /// Does it.
    pub fn run(&self, host: &mut Host<'_>, input: &str) -> Outcome {
        match self {
            Self::Units(units) => units.run(host),
            Self::Journal(journal) => journal.run(host),
            Self::K3s(k3s) => k3s.run(host),
            Self::Containers(containers) => containers.run(host, input),
            Self::Disk(disk) => disk.run(host),
            Self::Links(links) => links.run(host),
            Self::Ufw(ufw) => ufw.run(host),
            Self::Files(files) => files.run(host, input),
            Self::System(system) => system.run(host),
            Self::Filter(filter) => filter.run(input),
            Self::Curl(_) => Outcome::failed(2, "curl: (2) Failed initialization\n"),
        }
    }
}

/// What is said to words that are no command.
pub fn unknown(words: &[&str], root: bool) -> Outcome {
    let program = words.first().copied().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or(program);
    if PROGRAMS.contains(&name) {
        let rest = words.get(1..).unwrap_or_default().join(" ");
        return Outcome::failed(2, format!("{name}: unrecognized arguments: {rest}\n"));
    }
    if root {
        return Outcome::failed(1, format!("sudo: {program}: command not found\n"));
    }
    if program.contains('/') {
        return Outcome::failed(127, format!("bash: line 1: {program}: No such file or directory\n"));
    }
    Outcome::failed(127, format!("bash: line 1: {program}: command not found\n"))
}
