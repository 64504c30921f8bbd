//! What do users say? Trees that are open, then all others, the likeliest first, each with what people say and what speaks
//! for it.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::list::{Filter, Typed, filter_line};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::Order;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;

mod entries;
#[cfg(test)]
mod tests;

use entries::Entry;

/// Which tree a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Id {
    /// One that is open.
    Open(u64),
    /// A runbook, by its id.
    Book(String),
}

/// The list of trees.
#[derive(Debug, Default)]
pub struct Trees {
    filter: Filter,
    page: Page<Id>,
    /// Rows and columns of the page with nothing above it.
    size: (u16, u16),
    /// How many trees are shown, and how many there are.
    count: (usize, usize),
    /// Whether the selection was moved; else it is on the first tree.
    moved: bool,
}

impl Trees {
    /// The screen.
    pub fn new() -> Self {
        Self::default()
    }

    fn filtering(&self) -> bool {
        self.filter.typing() || self.filter.active()
    }

    fn write(&mut self, cx: &Context<'_>) {
        let all = entries::all(cx);
        let total = all.len();
        let columns = usize::from(self.size.0.saturating_sub(1));
        let shown: Vec<Entry<'_>> = if self.filter.active() { entries::matching(all, &self.filter) } else { all };
        self.count = (shown.len(), total);
        let mut lines = entries::lines(&shown, &self.filter, columns, cx);
        if total == 0 {
            lines = vec![Line::of("there are no runbooks: --runbooks DIR names a folder of them", Tone::Unknown)];
        } else if shown.is_empty() {
            lines = vec![Line::of("no tree fits what is filtered for; esc clears the filter", Tone::Unknown)];
        }
        self.page.set(lines);
        let rows = self.size.1.saturating_sub(u16::from(self.filtering()));
        self.page.resize(self.size.0, rows);
        if !self.moved {
            self.page.act(Command::Top);
        }
    }

    /// The filter is another one: the best that fits it is selected.
    fn filtered(&mut self, cx: &Context<'_>) -> Effect {
        self.moved = false;
        self.write(cx);
        Effect::None
    }

    fn step(&mut self, command: Command) -> bool {
        let known = self.page.act(command);
        self.moved |= known;
        known
    }

    fn open(&self, cx: &Context<'_>) -> Effect {
        match self.page.selected() {
            Some(Id::Open(id)) => Effect::Order(Order::ShowTree(*id)),
            Some(Id::Book(id)) => match cx.desk.candidates.iter().find(|c| c.book.id == *id) {
                Some(candidate) => Effect::Order(Order::OpenTree(candidate.book.clone(), candidate.subject.clone())),
                None => Effect::Say(format!("the runbook {id} is gone")),
            },
            None => Effect::None,
        }
    }

    fn note(&self) -> String {
        let count = match self.count {
            (_, 0) => String::new(),
            (shown, all) if self.filter.active() => format!("{shown} of {all}"),
            (_, all) => format!("{all}, likeliest first"),
        };
        let position = self.page.position();
        if position.is_empty() { count } else { format!("{count} · rows {position}") }
    }
}

impl Screen for Trees {
    fn title(&self) -> String {
        "Trees".to_owned()
    }

    fn ranks(&self) -> bool {
        true
    }

    fn mode(&self) -> Mode {
        Mode::List
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Filter, Command::Incident]
    }

    fn typing(&self) -> bool {
        self.filter.typing()
    }

    fn input(&mut self, key: KeyEvent, cx: &Context<'_>) -> Effect {
        match (self.filter.key(key), key.code) {
            (Typed::Changed, _) => return self.filtered(cx),
            (Typed::Other, KeyCode::Up) => drop(self.step(Command::Up)),
            (Typed::Other, KeyCode::PageUp) => drop(self.step(Command::PageUp)),
            (Typed::Other, KeyCode::PageDown) => drop(self.step(Command::PageDown)),
            (Typed::Other, _) => drop(self.step(Command::Down)),
            (Typed::Same, _) => self.write(cx),
        }
        Effect::None
    }

    fn paste(&mut self, text: &str, cx: &Context<'_>) -> Effect {
        self.filter.paste(text);
        self.filtered(cx)
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.step(command) {
            return Effect::None;
        }
        match command {
            Command::Open => self.open(cx),
            Command::Filter | Command::Search => {
                self.filter.begin();
                self.write(cx);
                Effect::None
            }
            Command::Back | Command::ClearFilter if self.filtering() => {
                self.filter.clear();
                self.filtered(cx)
            }
            Command::NextPane => {
                self.page.section(true);
                Effect::None
            }
            Command::PreviousPane => {
                self.page.section(false);
                Effect::None
            }
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.write(cx);
    }

    fn resize(&mut self, area: Rect) {
        self.size = (area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let mut inner = canvas.pane_noted(area, "What do users say?", &self.note(), true);
        if self.filtering() && inner.height > 1 {
            filter_line(&self.filter, Rect { height: 1, ..inner }, canvas);
            inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        }
        self.page.draw(inner, canvas);
    }
}
