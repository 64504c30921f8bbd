//! What is wrong with the console itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::Canvas;

/// What is wrong with the console itself: faults of its own parts and mistakes in the user's files.
#[derive(Debug, Default)]
pub struct Problems {
    page: Page<()>,
}

impl Problems {
    /// The list of `faults` as they are now.
    pub fn new(faults: &[String]) -> Self {
        let mut page = Page::new();
        let mut lines: Vec<Line<()>> =
            faults.iter().map(|fault| Line::of(fault.as_str(), Tone::Text).indented(2)).collect();
        if lines.is_empty() {
            lines.push(Line::of("nothing is wrong with the console itself", Tone::Dim));
        }
        page.set(lines);
        Self { page }
    }
}

impl Screen for Problems {
    fn title(&self) -> String {
        "Problems".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::Back]
    }

    fn act(&mut self, command: Command, _cx: &Context<'_>) -> Effect {
        if self.page.act(command) { Effect::None } else { Effect::Ignored }
    }

    fn refresh(&mut self, _cx: &Context<'_>) {}

    fn resize(&mut self, area: Rect) {
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, "Problems of the console", &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
