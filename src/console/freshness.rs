//! Why something is not known, and how old it is: words that stand in a value's place or beside it.

use jiff::{SignedDuration, Timestamp};

use super::screen::Context;
use crate::config::theme::Tone;
use crate::situation::time::{age, since};
use crate::situation::{Source, SourceState};

/// Why nothing is known from a source, and how it looks; `None` when it is known, if aged.
pub fn missing(cx: &Context<'_>, source: &Source) -> Option<(String, Tone)> {
    let status = cx.situation.source(source);
    let tone = match &status.state {
        SourceState::Live | SourceState::Lost(_) => return None,
        SourceState::Failed(_) | SourceState::Forbidden(_) => Tone::Warning,
        SourceState::Waiting | SourceState::Listing(_) | SourceState::Missing | SourceState::NotConfigured => {
            Tone::Unknown
        }
    };
    Some((format!("{source}: {}", status.state), tone))
}

/// How old the facts of a source are, once they are no longer live: `2m10s old`.
pub fn aged(cx: &Context<'_>, source: &Source) -> Option<String> {
    let status = cx.situation.source(source);
    matches!(status.state, SourceState::Lost(_)).then(|| {
        let old = cx.situation.age_of(source);
        old.map_or_else(|| "of unknown age".to_owned(), |old| format!("{} old", age(old)))
    })
}

/// A moment, as short as it can be told apart: the time of today, else the date too. UTC, like every time on the screen.
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let today = at.strftime("%F").to_string() == now.strftime("%F").to_string();
    at.strftime(if today { "%H:%M" } else { "%b %e %H:%M" }).to_string()
}

/// A moment in at most six columns: the time of today, else the day.
pub fn clock_or_day(at: Timestamp, now: Timestamp) -> String {
    let today = at.strftime("%F").to_string() == now.strftime("%F").to_string();
    at.strftime(if today { "%H:%M" } else { "%b %e" }).to_string()
}

/// How long something has lasted, in one unit: `40s`, `9 min`, `3 h`, `5 d`.
pub fn lasting(from: Timestamp, now: Timestamp) -> String {
    span(since(from, now))
}

/// A span in one unit.
pub fn span(d: SignedDuration) -> String {
    match d.as_secs().max(0) {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..172_800 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}
