//! The containers of a pod: what each does now, how it ended before, what it uses of what it may.

use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::detail::Link;
use crate::console::views::detail::parts::{course, indented_mark, moment, pair, share_pieces, text_pair};
use crate::console::views::usage::{cores, share};
use crate::console::views::{exits, verdict};
use crate::console::widgets::{Piece, bytes};
use crate::detect::Mark;
use crate::situation::object::{Container, ContainerState, Pod, Termination};
use crate::situation::time::{age, since};
use crate::situation::{Source, Usage};

/// How many former ends are shown.
const ENDS: usize = 6;

/// All lines of these containers; the first line of each leads to its log.
pub fn lines(pod: &Pod, containers: &[Container], cx: &Context<'_>) -> Vec<Line<Link>> {
    let init = std::ptr::eq(containers, &raw const *pod.init);
    let of = |container: &Container| {
        let mut lines = vec![state(container, init, cx)];
        lines.extend(text_pair("image", &image(container)));
        lines.extend(amounts(pod, container, cx));
        lines.extend(ends(container, cx));
        lines
    };
    containers.iter().flat_map(of).collect()
}

fn state(container: &Container, init: bool, cx: &Context<'_>) -> Line<Link> {
    let (mark, words) = now(container, init, cx);
    let pieces = vec![
        indented_mark(mark, cx),
        Piece::new(container.name.to_string(), Tone::Accent),
        Piece::new(format!("  {words}"), verdict::tone(mark)),
    ];
    let line = Line::new(pieces).indented(4).leading(Some(Link::Log(container.name.clone())));
    match container.restarts {
        0 => line,
        1 => line.with_right("1 restart", Tone::Text),
        n => line.with_right(format!("{n} restarts"), Tone::Text),
    }
}

fn now(container: &Container, init: bool, cx: &Context<'_>) -> (Mark, String) {
    match &container.state {
        ContainerState::Absent => (Mark::Unknown, "no status yet".to_owned()),
        ContainerState::Waiting { reason, .. } if reason.is_empty() => (Mark::Unknown, "waiting".to_owned()),
        ContainerState::Waiting { reason, .. } => {
            let calm = matches!(reason.as_str(), "ContainerCreating" | "PodInitializing");
            (if calm { Mark::Unknown } else { Mark::Bad }, format!("waiting: {reason}"))
        }
        ContainerState::Running(since) => {
            let since = since.map_or_else(String::new, |at| format!(" since {}", moment(at, cx.now)));
            if container.ready || init {
                (Mark::Good, format!("running{since}"))
            } else {
                (Mark::Warning, format!("running, not ready{since}"))
            }
        }
        ContainerState::Terminated(end) if end.exit_code == 0 => (Mark::Good, "done".to_owned()),
        ContainerState::Terminated(end) => (Mark::Bad, format!("ended: {}", exits::words(end))),
    }
}

/// The image asked for, and the digest of what runs where the one does not name the other.
fn image(container: &Container) -> String {
    match container.image_id.rsplit_once('@') {
        Some((_, digest)) if !container.image.contains(digest) => format!("{}  {digest}", container.image),
        _ => container.image.to_string(),
    }
}

fn amounts(pod: &Pod, container: &Container, cx: &Context<'_>) -> Vec<Line<Link>> {
    let key = (pod.meta.key.clone(), container.name.clone());
    let ring = cx.situation.pod_usage.get(&key);
    let line =
        |label, pick: fn(&Usage) -> Option<u64>, limit: Option<u64>, asked: Option<u64>, say: fn(u64) -> String| {
            let used = ring.and_then(|ring| ring.back()).and_then(pick);
            used.or(limit).or(asked)?;
            let of = limit.map_or_else(|| "no limit".to_owned(), |n| format!("limit {}", say(n)));
            let asked = asked.map_or_else(|| "no request".to_owned(), |n| format!("request {}", say(n)));
            let words = match used {
                Some(n) => format!("{}, {of}, {asked}", say(n)),
                None => format!("{of}, {asked}"),
            };
            let mut pieces = share_pieces(share(used, limit), words, &cx.theme.glyphs);
            pieces.extend(ring.and_then(|ring| course(ring.iter().filter_map(pick), limit, &cx.theme.glyphs)));
            if used.is_none() {
                pieces.push(Piece::new(format!("  usage: {}", no_usage(cx)), Tone::Unknown));
            }
            Some(pair(label, pieces))
        };
    let (limits, requests) = (&container.limits, &container.requests);
    let memory = line("memory", |u| u.amounts.memory, limits.memory, requests.memory, bytes);
    let cpu = line("cpu", |u| u.amounts.cpu_milli, limits.cpu_milli, requests.cpu_milli, cores);
    [memory, cpu].into_iter().flatten().collect()
}

/// Why what it uses is not known.
fn no_usage(cx: &Context<'_>) -> String {
    let status = cx.situation.source(&Source::PodMetrics);
    if status.known() { "no sample of this container".to_owned() } else { status.state.to_string() }
}

/// How it ended before, newest first. The API tells only the last end; older ones are those that this console saw.
fn ends(container: &Container, cx: &Context<'_>) -> Vec<Line<Link>> {
    let current = match &container.state {
        ContainerState::Terminated(end) => Some(end),
        _ => None,
    };
    let mut ends: Vec<&Termination> = container.history.iter().chain(&container.last).collect();
    ends.retain(|end| Some(*end) != current);
    ends.sort_by_key(|end| std::cmp::Reverse(end.finished));
    ends.dedup_by_key(|end| (end.finished, end.exit_code));
    let unseen = (container.restarts as usize).saturating_sub(ends.len());
    let shown = ends.len().min(ENDS);
    let mut lines: Vec<_> = ends.into_iter().take(ENDS).enumerate().map(|(i, end)| ended(end, i == 0, cx)).collect();
    if shown > 0 && unseen > 0 {
        lines.push(pair("", vec![Piece::new(format!("{unseen} earlier ends were not seen"), Tone::Dim)]));
    }
    lines
}

fn ended(end: &Termination, newest: bool, cx: &Context<'_>) -> Line<Link> {
    let label = if newest { "last ends" } else { "" };
    let tone = if end.exit_code == 0 { Tone::Dim } else { Tone::Warning };
    let when = end.finished.map_or_else(|| "?".to_owned(), |at| moment(at, cx.now));
    let ran = match (end.started, end.finished) {
        (Some(started), Some(finished)) => format!(" · ran {}", age(since(started, finished))),
        _ => String::new(),
    };
    let mut pieces = vec![Piece::new(format!("{when}{ran}  "), Tone::Text), Piece::new(exits::words(end), tone)];
    if !end.message.is_empty() {
        pieces.push(Piece::new(format!("  {}", end.message), Tone::Dim));
    }
    pair(label, pieces)
}
