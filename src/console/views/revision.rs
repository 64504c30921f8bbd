//! One revision of a Deployment: what it changed against the one before, and how its pods are.

use super::detail::parts::{self, head, link_pair, pair, text_pair};
use super::detail::{Detail, Link, Section, Shown};
use super::verdict;
use crate::config::keymap::Command;
use crate::config::theme::Tone;
use crate::console::page::Line;
use crate::console::screen::Context;
use crate::console::widgets::{Piece, matches_width};
use crate::detect::Mark;
use crate::situation::object::{Meta, Pod, ReplicaSet};
use crate::situation::template::{self, Difference, differences};
use crate::situation::{Key, Kind, Ref, Situation, Source};

/// A revision of a Deployment, which is a ReplicaSet.
pub type Revision = Detail<ReplicaSet>;

/// Values up to this width stand on one line, old and new.
const SHORT: usize = 60;

impl Shown for ReplicaSet {
    fn find(target: &Ref, cx: &Context<'_>) -> Option<Self> {
        cx.situation.replica_sets.get(&target.key).cloned()
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn sections(&self, target: &Ref, cx: &Context<'_>) -> Vec<Section> {
        let before = before(self, cx.situation);
        let title = match before {
            Some(before) => format!("What it changed against revision {}", number(before)),
            None => "What it changed".to_owned(),
        };
        let mine = |pod: &&Pod| pod.meta.owner.as_ref().is_some_and(|o| o.uid == self.meta.uid);
        let pods = cx.situation.pods_in(&self.meta.key.namespace).filter(mine);
        vec![
            Section::new("", state(self, cx)),
            Section::new(title, changed(self, before, cx)),
            Section::new("Its pods", parts::pods(pods, true, cx)),
            parts::events(target, cx),
            parts::conditions(&self.conditions, cx),
            parts::labels_section("Labels", &self.meta.labels),
            parts::identity(&self.meta),
        ]
    }

    fn hints() -> &'static [Command] {
        &[Command::Open, Command::Logs, Command::Events, Command::NextPane, Command::Copy]
    }
}

fn number(set: &ReplicaSet) -> String {
    set.revision.map_or_else(|| "?".to_owned(), |n| n.to_string())
}

/// The Deployment of a revision.
fn deployment(set: &ReplicaSet) -> Option<Ref> {
    let owner = set.meta.owner.as_ref().filter(|o| o.kind == "Deployment")?;
    let key = Key { namespace: set.meta.key.namespace.clone(), name: owner.name.clone() };
    Some(Ref { kind: Kind::Deployment, key, uid: owner.uid.clone() })
}

/// The revision before this one, of those that are still kept.
fn before<'a>(set: &ReplicaSet, situation: &'a Situation) -> Option<&'a ReplicaSet> {
    let all = situation.revisions(&deployment(set)?.key);
    all.into_iter().find(|other| other.revision < set.revision)
}

fn state(set: &ReplicaSet, cx: &Context<'_>) -> Vec<Line<Link>> {
    let mark = match (set.ready, set.replicas) {
        (_, 0) => Mark::Unknown,
        (ready, wanted) if ready >= wanted => Mark::Good,
        (0, _) => Mark::Bad,
        _ => Mark::Warning,
    };
    let mark = verdict::as_known(mark, &Source::Watch(Kind::ReplicaSet), cx);
    let words =
        if set.replicas == 0 { "no pods wanted".to_owned() } else { format!("{}/{} ready", set.ready, set.replicas) };
    let mut lines = vec![head(mark, &format!("revision {}", number(set)), &words, &set.meta, cx)];
    if let Some(deployment) = deployment(set) {
        let (words, tone) = super::workload::state_words(&deployment, cx);
        lines.push(link_pair("workload", &deployment, Piece::new(words, tone)));
    }
    lines.extend(set.meta.created.map(|at| pair("since", vec![Piece::new(parts::moment(at, cx.now), Tone::Text)])));
    lines.extend(text_pair("cause", &set.change_cause));
    lines.extend(set.containers.iter().filter_map(|c| text_pair(&c.name, &c.image)));
    lines
}

fn changed(set: &ReplicaSet, before: Option<&ReplicaSet>, cx: &Context<'_>) -> Vec<Line<Link>> {
    let Some(before) = before else {
        return vec![Line::of("  no earlier revision is kept to compare it with", Tone::Dim).indented(2)];
    };
    match differences(&before.template, &set.template) {
        None => vec![Line::of("  one of the two templates could not be read", Tone::Unknown)],
        Some(found) if found.is_empty() => vec![Line::of("  nothing: the two templates are the same", Tone::Dim)],
        Some(found) => found.iter().flat_map(|difference| lines(difference, cx)).collect(),
    }
}

fn lines(difference: &Difference, cx: &Context<'_>) -> Vec<Line<Link>> {
    let path = |end: &str| Piece::new(format!("  {}{end}", difference.path), Tone::Accent);
    let arrow = cx.theme.glyphs.arrow;
    match (&difference.old, &difference.new) {
        (Some(old), Some(new)) if matches_width(old, SHORT) && matches_width(new, SHORT) => {
            let pieces = vec![
                path(": "),
                Piece::new(old.clone(), Tone::Bad),
                Piece::new(format!(" {arrow} "), Tone::Dim),
                Piece::new(new.clone(), Tone::Good),
            ];
            vec![Line::new(pieces).indented(4)]
        }
        (Some(old), Some(new)) => vec![
            Line::new(vec![path(":")]).indented(4),
            Line::of(format!("    - {old}"), Tone::Bad).indented(6),
            Line::of(format!("    + {new}"), Tone::Good).indented(6),
        ],
        (Some(old), None) => vec![one(path(": "), "removed, was ", old, Tone::Bad)],
        (None, Some(new)) if new == template::CHANGED => vec![one(path(": "), "", new, Tone::Warning)],
        (None, Some(new)) => vec![one(path(": "), "added, ", new, Tone::Good)],
        (None, None) => Vec::new(),
    }
}

fn one(path: Piece, word: &str, value: &str, tone: Tone) -> Line<Link> {
    Line::new(vec![path, Piece::new(word, Tone::Dim), Piece::new(value, tone)]).indented(4)
}
