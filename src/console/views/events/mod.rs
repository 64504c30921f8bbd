//! Events: what says the same of the same object is one line with a count; warnings first, then truly by time.

mod group;
mod rows;
#[cfg(test)]
mod tests;

use self::group::{Group, about, group};
use super::detail::Link;
use super::detail::parts::padded;
use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Source};

pub use rows::Events;

/// How many lines of events a detail shows; the screen of events has them all.
const SHOWN: usize = 30;
/// Columns of an event's word.
const REASON: usize = 20;

const SOURCE: Source = Source::Watch(Kind::Event);

/// The glyph and the tone of an event.
fn mark(warning: bool, cx: &Context<'_>) -> (&'static str, Tone) {
    if warning { (cx.theme.glyphs.warning, Tone::Warning) } else { ("·", Tone::Dim) }
}

/// The object of a group in a word: `pod/api-7d9f`, or its kind as it stands in the event.
fn object_words(group: &Group) -> String {
    match Kind::named(&group.id.kind) {
        Some(kind) => format!("{}/{}", labels::kind(kind), group.id.about.name),
        None => format!("{}/{}", group.id.kind.to_lowercase(), group.id.about.name),
    }
}

/// Events about an object and its parts as lines of its detail; those about a part lead to it.
pub fn lines(target: &Ref, cx: &Context<'_>) -> Vec<Line<Link>> {
    if let Some((words, tone)) = missing(cx, &SOURCE) {
        return vec![Line::of(format!("  {words}"), tone).indented(2)];
    }
    let groups = group(about(cx.situation, target));
    if groups.is_empty() {
        return vec![
            Line::of("  none that the cluster still keeps (it forgets them after an hour or so)", Tone::Dim)
                .indented(2),
        ];
    }
    let more = groups.len().saturating_sub(SHOWN);
    let mut lines: Vec<_> = groups.iter().take(SHOWN).map(|group| line(group, target, cx)).collect();
    if more > 0 {
        lines.push(Line::of(format!("  and {more} more"), Tone::Dim));
    }
    lines
}

fn line(group: &Group, target: &Ref, cx: &Context<'_>) -> Line<Link> {
    let (glyph, tone) = mark(group.warning, cx);
    let part = group.object().filter(|object| object.kind != target.kind || object.key != target.key);
    let mut pieces = vec![
        Piece::new(format!("  {glyph} "), tone),
        Piece::new(padded(&group.id.reason, REASON, &cx.theme.glyphs), if group.warning { tone } else { Tone::Text }),
    ];
    if group.count > 1 {
        pieces.push(Piece::new(format!("×{} ", group.count), Tone::Text));
    }
    if part.is_some() {
        pieces.push(Piece::new(format!("{}  ", object_words(group)), Tone::Accent));
    }
    pieces.push(Piece::new(group.id.message.to_string(), Tone::Dim));
    let line = Line::new(pieces)
        .indented(6)
        .leading(part.map(|object| Link::Event(object, group.id.reason.clone(), group.id.message.clone())));
    match group.last {
        Some(at) => line.with_right(format!("{} ago", age(since(at, cx.now))), Tone::Dim),
        None => line,
    }
}
