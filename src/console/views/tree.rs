//! An open tree: where you are, why this step, what is known, the ways on, and what a person would type.
//!
//! ```text
//! narrow                                wide
//! ┌ F26 Some users see 502 ───────────┐ ┌ F26 Some users see 502 ─────┐┌ So far ─────────┐
//! │ ingress › endpoints › probe step 3│ │ question          step 3 · 2m││ 04:10:05 question│  path
//! │ question, why it is asked         │ │ why it is asked             ││   → way taken    │
//! │ what is known                     │ │ what is known               ││ 04:11:31 here    │  facts
//! │ what would be done                │ │ what would be done          ││                  │  change
//! │ the ways on                       │ │ the ways on                 ││                  │  ways
//! │ what a person would type          │ │ what a person would type    ││                  │  lines
//! │ so far                            │ │                             ││                  │
//! └───────────────────────────────────┘ └─────────────────────────────┘└──────────────────┘
//! ```

mod change;
mod facts;
mod lines;
mod path;
#[cfg(test)]
mod tests;
mod ways;

use std::mem::Discriminant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::open;
use crate::action::Action;
use crate::config::keymap::{Command, Mode};
use crate::console::desk::{OpenTree, Order};
use crate::console::page::Page;
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;
use crate::runbook::ActResult;
use crate::situation::{Ref, clean};
use lines::{Explain, Room, Sheet};

/// From this width on the way taken stands beside the step.
const WIDE: u16 = 110;

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// A way on, by the step it leads to, which of the ways there it is, and its words.
    Way { to: String, nth: usize, say: String },
    /// A change that the step could be.
    Choice(Action),
    /// The execution that is under way.
    Run,
    /// A step that was left, by its place in the path.
    Visit(usize),
}

/// An open tree.
#[derive(Debug)]
pub struct Tree {
    id: u64,
    main: Page<Link>,
    /// The way taken, where there is room for it beside.
    side: Page<Link>,
    wide: bool,
    /// Whether one looks at the way taken, to go back to a step of it.
    back: bool,
    columns: u16,
    title: String,
    explain: Explain,
    /// The step the page stands at: its place in the path, its id, and what came of its change.
    at: (usize, String, Option<Discriminant<ActResult>>),
    /// Whether the selection was moved since; else it follows the suggestion.
    moved: bool,
}

impl Tree {
    /// The screen of an open tree.
    pub fn open(id: u64) -> Self {
        Self {
            id,
            main: Page::new(),
            side: Page::new(),
            wide: false,
            back: false,
            columns: 76,
            title: "Tree".to_owned(),
            explain: Explain::Short,
            at: (0, String::new(), None),
            moved: false,
        }
    }

    const fn page(&mut self) -> &mut Page<Link> {
        if self.back && self.wide { &mut self.side } else { &mut self.main }
    }

    fn selected(&self) -> Option<&Link> {
        if self.back && self.wide { self.side.selected() } else { self.main.selected() }
    }

    fn enter(&self, tree: &OpenTree) -> Effect {
        match self.selected() {
            Some(Link::Way { .. }) if !self.moved && ways::undecided(&tree.view.ways) => {
                Effect::Say("no way is suggested: choose one by its number, or with up and down".to_owned())
            }
            Some(link @ Link::Way { .. }) => match ways::place(link, &tree.view.ways) {
                Some(place) => Effect::Order(Order::Take(self.id, place)),
                None => Effect::Say("this way is not there any more; choose another".to_owned()),
            },
            Some(Link::Choice(action)) => Effect::Order(Order::Plan(action.clone(), Some(self.id))),
            Some(Link::Run) => Effect::Order(Order::ShowRun),
            Some(Link::Visit(place)) => Effect::Order(Order::Jump(self.id, *place)),
            None if tree.view.end.is_some() => Effect::Say("the tree ends here; X closes it, b goes back".to_owned()),
            None => Effect::Say("there is no way on yet; b goes a step back".to_owned()),
        }
    }

    /// The way of a digit, counted from zero.
    fn way(&self, way: usize, tree: &OpenTree) -> Effect {
        match tree.view.ways.len() {
            0 => Effect::Say("there is no way on from here".to_owned()),
            count if way >= count => Effect::Say(format!("there is no way {}; there are {count}", way + 1)),
            _ => Effect::Order(Order::Take(self.id, way)),
        }
    }

    /// Puts the selection where the suggestion is: what is under way, a change that was not made yet, a suggested way.
    fn follow(&mut self, tree: &OpenTree, cx: &Context<'_>) {
        let pending = tree.view.act.as_ref().filter(|_| !tree.walk.acting()).and_then(|a| a.choices.first());
        let link = match pending {
            _ if change::under_way(tree, cx).is_some() => Some(Link::Run),
            Some(action) => Some(Link::Choice(action.clone())),
            None => ways::suggested(&tree.view.ways),
        };
        if let Some(link) = link {
            self.main.select(&link);
        }
    }

    /// What was selected, as it is called now: the words of a way hold figures, which change.
    fn kept(&self, tree: &OpenTree) -> Option<Link> {
        match self.main.selected()? {
            link @ Link::Way { .. } => {
                ways::place(link, &tree.view.ways).map(|place| ways::link(&tree.view.ways, place))
            }
            other => Some(other.clone()),
        }
    }

    /// Between the step and the way taken.
    fn turn(&mut self, tree: &OpenTree, cx: &Context<'_>) {
        let last = tree.walk.path().len().checked_sub(2).map(Link::Visit);
        self.back = !self.back && last.is_some();
        self.moved = self.back;
        self.write(tree, cx);
        match last {
            Some(last) if self.back => self.page().select(&last),
            _ => self.follow(tree, cx),
        }
    }

    /// Writes the step as roomy as it fits; what then still does not fit scrolls.
    fn write(&mut self, tree: &OpenTree, cx: &Context<'_>) {
        let sheet = |room| Sheet { room, explain: self.explain, columns: self.columns, beside: self.wide };
        let mut rooms = Room::ALL.into_iter().map(|room| lines::of(tree, sheet(room), cx));
        let tightest = rooms.next_back().unwrap_or_default();
        let mut written = rooms.find(|lines| self.main.holds(lines)).unwrap_or(tightest);
        if self.wide {
            self.side.set(path::lines(tree, true, self.back));
        } else {
            written.extend(path::section(tree, self.back));
        }
        self.main.set(written);
    }

    /// What the step is about: what is selected, the log it waits for, what could be changed, the tree's subject.
    fn about(&self, tree: &OpenTree) -> Option<Ref> {
        if let Some(Link::Choice(action)) = self.selected() {
            return Some(action.target().clone());
        }
        let choice = tree.view.act.as_ref().and_then(|a| a.choices.first()).map(|a| a.target().clone());
        choice.or_else(|| tree.view.subject.clone())
    }

    fn logs(&self, tree: &OpenTree, cx: &Context<'_>) -> Effect {
        match (tree.view.reads.first(), self.about(tree)) {
            (Some(query), _) => open::push_logs(&query.pod, cx),
            (None, Some(object)) => open::act_on(Command::Logs, &object, cx),
            (None, None) => Effect::Say("this step is about nothing that has a log".to_owned()),
        }
    }
}

impl Screen for Tree {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn mode(&self) -> Mode {
        Mode::Tree
    }

    fn hints(&self) -> &'static [Command] {
        &[
            Command::Open,
            Command::Way1,
            Command::StepBack,
            Command::Copy,
            Command::Logs,
            Command::Why,
            Command::Arm,
            Command::CloseTree,
        ]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        let Some(tree) = cx.desk.tree(self.id) else { return Effect::Ignored };
        if self.page().act(command) {
            self.moved = true;
            return Effect::None;
        }
        match command {
            Command::Open => return self.enter(tree),
            Command::StepBack => return Effect::Order(Order::StepBack(self.id)),
            Command::CloseTree => return Effect::Order(Order::CloseTree(self.id)),
            Command::Copy if tree.view.command.is_empty() => {
                return Effect::Say("there is nothing to type here".to_owned());
            }
            Command::Copy => return Effect::Copy(clean(&tree.view.command).into_owned()),
            Command::Logs => return self.logs(tree, cx),
            Command::Act => {
                return match self.about(tree) {
                    Some(object) => open::act_on(command, &object, cx),
                    None => Effect::Say("this step is about nothing that can be acted on".to_owned()),
                };
            }
            Command::Why => {
                self.explain = self.explain.next();
                self.refresh(cx);
            }
            Command::NextPane | Command::PreviousPane | Command::Left | Command::Right => self.turn(tree, cx),
            other => return ways::digit(other).map_or(Effect::Ignored, |way| self.way(way, tree)),
        }
        Effect::None
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let Some(tree) = cx.desk.tree(self.id) else {
            self.back = false;
            self.main.set(vec![lines::closed()]);
            self.side.set(Vec::new());
            return;
        };
        self.title = format!("Tree {}", tree.walk.book().id);
        let at = (tree.walk.path().len(), tree.view.step.clone(), tree.walk.came().map(std::mem::discriminant));
        let arrived = at != self.at;
        if arrived {
            self.at = at;
            self.moved = false;
            self.back = false;
        }
        let kept = self.kept(tree).filter(|_| self.moved);
        self.write(tree, cx);
        if arrived {
            self.main.act(Command::Top);
        }
        match kept {
            Some(link) => self.main.keep(&link),
            None if self.back => {}
            None => {
                self.moved = false;
                self.follow(tree, cx);
            }
        }
    }

    fn resize(&mut self, area: Rect) {
        self.wide = area.width >= WIDE;
        let (main, side) = columns(area, self.wide);
        self.columns = main.width.saturating_sub(5);
        self.main.resize(main.width.saturating_sub(4), main.height.saturating_sub(2));
        self.side.resize(side.width.saturating_sub(4), side.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let (main, side) = columns(area, self.wide);
        let name = cx.desk.tree(self.id).map_or_else(|| self.title.clone(), lines::heading);
        let inner = canvas.pane_noted(main, &name, &self.main.position(), !(self.back && self.wide));
        self.main.draw(inner, canvas);
        if self.wide {
            let inner = canvas.pane_noted(side, "So far", &self.side.position(), self.back);
            self.side.draw(inner, canvas);
        }
    }
}

/// The step and the way taken; the latter is empty where there is but one column.
fn columns(area: Rect, wide: bool) -> (Rect, Rect) {
    if !wide {
        return (area, Rect { x: area.right(), width: 0, ..area });
    }
    let left = area.width * 2 / 3;
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
}
