//! Every screen of this folder at three sizes, and what keys do to it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::Request;
use super::testing::{
    Console, SIZES, api_down, api_lost, at, condition, contact, forbidden, healthy, hostile, node, panicking, profile,
    seen, theme,
};
use super::widgets::width;
use crate::config::theme::Glyphs;
use crate::situation::Observation;
use crate::situation::object::Status;

/// Snapshots of a world's screen after some keys, at every size.
fn look(name: &str, world: &[Observation], keys: &str) {
    for (columns, rows) in SIZES {
        let mut console = Console::with(profile(), theme(), world.iter().cloned());
        console.sized(columns, rows).keys(keys);
        insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), console.screen());
    }
}

#[test]
fn before_the_first_answer() {
    look("waiting", &[], "");
    look("connected", &contact(), "");
}

#[test]
fn nothing_wrong() {
    look("healthy", &healthy(), "");
}

#[test]
fn a_revision_that_panics() {
    look("panicking", &panicking(), "");
    look("finding", &panicking(), "<enter>");
    look("changes", &panicking(), "c");
}

#[test]
fn the_api_is_lost() {
    look("lost", &api_lost(), "");
    look("lost-sources", &api_lost(), ":sources<enter>");
}

#[test]
fn the_api_never_answered() {
    look("down", &api_down(), "");
}

#[test]
fn what_is_forbidden_is_named() {
    look("forbidden", &forbidden(), "");
    look("forbidden-sources", &forbidden(), ":sources<enter>");
}

#[test]
fn hostile_texts_leave_the_screen_whole() {
    look("hostile", &hostile(), "");
    look("hostile-finding", &hostile(), "<enter>");
}

#[test]
fn help_and_command_line() {
    look("help", &healthy(), "?");
    look("command-line", &healthy(), ":po");
    look("command-line-pod", &healthy(), ":pod api");
}

#[test]
fn a_paste_reaches_inputs_only() {
    let mut console = Console::new(healthy());
    let before = console.screen();
    console.paste("q\n:quit\n");
    assert_eq!(console.screen(), before);
    assert!(console.requests().is_empty());
    console.keys(":").paste("pod api\x1b[2J\nquit\n");
    assert!(console.screen().contains(":pod api\n"), "{}", console.screen());
}

#[test]
fn releases_and_repeats_of_keys_do_nothing() {
    let mut console = Console::new(healthy());
    for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
        let key = KeyEvent { kind, ..KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE) };
        console.app().key(key);
    }
    assert!(console.app().requests().is_empty());
    console.keys("q");
    assert_eq!(console.requests(), [Request::Quit]);
}

#[test]
fn ctrl_c_quits_from_everywhere() {
    for keys in ["", ":po", "?", "<enter>", "c"] {
        let mut console = Console::new(panicking());
        console.keys(keys).keys("<c-c>");
        assert_eq!(console.requests().last(), Some(&Request::Quit), "after {keys:?}");
    }
}

#[test]
fn the_selected_finding_stays_selected_when_a_worse_one_comes() {
    let mut console = Console::new(panicking());
    console.keys("<down>");
    let selected = |console: &mut Console| {
        let screen = console.screen();
        screen.lines().find(|l| l.contains('▌')).map(str::to_owned)
    };
    assert!(selected(&mut console).is_some_and(|l| l.contains("workload-unready")));
    let node = crate::situation::object::Node {
        conditions: vec![condition("Ready", Status::False, at("04:00"))],
        ..node("node-2")
    };
    console.see([seen(node)]);
    assert!(selected(&mut console).is_some_and(|l| l.contains("workload-unready")), "{}", console.screen());
}

#[test]
fn a_finding_that_is_gone_says_so_and_keeps_its_evidence() {
    let mut console = Console::new(panicking());
    console.keys("<enter>");
    console.see(healthy());
    let screen = console.screen();
    assert!(screen.contains("no longer found since 04:12") && screen.contains("exit 2"), "{screen}");
}

#[test]
fn back_leads_home_and_never_out() {
    let mut console = Console::new(panicking());
    let home = console.screen();
    console.keys("<enter>c?<esc><esc><esc><esc>");
    assert_eq!(console.screen(), home);
    assert!(!console.requests().contains(&Request::Quit));
}

#[test]
fn too_small_says_so_and_nothing_is_lost() {
    let mut console = Console::new(panicking());
    console.keys("<enter>");
    let before = console.screen();
    for size in [(79, 24), (80, 23), (12, 3), (1, 1)] {
        console.sized(size.0, size.1);
    }
    assert!(console.sized(60, 15).screen().contains("80x24"));
    assert_eq!(console.sized(80, 24).screen(), before);
}

#[test]
fn without_unicode_no_other_byte_is_shown() {
    let ascii = || {
        let mut theme = theme();
        theme.glyphs = Glyphs::ASCII;
        theme
    };
    for world in [panicking(), hostile(), api_lost(), forbidden()] {
        for (columns, rows) in SIZES {
            for keys in ["", "<enter>", "c", "o", "?", ":po"] {
                let mut console = Console::with(profile(), ascii(), world.clone());
                console.sized(columns, rows).keys(keys);
                let screen = console.screen();
                assert!(screen.is_ascii(), "{screen}");
            }
        }
    }
}

#[test]
fn every_row_is_as_wide_as_the_terminal() {
    for (columns, rows) in [(80, 24), (97, 31), (110, 24), (169, 50), (200, 60)] {
        for keys in ["", "<enter>", "c", "o", ":"] {
            let mut console = Console::with(profile(), theme(), hostile());
            console.sized(columns, rows).keys(keys);
            for line in console.screen().lines() {
                assert!(width(line) <= usize::from(columns), "{line}");
                let framed = line.starts_with(['│', '┃', '╭', '┏', '╰', '┗']);
                assert!(!framed || width(line) == usize::from(columns) || keys == ":", "{line}");
            }
        }
    }
}

#[test]
fn the_top_finding_and_read_only_are_seen_at_every_size() {
    for (columns, rows) in SIZES {
        for world in [panicking(), api_lost()] {
            let mut console = Console::with(profile(), theme(), world);
            console.banner("DRILL F15 a long banner that wants more room than there is on a small terminal");
            let screen = console.sized(columns, rows).screen();
            assert!(screen.contains("F15") && screen.contains("READ-ONLY"), "{screen}");
        }
    }
}

#[test]
fn stale_facts_say_so() {
    let mut console = Console::new(healthy());
    assert!(console.screen().contains("● live"));
    console.clock("04:12:40");
    assert!(console.screen().contains("stale 32s"), "{}", console.screen());
}

#[test]
fn the_command_line_completes_and_refuses() {
    let mut console = Console::new(healthy());
    console.keys(":pod x9<tab>");
    assert!(console.screen().contains(":pod shop/api-41f9c-x9d2m"), "{}", console.screen());
    console.keys("<esc>:pod nobody<enter>");
    assert!(console.screen().contains("no command and no name"), "{}", console.screen());
    console.keys(":sou<enter>");
    assert!(console.screen().contains("Sources of facts"));
}
