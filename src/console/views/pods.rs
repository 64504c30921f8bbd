//! All pods, the unhealthy first.

use std::borrow::Cow;

use super::cells::{self, seconds};
use super::list::{Cell, Heading, List, Rank, Rows};
use super::usage::{Used, cores, share, share_words, used};
use super::{exits, open, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::screen::{Context, Effect};
use crate::console::widgets::bytes;
use crate::detect::Mark;
use crate::situation::object::Pod;
use crate::situation::{Kind, Ref, Source};

/// The list of all pods.
pub type Pods = List<PodRows>;

impl Pods {
    /// The screen.
    pub fn new() -> Self {
        Self::of(PodRows)
    }
}

impl Default for Pods {
    fn default() -> Self {
        Self::new()
    }
}

/// Pods as rows.
#[derive(Debug)]
pub struct PodRows;

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("namespace", 8, 3).growing(24),
    Heading::new("name", 18, 0).growing(63),
    Heading::new("ready", 6, 0),
    Heading::new("status", 16, 0).wanting(18),
    Heading::new("restarts", 10, 1).wanting(11).down(),
    Heading::new("age", 5, 2).wanting(6).right(),
    Heading::new("cpu", 5, 6).wanting(6).right().down(),
    Heading::new("memory", 9, 5).wanting(18).right().down(),
    Heading::new("node", 6, 4).growing(24),
    Heading::new("ip", 11, 8).wanting(15),
    Heading::new("last end", 20, 7).wanting(46).unsorted(),
];

const NAMESPACE: usize = 1;
const NAME: usize = 2;
const READY: usize = 3;
const STATUS: usize = 4;
const RESTARTS: usize = 5;
const AGE: usize = 6;
const CPU: usize = 7;
const MEMORY: usize = 8;
const NODE: usize = 9;
const IP: usize = 10;

const POD: Source = Source::Watch(Kind::Pod);

/// Ready containers and all of them.
pub fn readiness(pod: &Pod) -> (usize, usize) {
    (pod.containers.iter().filter(|c| c.ready).count(), pod.containers.len())
}

fn memory_cell<'a>(used: &Used) -> Cell<'a> {
    let Some(memory) = used.memory else { return Cell::unknown() };
    match share(used.memory, used.memory_limit) {
        Some(share) => {
            let (words, tone) = share_words(share);
            Cell::new(format!("{} {words:>4}", bytes(memory)), tone).with_share(share)
        }
        None => Cell::new(bytes(memory), Tone::Text),
    }
}

impl Rows for PodRows {
    type Id = Ref;
    type Item<'a> = &'a Pod;

    fn title(&self) -> String {
        "Pods".to_owned()
    }

    fn sources(&self) -> Vec<Source> {
        vec![POD]
    }

    fn none(&self) -> String {
        "no pods".to_owned()
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn first_order(&self) -> usize {
        STATUS
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Logs, Command::Events, Command::Filter, Command::NextSort, Command::ReverseSort]
    }

    fn items<'a>(&'a self, cx: &'a Context<'a>) -> Vec<&'a Pod> {
        cx.situation.pods.values().collect()
    }

    fn find<'a>(&'a self, id: &Ref, cx: &'a Context<'a>) -> Option<&'a Pod> {
        cx.situation.pods.get(&id.key).filter(|pod| pod.meta.uid == id.uid)
    }

    fn id(item: &&Pod) -> Ref {
        item.meta.reference(Kind::Pod)
    }

    fn succeeds(old: &Ref, new: &Ref) -> bool {
        old.key == new.key
    }

    fn name(id: &Ref) -> String {
        format!("pod {}", id.key)
    }

    fn rank(&self, pod: &&Pod, column: usize, cx: &Context<'_>) -> Rank {
        match column {
            NAMESPACE => (&pod.meta.key.namespace).into(),
            NAME => (&pod.meta.key.name).into(),
            READY => {
                let (ready, all) = readiness(pod);
                (ready as i64 - all as i64).into()
            }
            RESTARTS => (-i64::from(pod.restarts())).into(),
            AGE => (-seconds(pod.meta.created)).into(),
            CPU => used(pod, cx).cpu.map_or(1, |n| -(n as i64)).into(),
            MEMORY => used(pod, cx).memory.map_or(1, |n| -(n as i64)).into(),
            NODE => (&pod.node).into(),
            IP => (&pod.ip).into(),
            _ => match verdict::of_pod(pod, cx.now) {
                Mark::Good => verdict::rank(Mark::Good).into(),
                mark => Rank(verdict::rank(mark), pod.status()),
            },
        }
    }

    fn text<'a>(&self, pod: &'a &Pod, column: usize) -> &'a str {
        match column {
            NAMESPACE => &pod.meta.key.namespace,
            NODE => &pod.node,
            _ => &pod.meta.key.name,
        }
    }

    fn searched<'a>(&self, pod: &'a &Pod) -> Vec<(usize, Cow<'a, str>)> {
        let key = &pod.meta.key;
        vec![
            (NAMESPACE, Cow::Borrowed(&*key.namespace)),
            (NAME, Cow::Borrowed(&*key.name)),
            (STATUS, Cow::Owned(pod.status().to_string())),
            (NODE, Cow::Borrowed(&*pod.node)),
            (IP, Cow::Borrowed(&*pod.ip)),
        ]
    }

    fn cells<'a>(&self, pod: &'a &Pod, cx: &Context<'_>) -> Vec<Cell<'a>> {
        let mark = verdict::as_known(verdict::of_pod(pod, cx.now), &POD, cx);
        let (ready, all) = readiness(pod);
        let used = used(pod, cx);
        let tone = verdict::tone(mark);
        vec![
            cells::mark(mark, cx),
            Cell::new(pod.meta.key.namespace.as_str(), Tone::Dim),
            Cell::new(pod.meta.key.name.as_str(), Tone::Text),
            Cell::new(format!("{ready}/{all}"), if pod.finished() { Tone::Dim } else { tone }),
            Cell::new(pod.status().to_string(), tone),
            cells::restarts(pod.restarts(), pod.last_restart(), cx.now),
            cells::old(&pod.meta, cx.now),
            used.cpu.map_or_else(Cell::unknown, |cpu| Cell::new(cores(cpu), Tone::Text)),
            memory_cell(&used),
            Cell::new(pod.node.as_str(), Tone::Dim),
            Cell::new(pod.ip.as_str(), Tone::Dim),
            Cell::new(exits::newest(pod, cx.now), Tone::Dim),
        ]
    }

    fn act(&self, command: Command, pod: &&Pod, cx: &Context<'_>) -> Effect {
        open::act_on(command, &pod.meta.reference(Kind::Pod), cx)
    }
}

#[cfg(test)]
mod tests {
    use crate::console::testing::{Console, SIZES, api_lost, forbidden, hostile, listed, panicking};

    #[test]
    fn pods_at_every_size() {
        for (columns, rows) in SIZES {
            let mut console = Console::new(panicking());
            console.sized(columns, rows).keys("p");
            insta::assert_snapshot!(format!("pods_{columns}x{rows}"), console.screen());
        }
    }

    #[test]
    fn pods_in_trouble() {
        for (name, world) in
            [("lost", api_lost()), ("forbidden", forbidden()), ("hostile", hostile()), ("none", listed(Vec::new()))]
        {
            let mut console = Console::new(world);
            console.keys("p");
            insta::assert_snapshot!(format!("pods_{name}"), console.screen());
        }
    }
}
