//! What an execution says, line by line.

use crate::action::{Outcome, Verification, Write};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::{Running, Stage};
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
use crate::situation::time::{age, since};

/// The column in which values begin.
const COLUMN: usize = 11;
/// Columns of the bar that shows how much of the time for the proof is over.
const BAR: f64 = 20.0;

/// Everything there is to say.
pub(super) fn of(running: &Running, cx: &Context<'_>) -> Vec<Line<()>> {
    let mut lines = verdict(running, cx);
    lines.push(Line::blank());
    lines.extend(keys(running, cx));
    lines.push(Line::blank());
    lines.extend([
        pair("done", format!("{}, confirmed by {}", running.plan.title, running.by)),
        pair("proof", format!("{}, within {}", running.plan.proof.says, age(running.plan.proof.within))),
        pair("undo", running.plan.undo.says.clone()),
        pair("by hand", running.plan.command.clone()),
        Line::blank(),
    ]);
    lines.extend(sent(running));
    lines.push(Line::blank());
    lines.push(Line::of("What happened", Tone::Title));
    for (at, says) in &running.log {
        let time = Piece::new(at.strftime("  %H:%M:%S  ").to_string(), Tone::Dim);
        lines.push(Line::new(vec![time, Piece::new(says.clone(), Tone::Text)]).indented(12));
    }
    lines
}

/// How it stands: one word that can be read from afar, and a sentence.
fn verdict(running: &Running, cx: &Context<'_>) -> Vec<Line<()>> {
    let glyphs = &cx.theme.glyphs;
    let (glyph, word, says, tone, badge) = match &running.stage {
        Stage::Sending { cancelling: true } => {
            (glyphs.warning, "STOPPING", "before its next request", Tone::Warning, Tone::BadgeDrill)
        }
        Stage::Sending { cancelling: false } => {
            (glyphs.arrow, "SENDING", "the change is on its way", Tone::Accent, Tone::BadgeReadOnly)
        }
        Stage::Verifying(outcome, verification) => return verifying(running, outcome, verification, cx),
        Stage::Worked(by) => (glyphs.good, "WORKED", &**by, Tone::Good, Tone::BadgeReadOnly),
        Stage::Failed(why) => (glyphs.bad, "FAILED", &**why, Tone::Bad, Tone::BadgeAlert),
        Stage::Unknown(why) => (glyphs.unknown, "OUTCOME UNKNOWN", &**why, Tone::Bad, Tone::BadgeAlert),
        Stage::Stopped(why) => (glyphs.warning, "STOPPED", &**why, Tone::Warning, Tone::BadgeDrill),
    };
    let mut lines = vec![banner(glyph, word, badge), Line::of(says, tone)];
    if matches!(running.stage, Stage::Unknown(_)) {
        for object in &running.plan.objects {
            let look = format!("look at it first: {} {} (uid {})", object.kind, object.key, object.uid);
            lines.push(Line::of(look, Tone::Text).indented(2));
        }
    }
    lines
}

fn banner(glyph: &str, word: &str, badge: Tone) -> Line<()> {
    Line::new(vec![Piece::new(format!("  {glyph} {word}  "), badge)])
}

/// The requests are answered; what is awaited, and for how long still.
fn verifying(running: &Running, outcome: &Outcome, how: &Verification, cx: &Context<'_>) -> Vec<Line<()>> {
    let (says, tone) = match how {
        Verification::Waiting(how) if how.is_empty() => ("waiting for the proof".to_owned(), Tone::Text),
        Verification::Waiting(how) | Verification::Worked(how) | Verification::Failed(how) => (how.clone(), Tone::Text),
        Verification::Unknown(why) => (format!("{} cannot tell: {why}", cx.theme.glyphs.unknown), Tone::Unknown),
    };
    let within = running.plan.proof.within;
    let over = since(outcome.at, cx.now).min(within);
    let share = over.as_secs_f64() / within.as_secs_f64().max(1.0);
    let done = (share.clamp(0.0, 1.0) * BAR) as usize;
    let (full, empty) = if cx.theme.glyphs.lines { ("■", "·") } else { ("#", ".") };
    let time = format!("  {} left of {}", age(within - over), age(within));
    vec![
        banner(cx.theme.glyphs.arrow, "VERIFYING", Tone::BadgeReadOnly),
        Line::of(says, tone),
        Line::new(vec![
            Piece::new(full.repeat(done), Tone::Gauge),
            Piece::new(empty.repeat(BAR as usize - done), Tone::Border),
            Piece::new(time, Tone::Text),
        ]),
    ]
}

/// What can be done now, with the keys in force.
fn keys(running: &Running, cx: &Context<'_>) -> Vec<Line<()>> {
    let key = |command: Command, says: &str| {
        let key = cx.keymap.key_for(Mode::Plan, command)?;
        let pieces = vec![Piece::new(format!("{key:<6}"), Tone::Accent), Piece::new(says, Tone::Text)];
        Some(Line::new(pieces).indented(6))
    };
    let sending = matches!(running.stage, Stage::Sending { .. });
    let moving = sending || matches!(running.stage, Stage::Verifying(..));
    let cancel = sending.then(|| key(Command::Cancel, "stops it before its next request"));
    let undo = (!sending && running.plan.undo.action.is_some())
        .then(|| key(Command::Undo, &format!("shows a plan that undoes it: {}", running.plan.undo.says)));
    let tree = running.tree.map(|_| key(Command::Open, "goes back to the tree"));
    let back = moving.then(|| key(Command::Back, "leaves it running; the top line keeps showing it"));
    [tree, undo, cancel, back].into_iter().flatten().flatten().collect()
}

/// The requests by number, as the story below names them.
fn sent(running: &Running) -> Vec<Line<()>> {
    let mut lines = vec![Line::of("Requests", Tone::Title)];
    for (number, request) in (1..).zip(&running.plan.requests) {
        let kind = match request.write {
            Write::Change => "the change",
            Write::BookKeeping => "announces it",
            Write::Rehearsal => "changes nothing",
        };
        let words = format!("{} {}", request.method, request.path);
        let pieces = vec![
            Piece::new(format!("  {number:<3}"), Tone::Dim),
            Piece::new(words, Tone::Text),
            Piece::new(format!("  {kind}"), Tone::Dim),
        ];
        lines.push(Line::new(pieces).indented(5));
    }
    lines
}

fn pair(name: &str, value: String) -> Line<()> {
    let pieces = vec![Piece::new(format!("{name:COLUMN$}"), Tone::Dim), Piece::new(value, Tone::Text)];
    Line::new(pieces).indented(COLUMN as u16)
}
