//! The last words of those that crash, and the complaints of those that are ill.

use jiff::Timestamp;

use crate::drill::world::program::{Course, Trade};

const PANIC: &[&str] = &[
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x8f3a2c]",
    "",
    "goroutine 34 [running]:",
    "example.com/honeydue/internal/reminders.(*Planner).Reload(0x0, {0xb1c5e0, 0xc0000b8000})",
    "\t/src/internal/reminders/planner.go:87 +0x2c",
    "example.com/honeydue/internal/app.(*App).warmCaches(0xc00021a000, {0xb1c5e0, 0xc0000b8000})",
    "\t/src/internal/app/warm.go:41 +0x1a5",
    "created by example.com/honeydue/internal/app.(*App).Run in goroutine 1",
    "\t/src/internal/app/app.go:118 +0x3f7",
];

const NODE: &[&str] = &[
    "node:internal/modules/cjs/loader:1228",
    "  throw err;",
    "  ^",
    "",
    "Error: Cannot find module './chunks/ssr/session-store.js'",
    "Require stack:",
    "- /app/.next/server/webpack-runtime.js",
    "- /app/.next/server/app/page.js",
    "    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)",
    "    at Module._load (node:internal/modules/cjs/loader:1051:27)",
    "    at require (node:internal/modules/helpers:179:18) {",
    "  code: 'MODULE_NOT_FOUND'",
    "}",
    "",
    "Node.js v22.14.0",
];

/// What stands at the end of a log. Who is killed says nothing.
pub(super) fn closing(trade: Trade, course: Course) -> Vec<String> {
    let lines: &[&str] = match (course, trade) {
        (Course::Panics(_), _) => PANIC,
        (Course::Fails(_), Trade::Admin) => NODE,
        (Course::Fails(_), _) => &["fatal: startup failed"],
        (Course::Completes(_), _) => &[r#"{"level":"INFO","msg":"done"}"#],
        (Course::Runs | Course::Leaks(_), _) => &[],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// What somebody who is ill writes now and then.
pub(super) fn complaint(trade: Trade, second: i64) -> Option<String> {
    let at = Timestamp::from_second(second).ok()?;
    match trade {
        Trade::Metrics if second % 15 == 0 => {
            let node = 1 + second / 15 % 3;
            Some(format!(
                "E{}       1 scraper.go:149] \"Failed to scrape node, timeout to access kubelet\" err=\"Get \\\"https://10.0.0.1{node}:10250/metrics/resource\\\": context deadline exceeded\" node=\"nbg1-{node}\" timeout=\"10s\"",
                at.strftime("%m%d %H:%M:%S%.6f"),
            ))
        }
        Trade::Ingress if second % 4 == 0 => Some(format!(
            "{} ERR error=\"dial tcp 10.42.{}.{}:8000: i/o timeout\" service=honeydue-api-80",
            at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            second % 3,
            5 + second % 17,
        )),
        _ => None,
    }
}
