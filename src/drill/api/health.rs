//! `/readyz`, `/livez`, `/healthz`: all checks, or one by name, in short or in full.

use std::fmt::Write as _;

use super::answer::Answer;
use super::backend::Backend;
use super::call::Query;
use super::failure::Failure;

/// Checks that are about readiness alone.
const READINESS: &[&str] = &["etcd-readiness", "informer-sync", "shutdown"];

/// Answers a health path; `None` if it is none.
pub(super) fn answer(backend: &dyn Backend, path: &str, query: &Query) -> Option<Result<Answer, Failure>> {
    let mut parts = path.trim_matches('/').splitn(2, '/');
    let kind = parts.next().filter(|k| matches!(*k, "readyz" | "livez" | "healthz"))?;
    let mut checks = backend.readyz();
    if kind != "readyz" {
        checks.retain(|(name, _)| !READINESS.contains(name));
    }
    let Some(name) = parts.next() else { return Some(Ok(all(kind, &checks, query))) };
    let one = checks.into_iter().find(|(check, _)| *check == name);
    Some(one.map(|(name, passes)| single(name, passes)).ok_or_else(Failure::no_page))
}

fn single(name: &str, passes: bool) -> Answer {
    if passes {
        return Answer::Text { code: 200, body: "ok".into() };
    }
    Answer::Text { code: 500, body: format!("internal server error: {name} failed: reason withheld\n") }
}

fn all(kind: &str, checks: &[(&str, bool)], query: &Query) -> Answer {
    let mut told = String::new();
    let mut passes = true;
    for (name, ok) in checks {
        let line = if query.all("exclude").any(|e| e == *name) {
            format!("[+]{name} excluded: ok")
        } else if *ok {
            format!("[+]{name} ok")
        } else {
            passes = false;
            format!("[-]{name} failed: reason withheld")
        };
        let _ = writeln!(told, "{line}");
    }
    let unknown: Vec<_> =
        query.all("exclude").filter(|e| checks.iter().all(|(n, _)| n != e)).map(|e| format!("{e:?}")).collect();
    if !unknown.is_empty() {
        let _ = writeln!(told, "warn: some health checks cannot be excluded: no matches for {}", unknown.join(","));
    }
    if !passes {
        let _ = writeln!(told, "{kind} check failed");
        return Answer::Text { code: 500, body: told };
    }
    let body = if query.flag("verbose") { format!("{told}{kind} check passed\n") } else { "ok".into() };
    Answer::Text { code: 200, body }
}
