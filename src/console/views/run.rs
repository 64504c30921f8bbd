//! An execution: how it stands, its requests, their answers, and the proof.

mod lines;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::requests;
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::Order;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;

/// The execution that runs, or the last one.
#[derive(Debug)]
pub struct Run {
    page: Page<()>,
    requests: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl Run {
    /// A screen that shows it.
    pub fn new() -> Self {
        Self { page: Page::new(), requests: false }
    }
}

impl Screen for Run {
    fn title(&self) -> String {
        "Execution".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Plan
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Open, Command::Undo, Command::Cancel, Command::Diff, Command::Copy]
    }

    fn act(&mut self, command: Command, cx: &Context<'_>) -> Effect {
        if self.page.act(command) {
            return Effect::None;
        }
        let Some(running) = &cx.desk.running else { return Effect::Ignored };
        match command {
            Command::Cancel => Effect::Order(Order::Cancel),
            Command::Undo => Effect::Order(Order::Undo),
            Command::Copy => Effect::Copy(running.plan.command.clone()),
            Command::Diff => {
                self.requests = !self.requests;
                self.refresh(cx);
                Effect::None
            }
            Command::Open => running.tree.map_or(Effect::Pop, |tree| Effect::Order(Order::ShowTree(tree))),
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        let lines = match &cx.desk.running {
            Some(running) => {
                let mut lines = lines::of(running, cx);
                if self.requests {
                    lines.extend(requests::of(&running.plan));
                }
                lines
            }
            None => vec![Line::of("nothing is being carried out", Tone::Dim)],
        };
        self.page.set(lines);
    }

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let title = cx.desk.running.as_ref().map_or("Execution", |running| &running.plan.title);
        let inner = canvas.pane_noted(area, title, &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
