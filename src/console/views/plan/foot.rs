//! The last row of a plan: how it is confirmed and from when on, or why it cannot be.

use jiff::SignedDuration;

use super::lines;
use crate::action::{Class, Gate, Plan, Posture};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::Draft;
use crate::console::screen::Context;
use crate::console::widgets::Piece;

/// A wait that is longer has not begun: the end of the plan was not on the screen.
pub(super) const LONG: SignedDuration = SignedDuration::from_secs(60);
/// Columns of the bar that shows the wait.
const BAR: f64 = 10.0;

/// Why a plan cannot be confirmed now, if it cannot.
pub(super) fn barred(plan: &Plan, cx: &Context<'_>) -> Option<String> {
    if let Some(why) = plan.refusal() {
        return Some(format!("cannot be done: {why}"));
    }
    if let Some(why) = &cx.desk.forbidden {
        return Some(format!("nothing can be changed here: {why}"));
    }
    match cx.desk.posture {
        Some(Posture::Armed(_)) => None,
        _ => {
            let arm = cx.keymap.key_for(Mode::Plan, Command::Arm).unwrap_or(":arm");
            Some(format!("READ-ONLY: press {arm} to arm, then {}", how(plan)))
        }
    }
}

/// The key that confirms it, in words.
fn how(plan: &Plan) -> String {
    match plan.class {
        Class::R0 => "enter".to_owned(),
        Class::R1 => "y".to_owned(),
        Class::R2 => "Y".to_owned(),
        Class::R3 => format!("type {} and enter", plan.action.target().key.name),
    }
}

/// The last row.
pub(super) fn pieces(gate: Option<&Gate>, cx: &Context<'_>) -> Vec<Piece> {
    let Some(plan) = cx.desk.plan() else { return without_plan(cx) };
    if let Some(why) = barred(plan, cx) {
        let (glyph, tone) = if plan.refusal().is_some() {
            (cx.theme.glyphs.bad, Tone::Bad)
        } else {
            (cx.theme.glyphs.warning, Tone::Warning)
        };
        return vec![Piece::new(format!("{glyph} {why}"), tone)];
    }
    let wait = gate.map_or(Some(SignedDuration::MAX), |gate| gate.wait(cx.situation.wall));
    let typed = gate.map_or("", Gate::typed);
    let mut pieces = invitation(plan, typed, wait.is_none(), cx);
    match wait {
        None => pieces.push(Piece::new(format!("   {} now", cx.theme.glyphs.good), Tone::Good)),
        Some(left) if left > LONG => {
            let key = cx.keymap.key_for(Mode::Plan, Command::PageDown).unwrap_or("pgdn");
            pieces.push(Piece::new(format!("   once its end was seen: {key}"), Tone::Warning));
        }
        Some(left) => {
            let words = format!("   in {:.1} s  {}", tenths(left), bar(plan, left, cx));
            pieces.push(Piece::new(words, Tone::Dim));
        }
    }
    pieces.push(Piece::new("   esc", Tone::Accent));
    pieces.push(Piece::new(" no", Tone::Text));
    pieces
}

/// What is left of the wait; never zero while there is some.
fn tenths(left: SignedDuration) -> f64 {
    (left.as_secs_f64() * 10.0).ceil() / 10.0
}

fn bar(plan: &Plan, left: SignedDuration, cx: &Context<'_>) -> String {
    let whole = if matches!(plan.class, Class::R0 | Class::R1) { 0.5 } else { 1.0 };
    let done = ((1.0 - left.as_secs_f64() / whole).clamp(0.0, 1.0) * BAR) as usize;
    let (full, empty) = if cx.theme.glyphs.lines { ("■", "·") } else { ("#", ".") };
    format!("{}{}", full.repeat(done), empty.repeat(BAR as usize - done))
}

/// The key and what it does: `Y  roll back now`.
fn invitation(plan: &Plan, typed: &str, counts: bool, cx: &Context<'_>) -> Vec<Piece> {
    let (badge, text) = if counts { (lines::class_badge(plan.class), Tone::Title) } else { (Tone::Dim, Tone::Dim) };
    let what = plan.action.spec().name.replace('-', " ");
    if plan.class == Class::R3 {
        let cursor = if cx.theme.glyphs.lines { "▏" } else { "_" };
        return vec![
            Piece::new(format!("type {}, then enter, to {what} now: ", plan.action.target().key.name), text),
            Piece::new(typed, Tone::Title),
            Piece::new(cursor, Tone::Accent),
        ];
    }
    vec![Piece::new(format!(" {} ", how(plan)), badge), Piece::new(format!("  {what} now"), text)]
}

fn without_plan(cx: &Context<'_>) -> Vec<Piece> {
    let refused = cx.desk.planning.as_ref().is_some_and(|p| matches!(p.state, Draft::Refused(_)));
    let word = if refused { " back" } else { " back; nothing was done" };
    vec![Piece::new("esc", Tone::Accent), Piece::new(word, Tone::Text)]
}
