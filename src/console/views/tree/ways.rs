//! The ways on from a step, each with what speaks for it.

use super::Link;
use super::lines::{Room, Sheet};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::widgets::{Piece, fit, width};
use crate::runbook::{Way, WayVerdict};

/// The lines of all ways, under their heading.
pub fn lines(ways: &[Way], sheet: Sheet, ellipsis: &str) -> Vec<Line<Link>> {
    if ways.is_empty() {
        return Vec::new();
    }
    let column = ways.iter().map(|way| word(way).0.len()).max().unwrap_or_default();
    let title = if ways.len() > 1 { "Which way?" } else { "The way on" };
    let mut lines = vec![Line::of(title, Tone::Title)];
    let mut told: Option<&WayVerdict> = None;
    for (place, way) in ways.iter().enumerate() {
        // One reason for several is told once where there is little room.
        let again = sheet.room >= Room::Least && told == Some(&way.verdict);
        told = Some(&way.verdict);
        lines.push(line(place, way, column, again, sheet, ellipsis).leading(Some(link(ways, place))));
    }
    lines
}

/// What speaks for a way, in a word.
const fn word(way: &Way) -> (&'static str, Tone) {
    match &way.verdict {
        WayVerdict::Suggested => ("suggested: ", Tone::Good),
        WayVerdict::Holds => ("holds too: ", Tone::Text),
        WayVerdict::RuledOut => ("ruled out: ", Tone::Dim),
        WayVerdict::CannotTell(_) => ("cannot tell: ", Tone::Unknown),
        WayVerdict::Open => ("", Tone::Text),
    }
}

fn line(place: usize, way: &Way, column: usize, again: bool, sheet: Sheet, ellipsis: &str) -> Line<Link> {
    let (word, tone) = word(way);
    let said = match &way.verdict {
        WayVerdict::Suggested => Tone::Title,
        WayVerdict::RuledOut => Tone::Dim,
        WayVerdict::Holds | WayVerdict::CannotTell(_) | WayVerdict::Open => Tone::Text,
    };
    let indent = 5 + column;
    let number = Piece::new(format!("  {}  ", place + 1), Tone::Accent);
    let mut pieces = vec![number, Piece::new(format!("{word:column$}"), tone)];
    if way.verdict == WayVerdict::RuledOut {
        // What does not hold matters least: one row is enough for it.
        let columns = usize::from(sheet.columns).saturating_sub(indent);
        pieces.push(Piece::new(fit(&way.say, columns, ellipsis), said));
        return Line::new(pieces);
    }
    pieces.push(Piece::new(way.say.clone(), said));
    if let (WayVerdict::CannotTell(why), false) = (&way.verdict, again) {
        pieces.push(Piece::new(format!("  ({why})"), Tone::Unknown));
    }
    let target = format!("  → {}", way.to.1);
    let used = indent + width(&way.say) + width(&target);
    // Where there is little room the figures matter more than the next question.
    if sheet.room < Room::Least || used <= usize::from(sheet.columns) {
        pieces.push(Piece::new(target, Tone::Dim));
    }
    Line::new(pieces).indented(indent as u16)
}

/// What identifies a way, wherever it stands and whatever figures it holds.
pub fn link(ways: &[Way], place: usize) -> Link {
    let (to, say) = ways.get(place).map(|w| (w.to.0.clone(), w.say.clone())).unwrap_or_default();
    let nth = ways.iter().take(place).filter(|w| w.to.0 == to).count();
    Link::Way { to, nth, say }
}

/// Where a way stands now: the one with the same words, else the same one of those that lead to its step.
pub fn place(link: &Link, ways: &[Way]) -> Option<usize> {
    let Link::Way { to, nth, say } = link else { return None };
    let same = || ways.iter().enumerate().filter(|(_, way)| way.to.0 == *to);
    let exact = same().find(|(_, way)| way.say == *say);
    exact.or_else(|| same().nth(*nth)).map(|(place, _)| place)
}

/// The suggested way; if none is, the first that may be it.
pub fn suggested(ways: &[Way]) -> Option<Link> {
    let place = ways.iter().position(|w| w.verdict == WayVerdict::Suggested);
    let place = place.or_else(|| ways.iter().position(|w| w.verdict != WayVerdict::RuledOut));
    (!ways.is_empty()).then(|| link(ways, place.unwrap_or(0)))
}

/// Whether nothing tells one of several ways from the others.
pub fn undecided(ways: &[Way]) -> bool {
    ways.len() > 1 && ways.iter().all(|w| w.verdict != WayVerdict::Suggested)
}

/// The way that a digit means, counted from zero.
pub const fn digit(command: Command) -> Option<usize> {
    Some(match command {
        Command::Way1 => 0,
        Command::Way2 => 1,
        Command::Way3 => 2,
        Command::Way4 => 3,
        Command::Way5 => 4,
        Command::Way6 => 5,
        Command::Way7 => 6,
        Command::Way8 => 7,
        Command::Way9 => 8,
        _ => return None,
    })
}
