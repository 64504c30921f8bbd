//! How a list looks.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

use super::List;
use super::filter::{Filter, Matching};
use super::rows::{Cell, Heading, Rows};
use crate::config::theme::Tone;
use crate::console::freshness::{aged, missing};
use crate::console::screen::Context;
use crate::console::widgets::{Canvas, Column, fit, fit_columns, width, wrap};
use crate::situation::{Source, SourceState};

/// Columns of a bar before its figure, where there is room for one.
const BAR: u16 = 6;

/// Draws the whole list.
pub fn draw<R: Rows>(list: &List<R>, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
    let inner = canvas.pane_noted(area, &list.rows.title(), &note(list, cx), true);
    let mut rest = inner;
    if list.filtering() {
        filter_line(&list.filter, take(&mut rest), canvas);
    }
    if let Some((words, tone)) = notice(list, cx) {
        let line = Rect { y: rest.bottom().saturating_sub(1), height: 1, ..rest };
        canvas.text(line.x, line.y, line.width, &words, tone);
        rest.height = rest.height.saturating_sub(1);
    }
    if list.choice.is_empty() {
        return absent(list, rest, canvas, cx);
    }
    let gap = if inner.width >= 100 { 2 } else { 1 };
    let widths = widths(list, inner.width, gap);
    heads(list, take(&mut rest), canvas, &widths, gap);
    let mut matching = list.filter.active().then(|| list.filter.matcher());
    for ((number, id), y) in list.choice.view().zip(rest.top()..rest.bottom()) {
        let line = Rect { y, height: 1, ..rest };
        match list.rows.find(id, cx) {
            Some(item) => {
                let searched: Vec<usize> = list.rows.searched(&item).iter().map(|(column, _)| *column).collect();
                let cells = list.rows.cells(&item, cx);
                row(&cells, list.rows.headings(), line, canvas, (&widths, gap), &searched, matching.as_mut());
            }
            None => drop(canvas.text(line.x, y, line.width, &format!("{} is gone", R::name(id)), Tone::Unknown)),
        }
        if number == list.choice.index() {
            canvas.select(Rect { x: line.x.saturating_sub(1), width: line.width + 1, ..line });
        }
    }
}

/// The first row of `rest`, taken off it.
fn take(rest: &mut Rect) -> Rect {
    let line = Rect { height: rest.height.min(1), ..*rest };
    rest.y += line.height;
    rest.height -= line.height;
    line
}

/// How many there are, how many are shown, how old that is.
fn note<R: Rows>(list: &List<R>, cx: &Context<'_>) -> String {
    let count = match (list.choice.len(), list.all) {
        (0, 0) => String::new(),
        (shown, all) if list.filter.active() => format!("{shown} of {all}"),
        (_, all) => {
            let view = list.choice.window();
            if view.len() < all { format!("{}-{} of {all}", view.start + 1, view.end) } else { all.to_string() }
        }
    };
    let old = list.rows.sources().iter().find_map(|source| aged(cx, source));
    [list.rows.note(cx), count, old.unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What is filtered for, with its cursor while it is typed.
pub fn filter_line(filter: &Filter, line: Rect, canvas: &mut Canvas<'_>) {
    let x = canvas.text(line.x, line.y, line.width, "/", Tone::Accent);
    let room = line.right().saturating_sub(x);
    let (before, after) = filter.around(usize::from(room.saturating_sub(1)));
    let x = canvas.text(x, line.y, room, before, Tone::Text);
    let end = canvas.text(x, line.y, line.right().saturating_sub(x), after, Tone::Text);
    if filter.typing() {
        let columns = after.graphemes(true).next().map_or(1, width).max(1) as u16;
        let cursor = Rect { x, y: line.y, width: columns, height: line.height };
        canvas.buf.set_style(cursor.intersection(line), canvas.theme.style(Tone::Selected).add_modifier(REVERSED));
    } else {
        canvas.text(end + 2, line.y, line.right().saturating_sub(end + 2), "esc clears", Tone::Dim);
    }
}

const REVERSED: ratatui::style::Modifier = ratatui::style::Modifier::REVERSED;

/// What stands below the rows: what became of the selection, or what cannot be seen of the rest.
fn notice<R: Rows>(list: &List<R>, cx: &Context<'_>) -> Option<(String, Tone)> {
    if let Some(lost) = &list.lost {
        return Some((lost.clone(), Tone::Warning));
    }
    if list.all == 0 {
        return None;
    }
    let rows = list.rows.sources().into_iter().filter_map(|source| unseen(&source, cx));
    let columns = list.rows.beside().into_iter().filter_map(|source| gap(&source, cx));
    let words: Vec<String> = rows.chain(columns).collect();
    (!words.is_empty()).then(|| (words.join(" · "), Tone::Warning))
}

/// What of a source cannot be seen although there are rows: it is missing as a whole or in part, or some could not be read.
fn unseen(source: &Source, cx: &Context<'_>) -> Option<String> {
    let status = cx.situation.source(source);
    match &status.state {
        SourceState::Missing | SourceState::NotConfigured => None,
        _ if !status.limited.is_empty() => Some(format!("{source}: {}", status.limited)),
        _ if !status.skipped.is_empty() => {
            let names: Vec<&str> = status.skipped.iter().map(|(name, _)| &**name).collect();
            Some(format!("{source}: could not be read: {}", names.join(", ")))
        }
        _ => missing(cx, source).map(|(words, _)| words),
    }
}

/// Why some columns have gaps, or how old they are; not worth a word while the first answer is on its way.
fn gap(source: &Source, cx: &Context<'_>) -> Option<String> {
    let status = cx.situation.source(source);
    if matches!(status.state, SourceState::Waiting | SourceState::Listing(_)) {
        return None;
    }
    let aged = aged(cx, source).map(|old| format!("{source}: {old}"));
    aged.or_else(|| missing(cx, source).map(|(words, _)| words))
}

/// Why there are no rows.
fn absent<R: Rows>(list: &List<R>, area: Rect, canvas: &mut Canvas<'_>, cx: &Context<'_>) {
    let reasons: Vec<(String, Tone)> = if list.all > 0 {
        vec![(format!("none of {} matches {}", list.all, list.filter.text()), Tone::Dim)]
    } else {
        let known = list.rows.sources().iter().any(|source| cx.situation.source(source).known());
        let missing = list.rows.sources().into_iter().filter_map(|source| missing(cx, &source));
        known.then(|| (list.rows.none(), Tone::Dim)).into_iter().chain(missing).collect()
    };
    let mut y = area.top();
    for (words, tone) in reasons {
        for line in wrap(&words, usize::from(area.width)) {
            if y < area.bottom() {
                canvas.text(area.x, y, area.width, &line, tone);
            }
            y += 1;
        }
    }
}

fn widths<R: Rows>(list: &List<R>, available: u16, gap: u16) -> Vec<u16> {
    let columns: Vec<Column> = list
        .rows
        .headings()
        .iter()
        .enumerate()
        .map(|(i, h)| {
            let longest = list.longest.get(i).copied().unwrap_or_default();
            let want = if h.grows { longest.max(width(h.title) as u16 + 1) } else { h.want };
            Column { min: h.min.min(want), want, priority: h.priority }
        })
        .collect();
    fit_columns(&columns, available, gap)
}

fn heads<R: Rows>(list: &List<R>, line: Rect, canvas: &mut Canvas<'_>, widths: &[u16], gap: u16) {
    let mut x = line.x;
    for (i, (heading, columns)) in list.rows.headings().iter().zip(widths).enumerate() {
        if *columns == 0 {
            continue;
        }
        let sorted = list.order.0 == i;
        let tone = if sorted { Tone::Accent } else { Tone::Dim };
        let mark = if sorted { arrow(heading.down != list.order.1, canvas.theme.glyphs.lines) } else { "" };
        let room = usize::from(*columns).saturating_sub(width(mark));
        let title = format!("{}{mark}", fit(heading.title, room, ""));
        if heading.right {
            canvas.right(x + columns, line.y, *columns, &title, tone);
        } else {
            canvas.text(x, line.y, *columns, &title, tone);
        }
        x += columns + gap;
    }
}

const fn arrow(down: bool, unicode: bool) -> &'static str {
    match (down, unicode) {
        (true, true) => "↓",
        (false, true) => "↑",
        (true, false) => "v",
        (false, false) => "^",
    }
}

fn row(
    cells: &[Cell<'_>],
    headings: &[Heading],
    line: Rect,
    canvas: &mut Canvas<'_>,
    (widths, gap): (&[u16], u16),
    searched: &[usize],
    mut matching: Option<&mut Matching<'_>>,
) {
    let mut x = line.x;
    for (i, ((cell, heading), columns)) in cells.iter().zip(headings).zip(widths).enumerate() {
        if *columns == 0 {
            continue;
        }
        let place = Rect { x, width: *columns, ..line };
        let marks = matching.as_mut().filter(|_| searched.contains(&i)).map(|m| m.matched(&cell.text));
        paint_cell(cell, heading.right, place, canvas);
        highlight(&cell.text, &marks.unwrap_or_default(), place, canvas);
        x += columns + gap;
    }
}

fn paint_cell(cell: &Cell<'_>, right: bool, place: Rect, canvas: &mut Canvas<'_>) {
    let mut place = place;
    if let Some(share) = cell.share
        && usize::from(place.width) > usize::from(BAR) + width(&cell.text)
    {
        let tone = crate::console::widgets::share_tone(share);
        canvas.gauge(place.x, place.y, BAR, share, tone);
        place = Rect { x: place.x + BAR + 1, width: place.width - BAR - 1, ..place };
    }
    if right || cell.share.is_some() {
        canvas.right(place.right(), place.y, place.width, &cell.text, cell.tone);
    } else {
        canvas.text(place.x, place.y, place.width, &cell.text, cell.tone);
    }
}

/// Marks the graphemes that the filter matched; only cells that stand at the left are ever searched.
fn highlight(text: &str, marks: &[u32], place: Rect, canvas: &mut Canvas<'_>) {
    if marks.is_empty() {
        return;
    }
    let shown = fit(text, usize::from(place.width), "");
    let mut x = place.x;
    for (number, grapheme) in shown.graphemes(true).enumerate() {
        let columns = width(grapheme) as u16;
        if marks.binary_search(&(number as u32)).is_ok() {
            let cell = Rect { x, y: place.y, width: columns, height: 1 };
            canvas.buf.set_style(cell.intersection(place), canvas.theme.style(Tone::Match));
        }
        x += columns;
    }
}
