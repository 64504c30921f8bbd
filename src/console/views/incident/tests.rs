//! The screen of the incident as it is used.

use super::Incident;
use crate::config::Profile;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::console::app::Request;
use crate::console::desk::OpenTree;
use crate::console::testing::{Console, SIZES, at, healthy, theme};
use crate::incident::Unknown;
use crate::runbook::{Library, View, Walk};

fn lost() -> Unknown {
    Unknown {
        incident: "INC-0006".into(),
        execution: "1795322629-4f1c".into(),
        title: "Roll back api to revision 41".into(),
        command: "kubectl -n shop rollout undo deployment/api --to-revision=41".into(),
        at: at("03:58:12"),
        target: "Deployment/shop/api".into(),
        action: None,
        check: "which revision is present? kubectl -n shop rollout history deployment/api".into(),
    }
}

fn console(theme: Theme) -> Console {
    let mut console = Console::with(Profile::default(), theme, healthy());
    let library = Library::shipped();
    let walk = Walk::open(library.find("F15").expect("shipped").clone(), None, at("04:03"));
    let view = View { title: "Did it begin with a new revision?".into(), ..View::default() };
    let desk = &mut console.app().known.desk;
    desk.incident = Some(("INC-0007".into(), at("03:57:37")));
    desk.unknown = vec![lost()];
    desk.trees = vec![OpenTree { id: 3, walk, view }];
    desk.story =
        (0..40).map(|n| (at(&format!("04:{:02}", n / 4)), format!("something happened, number {n}"))).collect();
    console.open(Box::new(Incident::new()));
    console
}

#[test]
fn incidents_at_every_size() {
    for (columns, rows) in SIZES {
        insta::assert_snapshot!(format!("incident_{columns}x{rows}"), console(theme()).sized(columns, rows).screen());
    }
    let plain = Theme::load("dark", Depth::None, Glyphs::ASCII, &crate::config::paths::Folders::default()).0;
    let screen = console(plain).screen();
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn the_story_follows_what_happens_until_it_is_scrolled() {
    let mut console = console(theme());
    let tell = |console: &mut Console, text: &str| {
        console.app().known.desk.story.push((at("04:12"), text.to_owned()));
        console.app().refresh();
    };
    assert!(console.screen().contains("number 39"));
    tell(&mut console, "one more");
    assert!(console.screen().contains("one more"));
    console.keys("<pgup>");
    tell(&mut console, "and another");
    assert!(!console.screen().contains("and another"));
    assert!(console.keys("G").screen().contains("and another"));
}

#[test]
fn a_request_of_unknown_outcome_says_what_to_look_at_and_that_is_copied() {
    let mut console = console(theme());
    let screen = console.screen();
    assert!(screen.contains("Roll back api to revision 41"), "{screen}");
    console.keys("<tab>gC");
    let copied =
        console.requests().iter().any(|r| *r == Request::Copy("kubectl -n shop rollout history deployment/api".into()));
    assert!(copied, "{:?}", console.requests());
}

#[test]
fn an_open_tree_is_reached() {
    let mut console = console(theme());
    console.keys("<tab>G<enter>");
    assert_eq!(console.app().top().title(), "Tree F15");
}

#[test]
fn without_an_incident_it_says_when_one_begins() {
    let mut console = Console::new(healthy());
    console.keys("i");
    let screen = console.screen();
    assert!(screen.contains("no incident is open") && screen.contains("nothing yet"), "{screen}");
}
