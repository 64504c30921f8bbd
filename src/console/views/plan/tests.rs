use crate::action::{Class, DryRun, Fact, Guard, Plan, Refused, Verdict};
use crate::config::Profile;
use crate::config::paths::Folders;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::console::desk::Draft;
use crate::console::testing::{
    Console, SIZES, at, cordon, delete_pod, panicking, restart, roll_back, scale_down, uncordon,
};

/// An armed console with this plan on the table, not drawn yet.
fn console(plan: Plan) -> Console {
    let mut console = Console::new(panicking());
    console.armed().table(plan.action.clone(), Draft::Ready(Box::new(plan)));
    console
}

/// The same, read to its end and long enough.
fn read(plan: Plan) -> Console {
    let mut console = console(plan);
    console.keys("G").written("04:12:09").written("04:12:10.5");
    console
}

fn shown(name: &str, console: &mut Console) {
    insta::assert_snapshot!(name, console.screen());
}

#[test]
fn the_six_actions() {
    for (name, plan) in [
        ("roll_back", roll_back()),
        ("restart", restart()),
        ("scale_down", scale_down()),
        ("delete_pod", delete_pod()),
        ("cordon", cordon()),
        ("uncordon", uncordon()),
    ] {
        let mut console = console(plan);
        shown(name, console.written("04:12:09").written("04:12:09.2"));
    }
}

#[test]
fn a_plan_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = console(roll_back());
        console.sized(columns, rows).keys("G").written("04:12:09").written("04:12:10.1");
        shown(&format!("whole_{columns}x{rows}"), &mut console);
    }
}

#[test]
fn a_plan_in_the_making_and_none() {
    let mut console = Console::new(panicking());
    console.table(roll_back().action, Draft::Making(at("04:12:05")));
    shown("making", &mut console);
    console.keys("<esc>");
    assert!(console.app().known.desk.planning.is_none(), "{}", console.screen());
    let mut console = Console::new(panicking());
    let why = Refused { what: "api has no revision 40".into(), remedy: "there are: 41, 42".into() };
    console.table(roll_back().action, Draft::Refused(why));
    shown("no_plan", &mut console);
}

#[test]
fn what_changed_after_the_key_is_told_and_needs_its_own() {
    let mut plan = roll_back();
    let before = plan.basis.clone();
    plan.basis[1].value = "2 of 3".into();
    plan.basis[2] = Fact { what: "nodes not ready".into(), value: "node-3".into() };
    let mut console = Console::new(panicking());
    console.armed().table(plan.action.clone(), Draft::Changed(Box::new(plan), before));
    shown("changed", console.written("04:12:09"));
    assert!(console.keys("GY").executed().is_empty());
}

#[test]
fn what_bars_the_way_is_said() {
    let mut console = Console::new(panicking());
    let plan = restart();
    console.table(plan.action.clone(), Draft::Ready(Box::new(plan)));
    shown("read_only", console.written("04:12:09"));
    assert!(console.written("04:12:15").keys("y").executed().is_empty());
    console.app().known.desk.forbidden = Some("--read-only was given".into());
    shown("forbidden", &mut console);

    let mut plan = restart();
    let says = "the database is known to be down (F20): new pods would not become ready".into();
    plan.guards[1] = Guard { id: "G7", verdict: Verdict::Refused, says };
    plan.guards[0] = Guard { id: "G5", verdict: Verdict::Raised, says: "redis has one pod only".into() };
    shown("refused", &mut read(plan.clone()));
    assert!(read(plan).keys("y").executed().is_empty());

    let mut plan = restart();
    plan.rights[0].allowed = Some(false);
    plan.rights[1].allowed = Some(false);
    plan.dry_run = DryRun::Unknown("the server did not answer".into());
    shown("no_right", &mut read(plan));
}

#[test]
fn a_key_counts_once_the_plan_was_read() {
    let mut console = console(scale_down());
    console.written("04:12:09").written("04:12:09.9").keys("Y");
    assert!(console.executed().is_empty() && console.screen().contains("too early"), "{}", console.screen());
    console.written("04:12:20").keys("y<enter>q ");
    assert!(console.executed().is_empty(), "another key confirms it");
    let title = scale_down().title;
    let mut console = read(scale_down());
    console.keys("Y");
    assert_eq!(console.executed(), [title]);
    console.keys("YY");
    assert!(console.executed().is_empty(), "once");
}

#[test]
fn a_plan_that_does_not_fit_has_to_be_read_to_its_end() {
    let mut console = console(roll_back());
    console.written("04:12:09").written("04:12:19").keys("Y");
    assert!(console.executed().is_empty());
    assert!(console.screen().contains("to its end"), "{}", console.screen());
    console.keys("G").written("04:12:20").written("04:12:20.9").keys("Y");
    assert!(console.executed().is_empty());
    console.written("04:12:30").keys("Y");
    assert_eq!(console.executed().len(), 1, "{}", console.screen());
}

#[test]
fn the_wait_begins_anew_with_another_size_and_another_posture() {
    let mut console = read(scale_down());
    console.sized(120, 36).written("04:12:11").keys("Y");
    assert!(console.executed().is_empty());
    console.written("04:12:15");
    console.keys("AA");
    assert!(console.app().known.desk.posture.is_some());
    console.written("04:12:16").keys("Y");
    assert!(console.executed().is_empty());
}

#[test]
fn what_is_too_small_to_be_shown_was_not_read() {
    let mut console = console(scale_down());
    console.sized(70, 20).keys("G").written("04:12:09").written("04:12:15").keys("Y");
    assert!(console.executed().is_empty(), "{}", console.screen());
}

#[test]
fn a_paste_and_a_held_key_close_it() {
    let mut console = read(restart());
    console.paste("y");
    assert!(console.executed().is_empty() && console.app().known.desk.planning.is_none());
    let mut console = read(restart());
    console.held('y');
    assert!(console.executed().is_empty() && console.app().known.desk.planning.is_none());
    let mut console = console_held_on_the_way();
    console.held('j');
    assert!(console.app().known.desk.planning.is_some(), "scrolling may be held");
}

fn console_held_on_the_way() -> Console {
    console(roll_back())
}

#[test]
fn what_cannot_be_undone_wants_its_name() {
    let mut plan = delete_pod();
    plan.class = Class::R3;
    let mut console = read(plan);
    for (n, key) in "api-42f9c-c8v7".chars().enumerate() {
        console.written(&format!("04:12:{}", 11 + n)).keys(&key.to_string());
    }
    shown("typing", &mut console);
    console.written("04:12:26").keys("<enter>");
    assert!(console.executed().is_empty());
    console.written("04:12:27").keys("t").written("04:12:28").keys("<enter>");
    assert_eq!(console.executed().len(), 1, "{}", console.screen());
}

#[test]
fn the_requests_are_shown_whole() {
    let mut console = console(restart());
    console.sized(120, 36).keys("D");
    shown("requests", console.written("04:12:09"));
    console.keys("C");
    let copied = "kubectl -n shop rollout restart deploy/api";
    let requests = console.requests();
    assert!(requests.iter().any(|r| matches!(r, crate::console::app::Request::Copy(text) if text == copied)));
}

#[test]
fn a_poor_terminal_shows_all_of_it() {
    let ascii = Theme::load("dark", Depth::True, Glyphs::ASCII, &Folders::default()).0;
    let mut console = Console::with(Profile::default(), ascii, panicking());
    let plan = roll_back();
    console.armed().table(plan.action.clone(), Draft::Ready(Box::new(plan)));
    console.keys("G").written("04:12:09").written("04:12:09.4");
    assert!(console.screen().is_ascii(), "{}", console.screen());
    shown("ascii", &mut console);

    let bare = Theme::load("dark", Depth::None, Glyphs::UNICODE, &Folders::default()).0;
    let mut console = Console::with(Profile::default(), bare, panicking());
    let plan = scale_down();
    console.armed().table(plan.action.clone(), Draft::Ready(Box::new(plan)));
    console.written("04:12:09").written("04:12:15");
    let frame = console.frame();
    let coloured =
        frame.content.iter().find(|c| c.fg != ratatui::style::Color::Reset || c.bg != ratatui::style::Color::Reset);
    assert_eq!(coloured, None);
    let key = (0..80).map(|x| &frame[(x, 21)]).find(|c| c.symbol() == "Y").expect("its key");
    assert!(key.modifier.contains(ratatui::style::Modifier::REVERSED), "a key that counts stands out without colour");
}

#[test]
fn long_values_show_their_difference() {
    let mut plan = roll_back();
    let image = |digest: &str| {
        format!("registry.example.com/a/long/way/to/the/image/of/the/api@sha256:{digest}{}", "0".repeat(40))
    };
    plan.differences[0].before = image("1b77c0ffee");
    plan.differences[0].after = image("9f3c0ffee0");
    plan.differences[1].before = format!("registry.example.com/{}", "x".repeat(90));
    plan.differences[1].after = format!("registry.example.net/{}", "x".repeat(90));
    shown("long_values", console(plan).written("04:12:09"));
}

#[test]
fn hostile_texts_keep_it_whole() {
    let mut plan = roll_back();
    let long = "日本語".repeat(400);
    plan.title = long.clone();
    plan.command = long.clone();
    plan.blast_radius = vec![long.clone(), String::new()];
    plan.differences[0].before = long.clone();
    plan.guards[0].says = long;
    for (columns, rows) in SIZES {
        let mut console = console(plan.clone());
        console.sized(columns, rows);
        for key in ["", "D", "<pgdn>", "G", "<pgup>"] {
            let screen = console.keys(key).screen();
            for line in screen.lines().skip(1).take(usize::from(rows) - 2) {
                assert!(line.starts_with(['┃', '┏', '┗']) && line.ends_with(['┃', '┓', '┛']), "{key}: {line:?}");
            }
        }
    }
}
