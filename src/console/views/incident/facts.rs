//! What is to be known of the incident besides its story.

use super::Link;
use crate::config::theme::Tone;
use crate::console::desk::{OpenTree, Running, Stage};
use crate::console::freshness::clock;
use crate::console::labels;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::Piece;
use crate::incident::Unknown;
use crate::situation::time::{age, since};

/// Its number, requests of unknown outcome, the execution, trees, most pressing first.
pub fn lines(cx: &Context<'_>) -> Vec<Line<Link>> {
    let desk = cx.desk;
    let parts = [
        desk.unknown.iter().flat_map(|unknown| lost(unknown, cx)).collect(),
        desk.running.iter().flat_map(|running| execution(running, cx)).collect(),
        desk.trees.iter().map(tree).collect(),
    ];
    let titles = ["Outcome unknown: look before anything else is done", "The last execution", "Open trees"];
    let mut lines = head(cx);
    for (title, part) in titles.into_iter().zip(parts) {
        let part: Vec<Line<Link>> = part;
        if !part.is_empty() {
            lines.push(Line::of(title, Tone::Title));
            lines.extend(part);
        }
    }
    lines
}

fn head(cx: &Context<'_>) -> Vec<Line<Link>> {
    let context = cx.situation.cluster.context.as_str();
    let cluster = if context.is_empty() { "no cluster yet" } else { context };
    match &cx.desk.incident {
        Some((id, began)) => {
            let lasts = age(since(*began, cx.now));
            vec![
                Line::new(vec![
                    Piece::new(id.clone(), Tone::Title),
                    Piece::new(format!("  began {} · lasts {lasts}", clock(*began, cx.now)), Tone::Text),
                ])
                .indented(2)
                .with_right(cluster, Tone::Dim),
                Line::of("  over when nothing above info was found for ten minutes and no tree is open", Tone::Dim)
                    .indented(2),
            ]
        }
        None => vec![
            Line::of("no incident is open", Tone::Title).with_right(cluster, Tone::Dim),
            Line::of("  one begins with a confirmed finding, an open tree or a plan", Tone::Dim).indented(2),
        ],
    }
}

fn lost(unknown: &Unknown, cx: &Context<'_>) -> Vec<Line<Link>> {
    let glyph = cx.theme.glyphs.unknown;
    let title = Line::new(vec![
        Piece::new(format!("  {glyph} "), Tone::Unknown),
        Piece::new(unknown.title.clone(), Tone::Warning),
        Piece::new(format!("  {} in {}", unknown.target, unknown.incident), Tone::Dim),
    ]);
    let title = title.indented(4).with_right(clock(unknown.at, cx.now), Tone::Dim);
    let words = "    the program ended before it was known whether this request was carried out";
    vec![
        title.leading(Some(Link::Look(unknown.execution.clone(), line_of(&unknown.check)))),
        Line::of(words, Tone::Dim).indented(4),
        Line::of(format!("    {}", unknown.check), Tone::Accent).indented(4),
    ]
}

/// The command within the words on what to look at; the words where there is none.
fn line_of(check: &str) -> String {
    check.find("kubectl ").and_then(|at| check.get(at..)).unwrap_or(check).to_owned()
}

fn execution(running: &Running, cx: &Context<'_>) -> Vec<Line<Link>> {
    let glyphs = &cx.theme.glyphs;
    let (glyph, word, tone) = match &running.stage {
        Stage::Sending { .. } => (glyphs.live, "is on its way", Tone::Accent),
        Stage::Verifying(..) => (glyphs.live, "waits for its proof", Tone::Accent),
        Stage::Worked(_) => (glyphs.good, "worked", Tone::Good),
        Stage::Failed(_) => (glyphs.bad, "failed", Tone::Bad),
        Stage::Unknown(_) => (glyphs.unknown, "has an unknown outcome", Tone::Bad),
        Stage::Stopped(_) => (glyphs.warning, "was stopped", Tone::Warning),
    };
    let title = Line::new(vec![
        Piece::new(format!("  {glyph} "), tone),
        Piece::new(running.plan.title.clone(), Tone::Text),
        Piece::new(format!("  {word}"), tone),
    ]);
    let title = title.indented(4).with_right(clock(running.began, cx.now), Tone::Dim).leading(Some(Link::Run));
    let says = match &running.stage {
        Stage::Worked(says) | Stage::Failed(says) | Stage::Stopped(says) | Stage::Unknown(says) => says.as_str(),
        Stage::Sending { .. } | Stage::Verifying(..) => "",
    };
    let says = (!says.is_empty()).then(|| Line::of(format!("    {says}"), Tone::Dim).indented(4));
    std::iter::once(title).chain(says).collect()
}

fn tree(tree: &OpenTree) -> Line<Link> {
    let about = tree.view.subject.as_ref();
    let about = about.map_or_else(String::new, |r| format!(" · {}/{}", labels::kind(r.kind), r.key.name));
    let pieces = vec![
        Piece::new(format!("  {}{about}  ", tree.walk.book().id), Tone::Accent),
        Piece::new(tree.view.title.clone(), Tone::Text),
    ];
    let spent = format!("step {}", tree.walk.path().len());
    Line::new(pieces).indented(4).with_right(spent, Tone::Dim).leading(Some(Link::Tree(tree.id)))
}
