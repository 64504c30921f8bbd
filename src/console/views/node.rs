//! One node: how it is, what it has and what takes it, what runs on it.

use super::detail::parts::{self, head, marked, moment, pair, text_pair};
use super::detail::{Detail, Link, Section, Shown};
use super::usage::{cores, share};
use super::{nodes, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, bytes};
use crate::detect::Mark;
use crate::situation::object::{Labels, Meta, Node as Object, Pod, Status};
use crate::situation::time::age;
use crate::situation::{Kind, Ref, Source};

/// The detail of a node.
pub type Node = Detail<Object>;

const LEASE: Source = Source::Watch(Kind::Lease);
const POD: Source = Source::Watch(Kind::Pod);

impl Shown for Object {
    fn find(target: &Ref, cx: &Context<'_>) -> Option<Self> {
        cx.situation.nodes.get(&target.key).cloned()
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section> {
        let pods: Vec<&Pod> = cx.situation.pods.values().filter(|p| p.node == self.meta.key.name).collect();
        let conditions = parts::conditions(&self.conditions, cx);
        vec![
            Section::new("", state(self, cx)),
            Section::new("Resources", resources(self, &pods, cx)),
            conditions,
            Section::new(format!("Pods on it ({})", pods.len()), pods_on(&pods, cx)),
            parts::events(target, cx),
            Section::aside("Machine", machine(self)),
            parts::labels_section("Annotations", &Labels(self.annotations.clone().into())),
            parts::labels_section("Labels", &self.meta.labels),
            parts::identity(&self.meta),
        ]
    }

    fn hints() -> &'static [Command] {
        &[Command::Open, Command::Logs, Command::Events, Command::NextPane, Command::Copy]
    }
}

fn state(node: &Object, cx: &Context<'_>) -> Vec<Line<Link>> {
    let (mark, words) = verdict::of_node(node);
    let mark = verdict::as_known(mark, &Source::Watch(Kind::Node), cx);
    let words = if words.is_empty() { "ready".to_owned() } else { words };
    let roles = node.roles().join(", ");
    let more = format!("{roles}  {}", node.info.kubelet_version);
    let mut lines = vec![head(mark, &words, &more, &node.meta, cx)];
    if let Some(ready) = node.condition("Ready").filter(|c| c.status != Status::True && !c.message.is_empty()) {
        lines.push(Line::of(format!("  {}", ready.message), Tone::Text).indented(2));
    }
    lines.extend(parts::deleting(&node.meta, cx));
    lines.push(heartbeat(node, cx));
    lines.extend(voter(node, cx));
    for taint in &node.taints {
        lines.push(pair("taint", vec![Piece::new(nodes::taint(taint), Tone::Warning)]));
    }
    for (kind, address) in &node.addresses {
        lines.extend(text_pair(address_word(kind), address));
    }
    lines
}

fn address_word(kind: &str) -> &str {
    match kind {
        "InternalIP" => "internal",
        "ExternalIP" => "external",
        "Hostname" => "host name",
        other => other,
    }
}

/// The node's Lease: the one sign of life that does not wait for the node controller.
fn heartbeat(node: &Object, cx: &Context<'_>) -> Line<Link> {
    let value = match (nodes::silence(&node.meta.key.name, cx), missing(cx, &LEASE)) {
        (Some(silent), _) => {
            let live = cx.situation.source(&LEASE).live();
            let tone = if live { nodes::silence_tone(silent) } else { Tone::Unknown };
            Piece::new(format!("Lease renewed {} ago", age(silent)), tone)
        }
        (None, Some((words, tone))) => Piece::new(words, tone),
        (None, None) => Piece::new("no Lease of this node", Tone::Unknown),
    };
    pair("heartbeat", vec![value])
}

fn voter(node: &Object, cx: &Context<'_>) -> Option<Line<Link>> {
    let condition = node.condition("EtcdIsVoter")?;
    let (state, word) = match condition.status {
        Status::True => (Mark::Good, "voter"),
        Status::False => (Mark::Warning, "not a voter: it does not count for the quorum"),
        Status::Unknown => (Mark::Unknown, "not known whether it votes"),
    };
    let since = condition.since.map_or_else(String::new, |at| format!(" since {}", moment(at, cx.now)));
    Some(pair("etcd", vec![marked(state, cx), Piece::new(format!("{word}{since}"), verdict::tone(state))]))
}

fn resources(node: &Object, pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    let glyphs = &cx.theme.glyphs;
    let ring = cx.situation.node_usage.get(&node.meta.key.name);
    let newest = ring.and_then(|ring| ring.back());
    let (cpu, memory) = (node.allocatable.cpu_milli, node.allocatable.memory);
    let mut lines = Vec::new();
    if let (None, Some((words, tone))) = (newest, missing(cx, &Source::NodeMetrics)) {
        lines.push(pair("usage", vec![Piece::new(words, tone)]));
    }
    let usage = |label: &str, used: Option<u64>, of: Option<u64>, say: fn(u64) -> String, course: Option<Piece>| {
        let used = used?;
        let words = of.map_or_else(|| say(used), |of| format!("{} of {}", say(used), say(of)));
        let mut pieces = parts::share_pieces(share(Some(used), of), words, glyphs);
        pieces.extend(course);
        Some(pair(label, pieces))
    };
    let course = |pick: fn(&crate::situation::Usage) -> Option<u64>, of| {
        ring.and_then(|ring| parts::course(ring.iter().filter_map(pick), of, glyphs))
    };
    let cpu_course = course(|u| u.amounts.cpu_milli, cpu);
    let memory_course = course(|u| u.amounts.memory, memory);
    lines.extend(usage("cpu", newest.and_then(|u| u.amounts.cpu_milli), cpu, cores, cpu_course));
    lines.extend(usage("memory", newest.and_then(|u| u.amounts.memory), memory, bytes, memory_course));
    lines.extend(usage("pods", Some(pods.len() as u64), node.allocatable.pods, |n| n.to_string(), None));
    lines.extend(promised(node, pods));
    lines
}

/// What the pods on it ask for and may take, which is what the scheduler and the next memory trouble go by.
fn promised(node: &Object, pods: &[&Pod]) -> Vec<Line<Link>> {
    let alive = || pods.iter().filter(|p| !p.finished()).flat_map(|p| &p.containers);
    let (cpu, memory) = (node.allocatable.cpu_milli, node.allocatable.memory);
    let percent = |n: u64, of: Option<u64>| {
        share(Some(n), of).map_or_else(String::new, |share| format!(" ({:.0}%)", share * 100.0))
    };
    let asked_cpu: u64 = alive().filter_map(|c| c.requests.cpu_milli).sum();
    let asked_memory: u64 = alive().filter_map(|c| c.requests.memory).sum();
    let may_memory: u64 = alive().filter_map(|c| c.limits.memory).sum();
    let unlimited = alive().filter(|c| c.limits.memory.is_none()).count();
    let asked = format!(
        "cpu {}{}, memory {}{}",
        cores(asked_cpu),
        percent(asked_cpu, cpu),
        bytes(asked_memory),
        percent(asked_memory, memory)
    );
    let without = if unlimited > 0 { format!(", {unlimited} containers without a limit") } else { String::new() };
    let limits = format!("memory {}{}{without}", bytes(may_memory), percent(may_memory, memory));
    let over = memory.is_some_and(|m| may_memory > m);
    vec![
        pair("requested", vec![Piece::new(asked, Tone::Text)]),
        pair("limits", vec![Piece::new(limits, if over { Tone::Warning } else { Tone::Text })]),
    ]
}

fn pods_on(pods: &[&Pod], cx: &Context<'_>) -> Vec<Line<Link>> {
    match missing(cx, &POD) {
        Some((words, tone)) if pods.is_empty() => vec![Line::of(format!("  {words}"), tone)],
        _ if pods.is_empty() => vec![Line::of("  none", Tone::Dim)],
        _ => parts::pods(pods.iter().copied(), false, cx),
    }
}

fn machine(node: &Object) -> Vec<Line<Link>> {
    let info = &node.info;
    let system = if info.architecture.is_empty() {
        info.os_image.to_string()
    } else {
        format!("{} ({})", info.os_image, info.architecture)
    };
    let capacity = [
        node.capacity.cpu_milli.map(|n| format!("{} cores", cores(n))),
        node.capacity.memory.map(|n| format!("{} memory", bytes(n))),
        node.capacity.storage.map(|n| format!("{} disk", bytes(n))),
    ];
    let allocatable = [
        node.allocatable.cpu_milli.map(|n| format!("{} cores", cores(n))),
        node.allocatable.memory.map(|n| format!("{} memory", bytes(n))),
        node.allocatable.storage.map(|n| format!("{} disk", bytes(n))),
    ];
    let joined = |parts: [Option<String>; 3]| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    [
        text_pair("capacity", &joined(capacity)),
        text_pair("allocatable", &joined(allocatable)),
        text_pair("system", &system),
        text_pair("kernel", &info.kernel_version),
        text_pair("runtime", &info.container_runtime),
        text_pair("boot id", &info.boot_id),
        text_pair("machine id", &info.machine_id),
    ]
    .into_iter()
    .flatten()
    .collect()
}
