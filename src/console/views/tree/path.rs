//! The way taken: where one came from, what was answered, how long it took.

use super::Link;
use crate::config::theme::Tone;
use crate::console::desk::OpenTree;
use crate::console::page::Line;
use crate::console::widgets::{Piece, width};
use crate::runbook::Visit;
use crate::situation::time::{age, since};

/// Columns of the time before a step's title.
const TIME: u16 = 12;

/// The ids of the steps on the way here, as many of the last as fit into `columns`.
pub fn crumbs(tree: &OpenTree, columns: usize) -> Line<Link> {
    const BETWEEN: &str = " › ";
    let path = tree.walk.path();
    let mut shown: Vec<&str> = Vec::new();
    let mut used = 2;
    for visit in path.iter().rev() {
        used += width(&visit.step) + BETWEEN.len();
        if used > columns && !shown.is_empty() {
            shown.push("…");
            break;
        }
        shown.push(&visit.step);
    }
    shown.reverse();
    let (here, before) = shown.split_last().unwrap_or((&"", &[]));
    let mut pieces: Vec<Piece> = before.iter().map(|step| Piece::new(format!("{step}{BETWEEN}"), Tone::Dim)).collect();
    pieces.push(Piece::new(*here, Tone::Accent));
    Line::new(pieces)
}

/// The steps that were left, under a heading of their own.
pub fn section(tree: &OpenTree, linked: bool) -> Vec<Line<Link>> {
    let lines = lines(tree, false, linked);
    if lines.is_empty() {
        return lines;
    }
    let title = Line::of("So far", Tone::Title).with_right("tab: go back", Tone::Dim);
    [vec![title], lines].concat()
}

/// The steps that were left, `linked` so that one can go back to them, and where we are if that is asked for.
pub fn lines(tree: &OpenTree, with_here: bool, linked: bool) -> Vec<Line<Link>> {
    let path = tree.walk.path();
    let mut lines = Vec::new();
    for (place, visit) in path.iter().enumerate() {
        if place + 1 < path.len() {
            lines.push(stay(tree, visit).leading(linked.then_some(Link::Visit(place))));
            lines.extend(took(visit));
        } else if with_here {
            let time = Piece::new(format!("  {}  ", visit.entered.strftime("%H:%M:%S")), Tone::Dim);
            let title = Piece::new(tree.view.title.clone(), Tone::Accent);
            lines.push(Line::new(vec![time, title]).indented(TIME).with_right("here", Tone::Accent));
        }
    }
    if with_here && path.len() > 1 {
        lines.extend([
            Line::blank(),
            Line::of(if linked { "  enter goes back to the step" } else { "  tab: go back to a step" }, Tone::Dim),
        ]);
    }
    lines
}

fn stay(tree: &OpenTree, visit: &Visit) -> Line<Link> {
    let title = tree.walk.book().steps.get(&visit.step).map_or(visit.step.as_str(), |s| s.title.text());
    let pieces = vec![
        Piece::new(format!("  {}  ", visit.entered.strftime("%H:%M:%S")), Tone::Dim),
        Piece::new(plain(title), Tone::Text),
    ];
    let line = Line::new(pieces).indented(TIME);
    match visit.left {
        Some(left) => line.with_right(age(since(visit.entered, left)), Tone::Dim),
        None => line,
    }
}

fn took(visit: &Visit) -> Option<Line<Link>> {
    let (say, suggested) = visit.took.as_ref()?;
    let indent = " ".repeat(usize::from(TIME));
    let mut pieces = vec![Piece::new(format!("{indent}→ {say}"), Tone::Dim)];
    if !suggested {
        pieces.push(Piece::new("  (not the suggested way)", Tone::Warning));
    }
    Some(Line::new(pieces).indented(TIME + 2))
}

/// A text of a runbook without the pieces that were worked out when the step was looked at.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push('…');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}
