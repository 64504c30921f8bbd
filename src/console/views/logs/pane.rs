//! How a log looks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ring::Entry;
use super::scroll::{shifted, wrapped};
use super::{Logs, Reading, STAMP, View, tone};
use crate::config::theme::Tone;
use crate::console::screen::Context;
use crate::console::views::exits;
use crate::console::widgets::{Canvas, width};
use crate::situation::object::ContainerState;
use crate::watch::LogLine;

/// The room inside the pane's border.
pub(super) fn inner(area: Rect) -> Rect {
    let air = u16::from(area.width > 8);
    Rect {
        x: area.x + 1 + air,
        y: area.y + 1,
        width: area.width.saturating_sub(2 + 2 * air),
        height: area.height.saturating_sub(2),
    }
}

/// Draws the log.
pub(super) fn draw(logs: &Logs, area: Rect, buf: &mut Buffer, cx: &Context<'_>) {
    let canvas = &mut Canvas::new(buf, cx.theme);
    let inner = canvas.pane(area, &title(logs, cx), true);
    if inner.height < 2 {
        return;
    }
    let text = Rect { height: inner.height - 1, ..inner };
    if logs.ring.numbers().is_empty() {
        let words = match &logs.reading {
            Reading::Ended(why) if why.is_empty() => "the log is empty".to_owned(),
            Reading::Ended(why) => format!("no log: {why}"),
            Reading::Interrupted(why) => format!("no line yet: {why}"),
            Reading::Asked | Reading::Coming => "waiting for the first line".to_owned(),
        };
        canvas.text(text.x + 1, text.y, text.width, &words, Tone::Unknown);
    } else {
        rows(logs, text, canvas);
    }
    status(logs, Rect { y: inner.bottom() - 1, height: 1, ..inner }, canvas);
}

fn title(logs: &Logs, cx: &Context<'_>) -> String {
    let place = logs.watched.place();
    let place = if place.is_empty() { String::new() } else { format!(" {place}") };
    let run = if logs.previous { " · the run before" } else { "" };
    let state = logs.watched.now(cx.situation).map(|c| {
        let word = match &c.state {
            ContainerState::Absent => "not started".to_owned(),
            ContainerState::Waiting { reason, .. } => reason.to_string(),
            ContainerState::Running(_) => if c.ready { "running" } else { "running, not ready" }.to_owned(),
            ContainerState::Terminated(end) => exits::short(end),
        };
        let restarts = if c.restarts == 1 { "1 restart".to_owned() } else { format!("{} restarts", c.restarts) };
        format!(" · {word} · {restarts}")
    });
    let state = if logs.watched.gone() { Some(" · gone".to_owned()) } else { state };
    let pod = &logs.watched.pod().key.name;
    format!("{} of {pod}{place}{run}{}", logs.watched.container(), state.unwrap_or_default())
}

/// How many lines there are, and how many there no longer are.
fn counts(logs: &Logs) -> String {
    let mut words = Vec::new();
    if logs.dropped > 0 {
        words.push(format!("{} dropped", logs.dropped));
    }
    if logs.ring.fallen() > 0 {
        words.push(format!("{} older not kept", logs.ring.fallen()));
    }
    let numbers = logs.ring.numbers();
    words.push(format!("{} lines", numbers.end - numbers.start));
    words.join(" · ")
}

fn rows(logs: &Logs, area: Rect, canvas: &mut Canvas<'_>) {
    let layout = logs.layout();
    let top = logs.top();
    let mut y = area.y;
    for number in top.number..logs.ring.numbers().end {
        let Some(entry) = logs.ring.get(number) else { break };
        let skipped = if number == top.number { top.row } else { 0 };
        let parts = if logs.wrap { wrapped(entry.text(), layout.columns) } else { vec![entry.text()] };
        let mut start = parts.iter().take(skipped).map(|p| p.len()).sum::<usize>();
        for (row, part) in parts.iter().enumerate().skip(skipped) {
            if y >= area.bottom() {
                return;
            }
            let band = Rect { y, height: 1, ..area };
            draw_row(logs, &Row { entry, number, first: row == 0, part, start }, band, canvas);
            start += part.len();
            y += 1;
        }
    }
}

/// A row of the screen: which part of which entry.
struct Row<'a> {
    entry: &'a Entry,
    number: u64,
    first: bool,
    part: &'a str,
    /// Where the part begins in the entry's text.
    start: usize,
}

fn draw_row(logs: &Logs, row: &Row<'_>, band: Rect, canvas: &mut Canvas<'_>) {
    let mut x = band.x + 1;
    let tone = match row.entry {
        Entry::Mark(_) => Tone::Accent,
        Entry::Line(line) => tone::of(&line.text),
    };
    if logs.stamps {
        if let (Entry::Line(LogLine { at: Some(at), .. }), true) = (row.entry, row.first) {
            canvas.text(x, band.y, STAMP as u16, &at.strftime("%H:%M:%S%.3f").to_string(), Tone::Dim);
        }
        x += STAMP as u16;
    }
    let (part, start) = match row.entry {
        Entry::Line(_) if !logs.wrap => {
            let rest = shifted(row.part, logs.shift);
            (rest, row.start + row.part.len() - rest.len())
        }
        _ => (row.part, row.start),
    };
    let room = band.right().saturating_sub(x);
    let end = canvas.text(x, band.y, room, part, tone);
    if matches!(row.entry, Entry::Mark(_)) {
        rule(end, band, canvas);
    }
    for place in logs.search.places(row.entry.text()) {
        let from = place.start.clamp(start, start + part.len());
        let to = place.end.clamp(start, start + part.len());
        let (Some(before), Some(found)) = (part.get(..from - start), part.get(from - start..to - start)) else {
            continue;
        };
        let left = x.saturating_add(width(before).min(usize::from(room)) as u16);
        let columns = (width(found) as u16).min(band.right().saturating_sub(left));
        let area = Rect { x: left, y: band.y, width: columns, height: 1 }.intersection(canvas.buf.area);
        canvas.buf.set_style(area, canvas.theme.style(Tone::Match));
    }
    if logs.search.at() == Some(row.number) && row.first {
        canvas.text(band.x, band.y, 1, canvas.theme.glyphs.selected, Tone::Accent);
    }
}

/// Fills the rest of a row with a rule, so that a mark divides what is above from what is below.
fn rule(from: u16, band: Rect, canvas: &mut Canvas<'_>) {
    let symbol = if canvas.theme.glyphs.lines { "─" } else { "-" };
    let room = band.right().saturating_sub(from + 1);
    canvas.text(from + 1, band.y, room, &symbol.repeat(usize::from(room)), Tone::Border);
}

/// The last row: what is searched for, where the view stands, how the reading goes.
fn status(logs: &Logs, area: Rect, canvas: &mut Canvas<'_>) {
    let (words, tone) = following(logs);
    let start = canvas.right(area.right(), area.y, area.width, &words, tone);
    let counts = counts(logs);
    let start = canvas.right(start.saturating_sub(2), area.y, area.width, &counts, Tone::Dim);
    let room = start.saturating_sub(area.x + 2);
    if logs.typing {
        let (before, after) = logs.editor.around(usize::from(room / 2));
        let x = canvas.text(area.x, area.y, room, &format!("/{before}"), Tone::Accent);
        let x = canvas.text(x, area.y, 1, "▏", Tone::Accent);
        let left = start.saturating_sub(x + 2);
        let x = canvas.text(x, area.y, left, after, Tone::Accent);
        canvas.text(x + 1, area.y, start.saturating_sub(x + 3), &logs.search.words(), Tone::Dim);
    } else if logs.search.active() {
        let words = format!("/{}  {}", logs.editor.text(), logs.search.words());
        canvas.text(area.x, area.y, room, &words, Tone::Accent);
    } else if let Reading::Interrupted(why) = &logs.reading {
        canvas.text(area.x, area.y, room, &format!("interrupted, tried again: {why}"), Tone::Warning);
    } else if let Reading::Ended(why) = &logs.reading
        && !why.is_empty()
    {
        canvas.text(area.x, area.y, room, &format!("ended: {why}"), Tone::Warning);
    } else if logs.shift > 0 {
        canvas.text(area.x, area.y, room, &format!("from column {}", logs.shift + 1), Tone::Dim);
    }
}

fn following(logs: &Logs) -> (String, Tone) {
    let ended = logs.previous || matches!(logs.reading, Reading::Ended(_));
    match (logs.view, logs.unseen()) {
        (View::End, _) if ended => ("end of the log".to_owned(), Tone::Dim),
        (View::End, _) => ("following".to_owned(), Tone::Good),
        (View::At(..), 0) => (if ended { "" } else { "paused" }.to_owned(), Tone::Dim),
        (View::At(..), 1) => ("paused, 1 new line".to_owned(), Tone::Warning),
        (View::At(..), count) => (format!("paused, {count} new lines"), Tone::Warning),
    }
}
