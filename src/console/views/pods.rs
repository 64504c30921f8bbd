//! All pods, the unhealthy first.

use std::borrow::Cow;

use super::cells::{self, seconds};
use super::list::{Cell, Heading, List, Rank, Rows};
use super::usage::{Used, cores, share, share_words, used};
use super::workloads::facts;
use super::{exits, open, verdict};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::screen::{Context, Effect};
use crate::console::widgets::bytes;
use crate::detect::Mark;
use crate::situation::object::Pod;
use crate::situation::{Kind, Ref, Source, Text};

/// The list of all pods.
pub type Pods = List<PodRows>;

impl Pods {
    /// All of them.
    pub fn new() -> Self {
        Self::of(PodRows { scope: Scope::All })
    }

    /// Those on a node.
    pub fn on(node: &Text) -> Self {
        Self::of(PodRows { scope: Scope::Node(node.clone()) })
    }

    /// Those of a workload.
    pub fn of_workload(workload: Ref) -> Self {
        Self::of(PodRows { scope: Scope::Workload(workload, Vec::new()) })
    }
}

impl Default for Pods {
    fn default() -> Self {
        Self::new()
    }
}

/// Pods as rows.
#[derive(Debug)]
pub struct PodRows {
    scope: Scope,
}

/// Which pods.
#[derive(Debug)]
enum Scope {
    All,
    Node(Text),
    /// The workload, and the UIDs of what owns its pods.
    Workload(Ref, Vec<Text>),
}

impl Scope {
    fn holds(&self, pod: &Pod) -> bool {
        match self {
            Self::All => true,
            Self::Node(name) => pod.node == *name,
            Self::Workload(_, owners) => pod.meta.owner.as_ref().is_some_and(|o| owners.contains(&o.uid)),
        }
    }
}

const HEADINGS: &[Heading] = &[
    Heading::new("", 1, 0).unsorted(),
    Heading::new("namespace", 11, 3).growing(24),
    Heading::new("name", 23, 0).growing(63),
    Heading::new("ready", 5, 0),
    Heading::new("status", 16, 0).wanting(18).down(),
    Heading::new("restarts", 10, 1).wanting(11).down(),
    Heading::new("age", 4, 2).right(),
    Heading::new("cpu", 5, 6).right().down(),
    Heading::new("memory", 11, 5).wanting(18).right().down(),
    Heading::new("node", 9, 4).growing(24),
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

/// What ran to its end uses nothing, which is no gap in what is known.
fn unmeasured<'a>(pod: &Pod) -> Cell<'a> {
    if pod.finished() { Cell::empty() } else { Cell::unknown() }
}

fn cpu_cell<'a>(pod: &Pod, used: &Used) -> Cell<'a> {
    used.cpu.map_or_else(|| unmeasured(pod), |cpu| Cell::new(cores(cpu), Tone::Text))
}

fn memory_cell<'a>(pod: &Pod, used: &Used) -> Cell<'a> {
    let Some(memory) = used.memory else { return unmeasured(pod) };
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
        match &self.scope {
            Scope::All => "Pods".to_owned(),
            Scope::Node(name) => format!("Pods on {name}"),
            Scope::Workload(workload, _) => format!("Pods of {}", workload.key.name),
        }
    }

    fn sources(&self) -> Vec<Source> {
        vec![POD]
    }

    fn beside(&self) -> Vec<Source> {
        vec![Source::PodMetrics]
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

    fn gather(&mut self, cx: &Context<'_>) {
        if let Scope::Workload(workload, owners) = &mut self.scope {
            *owners = facts::owners(workload, cx);
        }
    }

    fn items<'a>(&'a self, cx: &'a Context<'a>) -> Vec<&'a Pod> {
        cx.situation.pods.values().filter(|pod| self.scope.holds(pod)).collect()
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
            cpu_cell(pod, &used),
            memory_cell(pod, &used),
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
    use super::*;
    use crate::console::testing::{
        Console, SIZES, api_lost, at, crashing, days, deployment, ended, forbidden, hostile, listed, panicking, pod,
        revision, seen,
    };
    use crate::situation::object::{Amounts, Phase};
    use crate::situation::{Observation, Usage};

    /// A crash of each sort, a pod that starts, one on its way out, one that ran to its end, and what all of them use.
    fn motley() -> Vec<Observation> {
        let set = revision(&deployment("api", 3, 2, 42), 42, days(4), 3, 2);
        let one = |suffix: &str| pod(&set, suffix, "node-1", days(4));
        let oom = crashing(one("oom42"), 7, &ended(137, "OOMKilled", "04:10"));
        let mut starting = pod(&set, "start", "node-2", at("04:11:50"));
        starting.conditions.clear();
        starting.containers.iter_mut().for_each(|c| c.ready = false);
        let mut leaving = one("leave");
        leaving.meta.deleting = Some(at("04:12:30"));
        let mut done = one("done1");
        done.phase = Phase::Succeeded;
        let mut restarted = one("once1");
        restarted.containers.iter_mut().for_each(|c| {
            c.restarts = 1;
            c.last = Some(ended(1, "Error", "04:09"));
        });
        let usage = |cpu, memory| Usage {
            amounts: Amounts { cpu_milli: Some(cpu), memory: Some(memory), ..Amounts::default() },
            at: Some(at("04:12")),
        };
        let metrics = [("oom42", 250, 250 << 20), ("once1", 1200, 90 << 20), ("leave", 3, 12 << 20)];
        let metrics = metrics.map(|(suffix, cpu, memory)| {
            (Text::new(&format!("api-42f9c-{suffix}")), Text::new("api"), usage(cpu, memory))
        });
        let pods = [oom, starting, leaving, done, restarted].into_iter().map(seen).collect();
        [panicking(), listed(pods), vec![Observation::PodMetrics("shop".into(), metrics.into())]].concat()
    }

    #[test]
    fn pods_at_every_size() {
        for (columns, rows) in SIZES {
            let mut console = Console::new(motley());
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

    #[test]
    fn the_pods_of_a_node_and_of_a_workload_are_lists_of_their_own() {
        let mut console = Console::new(panicking());
        let screen = console.keys("n/node-3<enter>p").screen();
        assert!(screen.contains("Pods on node-3") && screen.contains("api-42f9c-c8v7t"), "{screen}");
        assert!(!screen.contains("api-41f9c-7xkq2"));
        console.keys("<esc><esc><esc>");
        let screen = console.keys("w/'worker<enter>p").screen();
        assert!(screen.contains("Pods of worker") && screen.contains("worker-29f9c"), "{screen}");
        assert!(!screen.contains("api-"));
    }
}
