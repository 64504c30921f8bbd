//! What is known at a step, and what cannot be told.

use super::Link;
use super::lines::{Explain, Room, Sheet, key};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, fit, width};
use crate::runbook::{self, Row, View};

/// The column in which facts begin, where their names are short enough.
const FACTS: usize = 24;
/// How many facts are shown where there is little room.
const FEW: usize = 5;
/// And where there is almost none.
const FEWER: usize = 3;

/// The evidence under its heading; why there is none, if so.
pub fn lines(view: &View, sheet: Sheet, cx: &Context<'_>) -> Vec<Line<Link>> {
    let tight = sheet.room >= Room::Least && sheet.explain != Explain::Whole;
    let shown = if tight {
        telling(&view.rows, if sheet.room == Room::Bare { FEWER } else { FEW })
    } else {
        view.rows.iter().collect()
    };
    let longest = shown.iter().map(|row| width(&row.what)).max().unwrap_or_default().min(FACTS);
    let mut lines: Vec<_> = shown.iter().map(|row| fact(row, longest, tight.then_some(sheet.columns), cx)).collect();
    let more = view.rows.len() - shown.len();
    if more > 0 {
        lines.push(Line::of(format!("    and {more} more ({} twice: all)", key(Command::Why, cx)), Tone::Dim));
    }
    if let Some(unknown) = &view.unknown {
        let glyph = cx.theme.glyphs.unknown;
        lines.push(Line::of(format!("  {glyph} cannot tell: {unknown}"), Tone::Unknown).indented(4));
    }
    if !view.reads.is_empty() && view.unknown.is_none() {
        let mut pods: Vec<_> = view.reads.iter().map(|q| q.pod.name.to_string()).collect();
        pods.dedup();
        let glyph = cx.theme.glyphs.unknown;
        let words = format!("  {glyph} waiting for the log of {}", pods.join(", "));
        lines.push(Line::of(words, Tone::Unknown).indented(4));
    }
    if lines.is_empty() { lines } else { [vec![Line::of("What we know", Tone::Title)], lines].concat() }
}

/// The facts that tell most, in their order: trouble before what is well.
fn telling(rows: &[Row], few: usize) -> Vec<&Row> {
    let rank = |row: &Row| match row.tone {
        runbook::Tone::Bad => 0,
        runbook::Tone::Warn => 1,
        runbook::Tone::Unknown => 2,
        runbook::Tone::Plain => 3,
        runbook::Tone::Good => 4,
    };
    let mut all: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
    all.sort_by_key(|(_, row)| rank(row));
    // One row more takes no more room than to say that there is one.
    all.truncate(if rows.len() == few + 1 { few + 1 } else { few });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, row)| row).collect()
}

fn fact(row: &Row, longest: usize, columns: Option<u16>, cx: &Context<'_>) -> Line<Link> {
    let glyphs = &cx.theme.glyphs;
    let (glyph, tone) = match row.tone {
        runbook::Tone::Good => (glyphs.good, Tone::Good),
        runbook::Tone::Warn => (glyphs.warning, Tone::Warning),
        runbook::Tone::Bad => (glyphs.bad, Tone::Bad),
        runbook::Tone::Unknown => (glyphs.unknown, Tone::Unknown),
        runbook::Tone::Plain => (" ", Tone::Text),
    };
    let gap = (longest + 2).saturating_sub(width(&row.what)).max(2);
    let lead = 4 + width(&row.what) + gap;
    let says = match columns {
        Some(columns) => fit(&row.says, usize::from(columns).saturating_sub(lead).max(20), glyphs.ellipsis),
        None => row.says.as_str().into(),
    };
    let said = match row.tone {
        runbook::Tone::Plain => Tone::Dim,
        runbook::Tone::Unknown => Tone::Unknown,
        _ => Tone::Text,
    };
    Line::new(vec![
        Piece::new(format!("  {glyph} "), tone),
        Piece::new(row.what.clone(), Tone::Text),
        Piece::new(" ".repeat(gap), Tone::Text),
        Piece::new(says, said),
    ])
    .indented((4 + longest + 2) as u16)
}
