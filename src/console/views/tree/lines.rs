//! What a step says, line by line.

use super::Link;
use crate::action::Action;
use crate::config::theme::Tone;
use crate::console::desk::OpenTree;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, fit, width};
use crate::runbook::{self, Row, View, Way, WayVerdict};
use crate::situation::time::age;

/// The column in which the facts begin, where labels are short enough.
const FACTS: usize = 24;

/// `F26 Some users see 502, others do not`
pub(super) fn heading(tree: &OpenTree) -> String {
    let book = tree.walk.book();
    format!("{} {}", book.id, book.title)
}

/// What is left of a tree that was closed.
pub(super) fn closed() -> Line<Link> {
    Line::of("this tree was closed; esc goes back", Tone::Dim)
}

/// Everything about the present step.
pub(super) fn of(tree: &OpenTree, terse: bool, columns: usize, cx: &Context<'_>) -> Vec<Line<Link>> {
    let view = &tree.view;
    let mut lines = vec![place(tree)];
    if !view.why.is_empty() && !terse {
        lines.push(Line::of(format!("  {}", view.why), Tone::Dim).indented(2));
    }
    if let Some(at) = view.before {
        let words =
            format!("  You were at this step before, at {}: the tree goes in a circle.", at.strftime("%H:%M:%SZ"));
        lines.push(Line::of(words, Tone::Warning).indented(2));
    }
    lines.extend(known(view, cx));
    lines.extend(progress(view));
    lines.extend(change(tree, cx));
    lines.extend(ways(tree, columns, cx));
    lines.extend(end(view));
    if !view.command.is_empty() {
        lines.push(Line::of("By hand you would type", Tone::Title));
        lines.push(
            Line::new(vec![Piece::new("  $ ", Tone::Dim), Piece::new(view.command.clone(), Tone::Accent)]).indented(4),
        );
    }
    lines.extend(so_far(tree, columns, cx));
    lines
}

/// The question, with the number of the step and how long we have been here.
fn place(tree: &OpenTree) -> Line<Link> {
    let spent = format!("step {} · {}", tree.walk.path().len(), age(tree.view.spent));
    Line::of(tree.view.title.clone(), Tone::Title).with_right(spent, Tone::Dim)
}

fn known(view: &View, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut lines: Vec<_> = view.rows.iter().map(|row| fact(row, cx)).collect();
    if let Some(unknown) = &view.unknown {
        let glyph = cx.theme.glyphs.unknown;
        lines.push(Line::of(format!("  {glyph} cannot tell: {unknown}"), Tone::Unknown).indented(4));
    }
    if !view.reads.is_empty() {
        let pods: Vec<_> = view.reads.iter().map(|q| q.pod.name.to_string()).collect();
        lines.push(Line::of(format!("  reading the log of {}…", pods.join(", ")), Tone::Dim).indented(4));
    }
    if lines.is_empty() { lines } else { [vec![Line::of("What we know", Tone::Title)], lines].concat() }
}

fn fact(row: &Row, cx: &Context<'_>) -> Line<Link> {
    let glyphs = &cx.theme.glyphs;
    let (glyph, tone) = match row.tone {
        runbook::Tone::Good => (glyphs.good, Tone::Good),
        runbook::Tone::Warn => (glyphs.warning, Tone::Warning),
        runbook::Tone::Bad => (glyphs.bad, Tone::Bad),
        runbook::Tone::Unknown => (glyphs.unknown, Tone::Unknown),
        runbook::Tone::Plain => (" ", Tone::Text),
    };
    let gap = FACTS.saturating_sub(width(&row.what)).max(2);
    Line::new(vec![
        Piece::new(format!("  {glyph} "), tone),
        Piece::new(row.what.clone(), Tone::Text),
        Piece::new(" ".repeat(gap), Tone::Text),
        Piece::new(row.says.clone(), if row.tone == runbook::Tone::Plain { Tone::Dim } else { Tone::Text }),
    ])
    .indented(4 + FACTS as u16)
}

fn progress(view: &View) -> Vec<Line<Link>> {
    let said = [(&view.progress, Tone::Accent), (&view.note, Tone::Text)];
    let said = said.into_iter().filter(|(text, _)| !text.is_empty());
    said.map(|(text, tone)| Line::of(format!("  {text}"), tone).indented(2)).collect()
}

/// The change that the step is, and to what it can be made.
fn change(tree: &OpenTree, cx: &Context<'_>) -> Vec<Line<Link>> {
    let Some(act) = &tree.view.act else { return Vec::new() };
    let mut lines = vec![Line::of("What would be done", Tone::Title)];
    if act.choices.is_empty() {
        let glyph = cx.theme.glyphs.unknown;
        lines.push(Line::of(format!("  {glyph} {}: {}", act.summary, act.none), Tone::Warning).indented(4));
    }
    for (place, action) in act.choices.iter().enumerate() {
        let words = [
            Piece::new(format!("  {}  ", action.spec().id), Tone::Accent),
            Piece::new(in_words(action, &act.summary), Tone::Text),
            Piece::new("  enter shows the plan", Tone::Dim),
        ];
        lines.push(Line::new(words.to_vec()).indented(7).leading(Some(Link::Choice(place))));
    }
    lines
}

fn in_words(action: &Action, summary: &str) -> String {
    let target = action.target();
    let more = match action {
        Action::RollBack { to: Some(to), .. } => format!(" to revision {to}"),
        Action::Scale { replicas, .. } => format!(" to {replicas}"),
        _ => String::new(),
    };
    format!("{summary}: {} {}{more}", target.kind, target.key)
}

fn ways(tree: &OpenTree, columns: usize, cx: &Context<'_>) -> Vec<Line<Link>> {
    let ways = &tree.view.ways;
    if ways.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::of("Which way?", Tone::Title)];
    for (place, way) in ways.iter().enumerate() {
        lines.push(line_of(place, way, columns, cx).leading(Some(link(ways, place))));
    }
    lines
}

fn line_of(place: usize, way: &Way, columns: usize, cx: &Context<'_>) -> Line<Link> {
    let (word, tone) = match &way.verdict {
        WayVerdict::Suggested => ("suggested".to_owned(), Tone::Good),
        WayVerdict::Holds => ("holds too".to_owned(), Tone::Text),
        WayVerdict::RuledOut => ("ruled out".to_owned(), Tone::Dim),
        WayVerdict::CannotTell(why) => (format!("cannot tell: {why}"), Tone::Unknown),
        WayVerdict::Open => (String::new(), Tone::Text),
    };
    if way.verdict == WayVerdict::RuledOut {
        // What does not hold matters least: one row is enough for it.
        let words = format!("  {}  {word}: {}", place + 1, way.say);
        return Line::of(fit(&words, columns, cx.theme.glyphs.ellipsis), Tone::Dim);
    }
    let mut pieces = vec![Piece::new(format!("  {}  ", place + 1), Tone::Accent)];
    if !word.is_empty() {
        pieces.push(Piece::new(format!("{word}: "), tone));
    }
    pieces.push(Piece::new(way.say.clone(), Tone::Text));
    pieces.push(Piece::new(format!("  → {}", way.to.1), Tone::Dim));
    Line::new(pieces).indented(5)
}

/// What identifies a way, wherever it stands.
pub(super) fn link(ways: &[Way], place: usize) -> Link {
    let to = ways.get(place).map(|w| w.to.0.clone()).unwrap_or_default();
    let nth = ways.iter().take(place).filter(|w| w.to.0 == to).count();
    Link::Way(to, nth)
}

fn end(view: &View) -> Vec<Line<Link>> {
    let Some((ending, to, attach)) = &view.end else { return Vec::new() };
    let (words, tone) = match ending {
        runbook::Ending::Resolved => ("Resolved: it works again.", Tone::Good),
        runbook::Ending::Watch => ("Watch: nothing is left to do but to look again later.", Tone::Accent),
        runbook::Ending::Wait => ("Wait: a provider has to mend it.", Tone::Warning),
        runbook::Ending::Escalate => ("Escalate: a person has to be called.", Tone::Warning),
    };
    let mut lines = vec![Line::blank(), Line::of(words, tone)];
    if !to.is_empty() {
        lines.push(Line::of(format!("  tell       {to}"), Tone::Text).indented(13));
    }
    for (n, what) in attach.iter().enumerate() {
        let label = if n == 0 { "attach" } else { "" };
        lines.push(Line::of(format!("  {label:10} {what}"), Tone::Text).indented(13));
    }
    lines.push(Line::of("  X closes this tree; esc leaves it open", Tone::Dim));
    lines
}

fn so_far(tree: &OpenTree, columns: usize, cx: &Context<'_>) -> Vec<Line<Link>> {
    let path = tree.walk.path();
    let left: Vec<_> = path.iter().enumerate().filter(|(_, v)| v.left.is_some()).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::of("So far", Tone::Title)];
    for (place, visit) in left {
        let title = tree.walk.book().steps.get(&visit.step).map_or(visit.step.as_str(), |s| s.title.text());
        let took = visit.took.as_ref().map_or("", |(say, _)| say.as_str());
        let other = visit.took.as_ref().is_some_and(|(_, suggested)| !suggested);
        let time = format!("  {}  ", visit.entered.strftime("%H:%M:%S"));
        let note = if other { "(not suggested) " } else { "" };
        let room = columns.saturating_sub(width(&time) + width(note));
        let words = fit(&format!("{title} → {took}"), room, cx.theme.glyphs.ellipsis).into_owned();
        let pieces = vec![Piece::new(time, Tone::Dim), Piece::new(note, Tone::Warning), Piece::new(words, Tone::Dim)];
        lines.push(Line::new(pieces).leading(Some(Link::Visit(place))));
    }
    lines
}
