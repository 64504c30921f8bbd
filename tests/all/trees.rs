//! The shipped trees from outside: every way of every step can be taken, whatever is known, and leads to an end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crashcart::config::Profile;
use crashcart::config::source::SourceFile;
use crashcart::detect::Scene;
use crashcart::runbook::check::Logs;
use crashcart::runbook::{Book, Ending, FILES, Taken, View, Walk, WayVerdict, What, read};
use crashcart::situation::Situation;

fn books() -> Vec<Arc<Book>> {
    let one = |(id, text): &(&str, &str)| {
        let file = SourceFile { path: format!("runbooks/{id}.yaml").into(), text: (*text).to_owned() };
        Arc::new(read(&file).unwrap_or_else(|all| panic!("{all:#?}")))
    };
    FILES.iter().map(one).collect()
}

/// A world of which nothing is known yet.
struct Nothing {
    situation: Situation,
    profile: Profile,
    logs: Logs,
}

impl Nothing {
    fn new() -> Self {
        Self { situation: Situation::new(), profile: Profile::generic(), logs: Logs::default() }
    }

    fn view(&self, walk: &Walk) -> View {
        walk.view(Scene { situation: &self.situation, profile: &self.profile }, &[], &self.logs)
    }
}

/// Every step with the shortest path that leads to it, by taking every way from every step.
fn reached(book: &Arc<Book>) -> BTreeMap<String, Walk> {
    let nothing = Nothing::new();
    let mut reached = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([Walk::open(book.clone(), None, nothing.situation.now)]);
    while let Some(walk) = open.pop_front() {
        let view = nothing.view(&walk);
        if reached.contains_key(&view.step) {
            continue;
        }
        for way in 0..view.ways.len() {
            let mut next = walk.clone();
            assert!(!matches!(next.take(way, &view, nothing.situation.now), Taken::Refused(_)), "{}", view.step);
            open.push_back(next);
        }
        reached.insert(view.step, walk);
    }
    reached
}

#[test]
fn every_step_is_reached_and_every_way_can_be_taken() {
    for book in books() {
        let reached = reached(&book);
        assert_eq!(reached.keys().collect::<Vec<_>>(), book.steps.keys().collect::<Vec<_>>(), "{}", book.id);
        let longest = reached.values().map(|w| w.path().len()).max();
        assert!(longest <= Some(14), "{}: {longest:?} steps are too many at night", book.id);
    }
}

#[test]
fn with_nothing_known_nothing_about_the_cluster_is_suggested() {
    let nothing = Nothing::new();
    for book in books() {
        for (id, walk) in reached(&book) {
            let view = nothing.view(&walk);
            let suggested = view.ways.iter().any(|w| w.verdict == WayVerdict::Suggested);
            match &book.steps[&id].what {
                What::Check { check, .. } if check != "findings" => {
                    assert!(!suggested && view.unknown.is_some(), "{} {id}: {view:#?}", book.id);
                }
                What::Act { .. } | What::Until { .. } => assert!(!suggested, "{} {id}: {view:#?}", book.id),
                _ => {}
            }
        }
    }
}

#[test]
fn every_step_explains_itself_and_every_end_says_what_is_left() {
    let nothing = Nothing::new();
    for book in books() {
        for (id, walk) in reached(&book) {
            let (view, step) = (nothing.view(&walk), &book.steps[&id]);
            let at = format!("{} {id}", book.id);
            match &step.what {
                What::End { end, to, attach, .. } => {
                    assert!(view.note.len() > 40, "{at}");
                    let handed_over = matches!(end, Ending::Escalate | Ending::Wait);
                    assert!(!handed_over || (!to.is_empty() && !attach.is_empty()), "{at}: to whom, with what?");
                }
                What::Note { .. } => assert!(view.note.len() > 60, "{at}"),
                _ => assert!(step.why.text().len() > 80, "{at}"),
            }
        }
    }
}

/// The entries of the catalogue that each of the two is told from (its differential) are named where a tree ends.
#[test]
fn the_differentials_of_the_catalogue_are_there() {
    for (id, others) in [
        ("F15", &["F14", "F19", "F20", "F23", "F26"][..]),
        ("F26", &["F01", "F04", "F07", "F11", "F12", "F14", "F15", "F16"]),
    ] {
        let book = books().into_iter().find(|b| b.id == id).unwrap();
        let ends = book.steps.values().filter_map(|s| match &s.what {
            What::End { say, .. } => Some(format!("{} {}", s.title.text(), say.text())),
            _ => None,
        });
        let ends: String = ends.collect();
        for other in others {
            assert!(ends.contains(other), "{id} ends nowhere at {other}");
        }
        let endings: BTreeSet<&str> = book
            .steps
            .values()
            .filter_map(|s| match s.what {
                What::End { end, .. } => Some(match end {
                    Ending::Resolved => "resolved",
                    Ending::Watch => "watch",
                    Ending::Wait => "wait",
                    Ending::Escalate => "escalate",
                }),
                _ => None,
            })
            .collect();
        assert!(endings.is_superset(&BTreeSet::from(["resolved", "wait", "escalate"])), "{id}: {endings:?}");
    }
}

/// Runbooks speak of roles, never of one team's workloads.
#[test]
fn no_runbook_names_a_deployment() {
    let shown = include_str!("../../profiles/honeydue.yaml");
    assert!(shown.contains("honeydue") && shown.contains("nbg1-1"));
    for (id, text) in FILES {
        for name in ["honeydue", "nbg1", "traefik", "redis", "neon", "cloudflare", "gitea"] {
            assert!(!text.to_lowercase().contains(name), "{id} says {name}");
        }
    }
}
