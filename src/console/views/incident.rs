//! The incident: what it is, what is open in it, requests whose outcome nobody knows, and what happened so far.

mod facts;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::Order;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece};

/// From this width on the story stands beside the facts.
const WIDE: u16 = 110;

/// Where a line leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Link {
    /// A tree that is open.
    Tree(u64),
    /// The execution that runs, or the last one.
    Run,
    /// A request whose outcome is unknown: its execution, and what a person would type to look.
    Look(String, String),
}

/// The incident.
#[derive(Debug)]
pub struct Incident {
    facts: Page<Link>,
    story: Page<()>,
    area: Rect,
    /// Rows that the facts would take.
    wanted: u16,
    /// Whether the story has the focus.
    telling: bool,
    /// Whether the story follows what happens.
    following: bool,
}

impl Default for Incident {
    fn default() -> Self {
        Self::new()
    }
}

impl Incident {
    /// The screen.
    pub fn new() -> Self {
        let area = Rect::new(0, 0, 80, 22);
        Self { facts: Page::new(), story: Page::new(), area, wanted: 0, telling: true, following: true }
    }

    fn fit(&mut self) {
        let (facts, story) = halves(self.area, self.wanted);
        self.facts.resize(facts.width.saturating_sub(4), facts.height.saturating_sub(2));
        self.story.resize(story.width.saturating_sub(4), story.height.saturating_sub(2));
        if self.following {
            self.story.act(Command::Bottom);
        }
    }

    fn scroll(&mut self, command: Command) -> bool {
        if !self.telling {
            return self.facts.act(command);
        }
        let known = self.story.act(command);
        if known {
            self.following = self.story.at_end();
        }
        known
    }
}

/// What happened, the newest last.
fn story(cx: &Context<'_>) -> Vec<Line<()>> {
    let mut lines: Vec<Line<()>> = Vec::new();
    let mut day = cx.now.strftime("%F").to_string();
    for (at, text) in &cx.desk.story {
        let date = at.strftime("%F").to_string();
        if date != day {
            lines.push(Line::of(date.clone(), Tone::Title));
            day = date;
        }
        let time = Piece::new(at.strftime("%H:%M:%S  ").to_string(), Tone::Dim);
        lines.push(Line::new(vec![time, Piece::new(text.clone(), Tone::Text)]).indented(10));
    }
    if lines.is_empty() {
        lines.push(Line::of("nothing yet: findings, steps, plans and what became of them are told here", Tone::Dim));
    }
    lines
}

impl Screen for Incident {
    fn title(&self) -> String {
        "Incident".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::NextPane, Command::Open, Command::Copy, Command::LookedAt, Command::Trees]
    }

    fn act(&mut self, command: Command, _cx: &Context<'_>) -> Effect {
        if self.scroll(command) {
            return Effect::None;
        }
        match (command, self.facts.selected()) {
            (Command::NextPane | Command::PreviousPane | Command::Left | Command::Right, _) => {
                self.telling = !self.telling;
                Effect::None
            }
            (Command::Open, Some(Link::Tree(id))) => Effect::Order(Order::ShowTree(*id)),
            (Command::Open, Some(Link::Run)) => Effect::Order(Order::ShowRun),
            (Command::Open, Some(Link::Look(..))) => {
                Effect::Say("look at the object as the line says (C copies it), then press v".to_owned())
            }
            (Command::LookedAt, Some(Link::Look(execution, _))) => Effect::Order(Order::LookedAt(execution.clone())),
            (Command::Copy, Some(Link::Look(_, command))) => Effect::Copy(command.clone()),
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let lines = facts::lines(cx);
        self.facts.set(lines);
        self.wanted = self.facts.rows() as u16;
        self.story.set(story(cx));
        if !cx.desk.unknown.is_empty() && cx.desk.story.is_empty() {
            self.telling = false;
        }
        self.fit();
        self.wanted = self.facts.rows() as u16;
        self.fit();
    }

    fn resize(&mut self, area: Rect) {
        self.area = area;
        self.fit();
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let (facts, story) = halves(area, self.wanted);
        let inner = canvas.pane_noted(facts, "Incident", &self.facts.position(), !self.telling);
        self.facts.draw(inner, canvas);
        let note = match (self.story.position(), self.following) {
            (position, _) if position.is_empty() => String::new(),
            (position, true) => format!("{position} · follows"),
            (position, false) => position,
        };
        let inner = canvas.pane_noted(story, "What happened so far (UTC)", &note, self.telling);
        self.story.draw(inner, canvas);
    }
}

/// The facts and the story: beside each other where there is room, else the facts above, in half of it at most.
fn halves(area: Rect, wanted: u16) -> (Rect, Rect) {
    if area.width >= WIDE {
        let left = area.width * 2 / 5;
        return (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area });
    }
    let height = wanted.saturating_add(2).min(area.height / 2);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}
