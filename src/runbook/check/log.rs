//! What the last words of a program say: why it ended, and where.

use crate::watch::LogLine;

/// Why a program ended, as its log tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    /// A word of [`CAUSES`]; `other`: none of the known ones.
    pub(super) cause: &'static str,
    /// The line that says so; the last one for `other`.
    pub(super) line: String,
    /// Whether a goroutine's stack follows.
    pub(super) stack: bool,
    /// The first frame of the program's own code: `example.com/shop.(*Cart).Add (cart.go:87)`.
    pub(super) frame: Option<String>,
}

/// Every cause that a log or a container's state can tell.
pub(super) const CAUSES: [&str; 9] =
    ["panic", "fatal-error", "database", "cache", "exec-format", "out-of-memory", "config", "image", "other"];

/// Phrases of a database that cannot be reached or refuses (F20).
const DATABASE: [&str; 6] = [
    "failed to connect to database",
    "failed to connect to `host",
    "too many clients",
    "remaining connection slots",
    "password authentication failed",
    ":5432",
];

/// How failing connections are worded.
const FAILING: [&str; 6] = ["refused", "timeout", "timed out", "no route", "no such host", "failed"];

/// What a log's last words say. The last line that names a cause counts, a panic before everything else: what follows it
/// is its stack.
pub(super) fn read(log: &[LogLine]) -> Words {
    let lines: Vec<&str> = log.iter().map(|l| l.text.trim()).collect();
    let panic = lines.iter().rposition(|l| panic_cause(l).is_some());
    if let Some((at, line)) = panic.and_then(|i| Some((i, *lines.get(i)?))) {
        let after = log.get(at..).unwrap_or_default();
        let stack = after.iter().any(|l| is_goroutine(&l.text));
        // A program that panics because a dependency failed is not broken itself.
        let cause = dependency(line).or_else(|| panic_cause(line)).unwrap_or("panic");
        return Words { cause, line: line.to_owned(), stack, frame: own_frame(after) };
    }
    for line in lines.iter().rev() {
        let cause =
            if line.to_lowercase().contains("exec format error") { Some("exec-format") } else { dependency(line) };
        if let Some(cause) = cause {
            return Words { cause, line: (*line).to_owned(), ..Words::default() };
        }
    }
    let last = lines.iter().rev().find(|l| !l.is_empty()).copied().unwrap_or_default();
    Words { cause: "other", line: last.to_owned(), ..Words::default() }
}

/// Whether a line begins a panic (recoverable in principle) or a fatal error of the runtime (never).
fn panic_cause(line: &str) -> Option<&'static str> {
    if line.starts_with("panic: ") {
        Some("panic")
    } else if line.starts_with("fatal error: ") {
        Some("fatal-error")
    } else {
        None
    }
}

fn dependency(line: &str) -> Option<&'static str> {
    let line = line.to_lowercase();
    let failing = FAILING.iter().any(|f| line.contains(f));
    if DATABASE.iter().any(|d| line.contains(d) && (*d != ":5432" || failing)) {
        return Some("database");
    }
    let cache = (line.contains("redis") || line.contains(":6379")) && failing;
    cache.then_some("cache")
}

fn is_goroutine(line: &str) -> bool {
    line.starts_with("goroutine ") && line.contains('[')
}

/// The first frame after the goroutine's head that is not the runtime's nor the standard library's.
fn own_frame(log: &[LogLine]) -> Option<String> {
    let head = log.iter().position(|l| is_goroutine(&l.text))?;
    let stack = log.get(head + 1..)?;
    let at = stack.iter().position(|l| is_own(&l.text))?;
    let function = stack.get(at)?.text.rsplit_once('(').map(|(name, _)| name.to_owned())?;
    // The line after it has the file, a colon, the line's number and an offset.
    let place = stack.get(at + 1).map(|l| l.text.trim()).filter(|l| l.contains(".go:"));
    let place = place.and_then(|l| l.split(' ').next()?.rsplit('/').next());
    Some(place.map_or_else(|| function.clone(), |p| format!("{function} ({p})")))
}

/// A function line of the program: its package's first part is a host (`example.com/…`) or it is `main`.
fn is_own(line: &str) -> bool {
    if line.starts_with([' ', '\t']) || line.starts_with("created by ") || !line.contains('(') {
        return false;
    }
    line.starts_with("main.") || line.split_once('/').is_some_and(|(host, _)| host.contains('.') && !host.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Words {
        read(&text.lines().map(|l| LogLine { at: None, text: l.into() }).collect::<Vec<_>>())
    }

    #[test]
    fn a_panic_has_its_line_its_stack_and_the_first_frame_of_the_program() {
        let words = of("started
panic: runtime error: invalid memory address
[signal SIGSEGV: segmentation violation]

goroutine 34 [running]:
panic({0x1, 0x2})
\t/usr/local/go/src/runtime/panic.go:770 +0x132
net/http.(*conn).serve(0x1)
\t/usr/local/go/src/net/http/server.go:2000 +0x1
example.com/shop/internal/cart.(*Cart).Add(0x0, {0xb1c5e0, 0xc0000b8000})
\t/src/internal/cart/cart.go:87 +0x2c
created by example.com/shop/internal/app.Run in goroutine 1");
        assert_eq!((words.cause, words.stack), ("panic", true));
        assert_eq!(words.line, "panic: runtime error: invalid memory address");
        assert_eq!(words.frame.unwrap(), "example.com/shop/internal/cart.(*Cart).Add (cart.go:87)");
    }

    #[test]
    fn a_fatal_error_of_the_runtime_is_told_apart() {
        let words =
            of("fatal error: concurrent map writes\n\ngoroutine 5 [running]:\nmain.main()\n\t/src/main.go:9 +0x1");
        assert_eq!((words.cause, words.stack), ("fatal-error", true));
        assert_eq!(words.frame.unwrap(), "main.main (main.go:9)");
        let cut = of("panic: boom");
        assert_eq!((cut.cause, cut.stack, cut.frame), ("panic", false, None));
    }

    #[test]
    fn other_causes_are_told_by_their_words() {
        for (text, cause) in [
            ("failed to connect to database: dial tcp 203.0.113.9:5432: connect: connection refused", "database"),
            ("panic: failed to connect to database: timeout\n\ngoroutine 1 [running]:", "database"),
            ("FATAL: remaining connection slots are reserved", "database"),
            ("listening, metrics on :5432", "other"),
            ("redis: dial tcp 10.43.0.9:6379: connect: connection refused", "cache"),
            ("redis connected", "other"),
            ("exec /app/api: exec format error", "exec-format"),
            ("don't panic: all is well", "other"),
            ("", "other"),
        ] {
            assert_eq!(of(text).cause, cause, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_log_can_be_read(text in "(panic: |goroutine 1 \\[|main\\.|a\\.b/c\\(|\\(|\\.go:|/| |\n|[a-z:]){0,40}") {
            proptest::prop_assert!(CAUSES.contains(&of(&text).cause));
        }
    }
}
