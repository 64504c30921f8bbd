//! The dashboard: the verdict first, what changed beside it, then what it stands on.
//!
//! ```text
//! narrow                      medium                          wide
//! ┌ Health ───────────────┐   ┌ Health ┐┌ Findings ───────┐   ┌ Health ┐┌ Findings ──┐┌ Workloads ┐
//! ├ Findings ─────────────┤   ├ Nodes ─┤│                 │   ├ Nodes ─┤│            │├ Pods ─────┤
//! ├ What changed ─────────┤   ├ Outside┤├ What changed ───┤   ├ Outside┤├ What changed┤├ Warnings ─┤
//! ├ Nodes ────┬ Workloads ┤   │        │├ Workloads ──────┤   │        ││            ││           │
//! └───────────┴───────────┘   └────────┘└─────────────────┘   └────────┘└────────────┘└───────────┘
//! ```

mod findings;
mod gather;
mod layout;
mod panes;
mod waiting;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::console::pick::Pick;
use crate::console::screen::{Context, Effect, Screen};
use crate::console::views::blame::{self, Blamed};
use crate::console::widgets::Canvas;
use crate::detect::Area;
use crate::situation::{Key, Ref, Subject, Text};
use jiff::Timestamp;

pub use layout::Pane;

/// A finding among others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FindingId {
    id: &'static str,
    subjects: Vec<Subject>,
    /// Shown under the finding that explains it.
    nested: bool,
}

/// The dashboard.
#[derive(Debug)]
pub struct Dashboard {
    focus: Pane,
    area: Rect,
    health: Pick<Area>,
    findings: Pick<FindingId>,
    changes: Pick<(Timestamp, Subject)>,
    nodes: Pick<Key>,
    workloads: Pick<Ref>,
    pods: Pick<Key>,
    outside: Pick<Text>,
    events: Pick<Key>,
    /// Where each of the listed findings stands in the assessment.
    finding_places: Vec<usize>,
    suspects: Vec<Blamed>,
    workload_rows: Vec<gather::WorkloadRow>,
    node_rows: Vec<gather::NodeRow>,
}

impl Default for Dashboard {
    fn default() -> Self {
        Self::new()
    }
}

impl Dashboard {
    /// The dashboard, with the findings in focus.
    pub fn new() -> Self {
        Self {
            focus: Pane::Findings,
            area: Rect::new(0, 0, 80, 22),
            health: Pick::default(),
            findings: Pick::default(),
            changes: Pick::default(),
            nodes: Pick::default(),
            workloads: Pick::default(),
            pods: Pick::default(),
            outside: Pick::default(),
            events: Pick::default(),
            finding_places: Vec::new(),
            suspects: Vec::new(),
            workload_rows: Vec::new(),
            node_rows: Vec::new(),
        }
    }

    fn sizes(&self) -> layout::Sizes {
        layout::Sizes {
            health: self.health.items().len() as u16,
            changes: self.changes.items().len() as u16,
            nodes: self.nodes.items().len() as u16,
            workloads: self.workloads.items().len() as u16,
            pods: self.pods.items().len() as u16,
            outside: self.outside.items().len() as u16,
        }
    }

    fn panes(&self) -> Vec<(Pane, Rect)> {
        layout::panes(self.area, self.sizes())
    }

    /// Moves the focus to the next pane (or the one before) in the order of the eye.
    fn turn(&mut self, forward: bool) {
        let panes = self.panes();
        let count = panes.len();
        let at = panes.iter().position(|(pane, _)| *pane == self.focus).unwrap_or(0);
        let next = if forward { at + 1 } else { at + count - 1 } % count.max(1);
        if let Some((pane, _)) = panes.get(next) {
            self.focus = *pane;
        }
    }

    /// Moves the focus to the nearest pane in a direction.
    fn go(&mut self, right: bool) {
        let panes = self.panes();
        let Some((_, from)) = panes.iter().find(|(pane, _)| *pane == self.focus) else { return };
        let from = *from;
        let beside = panes.iter().filter(|(_, r)| if right { r.x >= from.right() } else { r.right() <= from.x });
        let near = beside.min_by_key(|(_, r)| (r.x.abs_diff(from.x), r.y.abs_diff(from.y)));
        if let Some((pane, _)) = near {
            self.focus = *pane;
        }
    }

    fn scroll(&mut self, command: Command) -> bool {
        let height = self.panes().iter().find(|(pane, _)| *pane == self.focus).map_or(0, |(_, r)| r.height);
        let page = usize::from(height.saturating_sub(2));
        match self.focus {
            Pane::Health => self.health.act(command, page),
            Pane::Findings => self.findings.act(command, page),
            Pane::Changes => self.changes.act(command, page),
            Pane::Nodes => self.nodes.act(command, page),
            Pane::Workloads => self.workloads.act(command, page),
            Pane::Pods => self.pods.act(command, page),
            Pane::Outside => self.outside.act(command, page),
            Pane::Warnings => self.events.act(command, page),
        }
    }

    fn open(&self, cx: &Context<'_>) -> Effect {
        match self.focus {
            Pane::Findings => self
                .findings
                .chosen()
                .map_or(Effect::Ignored, |f| Effect::Push(Box::new(super::Finding::open(f.id, &f.subjects)))),
            Pane::Health => self.open_health(cx),
            Pane::Outside => by_command(Command::Sources, cx),
            _ => self.subject(cx).map_or(Effect::None, |subject| super::open::push_subject(&subject, cx)),
        }
    }

    /// What the chosen row is about; of a finding, its first object.
    fn subject(&self, cx: &Context<'_>) -> Option<Subject> {
        match self.focus {
            Pane::Health | Pane::Outside => None,
            Pane::Findings => {
                let subjects = &self.findings.chosen()?.subjects;
                subjects.iter().find(|s| matches!(s, Subject::Object(_))).cloned()
            }
            Pane::Changes => self.changes.chosen().map(|(_, subject)| subject.clone()),
            Pane::Nodes => {
                let node = cx.situation.nodes.get(self.nodes.chosen()?)?;
                Some(node.meta.reference(crate::situation::Kind::Node).into())
            }
            Pane::Workloads => self.workloads.chosen().cloned().map(Subject::Object),
            Pane::Pods => {
                let pod = cx.situation.pods.get(self.pods.chosen()?)?;
                Some(pod.meta.reference(crate::situation::Kind::Pod).into())
            }
            Pane::Warnings => gather::about(cx.situation.events.get(self.events.chosen()?)?),
        }
    }

    /// What can be done to the object of the chosen row.
    fn actions(&self, cx: &Context<'_>) -> Effect {
        match self.subject(cx) {
            Some(Subject::Object(object)) => super::open::act_on(Command::Act, &object, cx),
            _ => Effect::Say("choose a finding, a workload, a node or a pod first".to_owned()),
        }
    }

    fn open_health(&self, cx: &Context<'_>) -> Effect {
        match self.health.chosen() {
            Some(Area::Nodes | Area::Control) => by_command(Command::Nodes, cx),
            Some(Area::Apps | Area::Network) => by_command(Command::Workloads, cx),
            _ => by_command(Command::Sources, cx),
        }
    }

    /// The tree of the selected finding.
    fn tree(&self, cx: &Context<'_>) -> Effect {
        let chosen = self.findings.chosen();
        let found = chosen
            .and_then(|f: &FindingId| cx.assessment.findings.iter().find(|x| x.id == f.id && x.subjects == f.subjects));
        found.map_or_else(|| by_command(Command::Trees, cx), |finding| super::open::open_tree(finding, cx))
    }

    /// The log that is worth reading from here: of the chosen workload's or finding's sickest pod.
    fn logs(&self, cx: &Context<'_>) -> Effect {
        let pod = match self.focus {
            Pane::Workloads => self.workloads.chosen().and_then(|w| gather::sickest_pod(cx, w)),
            Pane::Pods => self.pods.chosen().cloned(),
            Pane::Findings => self.findings.chosen().and_then(|f| {
                let subjects = f.subjects.iter().filter_map(|s| match s {
                    Subject::Object(r) => Some(r),
                    _ => None,
                });
                subjects.clone().find(|r| r.kind == crate::situation::Kind::Pod).map(|r| r.key.clone()).or_else(|| {
                    let mut subjects = subjects;
                    subjects.find_map(|r| gather::sickest_pod(cx, r))
                })
            }),
            _ => None,
        };
        pod.map_or_else(
            || Effect::Say("logs belong to a pod: choose a finding or a workload, or p for the pods".to_owned()),
            |pod| super::open::push_logs(&pod, cx),
        )
    }
}

fn by_command(command: Command, cx: &Context<'_>) -> Effect {
    super::by_command(command, cx).map_or(Effect::Ignored, Effect::Push)
}

impl Screen for Dashboard {
    fn title(&self) -> String {
        "Dashboard".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Dashboard
    }

    fn hints(&self) -> &'static [Command] {
        &[
            Command::Open,
            Command::Trees,
            Command::Act,
            Command::Logs,
            Command::Pods,
            Command::Nodes,
            Command::Workloads,
            Command::Events,
            Command::Changes,
            Command::NextPane,
            Command::Sources,
        ]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        match command {
            Command::Open => return self.open(cx),
            Command::Logs => return self.logs(cx),
            Command::Act => return self.actions(cx),
            Command::Trees if self.focus == Pane::Findings => return self.tree(cx),
            Command::NextPane => self.turn(true),
            Command::PreviousPane => self.turn(false),
            Command::Left => self.go(false),
            Command::Right => self.go(true),
            Command::Findings => self.focus = Pane::Findings,
            command if self.scroll(command) => {}
            _ => return Effect::Ignored,
        }
        Effect::None
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.health.set(cx.assessment.health.iter().map(|row| row.area).collect());
        let (ids, places) = findings::order(&cx.assessment.findings).into_iter().unzip();
        self.findings.set(ids);
        self.finding_places = places;
        self.suspects = blame::blame(cx);
        self.changes.set(cx.changes.iter().take(gather::CHANGES).map(|c| (c.at, c.subject.clone())).collect());
        self.node_rows = gather::nodes(cx);
        self.nodes.set(self.node_rows.iter().map(|row| row.key.clone()).collect());
        self.workload_rows = gather::workloads(cx);
        self.workloads.set(self.workload_rows.iter().map(|row| row.object.clone()).collect());
        self.pods.set(gather::troubled(cx));
        self.outside.set(cx.profile.outside.keys().map(|name| Text::new(name)).collect());
        self.events.set(gather::warnings(cx));
        if !self.panes().iter().any(|(pane, _)| *pane == self.focus) {
            self.focus = Pane::Findings;
        }
    }

    fn resize(&mut self, area: Rect) {
        self.area = area;
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        for (pane, rect) in layout::panes(area, self.sizes()) {
            let focus = pane == self.focus;
            match pane {
                Pane::Health => panes::health(self, rect, canvas, cx, focus),
                Pane::Findings => findings::draw(self, rect, canvas, cx, focus),
                Pane::Changes => panes::changes(self, rect, canvas, cx, focus),
                Pane::Nodes => panes::nodes(self, rect, canvas, cx, focus),
                Pane::Workloads => panes::workloads(self, rect, canvas, cx, focus),
                Pane::Pods => panes::pods(self, rect, canvas, cx, focus),
                Pane::Outside => panes::outside(self, rect, canvas, cx, focus),
                Pane::Warnings => panes::warnings(self, rect, canvas, cx, focus),
            }
        }
    }
}
