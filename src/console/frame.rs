//! What stands around every screen: the top line, the bottom line, and a word when the terminal is too small.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::App;
use super::command_line;
use super::desk::Stage;
use super::labels;
use super::screen::Context;
use super::widgets::{Canvas, Piece, fit, width};
use crate::action::Posture;
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::situation::time::{age, since};
use crate::situation::{Source, SourceState, Trouble};

/// The least size the console works in.
const LEAST: (u16, u16) = (80, 24);
/// A third of a terminal that has room for more than the badges that must be seen.
const ROOM: usize = 38;
/// Columns for the name of what an execution is about.
const TARGET: usize = 16;
/// An API that was last heard longer ago than this is stale; it is asked every five seconds.
const STALE: SignedDuration = SignedDuration::from_secs(15);

/// The part of the terminal that belongs to the screen.
pub fn body(area: Rect, alert: bool) -> Rect {
    let below = 1 + u16::from(alert);
    Rect { y: area.y + 1, height: area.height.saturating_sub(1 + below), ..area }
}

/// Whether a terminal of this size shows screens at all.
pub const fn shows_screens(area: Rect) -> bool {
    area.width >= LEAST.0 && area.height >= LEAST.1
}

/// Draws everything.
pub fn draw(app: &App, buf: &mut Buffer) -> Option<Position> {
    let cx = app.known.context();
    let area = buf.area;
    buf.set_style(area, cx.theme.style(Tone::Text));
    if !shows_screens(area) {
        too_small(&mut Canvas::new(buf, cx.theme), area);
        return None;
    }
    let body = body(area, !app.faults.is_empty());
    app.top().draw(body, buf, &cx);
    let canvas = &mut Canvas::new(buf, cx.theme);
    top_line(app, &cx, canvas, Rect { height: 1, ..area });
    if let Some(fault) = app.faults.last() {
        alert(canvas, Rect { y: area.bottom() - 2, height: 1, ..area }, fault, app.faults.len());
    }
    let bottom = Rect { y: area.bottom() - 1, height: 1, ..area };
    let cursor = match (app.line(), app.said()) {
        (Some(line), _) => Some(command_line::draw(line, canvas, bottom)),
        (None, Some(said)) => {
            canvas.text(bottom.x + 1, bottom.y, bottom.width - 2, said, Tone::Accent);
            None
        }
        (None, None) => {
            hints(app, &cx, canvas, bottom);
            None
        }
    };
    if !cx.theme.glyphs.lines {
        to_ascii(buf);
    }
    cursor
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let now = format!("this terminal has {} columns and {} rows", area.width, area.height);
    let lines = ["crashcart needs at least 80x24", &now, "enlarge it, or press ctrl-c and", "use `crashcart check`"];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (top..).zip(lines) {
        canvas.text(area.x, y, area.width, line, Tone::Text);
    }
}

fn alert(canvas: &mut Canvas<'_>, area: Rect, fault: &str, count: usize) {
    canvas.fill(area, Tone::BadgeAlert);
    let text =
        if count > 1 { format!("{fault} (and {} more; : problems lists them)", count - 1) } else { fault.to_owned() };
    let glyph = canvas.theme.glyphs.bad;
    canvas.text(area.x + 1, area.y, area.width - 2, &format!("{glyph} {text}"), Tone::BadgeAlert);
}

fn top_line(app: &App, cx: &Context<'_>, canvas: &mut Canvas<'_>, area: Rect) {
    let right = top_right(app, cx, usize::from(area.width / 3));
    let columns: usize = right.iter().map(|p| width(&p.text)).sum();
    let start = area.right().saturating_sub(columns as u16);
    canvas.line(Rect { x: start, width: area.right() - start, ..area }, &right);
    let cross = if cx.theme.glyphs.lines { "✚ " } else { "+ " };
    let mut pieces = vec![Piece::new(cross, Tone::Bad), Piece::new("crashcart ", Tone::Accent)];
    pieces.push(Piece::new(cluster_name(cx), Tone::Title));
    let arrow = if cx.theme.glyphs.lines { " › " } else { " > " };
    let path: Vec<String> = app.path().collect();
    if path.is_empty() {
        pieces.push(Piece::new(facts(cx), Tone::Dim));
    }
    // The screen one is on matters more than how one came there.
    let room = usize::from(start.saturating_sub(area.x + 1));
    let mut used: usize = pieces.iter().map(|p| width(&p.text)).sum();
    let mut shown = Vec::new();
    for title in path.iter().rev() {
        let fits = used + width(arrow) + width(title) <= room;
        if !fits && !shown.is_empty() {
            break;
        }
        used += width(arrow) + width(title);
        shown.push(title);
    }
    for title in shown.into_iter().rev() {
        pieces.push(Piece::new(arrow, Tone::Dim));
        pieces.push(Piece::new(title.as_str(), Tone::Text));
    }
    canvas.line(Rect { width: start.saturating_sub(area.x + 1), ..area }, &pieces);
}

fn cluster_name<'a>(cx: &Context<'a>) -> &'a str {
    let context = cx.situation.cluster.context.as_str();
    if context.is_empty() { "no cluster yet" } else { context }
}

fn facts(cx: &Context<'_>) -> String {
    let version = &cx.situation.version;
    let mut facts = if version.is_empty() { String::new() } else { format!("  {version}") };
    for (kind, count) in [
        (crate::situation::Kind::Node, cx.situation.nodes.len()),
        (crate::situation::Kind::Pod, cx.situation.pods.len()),
    ] {
        if cx.situation.knows(kind) {
            let plural = kind.resource().plural;
            let word = if count == 1 { plural.trim_end_matches('s') } else { plural };
            facts = format!("{facts}  {count} {word}");
        }
    }
    facts
}

fn top_right(app: &App, cx: &Context<'_>, banner_room: usize) -> Vec<Piece> {
    let (text, tone) = liveness(cx);
    let mut pieces = vec![Piece::new(text, tone), Piece::new(" ", Tone::Text)];
    pieces.push(posture(cx));
    pieces.extend(running(cx, banner_room > ROOM));
    pieces.extend(incident(cx, banner_room > ROOM));
    if let Some(banner) = &app.banner {
        let banner = fit(banner, banner_room, cx.theme.glyphs.ellipsis);
        pieces.push(Piece::new(format!(" {banner} "), Tone::BadgeDrill));
    }
    pieces.push(Piece::new(cx.now.strftime(" %H:%MZ ").to_string(), Tone::Dim));
    pieces
}

/// Whether anything may be changed, and for how long.
fn posture(cx: &Context<'_>) -> Piece {
    match cx.desk.posture {
        Some(Posture::Armed(left)) => {
            Piece::new(format!(" ARMED {} min ", (left.as_secs() + 59) / 60), Tone::BadgeAlert)
        }
        Some(Posture::ReadOnly) | None => Piece::new(" READ-ONLY ", Tone::BadgeReadOnly),
    }
}

/// The execution that is under way.
fn running(cx: &Context<'_>, roomy: bool) -> Option<Piece> {
    let running = cx.desk.running.as_ref()?;
    let word = match running.stage {
        Stage::Sending { .. } => "SENDING",
        Stage::Verifying(..) => "VERIFYING",
        Stage::Worked(_) | Stage::Failed(_) | Stage::Unknown(_) | Stage::Stopped(_) => return None,
    };
    let what = || {
        let name = fit(&running.plan.action.target().key.name, TARGET, cx.theme.glyphs.ellipsis);
        format!(" {} {name}", running.plan.action.spec().name.replace('-', " "))
    };
    let what = if roomy { what() } else { String::new() };
    Some(Piece::new(format!(" {word}{what} "), Tone::BadgeDrill))
}

/// The incident and how long it has lasted.
fn incident(cx: &Context<'_>, roomy: bool) -> Option<Piece> {
    let (id, began) = cx.desk.incident.as_ref().filter(|_| roomy)?;
    let minutes = since(*began, cx.now).as_mins();
    Some(Piece::new(format!(" {id} {:02}:{:02} ", minutes / 60, minutes % 60), Tone::BadgeReadOnly))
}

/// How fresh everything is, in a few words with a glyph.
fn liveness(cx: &Context<'_>) -> (String, Tone) {
    let glyphs = &cx.theme.glyphs;
    let status = cx.situation.source(&Source::Api);
    let age_of = cx.situation.age_of(&Source::Api);
    match status.state {
        SourceState::Live => match age_of {
            Some(old) if old > STALE => (format!("{} stale {}", glyphs.warning, age(old)), Tone::Warning),
            _ => partly(cx),
        },
        SourceState::Lost(trouble) => {
            let old = age_of.map_or_else(String::new, |old| format!(" {}", age(old)));
            (format!("{} lost{old}{}", glyphs.bad, again(cx, &trouble)), Tone::Bad)
        }
        SourceState::Failed(trouble) => (format!("{} no answer{}", glyphs.bad, again(cx, &trouble)), Tone::Bad),
        SourceState::Forbidden(_) => (format!("{} forbidden", glyphs.bad), Tone::Bad),
        SourceState::Missing | SourceState::NotConfigured => (format!("{} no cluster", glyphs.unknown), Tone::Unknown),
        SourceState::Waiting | SourceState::Listing(_) => (format!("{} connecting", glyphs.unknown), Tone::Unknown),
    }
}

/// The API answers; whether all that is watched does.
fn partly(cx: &Context<'_>) -> (String, Tone) {
    let glyphs = &cx.theme.glyphs;
    let lost = cx.situation.sources.values().filter(|s| matches!(s.state, SourceState::Lost(_))).count();
    if lost > 0 {
        return (format!("{} live, {lost} lost", glyphs.warning), Tone::Warning);
    }
    (format!("{} live", glyphs.live), Tone::Good)
}

fn again(cx: &Context<'_>, trouble: &Trouble) -> String {
    trouble.retry_at.map_or_else(String::new, |at| {
        let left = since(cx.situation.wall, at);
        // "Now" for as long as the attempt itself takes.
        if left.is_zero() { ", trying".to_owned() } else { format!(", again in {}", age(left)) }
    })
}

/// The commands worth knowing here, as many as fit; the three that always hold stand last.
fn hints(app: &App, cx: &Context<'_>, canvas: &mut Canvas<'_>, area: Rect) {
    let screen = app.top();
    let always =
        [Command::CommandLine, Command::Help, if app.path().next().is_some() { Command::Back } else { Command::Quit }];
    let hint = |command: Command| {
        let key = cx.keymap.key_for(screen.mode(), command)?;
        Some((key.to_owned(), labels::short(command)))
    };
    let last: Vec<_> = always.into_iter().filter_map(hint).collect();
    let columns = |(key, label): &(String, &str)| width(key) + 1 + width(label) + 2;
    let mut room = usize::from(area.width.saturating_sub(1)).saturating_sub(last.iter().map(columns).sum());
    let own = screen.hints().iter().filter(|c| !always.contains(c)).filter_map(|c| hint(*c));
    let mut pieces = Vec::new();
    for item in own {
        let Some(left) = room.checked_sub(columns(&item)) else { break };
        room = left;
        pieces.push(item);
    }
    pieces.extend(last);
    let mut x = area.x + 1;
    for (key, label) in pieces {
        x = canvas.text(x, area.y, area.right().saturating_sub(x), &key, Tone::Accent);
        x = canvas.text(x + 1, area.y, area.right().saturating_sub(x + 1), label, Tone::Dim) + 2;
    }
}

/// Replaces what a terminal without Unicode cannot show, cell by cell, so that no column moves.
fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let plain = match cell.symbol() {
                "→" | "›" => ">",
                "·" | "–" | "—" => "-",
                "…" => "~",
                "×" => "x",
                "■" | "█" => "#",
                symbol if width(symbol) == 2 => "??",
                _ => "?",
            };
            cell.set_symbol(plain);
        }
    }
}
