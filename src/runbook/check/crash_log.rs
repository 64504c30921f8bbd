//! `crash-log`: the last words of the containers of a workload that end badly (F15 and what it is told from).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::facts::{RECENT, Reference, count, last_end, seconds, unknown, waits};
use super::log::{self, CAUSES, Words};
use super::subject::{Work, work};
use super::{Asked, Check, Found, ROLE, Tone, WORKLOAD, value};
use crate::situation::object::{Container, ContainerState, Pod, Termination};
use crate::situation::{Kind, Situation};
use crate::watch::{LogLine, LogQuery};

pub(super) const CHECK: Check = Check {
    name: "crash-log",
    summary: "the last words of the containers that ended badly: a panic, a dependency, a wrong image",
    params: &[ROLE, WORKLOAD],
    schema: || schemars::schema_for!(CrashLog),
    examples,
    run,
};

/// How many lines are read of each.
const TAIL: u32 = 200;
/// How many containers are read.
const READ: usize = 3;
/// Words of a container that was never started for its image.
const IMAGE: [&str; 5] =
    ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"];
/// Words of a container that was never started for its configuration.
const CONFIG: [&str; 3] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];

/// The last words of what crashed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CrashLog {
    /// The workload.
    workload: Reference,
    /// What people call it.
    name: String,
    /// How many pods of it crashed within the last hour or cannot start.
    crashed: usize,
    /// The pod that was looked at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<Reference>,
    /// Its container.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// The exit code of its last end.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// Why: `panic`, `fatal-error`, `database`, `cache`, `exec-format`, `out-of-memory`, `config`, `image`, `other`; absent
    /// while its log is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = CAUSES))]
    cause: Option<&'static str>,
    /// The line that says so.
    line: String,
    /// Whether the stack of a goroutine follows.
    stack: bool,
    /// The first frame of the program's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<String>,
    /// How many logs were read.
    read: usize,
    /// Whether all of them say the same.
    same_in_all: bool,
}

/// A container that crashed.
struct Crash<'a> {
    pod: &'a Pod,
    container: &'a Container,
    end: &'a Termination,
}

fn run(asked: &Asked<'_>) -> Found {
    let situation = asked.scene.situation;
    let work = match work(asked) {
        Ok(work) => work,
        Err(why) => return Found::cannot_tell(why),
    };
    let mut found = Found { unknown: unknown(situation, &[Kind::Pod]), ..Found::default() };
    if !situation.knows(Kind::Pod) {
        return found;
    }
    let crashes = crashes(situation, &work);
    let mut result = none(&work);
    if let Some(worst) = crashes.first() {
        found.command = command(&work, worst);
        told(asked, &crashes, &mut result, &mut found);
    } else if let Some((pod, word)) = not_started(&work) {
        found.command = format!("kubectl{} describe pod {}", work.namespace_flag(), pod.meta.key.name);
        result.crashed = work.pods.iter().filter(|p| !p.ready()).count();
        result.pod = Some((&pod.meta.reference(Kind::Pod)).into());
        result.cause = Some(if IMAGE.contains(&&*word) { "image" } else { "config" });
        result.line = word;
    } else {
        found.command = format!("kubectl{} get pods{}", work.namespace_flag(), work.selector_flag());
    }
    rows(&result, &mut found);
    found.give(&result);
    found
}

/// The result where nothing crashed.
fn none(work: &Work<'_>) -> CrashLog {
    CrashLog {
        workload: (&work.reference).into(),
        name: work.name.clone(),
        crashed: 0,
        pod: None,
        container: None,
        exit_code: None,
        cause: None,
        line: String::new(),
        stack: false,
        frame: None,
        read: 0,
        same_in_all: false,
    }
}

/// Containers that ended badly within the last hour, the one that restarts most first.
fn crashes<'a>(situation: &Situation, work: &Work<'a>) -> Vec<Crash<'a>> {
    let pods = work.pods.iter().copied().filter(|p| p.meta.deleting.is_none());
    let mut all: Vec<Crash<'a>> = pods
        .filter_map(|pod| last_end(pod).map(|(container, end)| Crash { pod, container, end }))
        .filter(|c| !matches!(c.end.exit_code, 0 | 143))
        .filter(|c| c.end.finished.is_none_or(|f| seconds(situation, f) <= RECENT))
        .collect();
    all.sort_by_key(|c| (c.pod.ready(), std::cmp::Reverse(c.container.restarts), &c.pod.meta.key));
    all
}

fn not_started<'a>(work: &Work<'a>) -> Option<(&'a Pod, String)> {
    let why = |p: &Pod| waits(p, &CONFIG).or_else(|| waits(p, &IMAGE));
    work.pods.iter().find_map(|p| Some((*p, why(p)?)))
}

/// Reads what can be read of the crashes into the result.
fn told(asked: &Asked<'_>, crashes: &[Crash<'_>], result: &mut CrashLog, found: &mut Found) {
    let Some(worst) = crashes.first() else { return };
    result.crashed = crashes.len();
    result.pod = Some((&worst.pod.meta.reference(Kind::Pod)).into());
    result.container = Some(worst.container.name.to_string());
    result.exit_code = Some(worst.end.exit_code);
    let mut read: Vec<Words> = Vec::new();
    for crash in crashes.iter().take(READ) {
        match log_of(asked, crash) {
            Some(Ok(lines)) => {
                read.push(log::read(lines));
                if !is_of_an_older_run(lines, crash.end) {
                    continue;
                }
            }
            Some(Err(why)) => add(&mut found.unknown, &format!("log of {}: {why}", crash.pod.meta.key.name)),
            None => add(&mut found.unknown, &format!("the log of {} is being read", crash.pod.meta.key.name)),
        }
        found.reads.push(query(crash, !ended(crash)));
    }
    result.read = read.len();
    if let Some(words) = read.first() {
        result.same_in_all = read.iter().all(|w| w.cause == words.cause && w.frame == words.frame);
        (result.cause, result.line, result.stack) = (Some(words.cause), words.line.clone(), words.stack);
        result.frame.clone_from(&words.frame);
    }
    // What the kubelet itself says goes before the log.
    if worst.end.reason == "OOMKilled" {
        result.cause = Some("out-of-memory");
    } else if worst.end.message.contains("exec format error") {
        (result.cause, result.line) = (Some("exec-format"), worst.end.message.to_string());
    }
}

/// Whether it ended again since its log was read. What the run before said will do until it is read again.
fn is_of_an_older_run(lines: &[LogLine], end: &Termination) -> bool {
    let last = lines.iter().rev().find_map(|l| l.at);
    last.zip(end.started).is_some_and(|(last, started)| last < started)
}

/// A container that has ended and is not restarted yet has its last words in its present log.
fn ended(crash: &Crash<'_>) -> bool {
    matches!(crash.container.state, ContainerState::Terminated(_))
}

fn query(crash: &Crash<'_>, previous: bool) -> LogQuery {
    let (pod, container) = (crash.pod.meta.key.clone(), crash.container.name.clone());
    LogQuery { pod, container, previous, follow: false, tail: TAIL }
}

/// Its last words; those of the run before will do while it is between two runs.
fn log_of<'a>(asked: &Asked<'a>, crash: &Crash<'_>) -> Option<&'a Result<Vec<LogLine>, String>> {
    let previous = !ended(crash);
    asked.logs.get(&query(crash, previous)).or_else(|| asked.logs.get(&query(crash, !previous)))
}

fn add(to: &mut String, what: &str) {
    if !to.is_empty() {
        to.push_str("; ");
    }
    to.push_str(what);
}

fn command(work: &Work<'_>, crash: &Crash<'_>) -> String {
    let previous = if ended(crash) { "" } else { " --previous" };
    let (pod, container) = (&crash.pod.meta.key.name, &crash.container.name);
    format!("kubectl{} logs {pod} -c {container}{previous} --tail={TAIL}", work.namespace_flag())
}

fn rows(result: &CrashLog, found: &mut Found) {
    if result.crashed == 0 {
        return found.row(Tone::Good, format!("crashes of {}", result.name), "none within an hour");
    }
    let code = result.exit_code.map(|c| format!(", last exit {c}")).unwrap_or_default();
    let says = format!("{} within an hour{code}", count(result.crashed, "pod"));
    found.row(Tone::Bad, format!("crashes of {}", result.name), says);
    let Some(cause) = result.cause else {
        return found.row(Tone::Unknown, "last words", "not read yet");
    };
    found.row(Tone::Bad, "cause", cause);
    if !result.line.is_empty() {
        found.row(Tone::Plain, "last words", result.line.clone());
    }
    if let Some(frame) = &result.frame {
        found.row(Tone::Plain, "where", frame.clone());
    }
    if matches!(cause, "panic" | "fatal-error") && !result.stack {
        found.row(Tone::Warn, "stack", "no goroutine follows: the log may be cut");
    }
    if result.read > 1 {
        let says = if result.same_in_all { "all say the same: it happens each time" } else { "they differ" };
        found.row(Tone::Plain, count(result.read, "log"), says);
    }
}

fn examples() -> Vec<Value> {
    let full = CrashLog {
        workload: Reference::example(Kind::Deployment, "shop", "web"),
        name: "web".to_owned(),
        crashed: 2,
        pod: Some(Reference::example(Kind::Pod, "shop", "web-7d4b9c-x2x9k")),
        container: Some("web".to_owned()),
        exit_code: Some(2),
        cause: Some("panic"),
        line: "panic: runtime error: invalid memory address or nil pointer dereference".to_owned(),
        stack: true,
        frame: Some("example.com/shop/cart.(*Cart).Add (cart.go:87)".to_owned()),
        read: 2,
        same_in_all: true,
    };
    let sparse = CrashLog { pod: None, container: None, exit_code: None, cause: None, frame: None, ..full.clone() };
    let sparse = CrashLog { crashed: 0, line: String::new(), stack: false, read: 0, same_in_all: false, ..sparse };
    vec![value(&full), value(&sparse)]
}
