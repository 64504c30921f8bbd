//! The change that a step is: to what it can be made, and how it stands.

use super::Link;
use super::lines::key;
use crate::action::{Action, Posture, Verification};
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::desk::{OpenTree, Stage};
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;

/// What would be done, or what is being done, under its heading.
pub fn lines(tree: &OpenTree, cx: &Context<'_>) -> Vec<Line<Link>> {
    let Some(act) = &tree.view.act else { return Vec::new() };
    if let Some(words) = under_way(tree, cx) {
        let line = Line::of(format!("  {words}"), Tone::Accent).indented(4).leading(Some(Link::Run));
        return vec![Line::of("Under way", Tone::Title), line, Line::of("    enter shows how it goes", Tone::Dim)];
    }
    let mut title = vec![Piece::new("What would be done", Tone::Title)];
    if !act.choices.is_empty() {
        let choose = if act.choices.len() > 1 { " (choose to what)" } else { "" };
        title.push(Piece::new(format!("  {}{choose}", act.summary), Tone::Dim));
    }
    let mut lines = vec![Line::new(title).indented(2)];
    lines.extend(act.choices.iter().map(choice));
    if act.choices.is_empty() {
        let glyph = cx.theme.glyphs.unknown;
        lines.push(Line::of(format!("  {glyph} {}: {}", act.summary, act.none), Tone::Warning).indented(4));
    } else if !tree.walk.acting() {
        lines.push(how(cx));
    }
    lines
}

fn choice(action: &Action) -> Line<Link> {
    let (target, spec) = (action.target(), action.spec());
    let more = match action {
        Action::RollBack { to: Some(to), .. } => format!(" to revision {to}"),
        Action::Scale { replicas, .. } => format!(" to {replicas}"),
        _ => String::new(),
    };
    let pieces = vec![
        Piece::new(format!("  {}  ", spec.id), Tone::Accent),
        Piece::new(format!("{} {}{more}", target.kind, target.key), Tone::Title),
    ];
    Line::new(pieces).indented(7).leading(Some(Link::Choice(action.clone())))
}

/// What it takes to do it.
fn how(cx: &Context<'_>) -> Line<Link> {
    let armed = matches!(cx.desk.posture, Some(Posture::Armed(_)));
    let words = match &cx.desk.forbidden {
        Some(why) => format!("enter shows the plan; nothing can be changed here: {why}"),
        None if armed => "enter shows the plan; nothing is done before it is confirmed".to_owned(),
        None => format!("enter shows the plan; {} arms, without which it cannot be confirmed", key(Command::Arm, cx)),
    };
    Line::of(format!("       {words}"), Tone::Dim).indented(7)
}

/// How the execution stands that was begun at this step, while it runs.
pub fn under_way(tree: &OpenTree, cx: &Context<'_>) -> Option<String> {
    let running = cx.desk.running.as_ref().filter(|r| r.tree == Some(tree.id))?;
    tree.view.act.as_ref()?;
    let stands = match &running.stage {
        Stage::Sending { cancelling: true } => "stopping before its next request".to_owned(),
        Stage::Sending { cancelling: false } => "the change is on its way".to_owned(),
        Stage::Verifying(_, Verification::Waiting(how)) if how.is_empty() => "waiting for the proof".to_owned(),
        Stage::Verifying(_, Verification::Unknown(why)) => format!("cannot tell yet whether it worked: {why}"),
        Stage::Verifying(_, Verification::Waiting(how) | Verification::Worked(how) | Verification::Failed(how)) => {
            format!("waiting for the proof: {how}")
        }
        Stage::Worked(_) | Stage::Failed(_) | Stage::Unknown(_) | Stage::Stopped(_) => return None,
    };
    Some(format!("{}: {stands}", running.plan.title))
}
