//! The revisions of a Deployment as lines of its detail.

use crate::config::theme::Tone;
use crate::console::freshness::missing;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::views::detail::{Link, parts};
use crate::console::widgets::Piece;
use crate::situation::object::ReplicaSet;
use crate::situation::{Kind, Ref, Source};

/// Revisions, newest first; each leads to what it changed.
pub fn lines(target: &Ref, current: Option<u64>, cx: &Context<'_>) -> Vec<Line<Link>> {
    match target.kind {
        Kind::Deployment => {
            if let Some((words, tone)) = missing(cx, &Source::Watch(Kind::ReplicaSet)) {
                return vec![Line::of(format!("  {words}"), tone).indented(2)];
            }
            let sets = cx.situation.revisions(&target.key);
            sets.into_iter().map(|set| line(set, current, cx)).collect()
        }
        Kind::DaemonSet | Kind::StatefulSet => {
            vec![Line::of("  kept as ControllerRevisions, which are not read here", Tone::Unknown).indented(2)]
        }
        _ => Vec::new(),
    }
}

fn line(set: &ReplicaSet, current: Option<u64>, cx: &Context<'_>) -> Line<Link> {
    let now = set.revision.is_some() && set.revision == current;
    let line = Line::new(pieces(set, now, cx)).indented(9);
    let line = line.leading(Some(Link::Revision(set.meta.reference(Kind::ReplicaSet))));
    parts::with_age(line, set.meta.created, cx)
}

/// A revision in one line: number, images, its pods, its cause; `now`: it is the present one.
pub fn pieces(set: &ReplicaSet, now: bool, cx: &Context<'_>) -> Vec<Piece> {
    let number = set.revision.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let mut pieces = vec![
        Piece::new(format!("  {:<2}", if now { cx.theme.glyphs.live } else { "" }), Tone::Accent),
        Piece::new(format!("{number:<5}"), Tone::Accent),
        Piece::new(images(set), if now { Tone::Text } else { Tone::Dim }),
    ];
    if set.replicas > 0 || set.current > 0 {
        let tone = if set.ready < set.replicas { Tone::Warning } else { Tone::Text };
        pieces.push(Piece::new(format!("  {}/{} ready", set.ready, set.replicas), tone));
    }
    if !set.change_cause.is_empty() {
        pieces.push(Piece::new(format!("  {}", set.change_cause), Tone::Dim));
    }
    pieces
}

/// The images of a revision, with the container's name where there are several.
fn images(set: &ReplicaSet) -> String {
    match &*set.containers {
        [only] => only.image.to_string(),
        several => several.iter().map(|c| format!("{} {}", c.name, c.image)).collect::<Vec<_>>().join(", "),
    }
}
