//! Lines and sections that several details share.

use jiff::Timestamp;

use super::{Link, Section};
use crate::config::theme::{Glyphs, Tone};
use crate::console::freshness::{aged, clock};
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::pods::readiness;
use crate::console::views::usage::share_words;
use crate::console::views::verdict;
use crate::console::views::{cells, events};
use crate::console::widgets::{self, Piece, fit, sparkline, width};
use crate::detect::Mark;
use crate::situation::object::{Condition, Labels, Meta, Pod, Status};
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Source};

/// Columns of a label before its value.
const LABEL: usize = 12;
/// Columns of a bar.
const BAR: usize = 10;

/// An empty line.
pub fn blank() -> Line<Link> {
    Line::blank()
}

/// The heading of a section.
pub fn heading(text: &str) -> Line<Link> {
    Line::of(text, Tone::Title)
}

/// Text in a column of its own.
pub fn padded(text: &str, columns: usize, glyphs: &Glyphs) -> String {
    let text = fit(text, columns, glyphs.ellipsis);
    let pad = columns.saturating_sub(width(&text));
    format!("{text}{} ", " ".repeat(pad))
}

/// A label with what belongs to it.
pub fn pair(label: &str, value: Vec<Piece>) -> Line<Link> {
    let label = Piece::new(format!("  {label:<LABEL$} "), Tone::Dim);
    Line::new([vec![label], value].concat()).indented(LABEL as u16 + 3)
}

/// A label with a text; no line where there is no text.
pub fn text_pair(label: &str, text: &str) -> Option<Line<Link>> {
    (!text.is_empty()).then(|| pair(label, vec![Piece::new(text, Tone::Text)]))
}

/// A label with a link to an object and a word on it.
pub fn link_pair(label: &str, object: &Ref, word: Piece) -> Line<Link> {
    let name = Piece::new(format!("{}/{}  ", labels::kind(object.kind), object.key.name), Tone::Accent);
    pair(label, vec![name, word]).leading(Some(Link::Object(object.clone())))
}

/// `04:03 · 9m12s ago`
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    format!("{} · {} ago", clock(at, now), age(since(at, now)))
}

/// How old what is shown is, and where the view stands.
pub fn aged_note(source: &Source, position: &str, cx: &Context<'_>) -> String {
    match aged(cx, source) {
        Some(old) if position.is_empty() => old,
        Some(old) => format!("{old} · {position}"),
        None => position.to_owned(),
    }
}

/// A glyph with its tone, as the beginning of a line.
pub fn marked(mark: Mark, cx: &Context<'_>) -> Piece {
    let (glyph, tone) = widgets::mark(mark, &cx.theme.glyphs);
    Piece::new(format!("{glyph} "), tone)
}

/// The same, indented as the lines of a section are.
pub fn indented_mark(mark: Mark, cx: &Context<'_>) -> Piece {
    let mut lead = marked(mark, cx);
    lead.text.insert_str(0, "  ");
    lead
}

/// A line with the age of what it tells of at its right end.
pub fn with_age(line: Line<Link>, created: Option<Timestamp>, cx: &Context<'_>) -> Line<Link> {
    match created {
        Some(at) => line.with_right(age(since(at, cx.now)), Tone::Dim),
        None => line,
    }
}

/// The first line of a detail: its mark, the word for its state, more words, its age at the right.
pub fn head(mark: Mark, word: &str, more: &str, meta: &Meta, cx: &Context<'_>) -> Line<Link> {
    let tone = if mark == Mark::Good { Tone::Title } else { verdict::tone(mark) };
    let pieces = vec![marked(mark, cx), Piece::new(word, tone), Piece::new(format!("  {more}"), Tone::Text)];
    let line = Line::new(pieces).indented(2);
    match meta.created {
        Some(at) => line.with_right(format!("age {}", age(since(at, cx.now))), Tone::Dim),
        None => line,
    }
}

/// The line that an object on its way out has.
pub fn deleting(meta: &Meta, cx: &Context<'_>) -> Option<Line<Link>> {
    let at = meta.deleting?;
    let held = if meta.finalizers.is_empty() {
        String::new()
    } else {
        let names: Vec<&str> = meta.finalizers.iter().map(|f| &**f).collect();
        format!("; held by {}", names.join(", "))
    };
    let words = if at > cx.now {
        format!("  terminating, {} of its grace left{held}", age(since(cx.now, at)))
    } else {
        format!("  terminating, its grace ended {} ago{held}", age(since(at, cx.now)))
    };
    Some(Line::of(words, Tone::Warning).indented(2))
}

/// A bar, the share in words, and what it is a share of.
pub fn share_pieces(used: Option<f64>, words: String, glyphs: &Glyphs) -> Vec<Piece> {
    let Some(share) = used else { return vec![Piece::new(words, Tone::Text)] };
    let filled = ((share.clamp(0.0, 1.0) * BAR as f64).round() as usize).clamp(usize::from(share > 0.0), BAR);
    let (full, empty) = if glyphs.lines { ("■", "·") } else { ("#", ".") };
    let (percent, tone) = share_words(share);
    vec![
        Piece::new(full.repeat(filled), widgets::share_tone(share)),
        Piece::new(empty.repeat(BAR - filled), Tone::Border),
        Piece::new(format!(" {percent:>4}"), tone),
        Piece::new(format!("  {words}"), Tone::Text),
    ]
}

/// A course of values as a line of bars, scaled to what they may reach.
pub fn course(values: impl IntoIterator<Item = u64>, limit: Option<u64>, glyphs: &Glyphs) -> Option<Piece> {
    let values: Vec<f64> = values.into_iter().map(|v| v as f64).collect();
    (values.len() > 1)
        .then(|| Piece::new(format!("  {}", sparkline(values, limit.map(|l| l as f64), glyphs)), Tone::Gauge))
}

/// Whether a condition is good news when it holds.
fn wanted(kind: &str) -> bool {
    let bad_news = ["Failed", "FailureTarget", "ReplicaFailure", "DisruptionTarget", "Suspended"];
    !(kind.ends_with("Pressure") || kind == "NetworkUnavailable" || bad_news.contains(&kind))
}

/// Conditions, those that are bad news first.
pub fn conditions(list: &[Condition], cx: &Context<'_>) -> Section {
    let mark = |c: &Condition| match (c.status, wanted(&c.kind)) {
        (Status::Unknown, _) => Mark::Unknown,
        (Status::True, true) | (Status::False, false) => Mark::Good,
        _ => Mark::Warning,
    };
    let mut sorted: Vec<&Condition> = list.iter().collect();
    sorted.sort_by_key(|c| std::cmp::Reverse(mark(c)));
    let longest = list.iter().map(|c| width(&c.kind)).max().unwrap_or_default().min(28);
    let lines = sorted.into_iter().map(|c| condition(c, mark(c), longest, cx)).collect();
    Section::aside("Conditions", lines)
}

fn condition(condition: &Condition, mark: Mark, longest: usize, cx: &Context<'_>) -> Line<Link> {
    let why = match (condition.reason.is_empty(), condition.message.is_empty()) {
        (true, true) => String::new(),
        (false, true) => condition.reason.to_string(),
        (true, false) => condition.message.to_string(),
        // A good condition's sentence says nothing that its word does not.
        (false, false) if mark == Mark::Good => condition.reason.to_string(),
        (false, false) => format!("{}: {}", condition.reason, condition.message),
    };
    let pieces = vec![
        indented_mark(mark, cx),
        Piece::new(padded(&condition.kind, longest, &cx.theme.glyphs), Tone::Text),
        Piece::new(format!("{:<8}", format!("{:?}", condition.status)), verdict::tone(mark)),
        Piece::new(why, Tone::Dim),
    ];
    let line = Line::new(pieces).indented(6);
    match condition.since {
        Some(at) => line.with_right(format!("since {}", moment(at, cx.now)), Tone::Dim),
        None => line,
    }
}

/// Events about the object and what belongs to it.
pub fn events(target: &Ref, cx: &Context<'_>) -> Section {
    Section::aside("Events", events::lines(target, cx))
}

/// Labels, or another set of words with values.
pub fn labels_section(title: &str, labels: &Labels) -> Section {
    let line = |(key, value): &(_, _)| {
        Line::new(vec![Piece::new(format!("  {key} "), Tone::Dim), Piece::new(format!("{value}"), Tone::Text)])
            .indented(4)
    };
    Section::aside(title, labels.0.iter().map(line).collect())
}

/// Who it is, exactly.
pub fn identity(meta: &Meta) -> Section {
    let mut lines: Vec<_> = text_pair("uid", &meta.uid).into_iter().collect();
    lines.extend(meta.created.map(|at| pair("created", vec![Piece::new(stamp(at), Tone::Text)])));
    if let Some(owner) = &meta.owner {
        let words = format!("{}/{}", owner.kind, owner.name);
        lines.push(pair("owner", vec![Piece::new(words, Tone::Text)]));
    }
    Section::aside("Identity", lines)
}

/// A moment to the second: `2026-11-22 04:12:09Z`.
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%F %H:%M:%SZ").to_string()
}

/// How many pods a detail shows; the list of pods has them all.
const PODS: usize = 200;
/// Columns of a pod's state and of its restarts.
const STATE: usize = 17;
const RESTARTS: usize = 14;

/// Pods as links, the troubled first: their mark, readiness, state, restarts, and where they are.
pub fn pods<'a>(pods: impl IntoIterator<Item = &'a Pod>, with_node: bool, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut pods: Vec<&Pod> = pods.into_iter().collect();
    pods.sort_by_cached_key(|pod| (verdict::rank(verdict::of_pod(pod, cx.now)), pod.meta.key.clone()));
    let longest = pods.iter().take(PODS).map(|p| width(&p.meta.key.name)).max().unwrap_or_default().clamp(8, 40);
    let restarts = if pods.iter().any(|pod| pod.restarts() > 0) { RESTARTS } else { 0 };
    let glyphs = &cx.theme.glyphs;
    let place = if with_node { "node" } else { "namespace" };
    let heads = format!(
        "    {}{:<6}{}{}{place}",
        padded("name", longest, glyphs),
        "ready",
        padded("state", STATE, glyphs),
        if restarts > 0 { padded("restarts", restarts, glyphs) } else { String::new() },
    );
    let mut lines = vec![Line::of(heads, Tone::Dim).indented(4).with_right("age", Tone::Dim)];
    lines.extend(pods.iter().take(PODS).map(|pod| pod_line(pod, (longest, restarts), with_node, cx)));
    if pods.len() > PODS {
        lines.push(Line::of(format!("  and {} more", pods.len() - PODS), Tone::Dim));
    }
    lines
}

fn pod_line(pod: &Pod, (longest, restarts): (usize, usize), with_node: bool, cx: &Context<'_>) -> Line<Link> {
    let mark = verdict::as_known(verdict::of_pod(pod, cx.now), &Source::Watch(Kind::Pod), cx);
    let (ready, all) = readiness(pod);
    let glyphs = &cx.theme.glyphs;
    let mut pieces = vec![
        indented_mark(mark, cx),
        Piece::new(padded(&pod.meta.key.name, longest, glyphs), Tone::Accent),
        Piece::new(format!("{:<6}", format!("{ready}/{all}")), verdict::tone(mark)),
        Piece::new(padded(&pod.status(), STATE, glyphs), verdict::tone(mark)),
    ];
    if restarts > 0 {
        let cell = cells::restarts(pod.restarts(), false, pod.last_restart(), cx.now);
        pieces.push(Piece::new(padded(&cell.text, restarts, glyphs), cell.tone));
    }
    let place = if with_node { &pod.node } else { &pod.meta.key.namespace };
    pieces.push(Piece::new(place.to_string(), Tone::Dim));
    let line = Line::new(pieces).indented(4).leading(Some(Link::Object(pod.meta.reference(Kind::Pod))));
    with_age(line, pod.meta.created, cx)
}
