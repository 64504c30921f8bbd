//! The screen of a tree as it is used: steps as they could be, keys in, frames out.

use jiff::SignedDuration;

use super::Tree;
use crate::action::{Action, Arming};
use crate::config::Profile;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::console::app::Request;
use crate::console::desk::OpenTree;
use crate::console::testing::{Console, SIZES, at, healthy, panicking, theme, workload};
use crate::runbook::{Act, Ending, Library, Row, Tone, View, Walk, Way, WayVerdict};
use crate::situation::{Key, Kind, Ref};
use crate::watch::LogQuery;

const ID: u64 = 1;

fn way(say: &str, to: &str, verdict: WayVerdict) -> Way {
    Way { say: say.into(), to: (to.into(), format!("What comes at {to}?")), verdict }
}

fn row(tone: Tone, what: &str, says: &str) -> Row {
    Row { tone, what: what.into(), says: says.into() }
}

fn pod(name: &str) -> Ref {
    Ref { kind: Kind::Pod, key: Key::new("shop", name), uid: "uid-1".into() }
}

/// A check with every verdict that a way can have.
fn check() -> View {
    View {
        step: "other-findings".into(),
        title: "Do requests go to pods that cannot answer?".into(),
        why: "Behind the ingress, a Service spreads requests over the pods that count as ready. If one of them is not \
              (or its node is not) and still gets requests, its share of them fails, on all nodes alike. A pod that \
              crashes now and then does the same for the moment of each crash."
            .into(),
        rows: vec![
            row(Tone::Good, "endpoints of api", "3 of 3 get requests"),
            row(Tone::Bad, "api-9f3c-c8v7t", "not ready since 04:03, still gets requests; ended with exit 2 at 04:10"),
            row(Tone::Warn, "api-9f3c-m5w2q", "ready, crashed 5 times within the hour"),
            row(Tone::Unknown, "requests", "no request rate is configured"),
            row(Tone::Plain, "service", "shop/api, port 8080"),
        ],
        ways: vec![
            way("api-9f3c-c8v7t is not ready and still gets requests", "save-log", WayVerdict::Suggested),
            way("api-9f3c-m5w2q crashed within the last hour", "crashing", WayVerdict::Holds),
            way("No: all that get requests look well", "other-findings", WayVerdict::RuledOut),
            way(
                "One is on a sick node",
                "nodes",
                WayVerdict::CannotTell("nodes cannot be seen: this account may not list nodes".into()),
            ),
        ],
        command: "kubectl -n shop get endpointslices -l kubernetes.io/service-name=api -o wide".into(),
        spent: SignedDuration::from_secs(72),
        subject: Some(workload("api")),
        ..View::default()
    }
}

/// A change with two objects to choose from.
fn change() -> View {
    let choices = ["api-9f3c-c8v7t", "api-9f3c-m5w2q"].map(|name| Action::DeletePod { pod: pod(name) });
    View {
        step: "restart-pod".into(),
        title: "Delete the pod that cannot answer".into(),
        why: "It leaves the Service at once, so no more requests go to it, and its controller makes another.".into(),
        rows: vec![row(Tone::Bad, "endpoints of api", "2 of 3 are well")],
        act: Some(Act {
            summary: "delete one pod; its controller makes another".into(),
            choices: choices.into(),
            none: String::new(),
        }),
        ways: vec![
            way("it worked", "each-node", WayVerdict::Open),
            way("it failed, or did not help", "other-findings", WayVerdict::Open),
            way("it is not to be done", "endpoints", WayVerdict::Open),
        ],
        command: "kubectl -n shop delete pod api-9f3c-c8v7t".into(),
        spent: SignedDuration::from_secs(9),
        ..View::default()
    }
}

fn end() -> View {
    View {
        step: "developers".into(),
        title: "Somebody has to look deeper".into(),
        note: "Neither the nodes nor the ingress nor one pod explains it.".into(),
        end: Some((
            Ending::Escalate,
            "developers".into(),
            vec!["What each node answered".into(), "The log of the ingress on each node".into()],
        )),
        before: Some(at("04:05:40")),
        ..View::default()
    }
}

/// A tree with a path of three steps whose present one looks like this.
fn tree(view: View) -> OpenTree {
    let library = Library::shipped();
    let mut walk = Walk::open(library.find("F26").expect("shipped").clone(), None, at("04:10:05"));
    let here = view.step.clone();
    for (step, to, say, verdict, time) in [
        ("ingress", "endpoints", "It is ready on all nodes that should have it", WayVerdict::Suggested, "04:10:31"),
        ("endpoints", &here, "No: all that get requests look well", WayVerdict::Open, "04:11:02"),
    ] {
        let left = View { step: step.into(), ways: vec![way(say, to, verdict)], ..View::default() };
        walk.take(0, &left, at(time));
    }
    OpenTree { id: ID, walk, view }
}

fn shown(mut console: Console, view: View) -> Console {
    console.app().known.desk.trees = vec![tree(view)];
    console.open(Box::new(Tree::open(ID)));
    console
}

fn opened(view: View) -> Console {
    shown(Console::new(healthy()), view)
}

/// The view becomes another one, as it does when more becomes known.
fn becomes(console: &mut Console, change: impl FnOnce(&mut View)) {
    change(&mut console.app().known.desk.trees[0].view);
    console.app().refresh();
}

/// The row of the screen that is selected.
fn selected(console: &mut Console) -> String {
    let screen = console.screen();
    screen.lines().find(|line| line.contains('▌')).unwrap_or_default().to_owned()
}

#[test]
fn steps_at_every_size() {
    for (columns, rows) in SIZES {
        for (name, view) in [("check", check()), ("change", change()), ("end", end())] {
            let screen = opened(view).sized(columns, rows).screen();
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen);
        }
    }
}

#[test]
fn steps_without_colour_and_unicode() {
    let plain = Theme::load("dark", Depth::None, Glyphs::ASCII, &crate::config::paths::Folders::default()).0;
    let screen = shown(Console::with(Profile::default(), plain, healthy()), check()).screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("check_ascii", screen);
}

#[test]
fn everything_that_matters_of_a_long_step_is_on_a_small_screen() {
    let rows = (0..12).map(|n| row(if n == 11 { Tone::Bad } else { Tone::Good }, &format!("pod {n}"), "a fact"));
    let ways = (0..7).map(|n| way(&format!("The answer number {n}"), &format!("step-{n}"), WayVerdict::Open));
    let view = View { rows: rows.collect(), ways: ways.collect(), why: check().why.repeat(3), ..check() };
    let mut console = opened(view);
    let screen = console.screen();
    for text in ["Do requests go", "twice: all", "and 9 more", "pod 11", "7  The answer number 6", "$ kubectl"] {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
    insta::assert_snapshot!("long_80x24", screen);
    assert!(!console.keys("w").screen().contains("Behind the ingress"), "explanations are hidden");
    let whole = console.keys("w").screen();
    assert!(whole.contains("pod 6") && !whole.contains("(w twice"), "everything, to be scrolled\n{whole}");
}

#[test]
fn what_is_not_known_is_said() {
    let pod = Key::new("shop", "api-9f3c-c8v7t");
    let reads = vec![LogQuery { pod, container: "api".into(), previous: true, follow: false, tail: 200 }];
    let unknown = Some("pods cannot be seen: this account may not list pods".to_owned());
    let view = View { rows: Vec::new(), ways: Vec::new(), reads, unknown, command: String::new(), ..check() };
    let screen = opened(view).screen();
    insta::assert_snapshot!("unknown", screen);
}

#[test]
fn hostile_texts_stay_in_their_place() {
    let evil = "\x1b]0;owned\x07\u{202e}日本語のポッド名前が長い".repeat(9);
    let mut view = check();
    view.rows = vec![row(Tone::Bad, &evil, &evil), row(Tone::Good, "x", &"y".repeat(5000))];
    view.ways = vec![way(&evil, "a", WayVerdict::CannotTell(evil.clone())), way("ok", "b", WayVerdict::Open)];
    view.command = format!("kubectl get pod {evil}");
    for (columns, rows) in SIZES {
        let screen = opened(view.clone()).sized(columns, rows).screen();
        assert!(!screen.contains(['\x1b', '\x07']), "{screen:?}");
        assert_eq!(screen.lines().count(), usize::from(rows));
    }
    let mut console = opened(view);
    console.keys("C");
    let copied = console.requests().iter().find_map(|r| match r {
        Request::Copy(text) => Some(text.clone()),
        _ => None,
    });
    assert!(copied.is_some_and(|text| !text.contains(['\x1b', '\x07', '\u{202e}'])));
}

#[test]
fn the_selection_is_on_the_suggested_way_until_it_is_moved() {
    let mut console = opened(check());
    assert!(selected(&mut console).contains("1  suggested:"));
    becomes(&mut console, |view| view.ways.swap(0, 2));
    assert!(selected(&mut console).contains("3  suggested:"), "it follows the suggestion");
    console.keys("<up>");
    assert!(selected(&mut console).contains("2  holds too:"));
    becomes(&mut console, |view| {
        view.ways.swap(0, 1);
        view.ways[0].say = "api-9f3c-m5w2q crashed 6 times within the last hour".into();
    });
    assert!(
        selected(&mut console).contains("1  holds too:"),
        "it stays on the way, wherever that is and whatever it says"
    );
    becomes(&mut console, |view| drop(view.ways.remove(0)));
    assert!(selected(&mut console).contains("suggested"), "a way that is gone is not taken by mistake");
}

#[test]
fn of_two_ways_to_one_step_the_selected_one_stays_selected() {
    let mut console = opened(View {
        ways: ["refuses", "hangs", "lies"].map(|say| way(say, "steer-out", WayVerdict::Open)).into(),
        ..check()
    });
    console.keys("<down>");
    assert!(selected(&mut console).contains("2  hangs"));
    becomes(&mut console, |view| view.ways.swap(1, 2));
    assert!(selected(&mut console).contains("3  hangs"));
    becomes(&mut console, |view| view.ways[2].say = "hangs for 3s".into());
    assert!(selected(&mut console).contains("hangs for 3s") || selected(&mut console).contains("lies"));
}

#[test]
fn objects_are_chosen_and_a_plan_is_asked_for() {
    let mut console = opened(change());
    assert!(selected(&mut console).contains("api-9f3c-c8v7t"));
    console.keys("<down>");
    becomes(&mut console, |view| {
        if let Some(act) = &mut view.act {
            act.choices.swap(0, 1);
        }
    });
    assert!(selected(&mut console).contains("api-9f3c-m5w2q"), "the object is chosen, not its row");
    console.keys("<enter>");
    let planned = console.app().known.desk.planning.as_ref().map(|p| (p.action.clone(), p.tree));
    assert_eq!(planned, Some((Action::DeletePod { pod: pod("api-9f3c-m5w2q") }, Some(ID))));
}

#[test]
fn a_change_that_cannot_be_made_says_why() {
    let mut console = opened(change());
    becomes(&mut console, |view| {
        view.act =
            Some(Act { summary: "delete one pod".into(), choices: Vec::new(), none: "no pod is sick any more".into() });
    });
    let screen = console.screen();
    assert!(screen.contains("delete one pod: no pod is sick any more"), "{screen}");
    assert!(selected(&mut console).contains("it worked"));
}

#[test]
fn a_digit_beyond_the_ways_says_so_and_digits_take_ways_at_once() {
    let mut console = opened(check());
    assert!(console.keys("9").screen().contains("there is no way 9; there are 4"));
    console.keys("2");
    let path: Vec<_> = console.app().known.desk.trees[0].walk.path().iter().map(|v| v.step.clone()).collect();
    assert_eq!(path, ["ingress", "endpoints", "other-findings", "crashing"]);
}

#[test]
fn enter_takes_nothing_that_is_neither_suggested_nor_chosen() {
    let mut console = opened(check());
    becomes(&mut console, |view| view.ways.iter_mut().for_each(|way| way.verdict = WayVerdict::Open));
    assert!(console.keys("<enter>").screen().contains("no way is suggested"));
    console.keys("<down><enter>");
    assert_eq!(console.app().known.desk.trees[0].walk.path().len(), 4);
    let mut ended = opened(end());
    assert!(ended.keys("<enter>").screen().contains("the tree ends here"));
    assert_eq!(ended.app().known.desk.trees[0].walk.path().len(), 3, "nobody goes back unasked");
}

#[test]
fn the_way_taken_is_shown_and_a_step_of_it_is_gone_back_to() {
    for (columns, rows) in [SIZES[0], SIZES[1]] {
        let mut console = opened(check());
        console.sized(columns, rows).keys("<tab>");
        assert!(selected(&mut console).contains("04:10:31"), "the step before\n{}", console.screen());
        console.keys("<up>");
        assert!(selected(&mut console).contains("Is the door open"), "{}", console.screen());
        console.keys("<enter>");
        assert_eq!(console.app().known.desk.trees[0].walk.path().len(), 1);
    }
}

#[test]
fn a_closed_tree_says_so() {
    let mut console = opened(check());
    console.app().known.desk.trees.clear();
    console.app().refresh();
    assert!(console.screen().contains("this tree was closed"));
    console.keys("<enter>1bC");
}

/// A console with the shipped runbooks on a world in which the api panics.
fn walking() -> Console {
    let text = "name: shop\nroles:\n  api: { kind: Deployment, name: api, namespace: shop, serves: true }\n";
    let file = crate::config::source::SourceFile { path: "shop.yaml".into(), text: text.into() };
    let profile = Profile::read(&file).expect("a profile");
    let mut console = Console::with(profile, theme(), panicking());
    console.app().equip(Library::shipped(), Arming::new(None), None);
    console.app().derive();
    console
}

#[test]
fn a_finding_leads_to_its_tree_and_the_tree_is_walked() {
    let mut console = walking();
    let finding = console.keys("<enter>").screen();
    assert!(finding.contains("Tree F15"), "{finding}");
    let screen = console.keys("t").screen();
    assert!(screen.contains("What are the last words of what crashed?"), "{screen}");
    let second = console.keys("2").screen();
    assert!(second.contains("Did one pod crash once, or do they go on?"), "the step is shown at once\n{second}");
    assert!(second.contains("last-words › how-many"), "{second}");
    let back = console.keys("b").screen();
    assert!(back.contains("What are the last words"), "{back}");
    let left = console.keys("<esc>dt").screen();
    assert!(left.contains("What are the last words"), "it stayed open\n{left}");
    console.keys("X");
    assert_eq!(console.app().known.desk.trees.len(), 0);
}

#[test]
fn first_steps_of_shipped_trees() {
    let mut console = walking();
    console.keys("t");
    insta::assert_snapshot!("f15_80x24", console.screen());
}
