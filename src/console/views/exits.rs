//! How a container ended, in words.

use jiff::Timestamp;

use super::cells;
use crate::situation::object::{ContainerState, Pod, Termination};

/// What an end means, in words: the reason before the number, since the number alone misleads (137 is a kill, and only the
/// reason tells by whom). Empty where the code is the program's own affair.
pub fn meaning(end: &Termination) -> String {
    let words = match (&*end.reason, end.exit_code) {
        ("OOMKilled", _) => "out of memory: killed at its limit",
        ("ContainerCannotRun" | "StartError", _) => "it could not be started: command, image or mount is wrong",
        ("ContainerStatusUnknown", _) => "its node was lost, nobody saw how it ended",
        ("DeadlineExceeded", _) => "it ran longer than its Job allows",
        (_, 0) => "a normal end",
        (_, 1) => "the program failed by itself: its log tells why",
        (_, 2) => "a Go panic, or wrong arguments: the log of that run ends with the stack",
        (_, 126) => "the command is not executable",
        (_, 127) => "the command does not exist in the image",
        (_, 134) => "it aborted (SIGABRT): a failed assertion or a fatal error of its runtime",
        (_, 137) => "killed (SIGKILL): a failed liveness probe, an eviction, or a stop that took too long",
        (_, 139) => "a segmentation fault (SIGSEGV)",
        (_, 143) => "asked to stop (SIGTERM): a rollout, a drain or a probe; not a crash",
        (_, code @ 129..=159) => return format!("ended by signal {}", code - 128),
        _ => "",
    };
    words.to_owned()
}

/// The same in a word or two, for a cell.
const fn gist(code: i32) -> &'static str {
    match code {
        0 => "completed",
        1 => "error",
        2 => "Go panic",
        137 => "killed",
        139 => "segfault",
        143 => "SIGTERM",
        _ => "",
    }
}

/// `exit 137 OOMKilled`
pub fn short(end: &Termination) -> String {
    match &*end.reason {
        "" | "Error" => format!("exit {}", end.exit_code),
        reason => format!("exit {} {reason}", end.exit_code),
    }
}

/// `exit 137 OOMKilled · out of memory: killed at its limit`
pub fn words(end: &Termination) -> String {
    let meaning = meaning(end);
    if meaning.is_empty() { short(end) } else { format!("{} · {meaning}", short(end)) }
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
    let ago = end.finished.map_or_else(String::new, |at| format!(", {} ago", cells::short(at, now)));
    let gist = if matches!(&*end.reason, "" | "Error") { gist(end.exit_code) } else { "" };
    let gap = if gist.is_empty() { "" } else { " " };
    format!("{}{gap}{gist}{ago}", short(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::testing::ended;

    #[test]
    fn the_same_code_means_another_thing_with_another_reason() {
        let words = |code, reason| words(&ended(code, reason, "04:11"));
        assert_eq!(words(137, "OOMKilled"), "exit 137 OOMKilled · out of memory: killed at its limit");
        assert!(words(137, "Error").starts_with("exit 137 · killed (SIGKILL)"));
        assert!(words(2, "Error").contains("Go panic"));
        assert!(words(143, "Error").contains("not a crash"));
        assert_eq!(words(138, "Error"), "exit 138 · ended by signal 10");
        assert_eq!(words(42, ""), "exit 42");
    }
}
