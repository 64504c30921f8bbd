//! The keys in force, and what they mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::config::keymap::{Command, Keymap, Mode};
use crate::config::theme::Tone;
use crate::console::page::{Line, Page};
use crate::console::screen::{Context, Effect, Screen};
use crate::console::widgets::{Canvas, Piece, fit, width};

/// Columns for the keys of a binding.
const KEYS: usize = 18;

/// The help screen, made from the keymap in force: first the keys of the screen below it, then those of everywhere, then
/// the rest.
#[derive(Debug)]
pub struct Help {
    mode: Mode,
    columns: u16,
    page: Page<()>,
}

impl Help {
    /// Help for what is opened from a screen of this mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode, columns: 80, page: Page::new() }
    }

    fn lay_out(&mut self, keymap: &Keymap) {
        let modes = [self.mode, Mode::Global].into_iter();
        let rest = [Mode::Dashboard, Mode::List, Mode::Detail, Mode::Logs, Mode::Tree, Mode::Plan]
            .into_iter()
            .filter(|m| *m != self.mode);
        let mut lines = Vec::new();
        for mode in modes.chain(rest) {
            let entries: Vec<Vec<Piece>> = keymap.bindings(mode).map(|b| entry(&b.keys, &b.description)).collect();
            if !entries.is_empty() {
                lines.push(Line::of(heading(mode), Tone::Title));
                lines.extend(in_columns(entries, usize::from(self.columns)));
                lines.push(Line::blank());
            }
        }
        lines.extend(closing());
        self.page.set(lines);
    }
}

const fn heading(mode: Mode) -> &'static str {
    match mode {
        Mode::Global => "Everywhere",
        Mode::Dashboard => "On the dashboard",
        Mode::List => "In lists",
        Mode::Detail => "On pages",
        Mode::Logs => "In logs",
        Mode::Tree => "In trees",
        Mode::Plan => "On plans",
    }
}

fn entry(keys: &[String], description: &str) -> Vec<Piece> {
    let keys = keys.join(" ");
    let pad = " ".repeat(KEYS.saturating_sub(width(&keys)).max(1));
    vec![Piece::new(format!("  {keys}{pad}"), Tone::Accent), Piece::new(description, Tone::Text)]
}

/// Two columns where they fit, read downwards.
fn in_columns(entries: Vec<Vec<Piece>>, columns: usize) -> Vec<Line<()>> {
    let half = columns / 2;
    if half < KEYS + 20 {
        return entries.into_iter().map(Line::new).collect();
    }
    let rows = entries.len().div_ceil(2);
    let mut entries = entries.into_iter();
    let mut left: Vec<Vec<Piece>> = entries.by_ref().take(rows).collect();
    for (row, right) in left.iter_mut().zip(entries) {
        let used: usize = row.iter().map(|p| width(&p.text)).sum();
        if used >= half
            && let Some(last) = row.last_mut()
        {
            let room = half.saturating_sub(used - width(&last.text) + 1);
            last.text = fit(&last.text, room, "…").into_owned();
        }
        let used: usize = row.iter().map(|p| width(&p.text)).sum();
        row.push(Piece::new(" ".repeat(half.saturating_sub(used)), Tone::Text));
        row.extend(right);
    }
    left.into_iter().map(Line::new).collect()
}

fn closing() -> Vec<Line<()>> {
    let text = [
        "Nothing here can change the cluster: this console only reads, and READ-ONLY stands in the top line to say so.",
        "All times are UTC, by the cluster's clock. A grey ? is not a good sign but an unknown; the sources screen says why.",
        "ctrl-c always quits, ctrl-z suspends. : opens the command line, tab completes.",
    ];
    let mut lines = vec![Line::of("Good to know", Tone::Title)];
    lines.extend(text.map(|t| Line::of(format!("  {t}"), Tone::Dim).indented(2)));
    lines
}

impl Screen for Help {
    fn title(&self) -> String {
        "Help".to_owned()
    }

    fn mode(&self) -> Mode {
        Mode::Detail
    }

    fn hints(&self) -> &'static [Command] {
        &[Command::PageDown]
    }

    fn act(&mut self, command: Command, _cx: &Context<'_>) -> Effect {
        match command {
            Command::Help => Effect::Pop,
            command if self.page.act(command) => Effect::None,
            _ => Effect::Ignored,
        }
    }

    fn refresh(&mut self, cx: &Context<'_>) {
        self.lay_out(cx.keymap);
    }

    fn resize(&mut self, area: Rect) {
        self.columns = area.width.saturating_sub(5);
        self.page.resize(area.width.saturating_sub(4), area.height.saturating_sub(2));
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
        let canvas = &mut Canvas::new(buf, cx.theme);
        let inner = canvas.pane_noted(area, "Help", &self.page.position(), true);
        self.page.draw(inner, canvas);
    }
}
