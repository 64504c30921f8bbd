//! `journalctl`: what happened to the machine, and what follows from how things stand.

use jiff::{SignedDuration, Timestamp};

use super::super::Etcd;
use super::Outcome;
use super::host::{Host, list, number_of, text, time};
use super::pattern::Pattern;
use super::units::span_of;
use crate::drill::net::Route;
use crate::drill::store::stamp;
use crate::drill::world::DiaryEntry;

/// How far back lines are worked out that nobody has written down.
const REACH: SignedDuration = SignedDuration::from_hours(2);
/// The ports that nodes need of one another.
const NEEDED: [u16; 4] = [2379, 2380, 6443, 10250];
/// A firewall writes down only some of what it drops; seconds between two lines.
const LIMITED: i64 = 20;

/// A question to the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    kernel: bool,
    unit: Option<String>,
    since: Option<Since>,
    pattern: Option<Pattern>,
    last: Option<usize>,
    bare: bool,
    vacuum: Option<u64>,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Ago(SignedDuration),
    At(Timestamp),
}

impl Journal {
    /// The question that these words ask.
    pub fn parse(words: &[&str]) -> Option<Self> {
        let ["journalctl", rest @ ..] = words else { return None };
        let mut journal =
            Self { kernel: false, unit: None, since: None, pattern: None, last: None, bare: false, vacuum: None };
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
            let mut value = || value.or_else(|| rest.next().copied());
            match name {
                "-k" | "--dmesg" => journal.kernel = true,
                "--no-pager" | "-q" | "--quiet" | "-b" | "--boot" => {}
                "-u" | "--unit" => journal.unit = Some(value()?.trim_end_matches(".service").to_owned()),
                "--since" | "-S" => journal.since = Some(since(value()?)?),
                "-g" | "--grep" => {
                    let text = value()?;
                    let caseless = !text.chars().any(char::is_uppercase);
                    journal.pattern = Some(Pattern::read(&text.replace("\\|", "|"), false, caseless)?);
                }
                "-n" | "--lines" => journal.last = Some(value()?.parse().ok()?),
                "-o" | "--output" => match value()? {
                    "cat" => journal.bare = true,
                    "short" | "short-iso" => {}
                    _ => return None,
                },
                "--vacuum-size" => journal.vacuum = Some(value()?.strip_suffix('M')?.parse().ok()?),
                _ => return None,
            }
        }
        Some(journal)
    }

    /// Answers it.
    pub fn run(&self, host: &mut Host<'_>) -> Outcome {
        if let Some(size) = self.vacuum {
            return vacuum(host, size);
        }
        let now = host.world.now();
        let begin = match self.since {
            None => now - REACH,
            Some(Since::At(at)) => at,
            Some(Since::Ago(span)) => now.checked_sub(span).unwrap_or(Timestamp::MIN),
        };
        let mut lines = self.entries(host, begin.max(now - REACH));
        lines.extend(host.inside().diary.into_iter().filter(|entry| self.wants(entry.by)));
        lines.retain(|entry| {
            entry.at >= begin && self.pattern.as_ref().is_none_or(|pattern| pattern.found_in(&entry.text))
        });
        lines.sort_by_key(|entry| entry.at);
        let skipped = self.last.map_or(0, |last| lines.len().saturating_sub(last));
        if lines.is_empty() {
            return Outcome { code: u32::from(self.pattern.is_some()), ..Outcome::said("-- No entries --\n") };
        }
        let skew = host.machine().skew;
        let line = |entry: &DiaryEntry| self.line(host.node, entry, skew);
        Outcome::said(lines.iter().skip(skipped).map(line).collect::<String>())
    }

    fn wants(&self, by: &str) -> bool {
        match (self.kernel, self.unit.as_deref()) {
            (true, _) => by == "kernel",
            (false, None) => true,
            // What systemd says of a unit stands in the unit's journal.
            (false, Some("k3s")) => by == "k3s" || by == "systemd",
            (false, Some(unit)) => by == unit,
        }
    }

    fn line(&self, node: &str, entry: &DiaryEntry, skew: SignedDuration) -> String {
        if self.bare {
            return format!("{}\n", entry.text);
        }
        let at = entry.at.checked_add(skew).unwrap_or(entry.at).strftime("%b %d %H:%M:%S");
        let by = match entry.by {
            "kernel" => "kernel".to_owned(),
            "systemd" => "systemd[1]".to_owned(),
            by => format!("{by}[{}]", 700 + number_of(node) % 300),
        };
        format!("{at} {node} {by}: {}\n", entry.text)
    }

    /// The lines that follow from how things stand.
    fn entries(&self, host: &Host<'_>, begin: Timestamp) -> Vec<DiaryEntry> {
        let mut found = Vec::new();
        if self.wants("kernel") {
            found.extend(killed(host));
            found.extend(dropped(host, begin));
            found.extend(crowded(host, begin));
        }
        if self.wants("k3s") && host.k3s_is_up() {
            found.extend(chatter(host, begin));
            found.extend(lonely(host, begin));
        }
        found
    }
}

fn since(text: &str) -> Option<Since> {
    if let Some(span) = text.strip_prefix('-') {
        return span_of(span).map(Since::Ago);
    }
    if let Some(span) = text.strip_suffix(" ago") {
        return span_of(&span.replace(' ', "")).map(Since::Ago);
    }
    if let Some(second) = text.strip_prefix('@') {
        return Timestamp::from_second(second.parse().ok()?).ok().map(Since::At);
    }
    let iso = format!("{}Z", text.trim_end_matches("UTC").trim().replace(' ', "T"));
    iso.parse().ok().map(Since::At)
}

fn vacuum(host: &mut Host<'_>, size: u64) -> Outcome {
    if !host.root {
        return Outcome::failed(1, "Failed to delete archived journals: Permission denied\n");
    }
    let freed = host.machine().disk.journal.saturating_sub(size);
    host.change(|machine| machine.disk.journal = machine.disk.journal.min(size));
    let folder = super::files::machine_id(host);
    Outcome {
        err: format!("Vacuuming done, freed {freed}.0M of archived journals from /var/log/journal/{folder}.\n"),
        ..Outcome::silent()
    }
}

/// Moments every so many seconds, on the same seconds whenever it is asked.
fn every(seconds: i64, begin: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = begin.as_second().div_euclid(seconds) + 1;
    let last = end.as_second().div_euclid(seconds);
    (first..=last).filter_map(move |n| Timestamp::from_second(n * seconds).ok())
}

/// Containers that reached their limit.
fn killed(host: &Host<'_>) -> Vec<DiaryEntry> {
    let mut found = Vec::new();
    for pod in host.pods() {
        for status in list(&pod, "/status/containerStatuses") {
            for end in [status.pointer("/state/terminated"), status.pointer("/lastState/terminated")] {
                let Some(end) = end.filter(|end| text(end, "/reason") == "OOMKilled") else { continue };
                let Some(at) = time(end, "/finishedAt") else { continue };
                found.extend(oom(at, text(&pod, "/metadata/uid"), text(status, "/name"), text(end, "/containerID")));
            }
        }
    }
    found
}

fn oom(at: Timestamp, uid: &str, name: &str, id: &str) -> [DiaryEntry; 2] {
    let id = id.trim_start_matches("containerd://");
    let group =
        format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice", uid.replace('-', "_"));
    let pid = super::containers::pid_of(id);
    let entry = |text: String| DiaryEntry { at, by: "kernel", text };
    [
        entry(format!(
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-{id}.scope,mems_allowed=0,\
             oom_memcg={group},task_memcg={group}/cri-containerd-{id}.scope,task={name},pid={pid},uid=65532"
        )),
        entry(format!(
            "Memory cgroup out of memory: Killed process {pid} ({name}) total-vm:1287412kB, anon-rss:261044kB, \
             file-rss:9216kB, shmem-rss:0kB, UID:65532 pgtables:880kB oom_score_adj:996"
        )),
    ]
}

/// What the firewall kept from the node that its peers sent.
fn dropped(host: &Host<'_>, begin: Timestamp) -> Vec<DiaryEntry> {
    let machine = host.machine();
    let from = machine.inside.firewall_changed.unwrap_or(machine.booted).max(begin);
    let mut found = Vec::new();
    for (_, peer) in host.peers() {
        for port in NEEDED {
            let verdict = machine.firewall.verdict(Some(&peer.private), port);
            if verdict != Some(Route::Silent) || !peer.running() || !peer.private_link || !peer.k3s_runs() {
                continue;
            }
            for at in every(LIMITED + i64::from(port % 7), from, host.world.now()) {
                found.push(DiaryEntry { at, by: "kernel", text: blocked(&peer.private, &machine.private, port, at) });
            }
        }
    }
    found
}

fn blocked(from: &str, to: &str, port: u16, at: Timestamp) -> String {
    let source = 32_768 + number_of(&format!("{from}{port}{}", at.as_second())) % 28_000;
    format!(
        "[UFW BLOCK] IN=enp7s0 OUT= MAC=86:00:00:aa:bb:cc:d2:74:7f:6e:37:e3:08:00 SRC={from} DST={to} LEN=60 TOS=0x00 \
         PREC=0x00 TTL=63 ID={} DF PROTO=TCP SPT={source} DPT={port} WINDOW=64240 RES=0x00 SYN URGP=0",
        source % 9973
    )
}

/// Too many connections are tracked.
fn crowded(host: &Host<'_>, begin: Timestamp) -> Vec<DiaryEntry> {
    let (count, most) = super::rules::tracked(host);
    if count < most {
        return Vec::new();
    }
    let text = "nf_conntrack: nf_conntrack: table full, dropping packet";
    every(5, begin, host.world.now()).map(|at| DiaryEntry { at, by: "kernel", text: text.to_owned() }).collect()
}

/// What a server that is well says now and then.
fn chatter(host: &Host<'_>, begin: Timestamp) -> Vec<DiaryEntry> {
    let from = host.inside().changed.unwrap_or_else(|| host.machine().booted).max(begin);
    let revision = host.world.store().revision();
    let say = |at: Timestamp| {
        let text = format!(
            "{{\"level\":\"info\",\"ts\":\"{}\",\"caller\":\"mvcc/hash.go:157\",\"msg\":\"storing new hash\",\"revision\":{revision}}}",
            stamp(at)
        );
        DiaryEntry { at, by: "k3s", text }
    };
    every(300, from, host.world.now()).map(say).collect()
}

/// What a server says that misses others.
fn lonely(host: &Host<'_>, begin: Timestamp) -> Vec<DiaryEntry> {
    let Some(etcd) = Etcd::seen_from(host.world, host.node) else { return Vec::new() };
    let mut found = Vec::new();
    for node in &etcd.lost {
        let Some(peer) = host.world.machine(node) else { continue };
        let from = peer.inside.changed.max(host.inside().changed).unwrap_or(begin).max(begin);
        for at in every(5, from, host.world.now()) {
            let text = format!(
                "{{\"level\":\"warn\",\"ts\":\"{}\",\"caller\":\"rafthttp/probing_status.go:68\",\"msg\":\"prober detected \
                 unhealthy status\",\"remote-peer-id\":\"{:016x}\",\"rtt\":\"0s\",\"error\":\"dial tcp {}:2380: i/o timeout\"}}",
                stamp(at),
                number_of(node),
                peer.private
            );
            found.push(DiaryEntry { at, by: "k3s", text });
        }
    }
    if !etcd.has_leader {
        let from = host.world.machines().values().filter_map(|m| m.inside.changed).max().unwrap_or(begin).max(begin);
        for at in every(7, from, host.world.now()) {
            let text = format!(
                "time=\"{}\" level=error msg=\"Failed to test etcd connection: etcdserver: no leader\"",
                stamp(at)
            );
            found.push(DiaryEntry { at, by: "k3s", text });
        }
    }
    found
}
