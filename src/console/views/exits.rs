//! How a container ended, in words.

use jiff::Timestamp;

use super::cells::short;
use crate::situation::object::{ContainerState, Pod, Termination};
use crate::situation::time::{age, since};

/// What an end means, in a few words: the reason before the number, since the number alone misleads (137 is a kill, and
/// only the reason tells by whom).
pub fn meaning(end: &Termination) -> String {
    match (&*end.reason, end.exit_code) {
        ("OOMKilled", _) => "out of memory: killed at its limit".to_owned(),
        (_, 0) => "ended by itself, without an error".to_owned(),
        ("ContainerCannotRun" | "StartError", _) => "could not be started".to_owned(),
        ("DeadlineExceeded", _) => "ran longer than it may".to_owned(),
        ("Evicted", _) => "evicted by the node".to_owned(),
        (_, 2) => "Go panic, or wrong usage".to_owned(),
        (_, 126) => "the command is not executable".to_owned(),
        (_, 127) => "the command was not found".to_owned(),
        (_, 137) => "killed (SIGKILL): by a probe, a node out of memory, or a grace period that ended".to_owned(),
        (_, 143) => "stopped when asked to (SIGTERM)".to_owned(),
        (_, 255) => "error, or lost with its node".to_owned(),
        (_, code @ 129..=159) => format!("ended by signal {}{}", code - 128, signal(code - 128)),
        _ => "error".to_owned(),
    }
}

const fn signal(number: i32) -> &'static str {
    match number {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT: a stack dump in Go and Java)",
        4 => " (SIGILL)",
        6 => " (SIGABRT: an abort of its own)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        11 => " (SIGSEGV: a crash in native code)",
        _ => "",
    }
}

/// Code, reason and meaning: `137 OOMKilled · out of memory: killed at its limit`.
pub fn words(end: &Termination) -> String {
    let reason = if end.reason.is_empty() { String::new() } else { format!(" {}", end.reason) };
    format!("{}{reason} · {}", end.exit_code, meaning(end))
}

/// When it ended and how long it had run: `04:11:20 · after 22s`.
pub fn times(end: &Termination) -> String {
    let at = end.finished.map_or_else(|| "?".to_owned(), |at| at.strftime("%m-%d %H:%M:%S").to_string());
    match (end.started, end.finished) {
        (Some(started), Some(finished)) => format!("{at} · after {}", age(since(started, finished))),
        _ => at,
    }
}

/// The newest end of any container of a pod, in short; empty when none ended.
pub fn newest(pod: &Pod, now: Timestamp) -> String {
    let ends = pod.containers.iter().chain(&pod.init).filter_map(|c| {
        let end = c.newest_end()?;
        // An init container that did its work is no news.
        let done = matches!(c.state, ContainerState::Terminated(_)) && end.exit_code == 0;
        (!done || pod.finished()).then_some(end)
    });
    let Some(end) = ends.max_by_key(|end| end.finished) else { return String::new() };
    let ago = end.finished.map_or_else(String::new, |at| format!(", {} ago", short(at, now)));
    let reason = if end.reason.is_empty() || end.reason == "Error" { meaning(end) } else { end.reason.to_string() };
    format!("exit {} {reason}{ago}", end.exit_code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::ended;

    #[test]
    fn the_reason_goes_before_the_number() {
        let words = |code, reason| words(&ended(code, reason, "04:11"));
        assert_eq!(words(137, "OOMKilled"), "137 OOMKilled · out of memory: killed at its limit");
        assert!(words(137, "Error").contains("SIGKILL"));
        assert!(words(2, "Error").contains("Go panic"));
        assert!(words(143, "Error").contains("SIGTERM"));
        assert!(words(139, "Error").contains("SIGSEGV"));
        assert!(words(0, "Completed").contains("without an error"));
        assert_eq!(words(77, ""), "77 · error");
    }
}
