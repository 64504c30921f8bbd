//! The log screen as it is used: keys in, frames and reads out.

use super::Logs;
use super::ring::LINES;
use crate::console::app::Request;
use crate::console::testing::{
    Console, SIZES, at, crashing, deployment, ended, hostile, listed, panicking, pod, revision, seen,
};
use crate::situation::object::{Container, ContainerState, Pod};
use crate::situation::{Kind, Observation};
use crate::watch::{LogLine, LogPiece, LogQuery};

fn line(text: &str) -> LogLine {
    LogLine { at: Some(at("04:11:02")), text: text.into() }
}

fn lines(count: usize) -> LogPiece {
    LogPiece::Lines((0..count).map(|i| line(&format!("line {i}"))).collect())
}

fn api() -> Pod {
    let deployment = deployment("api", 1, 1, 41);
    pod(&revision(&deployment, 41, at("03:00"), 1, 1), "7xkq2", "node-1", at("03:00"))
}

/// A console with the log of this pod open.
fn opened(pod: &Pod) -> Console {
    let mut console = Console::new(listed(vec![seen(pod.clone())]));
    console.open(Box::new(Logs::open(pod, None, false)));
    console
}

fn asked(console: &Console) -> Vec<LogQuery> {
    let read = |request: &Request| match request {
        Request::Read(_, query) => Some(query.clone()),
        _ => None,
    };
    console.requests().iter().filter_map(read).collect()
}

fn panic_log() -> LogPiece {
    LogPiece::Lines(
        [
            r#"{"level":"info","msg":"listening","port":8080}"#,
            r#"{"level":"warn","msg":"slow query","ms":1900}"#,
            "level=debug tick",
            "panic: runtime error: index out of range [3] with length 3",
            "goroutine 1 [running]:",
            "main.(*Server).prices(0xc0000b4000, {0xc00012a000, 0x3, 0x4}, {0x7ffe4a2c1f30, 0x12}, 0xc000196000)",
            "\t/src/api/prices.go:42 +0x1d",
        ]
        .map(line)
        .to_vec(),
    )
}

#[test]
fn logs_at_every_size() {
    for (columns, rows) in SIZES {
        let mut console = Console::new(panicking());
        console.sized(columns, rows).keys("pl");
        console.log(panic_log());
        insta::assert_snapshot!(format!("logs_{columns}x{rows}"), console.screen());
    }
}

#[test]
fn a_crashed_pod_opens_the_run_before_and_a_key_turns_to_the_present_one() {
    let mut console = Console::new(panicking());
    console.keys("pl");
    console.keys("P");
    let asked = asked(&console);
    assert_eq!(asked.iter().map(|q| (q.previous, q.follow)).collect::<Vec<_>>(), [(true, false), (false, true)]);
    assert!(asked.iter().all(|q| q.pod.name == "api-42f9c-c8v7t" && q.container == "api"));
}

#[test]
fn the_view_follows_until_it_is_scrolled_and_counts_what_is_new() {
    let mut console = opened(&api());
    console.log(lines(100));
    assert!(console.screen().contains("line 99") && console.screen().contains("following"));
    console.keys("<pgup>");
    console.log(lines(7));
    let screen = console.screen();
    assert!(screen.contains("paused, 7 new lines") && !screen.contains("line 99"), "{screen}");
    console.keys("G");
    assert!(console.screen().contains("following") && console.screen().contains("line 6"));
    console.keys("f");
    console.log(lines(1));
    assert!(console.screen().contains("paused, 1 new line"));
}

#[test]
fn the_view_stays_on_its_lines_while_old_ones_fall_out() {
    let mut console = opened(&api());
    console.log(lines(LINES));
    console.keys("<pgup><pgup>");
    let before: Vec<String> = console.screen().lines().skip(2).take(17).map(str::to_owned).collect();
    console.log(lines(500));
    let after: Vec<String> = console.screen().lines().skip(2).take(17).map(str::to_owned).collect();
    assert_eq!(before, after);
    assert!(console.screen().contains("500 older not kept"));
    console.log(lines(LINES));
    assert!(console.screen().contains("line 0 "), "{}", console.screen());
}

#[test]
fn a_search_is_live_and_goes_from_match_to_match() {
    let mut console = opened(&api());
    console.log(lines(100));
    console.keys("/line 4");
    assert!(console.screen().contains("match 11 of 11"), "{}", console.screen());
    console.keys("<enter>n");
    assert!(console.screen().contains("match 1 of 11") && console.screen().contains("line 4 "));
    console.keys("N");
    assert!(console.screen().contains("match 11 of 11"));
    insta::assert_snapshot!("logs_search", console.screen());
    console.keys("<esc>");
    assert!(!console.screen().contains("of 11"));
    assert!(console.screen().contains("› Logs"));
}

#[test]
fn gaps_are_counted_and_ends_are_told() {
    let mut console = opened(&api());
    console.log(lines(3));
    console.log(LogPiece::Dropped(41));
    console.log(lines(2));
    console.log(LogPiece::Interrupted("connection reset by 203.0.113.11:6443".into()));
    insta::assert_snapshot!("logs_gaps", console.screen());
    console.log(LogPiece::End("container api is not known to the kubelet".into()));
    assert!(console.screen().contains("ended: container api is not known"));
}

#[test]
fn nothing_read_says_why() {
    let mut console = opened(&api());
    assert!(console.screen().contains("waiting for the first line"));
    console.log(LogPiece::End("forbidden, needs get pods/log in shop".into()));
    assert!(console.screen().contains("no log: forbidden, needs get pods/log in shop"));
    let mut console = opened(&api());
    console.log(LogPiece::End("".into()));
    assert!(console.screen().contains("the log is empty"));
}

#[test]
fn the_dead_containers_lines_stay_and_a_mark_divides_the_runs() {
    let pod = api();
    let mut console = opened(&pod);
    console.log(lines(2));
    console.see([seen(crashing(pod.clone(), 1, &ended(2, "Error", "04:12:01")))]);
    console.log(LogPiece::Lines(vec![line("second run")]));
    console.see([Observation::Gone(Kind::Pod, pod.meta.key)]);
    insta::assert_snapshot!("logs_restart", console.screen());
}

#[test]
fn a_successor_of_the_same_name_is_told_apart() {
    let pod = api();
    let mut console = opened(&pod);
    let mut heir = pod;
    heir.meta.uid = "another".into();
    console.see([seen(heir)]);
    assert!(console.screen().contains("another pod of the same name took its place"));
}

#[test]
fn containers_take_turns() {
    let mut pod = api();
    let side =
        Container { name: "sidecar".into(), state: ContainerState::Running(None), ready: true, ..Container::default() };
    pod.containers.push(side);
    let mut console = opened(&pod);
    console.log(lines(2));
    console.keys("<tab>");
    assert_eq!(asked(&console).last().map(|q| q.container.to_string()), Some("sidecar".to_owned()));
    assert!(console.screen().contains("2/2") && !console.screen().contains("line 1"), "{}", console.screen());
    console.keys("P");
    assert!(console.screen().contains("sidecar has not ended yet"));
}

#[test]
fn long_lines_wrap_or_are_shifted() {
    let mut console = opened(&api());
    let long = format!("begin {} end… (cut, 90 bytes more)", "x".repeat(200));
    console.log(LogPiece::Lines(vec![line(&long)]));
    assert!(console.screen().contains(" more)"), "{}", console.screen());
    console.keys("w");
    assert!(!console.screen().contains(" more)"));
    console.keys("<right><right><right><right><right><right><right><right><right><right><right><right>");
    assert!(console.screen().contains("bytes more)") && console.screen().contains("from column 193"));
    console.keys("t");
    assert!(console.screen().contains("04:11:02.000"));
}

#[test]
fn hostile_lines_keep_the_screen_whole() {
    let mut console = Console::new(hostile());
    console.keys("pl");
    let texts =
        ["日本語".repeat(40), "e\u{301}".repeat(100), "\x1b[2J\x1b]52;c;eA==\x07gone".to_owned(), "x".repeat(10_000)];
    console.log(LogPiece::Lines(texts.iter().map(|t| line(t)).collect()));
    console.keys("g");
    insta::assert_snapshot!("logs_hostile", console.screen());
    for key in ["t", "w", "<right>", "/x", "<enter>", "n", "G", "<pgup>"] {
        console.keys(key);
        let screen = console.screen();
        let borders = screen.lines().skip(2).take(20).all(|l| l.starts_with('┃') && l.ends_with('┃'));
        assert!(borders, "{key}: {screen}");
    }
}
