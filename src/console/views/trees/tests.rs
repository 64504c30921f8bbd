//! The list of trees as it is used.

use std::sync::Arc;

use jiff::SignedDuration;

use super::Trees;
use crate::config::Profile;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::console::desk::OpenTree;
use crate::console::testing::{Console, SIZES, api_down, at, healthy, theme, workload};
use crate::runbook::{Candidate, Library, View, Walk};

/// A console with the shipped runbooks, of which one is likely.
fn console(theme: Theme) -> Console {
    let mut console = Console::with(Profile::default(), theme, healthy());
    let why = "F15: api panics in a crash loop; 2 of 3 pods of revision 42";
    put(&mut console, |id| if id == "F15" { (360, why) } else { (0, "") });
    console.open(Box::new(Trees::new()));
    console
}

fn put(console: &mut Console, score: impl Fn(&str) -> (u32, &'static str)) {
    let library = Library::shipped();
    let candidate = |id: &str| {
        let book = Arc::clone(library.find(id).expect("shipped"));
        let (score, why) = score(id);
        Candidate { book, subject: (score > 0).then(|| workload("api")), score, why: why.into() }
    };
    console.app().known.desk.candidates = ["F15", "F26"].map(candidate).into();
}

fn with_open(console: &mut Console) {
    let library = Library::shipped();
    let walk = Walk::open(library.find("F26").expect("shipped").clone(), None, at("04:10"));
    let view = View {
        title: "Is the door open on every node?".into(),
        spent: SignedDuration::from_secs(129),
        subject: Some(workload("ingress")),
        ..View::default()
    };
    console.app().known.desk.trees = vec![OpenTree { id: 7, walk, view }];
    console.app().refresh();
}

#[test]
fn trees_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = console(theme());
        with_open(&mut console);
        insta::assert_snapshot!(format!("trees_{columns}x{rows}"), console.sized(columns, rows).screen());
    }
    let plain = Theme::load("dark", Depth::None, Glyphs::ASCII, &crate::config::paths::Folders::default()).0;
    let screen = console(plain).screen();
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn what_people_say_is_found_by_its_words() {
    let mut console = console(theme());
    let screen = console.keys("/every third").screen();
    assert!(screen.contains("\"it fails every third time\"") && !screen.contains("Pods panic"), "{screen}");
    insta::assert_snapshot!("trees_filtered", screen);
    let screen = console.keys("zzz").screen();
    assert!(screen.contains("no tree fits"), "{screen}");
    let screen = console.keys("<esc>").screen();
    assert!(screen.contains("Pods panic"), "{screen}");
}

#[test]
fn enter_opens_the_selected_one_on_its_subject() {
    let mut console = console(theme());
    console.keys("<enter>");
    let opened = &console.app().known.desk.trees[0];
    assert_eq!((&*opened.walk.book().id, opened.walk.subject()), ("F15", Some(&workload("api"))));
}

#[test]
fn the_selection_stays_on_its_tree_when_another_becomes_likelier() {
    let mut console = console(theme());
    console.keys("<down>");
    with_open(&mut console);
    console.app().known.desk.candidates.reverse();
    console.app().refresh();
    let screen = console.screen();
    let selected = screen.lines().find(|l| l.contains('▌')).unwrap_or_default();
    assert!(selected.contains("Some users see 502"), "{screen}");
    console.keys("<up><up><up><enter>");
    assert_eq!(console.app().top().title(), "Tree F26", "the open one");
}

#[test]
fn before_anything_is_known_it_says_so() {
    let mut console = Console::new(api_down());
    console.open(Box::new(Trees::new()));
    assert!(console.screen().contains("there are no runbooks"));
    put(&mut console, |_| (0, ""));
    console.app().refresh();
    let screen = console.screen();
    assert!(screen.contains("nothing is known yet that could speak for it"), "{screen}");
}
