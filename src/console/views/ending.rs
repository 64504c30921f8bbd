//! How a container ended, in words: what an exit code means to somebody who is woken at night.

use crate::situation::object::Termination;

/// `exit 137, out of memory: killed by the kernel at the container's limit`
pub fn words(end: &Termination) -> String {
    let meaning = meaning(end);
    if meaning.is_empty() { short(end) } else { format!("{}, {meaning}", short(end)) }
}

/// `exit 137 OOMKilled`
pub fn short(end: &Termination) -> String {
    match &*end.reason {
        "" | "Error" => format!("exit {}", end.exit_code),
        reason => format!("exit {} {reason}", end.exit_code),
    }
}

/// What it means; empty where the code is the program's own affair.
fn meaning(end: &Termination) -> String {
    let words = match (&*end.reason, end.exit_code) {
        ("OOMKilled", _) => "out of memory: killed by the kernel at its memory limit",
        ("ContainerCannotRun" | "StartError", _) => "it could not be started: command, image or mount is wrong",
        ("ContainerStatusUnknown", _) => "its node was lost, nobody saw how it ended",
        ("DeadlineExceeded", _) => "it ran longer than its Job allows",
        (_, 0) => "a normal end",
        (_, 1) => "the program failed by itself: its log tells why",
        (_, 2) => "a Go panic, or wrong arguments: the log of that run ends with the stack",
        (_, 126) => "the command is not executable",
        (_, 127) => "the command does not exist in the image",
        (_, 134) => "it aborted (SIGABRT): a failed assertion or a runtime's fatal error",
        (_, 137) => "killed (SIGKILL): a failed liveness probe, an eviction, or a stop that took too long",
        (_, 139) => "a segmentation fault (SIGSEGV)",
        (_, 143) => "asked to stop (SIGTERM): a rollout, a drain or a probe; not a crash",
        (_, code @ 129..=159) => return format!("ended by signal {}", code - 128),
        _ => "",
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(exit_code: i32, reason: &str) -> String {
        words(&Termination { exit_code, reason: reason.into(), ..Termination::default() })
    }

    #[test]
    fn the_same_code_means_another_thing_with_another_reason() {
        assert!(end(137, "OOMKilled").starts_with("exit 137 OOMKilled, out of memory"));
        assert!(end(137, "Error").starts_with("exit 137, killed (SIGKILL)"));
        assert!(end(2, "Error").contains("Go panic"));
        assert!(end(143, "Error").contains("not a crash"));
        assert_eq!(end(138, "Error"), "exit 138, ended by signal 10");
        assert_eq!(end(42, "Error"), "exit 42");
    }
}
