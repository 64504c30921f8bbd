//! Cells and ranks that several lists share.

use jiff::Timestamp;

use super::list::Cell;
use super::usage::share_words;
use super::verdict;
use crate::config::theme::Tone;
use crate::console::screen::Context;
use crate::detect::Mark;
use crate::situation::object::Meta;
use crate::situation::time::{age, since};

/// A verdict as a glyph.
pub fn mark<'a>(mark: Mark, cx: &Context<'_>) -> Cell<'a> {
    let (glyph, tone) = crate::console::widgets::mark(mark, &cx.theme.glyphs);
    Cell::new(glyph, tone)
}

/// How old something is.
pub fn old<'a>(meta: &Meta, now: Timestamp) -> Cell<'a> {
    meta.created.map_or_else(Cell::unknown, |at| Cell::new(age(since(at, now)), Tone::Dim))
}

/// A share with its bar.
pub fn share<'a>(share: Option<f64>) -> Cell<'a> {
    share.map_or_else(Cell::unknown, |share| {
        let (words, tone) = share_words(share);
        Cell::new(words, tone).with_share(share)
    })
}

/// A count of restarts, quiet when it is none; `more`: there may have been more than are known.
pub fn restarts<'a>(count: u32, more: bool, last: Option<Timestamp>, now: Timestamp) -> Cell<'a> {
    if count == 0 {
        return Cell::new("0", Tone::Dim);
    }
    let recent = last.is_some_and(|at| since(at, now) <= verdict::RECENT);
    let ago = last.map_or_else(String::new, |at| format!(" {} ago", short(at, now)));
    let plus = if more { "+" } else { "" };
    Cell::new(format!("{count}{plus}{ago}"), if recent { Tone::Warning } else { Tone::Text })
}

/// How long ago, in one unit: `40s`, `9m`, `3h`, `5d`.
pub fn short(at: Timestamp, now: Timestamp) -> String {
    match since(at, now).as_secs() {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3600 => format!("{}m", s / 60),
        s @ 3600..172_800 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

/// Seconds since the epoch; what has no stamp comes last.
pub fn seconds(at: Option<Timestamp>) -> i64 {
    at.map_or(i64::MAX, Timestamp::as_second)
}
