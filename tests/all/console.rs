//! The whole program in a real pseudo-terminal.

use std::path::Path;
use std::time::Duration;

use crate::terminal::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_crashcart");
/// What the first finding of the drill says; the drill's own announcement does not.
const FOUND: &str = "panics in a crash loop";
/// The exit code of a fault of ours.
const FAULT: u32 = 70;

fn drill(size: (u16, u16), env: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start(Path::new(PROGRAM), &["drill", "F15"], env, size);
    terminal.wait(FOUND);
    terminal
}

fn as_it_was(terminal: &Terminal) {
    assert_eq!(terminal.damage(), Vec::<&str>::new());
}

#[test]
fn f15_from_the_finding_to_evidence_logs_and_revisions() {
    let mut terminal = drill((120, 36), &[]);
    terminal.wait("READ-ONLY");

    terminal.type_keys("\r");
    terminal.wait("Evidence");
    terminal.wait("ended with exit 2");
    terminal.type_keys("l");
    terminal.wait("goroutine");
    terminal.type_keys("\x1b");
    terminal.wait("Evidence");
    terminal.type_keys("\x1b");
    terminal.wait("Findings");

    terminal.type_keys(":workload api\r");
    terminal.wait("Revisions");
    terminal.type_keys("q");
    assert_eq!(terminal.end(), 0);
    as_it_was(&terminal);
}

#[test]
fn the_verdict_fits_a_small_terminal() {
    let terminal = drill((80, 24), &[]);
    terminal.wait("READ-ONLY");
}

#[test]
fn a_terminal_that_is_too_small_is_told_so_and_recovers() {
    let terminal = drill((80, 24), &[]);
    terminal.resize((60, 15));
    terminal.wait("80x24");
    terminal.resize((120, 36));
    terminal.wait(FOUND);
}

#[test]
fn ascii_means_ascii() {
    let terminal = Terminal::start(Path::new(PROGRAM), &["--ascii", "drill", "F15"], &[], (120, 36));
    terminal.wait(FOUND);
    terminal.seen(|seen| assert!(seen.raw.is_ascii(), "a byte that is not ASCII was written"));
}

#[test]
fn no_color_means_no_colour() {
    let terminal = drill((120, 36), &[("NO_COLOR", "1")]);
    terminal.screen(|screen| {
        let (rows, columns) = screen.size();
        for cell in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).filter_map(|(r, c)| screen.cell(r, c)) {
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        }
    });
}

#[test]
fn the_terminal_is_restored_after_signals() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let mut terminal = drill((120, 36), &[]);
        terminal.signal(signal);
        assert_eq!(terminal.end(), code, "after SIG{signal}");
        as_it_was(&terminal);
    }
}

#[test]
fn the_terminal_is_restored_after_a_panic() {
    let mut terminal = drill((120, 36), &[]);
    terminal.type_keys(":panic\r");
    assert_eq!(terminal.end(), FAULT);
    as_it_was(&terminal);
}

#[test]
fn a_pasted_text_is_no_command() {
    let mut terminal = drill((120, 36), &[]);
    terminal.type_keys("\x1b[200~q\r\x1b[201~");
    terminal.settle(Duration::from_millis(200));
    terminal.type_keys("?");
    terminal.wait("READ-ONLY");
}
