//! An open tree: where you are, why this step, what is known, the ways on, and what a person would type.

mod lines;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::open;
use crate::config::keymap::{Command, Mode};
use crate::console::desk::{OpenTree, Order};
use crate::console::page::Page;
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;
use crate::runbook::WayVerdict;

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// A way on, by the step it leads to and which of the ways there it is.
    Way(String, usize),
    /// A change: which of the step's choices.
    Choice(usize),
    /// A step that was left, by its place in the path.
    Visit(usize),
}

/// An open tree.
#[derive(Debug)]
pub struct Tree {
    id: u64,
    page: Page<Link>,
    title: String,
    /// Whether explanations are hidden.
    terse: bool,
    /// The step the page stands at: its place in the path and its id.
    at: (usize, String),
    /// Whether the selection was moved since; else it follows the suggestion.
    moved: bool,
    columns: usize,
}

impl Tree {
    /// The screen of an open tree.
    pub fn open(id: u64) -> Self {
        let at = (0, String::new());
        Self { id, page: Page::new(), title: "Tree".to_owned(), terse: false, at, moved: false, columns: 76 }
    }

    /// Takes a way, as far as it can be taken on purpose.
    fn way(&self, way: usize) -> Effect {
        Effect::Order(Order::Take(self.id, way))
    }

    fn enter(&self, tree: &OpenTree) -> Effect {
        match self.page.selected() {
            Some(Link::Way(to, nth)) => {
                let mut ways = tree.view.ways.iter().enumerate().filter(|(_, way)| way.to.0 == *to);
                ways.nth(*nth).map_or(Effect::None, |(place, _)| self.way(place))
            }
            Some(Link::Choice(choice)) => match tree.view.act.as_ref().and_then(|a| a.choices.get(*choice)) {
                Some(action) => Effect::Order(Order::Plan(action.clone(), Some(self.id))),
                None => Effect::None,
            },
            Some(Link::Visit(place)) => Effect::Order(Order::Jump(self.id, *place)),
            None => Effect::Say("there is no way on yet; b goes a step back".to_owned()),
        }
    }

    /// Puts the selection where the suggestion is: a change that was not made yet, else the suggested way.
    fn follow(&mut self, tree: &OpenTree) {
        let pending = tree.view.act.as_ref().is_some_and(|a| !a.choices.is_empty()) && !tree.walk.acting();
        let suggested = tree.view.ways.iter().position(|w| w.verdict == WayVerdict::Suggested);
        let link = match suggested {
            _ if pending => Some(Link::Choice(0)),
            Some(place) => Some(lines::link(&tree.view.ways, place)),
            None => (!tree.view.ways.is_empty()).then(|| lines::link(&tree.view.ways, 0)),
        };
        if let Some(link) = link {
            self.page.select(&link);
        }
    }

    /// The log of what the step is about.
    fn logs(tree: &OpenTree, cx: &Context<'_>) -> Effect {
        if let Some(query) = tree.view.reads.first() {
            return open::push_logs(&query.pod, cx);
        }
        let choice = tree.view.act.as_ref().and_then(|a| a.choices.first()).map(|a| a.target().clone());
        match choice.or_else(|| tree.view.subject.clone()) {
            Some(object) => open::act_on(Command::Logs, &object, cx),
            None => Effect::Say("this step is about nothing that has a log".to_owned()),
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
        &[Command::Open, Command::Way1, Command::StepBack, Command::Why, Command::Copy, Command::Logs, Command::Arm]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        let Some(tree) = cx.desk.tree(self.id) else { return Effect::Ignored };
        if self.page.act(command) {
            self.moved = true;
            return Effect::None;
        }
        match command {
            Command::Open => self.enter(tree),
            Command::StepBack => Effect::Order(Order::StepBack(self.id)),
            Command::CloseTree => Effect::Order(Order::CloseTree(self.id)),
            Command::Copy if tree.view.command.is_empty() => Effect::Say("there is nothing to type here".to_owned()),
            Command::Copy => Effect::Copy(tree.view.command.clone()),
            Command::Why => {
                self.terse = !self.terse;
                self.refresh(cx);
                Effect::None
            }
            Command::Logs => Self::logs(tree, cx),
            Command::NextPane => {
                self.page.section(true);
                Effect::None
            }
            Command::PreviousPane => {
                self.page.section(false);
                Effect::None
            }
            other => digit(other).map_or(Effect::Ignored, |way| self.way(way)),
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let Some(tree) = cx.desk.tree(self.id) else {
            self.page.set(vec![lines::closed()]);
            return;
        };
        self.title = format!("Tree {}", tree.walk.book().id);
        self.page.set(lines::of(tree, self.terse, self.columns, cx));
        let at = (tree.walk.path().len(), tree.view.step.clone());
        if at != self.at {
            self.at = at;
            self.moved = false;
            self.page.act(Command::Top);
        }
        if !self.moved {
            self.follow(tree);
        }
    }

    fn resize(&mut self, area: Rect) {
        // A column is kept for the mark of the selection.
        self.columns = usize::from(area.width.saturating_sub(5));
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let name = cx.desk.tree(self.id).map_or_else(|| self.title.clone(), lines::heading);
        let inner = canvas.pane_noted(area, &name, &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}

/// The way that a digit means, counted from zero.
const fn digit(command: Command) -> Option<usize> {
    Some(match command {
        Command::Way1 => 0,
        Command::Way2 => 1,
        Command::Way3 => 2,
        Command::Way4 => 3,
        Command::Way5 => 4,
        Command::Way6 => 5,
        Command::Way7 => 6,
        Command::Way8 => 7,
        Command::Way9 => 8,
        _ => return None,
    })
}
