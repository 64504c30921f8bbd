//! The smaller panes.

use ratatui::layout::Rect;

use super::Dashboard;
use super::gather::{NodeRow, WorkloadRow};
use super::layout::HEALTH_COLUMNS;
use crate::config::theme::Tone;
use crate::console::freshness::{aged, clock_or_day, lasting, missing};
use crate::console::labels;
use crate::console::pick::window;
use crate::console::screen::Context;
use crate::console::views::blame;
use crate::console::widgets::{Canvas, Column, fit_columns, mark, share_tone, width};
use crate::detect::{HealthRow, Mark};
use crate::situation::{Kind, Source, SourceState, Text};

/// Draws the health of every area: a column, or on a narrow screen a few beside each other.
pub fn health(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let inner = canvas.pane(area, "Health", focus);
    let rows = &cx.assessment.health;
    if rows.is_empty() {
        canvas.text(inner.x, inner.y, inner.width, "? nothing is known yet", Tone::Unknown);
        return;
    }
    let beside = if area.width >= 60 { usize::from(HEALTH_COLUMNS) } else { 1 };
    for (chunk, y) in rows.chunks(beside).zip(inner.top()..inner.bottom()) {
        let mut x = inner.x;
        for (row, columns) in chunk.iter().zip(health_widths(chunk, inner.width)) {
            let cell = Rect { x, y, width: columns.min(inner.right().saturating_sub(x)), height: 1 };
            health_row(row, cell, canvas, beside == 1);
            if focus && dashboard.health.chosen() == Some(&row.area) {
                canvas.select(Rect { x: x - 1, width: cell.width + 1, ..cell });
            }
            x += columns + 2;
        }
    }
}

/// Columns for each area of one row. Where they do not fit, what is unknown says so only by its mark, then what is good.
fn health_widths(rows: &[HealthRow], available: u16) -> Vec<u16> {
    let short = |row: &HealthRow| 2 + width(row.area.name()) as u16;
    let mut widths: Vec<u16> = rows.iter().map(|r| short(r) + 1 + width(&r.text) as u16).collect();
    if let [one] = widths.as_mut_slice() {
        *one = available;
        return widths;
    }
    let gaps = 2 * (rows.len() as u16).saturating_sub(1);
    for quiet in [Mark::Unknown, Mark::Good] {
        if widths.iter().sum::<u16>() + gaps > available {
            for (columns, row) in widths.iter_mut().zip(rows).filter(|(_, row)| row.mark == quiet) {
                *columns = short(row);
            }
        }
    }
    widths
}

fn health_row(row: &HealthRow, area: Rect, canvas: &mut Canvas<'_>, aligned: bool) {
    let (glyph, tone) = mark(row.mark, &canvas.theme.glyphs);
    let name = row.area.name();
    let x = canvas.text(area.x, area.y, area.width, glyph, tone) + 1;
    let end = canvas.text(x, area.y, area.right().saturating_sub(x), name, Tone::Text);
    let x = if aligned { x + 9 } else { end + 1 };
    let tone = if row.mark == Mark::Good { Tone::Dim } else { tone };
    canvas.text(x, area.y, area.right().saturating_sub(x), &row.text, tone);
}

/// Draws what changed, the suspects marked with their distance from the trouble.
pub fn changes(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let inner = canvas.pane(area, "What changed", focus);
    let height = usize::from(inner.height);
    if cx.changes.is_empty() {
        let words = if cx.situation.has_data() { "no change is known" } else { "? nothing is known yet" };
        canvas.text(inner.x, inner.y, inner.width, words, Tone::Unknown);
        return;
    }
    let at = dashboard.changes.index();
    let shown = window(at, dashboard.changes.items().len(), height);
    for (i, y) in shown.zip(inner.y..) {
        let Some(change) = cx.changes.get(i) else { break };
        let suspected = blame::words(&dashboard.suspects, i);
        let quiet = suspected.is_none();
        let tone = if quiet { Tone::Dim } else { Tone::Warning };
        let end = suspected.map_or_else(
            || inner.right(),
            |words| canvas.right(inner.right(), y, inner.width / 3, &words, Tone::Warning).saturating_sub(1),
        );
        let room = |x: u16| end.saturating_sub(x);
        canvas.text(inner.x, y, 6, &clock_or_day(change.at, cx.now), tone);
        let x = inner.x + 8;
        let subject = (inner.width / 4).clamp(14, 30);
        canvas.text(x, y, subject - 1, &labels::subject(&change.subject), Tone::Text);
        let x = x + subject;
        let x = canvas.text(x, y, room(x), &change.what, if quiet { Tone::Text } else { Tone::Title });
        if !change.detail.is_empty() {
            canvas.text(x + 2, y, room(x + 2), &change.detail, Tone::Dim);
        }
        if focus && i == at {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}

/// Why a table cannot be shown, in its place; whether that was so.
fn absent(area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, kind: Kind) -> bool {
    let Some((words, tone)) = missing(cx, &Source::Watch(kind)) else { return false };
    for (row, y) in crate::console::widgets::wrap(&words, usize::from(area.width)).iter().zip(area.top()..area.bottom())
    {
        canvas.text(area.x, y, area.width, row, tone);
    }
    true
}

fn head(canvas: &mut Canvas<'_>, area: Rect, titles: &[(&str, u16)]) {
    let mut x = area.x + 2;
    for (title, columns) in titles.iter().filter(|(_, columns)| *columns > 0) {
        canvas.text(x, area.y, *columns, title, Tone::Dim);
        x += columns + 1;
    }
}

/// Draws the nodes with what they use.
pub fn nodes(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let note = aged(cx, &Source::Watch(Kind::Node)).unwrap_or_default();
    let inner = canvas.pane_noted(area, "Nodes", &note, focus);
    if dashboard.node_rows.is_empty() && absent(inner, canvas, cx, Kind::Node) {
        return;
    }
    let longest = dashboard.node_rows.iter().map(|r| width(&r.key.name)).max().unwrap_or(4) as u16;
    let notes = dashboard.node_rows.iter().map(|r| width(&r.note)).max().unwrap_or_default() as u16;
    let columns = [
        Column { min: longest.clamp(4, 10), want: longest.min(24), priority: 0 },
        Column { min: 4, want: 11, priority: 0 },
        Column { min: 4, want: 11, priority: 0 },
        Column { min: 4, want: 4, priority: 2 },
        Column { min: notes.min(8), want: notes.min(18), priority: 1 },
    ];
    let widths = fit_columns(&columns, inner.width.saturating_sub(2), 1);
    let [name, cpu, memory, pods, note] = widths.as_slice() else { return };
    head(canvas, inner, &[("node", *name), ("cpu", *cpu), ("mem", *memory), ("pods", *pods), ("", *note)]);
    let height = usize::from(inner.height.saturating_sub(1));
    let shown = window(dashboard.nodes.index(), dashboard.node_rows.len(), height);
    for (row, y) in dashboard.node_rows.get(shown).unwrap_or_default().iter().zip(inner.y + 1..) {
        node_row(row, Rect { y, height: 1, ..inner }, canvas, &widths);
        if focus && dashboard.nodes.chosen() == Some(&row.key) {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}

fn node_row(row: &NodeRow, line: Rect, canvas: &mut Canvas<'_>, widths: &[u16]) {
    let [name, cpu, memory, pods, note] = widths else { return };
    let (glyph, tone) = mark(row.mark, &canvas.theme.glyphs);
    canvas.text(line.x, line.y, 2, glyph, tone);
    let mut x = line.x + 2;
    canvas.text(x, line.y, *name, &row.key.name, Tone::Text);
    x += name + 1;
    for (share, columns) in [(row.cpu, *cpu), (row.memory, *memory)] {
        share_cell(share, x, line.y, columns, canvas);
        x += columns + 1;
    }
    if *pods > 0 {
        canvas.right(x + pods, line.y, *pods, &row.pods.to_string(), Tone::Dim);
        x += pods + 1;
    }
    // What is the matter matters more than the figures: without a column of its own it takes theirs.
    if *note > 0 {
        canvas.text(x, line.y, *note, &row.note, tone);
    } else if !row.note.is_empty() {
        let x = line.x + 3 + name;
        canvas.text(x, line.y, line.right().saturating_sub(x), &format!("{:<24}", row.note), tone);
    }
}

fn share_cell(share: Option<f64>, x: u16, y: u16, columns: u16, canvas: &mut Canvas<'_>) {
    let Some(share) = share else {
        canvas.right(x + columns, y, columns, "?", Tone::Unknown);
        return;
    };
    let tone = share_tone(share);
    if columns >= 8 {
        canvas.gauge(x, y, columns - 5, share, tone);
    }
    let tone = if tone == Tone::Gauge { Tone::Text } else { tone };
    canvas.right(x + columns, y, 4, &format!("{:.0}%", share * 100.0), tone);
}

/// Draws the workloads, those in trouble first.
pub fn workloads(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let rows = &dashboard.workload_rows;
    let well = rows.iter().filter(|r| r.mark == Mark::Good).count();
    let note = aged(cx, &Source::Watch(Kind::Deployment)).unwrap_or_else(|| match rows.len() {
        0 => String::new(),
        all => format!("{well} of {all} well"),
    });
    let inner = canvas.pane_noted(area, "Workloads", &note, focus);
    if rows.is_empty() {
        absent(inner, canvas, cx, Kind::Deployment);
        return;
    }
    let longest = rows.iter().map(|r| width(&r.object.key.name)).max().unwrap_or(8) as u16;
    let columns = [
        Column { min: longest.clamp(8, 14), want: longest.min(28), priority: 0 },
        Column { min: 5, want: 5, priority: 0 },
        Column { min: 4, want: 8, priority: 1 },
        Column { min: 4, want: 5, priority: 3 },
        Column { min: 6, want: 7, priority: 2 },
        Column { min: 9, want: 20, priority: 0 },
    ];
    let widths = fit_columns(&columns, inner.width.saturating_sub(2), 1);
    let restarts = if widths.get(2).is_some_and(|columns| *columns >= 8) { "restarts" } else { "rst" };
    let titles = ["workload", "ready", restarts, "rev", "since", ""];
    let head_cells: Vec<(&str, u16)> = titles.into_iter().zip(widths.iter().copied()).collect();
    head(canvas, inner, &head_cells);
    let height = usize::from(inner.height.saturating_sub(1));
    let shown = window(dashboard.workloads.index(), rows.len(), height);
    for (row, y) in rows.get(shown).unwrap_or_default().iter().zip(inner.y + 1..) {
        workload_row(row, Rect { y, height: 1, ..inner }, canvas, &widths, cx);
        if focus && dashboard.workloads.chosen() == Some(&row.object) {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}

fn workload_row(row: &WorkloadRow, line: Rect, canvas: &mut Canvas<'_>, widths: &[u16], cx: &Context<'_>) {
    let (glyph, tone) = mark(row.mark, &canvas.theme.glyphs);
    canvas.text(line.x, line.y, 2, glyph, tone);
    let quiet = if row.mark == Mark::Good { Tone::Dim } else { tone };
    let cells = [
        (row.object.key.name.to_string(), Tone::Text),
        (format!("{}/{}", row.ready.0, row.ready.1), quiet),
        (row.restarts.to_string(), if row.mark > Mark::Unknown { tone } else { Tone::Dim }),
        (row.revision.map_or_else(String::new, |r| r.to_string()), Tone::Dim),
        (row.since.map_or_else(String::new, |at| lasting(at, cx.now)), Tone::Dim),
        (row.note.clone(), tone),
    ];
    let mut x = line.x + 2;
    for ((text, tone), columns) in cells.iter().zip(widths).filter(|(_, columns)| **columns > 0) {
        canvas.text(x, line.y, *columns, text, *tone);
        x += columns + 1;
    }
}

/// Draws the pods in trouble.
pub fn pods(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let note = aged(cx, &Source::Watch(Kind::Pod)).unwrap_or_default();
    let inner = canvas.pane_noted(area, "Pods in trouble", &note, focus);
    let keys = dashboard.pods.items();
    if keys.is_empty() {
        if !absent(inner, canvas, cx, Kind::Pod) {
            canvas.text(inner.x, inner.y, inner.width, "none", Tone::Dim);
        }
        return;
    }
    let columns = [
        Column { min: 16, want: 34, priority: 0 },
        Column { min: 12, want: 18, priority: 0 },
        Column { min: 4, want: 8, priority: 0 },
        Column { min: 8, want: 14, priority: 1 },
    ];
    let widths = fit_columns(&columns, inner.width.saturating_sub(2), 1);
    let titles = ["pod", "status", "restarts", "node"];
    head(canvas, inner, &titles.into_iter().zip(widths.iter().copied()).collect::<Vec<_>>());
    let shown = window(dashboard.pods.index(), keys.len(), usize::from(inner.height.saturating_sub(1)));
    for (key, y) in keys.get(shown).unwrap_or_default().iter().zip(inner.y + 1..) {
        let Some(pod) = cx.situation.pods.get(key) else { continue };
        let (glyph, tone) = mark(if pod.ready() { Mark::Warning } else { Mark::Bad }, &cx.theme.glyphs);
        canvas.text(inner.x, y, 2, glyph, tone);
        let restarts = pod.restarts().to_string();
        let cells =
            [(&*key.name, Tone::Text), (&*pod.status(), tone), (&*restarts, Tone::Dim), (&*pod.node, Tone::Dim)];
        let mut x = inner.x + 2;
        for ((text, tone), columns) in cells.into_iter().zip(&widths).filter(|(_, columns)| **columns > 0) {
            canvas.text(x, y, *columns, text, tone);
            x += columns + 1;
        }
        if focus && dashboard.pods.chosen() == Some(key) {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}

/// Draws the outside services.
pub fn outside(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let inner = canvas.pane(area, "Outside", focus);
    if dashboard.outside.items().is_empty() {
        let words = "? not configured: the profile names no outside service";
        for (row, y) in
            crate::console::widgets::wrap(words, usize::from(inner.width)).iter().zip(inner.top()..inner.bottom())
        {
            canvas.text(inner.x, y, inner.width, row, Tone::Unknown);
        }
        return;
    }
    let shown = window(dashboard.outside.index(), dashboard.outside.items().len(), usize::from(inner.height));
    for (name, y) in dashboard.outside.items().get(shown).unwrap_or_default().iter().zip(inner.y..) {
        let (glyph, words, tone) = outside_state(cx, name);
        canvas.text(inner.x, y, 2, glyph, tone);
        canvas.text(inner.x + 2, y, 12, name, Tone::Text);
        canvas.text(inner.x + 15, y, inner.width.saturating_sub(15), &words, tone);
        if focus && dashboard.outside.chosen() == Some(name) {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}

fn outside_state(cx: &Context<'_>, name: &Text) -> (&'static str, String, Tone) {
    let glyphs = &cx.theme.glyphs;
    let Some(status) = cx.situation.sources.get(&Source::Outside(name.clone())) else {
        return (glyphs.unknown, "not probed".to_owned(), Tone::Unknown);
    };
    match &status.state {
        SourceState::Live => (glyphs.good, "answers".to_owned(), Tone::Good),
        SourceState::Lost(t) | SourceState::Failed(t) => (glyphs.bad, t.what.to_string(), Tone::Bad),
        other => (glyphs.unknown, other.to_string(), Tone::Unknown),
    }
}

/// Draws the newest warnings of the cluster.
pub fn warnings(dashboard: &Dashboard, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>, focus: bool) {
    let note = aged(cx, &Source::Watch(Kind::Event)).unwrap_or_default();
    let inner = canvas.pane_noted(area, "Warnings", &note, focus);
    let keys = dashboard.events.items();
    if keys.is_empty() {
        if !absent(inner, canvas, cx, Kind::Event) {
            canvas.text(inner.x, inner.y, inner.width, "no warning event", Tone::Dim);
        }
        return;
    }
    let shown = window(dashboard.events.index(), keys.len(), usize::from(inner.height));
    for (key, y) in keys.get(shown).unwrap_or_default().iter().zip(inner.y..) {
        let Some(event) = cx.situation.events.get(key) else { continue };
        let at = event.last.map_or_else(|| "?".to_owned(), |at| clock_or_day(at, cx.now));
        let x = canvas.text(inner.x, y, 6, &at, Tone::Dim) + 1;
        let count = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
        let room = |x: u16, max: u16| inner.right().saturating_sub(x).min(max);
        let x = canvas.text(x, y, room(x, 24), &format!("{}{count}", event.reason), Tone::Warning) + 1;
        let x = canvas.text(x, y, room(x, 28), &event.about.name, Tone::Text) + 1;
        canvas.text(x, y, room(x, u16::MAX), &event.message, Tone::Dim);
        if focus && dashboard.events.chosen() == Some(key) {
            canvas.select(Rect { x: inner.x - 1, y, width: inner.width + 1, height: 1 });
        }
    }
}
