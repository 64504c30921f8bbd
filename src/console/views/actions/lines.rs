//! What the menu of actions says, line by line.

use super::Link;
use super::offers::{Offer, Wants, fits};
use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::verdict::tone;
use crate::console::views::workload::revision_pieces;
use crate::console::widgets::Piece;
use crate::situation::time::{age, since};
use crate::situation::{Kind, Ref, Source};

/// The column in which what an action does begins.
const COLUMN: usize = 19;

/// What can be done to each of the targets.
pub fn menu(targets: &[Ref], about: &[Ref], cx: &Context<'_>) -> Vec<Line<Link>> {
    if targets.is_empty() {
        return about.iter().flat_map(|object| nothing(object, cx)).collect();
    }
    let mut lines = Vec::new();
    for target in targets {
        lines.push(Line::new(named(target, cx)).indented(2));
        lines.extend(fits(target).map(|offer| entry(&offer, cx)));
        lines.push(Line::blank());
    }
    lines.push(Line::of(
        "Enter shows a plan: what would be done, and what it would cost. It changes nothing.",
        Tone::Dim,
    ));
    lines
}

/// An object with its state in a few words.
fn named(target: &Ref, cx: &Context<'_>) -> Vec<Piece> {
    let (words, colour) = state(target, cx);
    vec![
        Piece::new(format!("{} {}", labels::kind(target.kind), target.key), Tone::Title),
        Piece::new(format!("  {words}"), colour),
    ]
}

fn state(target: &Ref, cx: &Context<'_>) -> (String, Tone) {
    use crate::detect::Mark;
    let s = cx.situation;
    let said = |words: String, bad: bool| (words, tone(if bad { Mark::Warning } else { Mark::Good }));
    let found = match target.kind {
        Kind::Node => s.nodes.get(&target.key).map(|n| {
            let words = if n.unschedulable { "cordoned" } else { "takes new pods" };
            said(words.to_owned(), n.unschedulable)
        }),
        Kind::Pod => s.pods.get(&target.key).map(|p| {
            let place = if p.node.is_empty() { String::new() } else { format!(" on {}", p.node) };
            said(format!("{}, {} restarts{place}", p.status(), p.restarts()), !p.ready())
        }),
        Kind::Deployment => s.deployments.get(&target.key).map(|d| {
            let revision = d.revision.map_or_else(String::new, |n| format!(", revision {n}"));
            said(format!("{}/{} ready{revision}", d.ready, d.replicas), d.ready < d.replicas)
        }),
        _ => None,
    };
    found.unwrap_or_else(|| ("gone".to_owned(), Tone::Unknown))
}

fn entry(offer: &Offer, cx: &Context<'_>) -> Line<Link> {
    let idle = offer.idle(cx);
    let plain = if idle.is_some() { Tone::Dim } else { Tone::Text };
    let mut pieces = vec![
        Piece::new(format!("  {:<4}", offer.spec.id), Tone::Dim),
        Piece::new(format!("{:<COLUMN$}", offer.spec.name), if idle.is_some() { Tone::Dim } else { Tone::Accent }),
        Piece::new(offer.spec.summary, plain),
    ];
    let asked = match offer.wants() {
        Wants::Nothing => "",
        Wants::Number(_) => "; asks how many",
        Wants::Revision(_) => "; asks which",
    };
    pieces.push(Piece::new(asked, Tone::Dim));
    if let Some(why) = idle {
        pieces.push(Piece::new(format!("  ({why})"), Tone::Unknown));
    }
    let link = Link::Offer(offer.spec.name, offer.target.clone());
    Line::new(pieces).indented(COLUMN as u16 + 6).with_right(offer.class(), Tone::Dim).leading(Some(link))
}

/// Why there is nothing to choose.
fn nothing(object: &Ref, cx: &Context<'_>) -> Vec<Line<Link>> {
    let name = labels::kind(object.kind);
    let why = match object.kind {
        Kind::Node | Kind::Pod | Kind::ReplicaSet | Kind::Deployment => {
            match missing(cx, &Source::Watch(object.kind)) {
                Some((words, _)) => words,
                None => format!("{name} {} is gone, or another has taken its name", object.key),
            }
        }
        Kind::DaemonSet | Kind::StatefulSet | Kind::Job => {
            format!("nothing is offered for a {name}; its pods can be deleted one by one: open it and choose one")
        }
        _ => format!("nothing is offered for a {name}"),
    };
    vec![Line::of(why, Tone::Unknown)]
}

/// The revisions to choose from.
pub fn revisions(offer: &Offer, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mut lines = vec![Line::new(named(&offer.target, cx)), Line::blank()];
    if let Some((words, tone)) = missing(cx, &Source::Watch(Kind::ReplicaSet)) {
        lines.push(Line::of(words, tone));
        return lines;
    }
    let current = cx.situation.deployments.get(&offer.target.key).and_then(|d| d.revision);
    for set in cx.situation.revisions(&offer.target.key) {
        let now = set.revision.is_some() && set.revision == current;
        let mut pieces = revision_pieces(set, now, cx);
        if now {
            pieces.push(Piece::new("  is running now", Tone::Dim));
        }
        let mut line = Line::new(pieces).indented(9);
        if let Some(at) = set.meta.created {
            line = line.with_right(age(since(at, cx.now)), Tone::Dim);
        }
        lines.push(line.leading(set.revision.filter(|_| !now).map(Link::Revision)));
    }
    lines.push(Line::blank());
    lines.push(Line::of("Enter shows the plan for going to the selected revision, with what differs.", Tone::Dim));
    lines
}

/// The question for a number, with what is typed of it.
pub fn number(offer: &Offer, typed: &str, cx: &Context<'_>) -> Vec<Line<Link>> {
    let question = match offer.spec.name {
        "scale" => "How many pods?".to_owned(),
        other => format!("{other}: which number?"),
    };
    let cursor = if cx.theme.glyphs.lines { "▏" } else { "_" };
    vec![
        Line::new(named(&offer.target, cx)),
        Line::blank(),
        Line::new(vec![
            Piece::new(format!("{question}  "), Tone::Text),
            Piece::new(typed, Tone::Title),
            Piece::new(cursor, Tone::Accent),
        ]),
        Line::blank(),
        Line::of("Type a number, or change it with up and down. Enter shows the plan, esc goes back.", Tone::Dim),
    ]
}
