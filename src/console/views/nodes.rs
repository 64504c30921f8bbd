//! All nodes, those in trouble first.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::SignedDuration;

use super::cells::{self, seconds};
use super::list::{Cell, Heading, List, Rank, Rows};
use super::usage::share;
use super::{Pods, open, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::screen::{Context, Effect};
use crate::situation::object::{Lease, Node, Taint};
use crate::situation::time::{age, since};
use crate::situation::{Key, Kind, Ref, Source, Text};

/// The list of all nodes.
pub type Nodes = List<NodeRows>;

impl Nodes {
    /// The screen.
    pub fn new() -> Self {
        Self::of(NodeRows::default())
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self::new()
    }
}

/// Nodes as rows, with the number of pods on each.
#[derive(Debug, Default)]
pub struct NodeRows {
    pods: HashMap<Text, usize>,
}

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("name", 14, 0).growing(40),
    Heading::new("status", 12, 0).wanting(24).down(),
    Heading::new("cpu", 11, 0).right().down(),
    Heading::new("memory", 11, 0).right().down(),
    Heading::new("pods", 6, 1).wanting(7).right().down(),
    Heading::new("lease", 5, 2).right().down(),
    Heading::new("roles", 12, 6).wanting(26).unsorted(),
    Heading::new("version", 12, 5).wanting(16),
    Heading::new("age", 4, 3).right(),
    Heading::new("address", 12, 4).wanting(15).unsorted(),
    Heading::new("taints", 12, 7).wanting(50).unsorted(),
];

const NAME: usize = 1;
const STATUS: usize = 2;
const CPU: usize = 3;
const MEMORY: usize = 4;
const PODS: usize = 5;
const LEASE: usize = 6;
const VERSION: usize = 8;
const AGE: usize = 9;

const NODE: Source = Source::Watch(Kind::Node);
/// A kubelet renews every ten seconds; from here on the node is about to be called silent.
const LATE: SignedDuration = SignedDuration::from_secs(20);

/// The Lease of a node.
pub fn lease<'a>(name: &Text, cx: &Context<'a>) -> Option<&'a Lease> {
    cx.situation.leases.get(&Key { namespace: Text::new("kube-node-lease"), name: name.clone() })
}

/// How long ago a node was heard by its Lease.
pub fn silence(name: &Text, cx: &Context<'_>) -> Option<SignedDuration> {
    Some(since(lease(name, cx)?.renewed?, cx.now))
}

/// How that looks.
pub fn silence_tone(silence: SignedDuration) -> Tone {
    match silence {
        s if s > LATE * 2 => Tone::Bad,
        s if s > LATE => Tone::Warning,
        _ => Tone::Dim,
    }
}

/// The share of its CPU and of its memory that a node uses.
pub fn shares(node: &Node, cx: &Context<'_>) -> (Option<f64>, Option<f64>) {
    let usage = cx.situation.usage_of_node(&node.meta.key.name);
    let of = |pick: fn(&crate::situation::object::Amounts) -> Option<u64>| {
        share(pick(&usage?.amounts), pick(&node.allocatable))
    };
    (of(|a| a.cpu_milli), of(|a| a.memory))
}

/// A taint as kubectl writes it.
pub fn taint(taint: &Taint) -> String {
    let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
    format!("{}{value}:{}", taint.key, taint.effect)
}

/// An address of a node by its type, or the first there is.
pub fn address(node: &Node) -> &str {
    let of = |kind: &str| node.addresses.iter().find(|(k, _)| k == kind);
    let found = of("InternalIP").or_else(|| node.addresses.first());
    found.map_or("", |(_, address)| address)
}

impl NodeRows {
    fn pods_on(&self, node: &Node) -> usize {
        self.pods.get(&node.meta.key.name).copied().unwrap_or_default()
    }
}

impl Rows for NodeRows {
    type Id = Ref;
    type Item<'a> = &'a Node;

    fn title(&self) -> String {
        "Nodes".to_owned()
    }

    fn sources(&self) -> Vec<Source> {
        vec![NODE]
    }

    fn beside(&self) -> Vec<Source> {
        vec![Source::NodeMetrics, Source::Watch(Kind::Lease)]
    }

    fn none(&self) -> String {
        "no nodes".to_owned()
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn first_order(&self) -> usize {
        STATUS
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Events, Command::Pods, Command::Filter, Command::NextSort, Command::ReverseSort]
    }

    fn gather(&mut self, cx: &Context<'_>) {
        self.pods.clear();
        for pod in cx.situation.pods.values().filter(|p| !p.finished() && !p.node.is_empty()) {
            if let Some(count) = self.pods.get_mut(&*pod.node) {
                *count += 1;
            } else {
                self.pods.insert(pod.node.clone(), 1);
            }
        }
    }

    fn items<'a>(&'a self, cx: &'a Context<'a>) -> Vec<&'a Node> {
        cx.situation.nodes.values().collect()
    }

    fn find<'a>(&'a self, id: &Ref, cx: &'a Context<'a>) -> Option<&'a Node> {
        cx.situation.nodes.get(&id.key).filter(|node| node.meta.uid == id.uid)
    }

    fn id(item: &&Node) -> Ref {
        item.meta.reference(Kind::Node)
    }

    fn succeeds(old: &Ref, new: &Ref) -> bool {
        old.key == new.key
    }

    fn name(id: &Ref) -> String {
        format!("node {}", id.key)
    }

    fn rank(&self, node: &&Node, column: usize, cx: &Context<'_>) -> Rank {
        let share = |share: Option<f64>| share.map_or(1, |s| (-s * 1e6) as i64).into();
        match column {
            NAME => (&node.meta.key.name).into(),
            CPU => share(shares(node, cx).0),
            MEMORY => share(shares(node, cx).1),
            PODS => (-(self.pods_on(node) as i64)).into(),
            LEASE => silence(&node.meta.key.name, cx).map_or(i64::MIN, |s| -s.as_secs()).into(),
            VERSION => (&node.info.kubelet_version).into(),
            AGE => (-seconds(node.meta.created)).into(),
            _ => verdict::rank(verdict::of_node(node).0).into(),
        }
    }

    fn text<'a>(&self, node: &'a &Node, _column: usize) -> &'a str {
        &node.meta.key.name
    }

    fn searched<'a>(&self, node: &'a &Node) -> Vec<(usize, Cow<'a, str>)> {
        let (_, words) = verdict::of_node(node);
        vec![
            (NAME, Cow::Borrowed(&*node.meta.key.name)),
            (STATUS, Cow::Owned(words)),
            (VERSION, Cow::Borrowed(&*node.info.kubelet_version)),
        ]
    }

    fn cells<'a>(&self, node: &'a &Node, cx: &Context<'_>) -> Vec<Cell<'a>> {
        let (mark, words) = verdict::of_node(node);
        let mark = verdict::as_known(mark, &NODE, cx);
        let (cpu, memory) = shares(node, cx);
        let words = if words.is_empty() { "ready".to_owned() } else { words };
        let pods = match (cx.situation.knows(Kind::Pod), node.allocatable.pods) {
            (false, _) => Cell::unknown(),
            (true, Some(most)) => Cell::new(format!("{}/{most}", self.pods_on(node)), Tone::Text),
            (true, None) => Cell::new(self.pods_on(node).to_string(), Tone::Text),
        };
        let lease = silence(&node.meta.key.name, cx)
            .map_or_else(Cell::unknown, |silence| Cell::new(age(silence), silence_tone(silence)));
        let taints: Vec<String> = node.taints.iter().map(taint).collect();
        vec![
            cells::mark(mark, cx),
            Cell::new(node.meta.key.name.as_str(), Tone::Text),
            Cell::new(words, verdict::tone(mark)),
            cells::share(cpu),
            cells::share(memory),
            pods,
            lease,
            Cell::new(node.roles().join(","), Tone::Dim),
            Cell::new(node.info.kubelet_version.as_str(), Tone::Dim),
            cells::old(&node.meta, cx.now),
            Cell::new(address(node), Tone::Dim),
            Cell::new(taints.join(" "), Tone::Dim),
        ]
    }

    fn act(&self, command: Command, node: &&Node, cx: &Context<'_>) -> Effect {
        if command == Command::Pods {
            return Effect::Push(Box::new(Pods::on(&node.meta.key.name)));
        }
        open::act_on(command, &node.meta.reference(Kind::Node), cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::{
        Console, NOW, SIZES, api_lost, at, forbidden, hostile, listed, meta, node, panicking, seen,
    };
    use crate::situation::Observation;
    use crate::situation::object::Status;

    fn renewed(node: &str, time: &str) -> Observation {
        let meta = meta(Kind::Lease, "kube-node-lease", node, at("01:00"));
        seen(Lease { meta, holder: node.into(), renewed: Some(at(time)), seconds: Some(40) })
    }

    /// One node is well, one cordoned with a full disk, one silent.
    fn troubled() -> Vec<Observation> {
        let mut sick = node("node-2");
        sick.unschedulable = true;
        sick.conditions.iter_mut().filter(|c| c.kind == "DiskPressure").for_each(|c| c.status = Status::True);
        sick.taints = vec![Taint {
            key: "node.kubernetes.io/unschedulable".into(),
            effect: "NoSchedule".into(),
            ..Taint::default()
        }];
        let mut silent = node("node-3");
        silent.conditions.iter_mut().filter(|c| c.kind == "Ready").for_each(|c| c.status = Status::Unknown);
        let leases = [renewed("node-1", "04:12:04"), renewed("node-2", "04:11:44"), renewed("node-3", "04:09:02")];
        let nodes = vec![seen(sick), seen(silent)];
        [panicking(), nodes, leases.into()].concat()
    }

    #[test]
    fn nodes_at_every_size() {
        for (columns, rows) in SIZES {
            let mut console = Console::new(troubled());
            console.sized(columns, rows).keys("n");
            insta::assert_snapshot!(format!("nodes_{columns}x{rows}"), console.screen());
        }
    }

    #[test]
    fn nodes_in_trouble() {
        for (name, world) in
            [("lost", api_lost()), ("forbidden", forbidden()), ("hostile", hostile()), ("none", listed(Vec::new()))]
        {
            let mut console = Console::new(world);
            console.keys("n");
            insta::assert_snapshot!(format!("nodes_{name}"), console.screen());
        }
    }

    #[test]
    fn a_silent_node_comes_first_and_its_lease_tells_for_how_long() {
        let mut console = Console::new(troubled());
        console.keys("n");
        let screen = console.screen();
        let row = |name: &str| screen.lines().position(|line| line.contains(name)).expect("a row");
        assert!(row("node-3") < row("node-2") && row("node-2") < row("node-1"));
        assert!(screen.lines().nth(row("node-3")).is_some_and(|line| line.contains("3m07s")));
        assert_eq!(silence_tone(since(at("04:09:02"), at(NOW))), Tone::Bad);
    }
}
