//! What a step says, line by line, in the room there is.

use super::{Link, change, facts, path, ways};
use crate::config::keymap::{Command, Mode};
use crate::config::theme::Tone;
use crate::console::desk::OpenTree;
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, fit, wrap};
use crate::runbook::{self, View};
use crate::situation::time::age;

/// How many rows an explanation takes where there is little room.
const WHY: usize = 3;

/// How generously a step is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// With air between its parts.
    Ample,
    /// Without.
    Close,
    /// Only what matters most; the rest is counted.
    Least,
    /// Less than that, so that no way is out of view.
    Bare,
}

impl Room {
    /// All of them, the most generous first.
    pub const ALL: [Self; 4] = [Self::Ample, Self::Close, Self::Least, Self::Bare];
}

/// How much is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explain {
    /// As much as there is room for.
    Short,
    /// Everything, even if the page has to be scrolled.
    Whole,
    /// Nothing: for those who know the tree.
    Hidden,
}

impl Explain {
    /// The next one.
    pub const fn next(self) -> Self {
        match self {
            Self::Short => Self::Hidden,
            Self::Hidden => Self::Whole,
            Self::Whole => Self::Short,
        }
    }
}

/// The paper that a step is written on.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// How generously.
    pub room: Room,
    /// How much is explained.
    pub explain: Explain,
    /// Columns there are.
    pub columns: u16,
    /// Whether the way taken is shown beside it.
    pub beside: bool,
}

/// `F26 Some users see 502, others do not · deploy/api`
pub fn heading(tree: &OpenTree) -> String {
    let book = tree.walk.book();
    let about = tree.view.subject.as_ref();
    let about = about.map_or_else(String::new, |r| format!(" · {}/{}", labels::kind(r.kind), r.key.name));
    format!("{} {}{about}", book.id, book.title)
}

/// What is left of a tree that was closed.
pub fn closed() -> Line<Link> {
    Line::of("this tree was closed; esc goes back", Tone::Dim)
}

/// The key of a command in trees.
pub fn key(command: Command, cx: &Context<'_>) -> String {
    cx.keymap.key_for(Mode::Tree, command).unwrap_or("a key").to_owned()
}

/// Everything about the present step.
pub fn of(tree: &OpenTree, sheet: Sheet, cx: &Context<'_>) -> Vec<Line<Link>> {
    let view = &tree.view;
    let parts = [
        head(tree, sheet, cx),
        facts::lines(view, sheet, cx),
        progress(view),
        change::lines(tree, cx),
        end(view, cx),
        ways::lines(&view.ways, sheet, cx.theme.glyphs.ellipsis),
        command(view, sheet, cx),
    ];
    let mut lines = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if sheet.room == Room::Ample && !lines.is_empty() {
            lines.push(Line::blank());
        }
        lines.extend(part);
    }
    if sheet.room == Room::Ample {
        lines.push(Line::blank());
    }
    lines
}

/// Where we are, the question, why it is asked.
fn head(tree: &OpenTree, sheet: Sheet, cx: &Context<'_>) -> Vec<Line<Link>> {
    let view = &tree.view;
    let step = tree.walk.path().len();
    let spent = format!("step {step} · {}", age(view.spent));
    let question = Line::of(view.title.clone(), Tone::Title);
    let mut lines = if sheet.beside || step == 1 {
        vec![question.with_right(spent, Tone::Dim)]
    } else {
        let room = usize::from(sheet.columns).saturating_sub(spent.len() + 2);
        vec![path::crumbs(tree, room).with_right(spent, Tone::Dim), question]
    };
    lines.extend(why(view, sheet, cx));
    if let Some(at) = view.before {
        let glyph = cx.theme.glyphs.warning;
        let words = format!(
            "  {glyph} you were at this step before, at {}: the tree goes in a circle; take another way, or call somebody",
            at.strftime("%H:%M:%SZ")
        );
        lines.push(Line::of(words, Tone::Warning).indented(4));
    }
    lines
}

fn why(view: &View, sheet: Sheet, cx: &Context<'_>) -> Vec<Line<Link>> {
    if view.why.is_empty() || sheet.explain == Explain::Hidden {
        return Vec::new();
    }
    let columns = usize::from(sheet.columns).saturating_sub(2);
    let mut rows = wrap(&view.why, columns);
    let most = if sheet.room == Room::Bare { WHY - 1 } else { WHY };
    if sheet.room >= Room::Least && sheet.explain == Explain::Short && rows.len() > most {
        rows.truncate(most);
        let more = format!(" ({} twice: all)", key(Command::Why, cx));
        if let Some(last) = rows.last_mut() {
            let ellipsis = cx.theme.glyphs.ellipsis;
            // Cut even where it would fit: the sentence goes on.
            let kept = fit(last, columns.saturating_sub(more.len() + 1), "").into_owned();
            *last = format!("{kept}{ellipsis}{more}");
        }
    }
    rows.into_iter().map(|row| Line::of(format!("  {row}"), Tone::Dim)).collect()
}

fn progress(view: &View) -> Vec<Line<Link>> {
    // What an end means stands with it.
    let note = if view.end.is_some() { "" } else { &view.note };
    let said = [(view.progress.as_str(), Tone::Accent), (note, Tone::Text)];
    let said = said.into_iter().filter(|(text, _)| !text.is_empty());
    said.map(|(text, tone)| Line::of(format!("  {text}"), tone).indented(2)).collect()
}

fn end(view: &View, cx: &Context<'_>) -> Vec<Line<Link>> {
    let Some((ending, to, attach)) = &view.end else { return Vec::new() };
    let glyphs = &cx.theme.glyphs;
    let (glyph, words, tone) = match ending {
        runbook::Ending::Resolved => (glyphs.good, "Resolved: it works again", Tone::Good),
        runbook::Ending::Watch => (glyphs.live, "Watch: nothing is left to do but to look again later", Tone::Accent),
        runbook::Ending::Wait => (glyphs.warning, "Wait: a provider has to mend it", Tone::Warning),
        runbook::Ending::Escalate => (glyphs.warning, "Escalate: a person has to be called", Tone::Warning),
    };
    let pair = |label: &str, words: &str| {
        Line::new(vec![Piece::new(format!("  {label:9}"), Tone::Dim), Piece::new(words, Tone::Text)]).indented(11)
    };
    let mut lines = vec![Line::of(format!("{glyph} {words}"), tone)];
    if !view.note.is_empty() {
        lines.push(Line::of(format!("  {}", view.note), Tone::Text).indented(2));
    }
    if !to.is_empty() {
        lines.push(pair("tell", to));
    }
    lines.extend(attach.iter().enumerate().map(|(n, what)| pair(if n == 0 { "attach" } else { "" }, what)));
    let (close, back) = (key(Command::CloseTree, cx), key(Command::StepBack, cx));
    lines.push(Line::of(format!("  {close} closes this tree, {back} goes a step back, esc leaves it open"), Tone::Dim));
    lines
}

fn command(view: &View, sheet: Sheet, cx: &Context<'_>) -> Vec<Line<Link>> {
    if view.command.is_empty() {
        return Vec::new();
    }
    let several = view.act.as_ref().is_some_and(|act| act.choices.len() > 1);
    let title = if several { "By hand you would type, for the first" } else { "By hand you would type" };
    let pieces = vec![Piece::new("  $ ", Tone::Dim), Piece::new(view.command.clone(), Tone::Accent)];
    let copy = format!("{} copies", key(Command::Copy, cx));
    let line = Line::new(pieces).indented(4).with_right(copy, Tone::Dim);
    // What would be typed looks like what is typed, also without its heading.
    if sheet.room >= Room::Least && !several { vec![line] } else { vec![Line::of(title, Tone::Title), line] }
}
