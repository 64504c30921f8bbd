//! Plans and their execution, for people.

use std::fmt::Write as _;

use super::End;
use crate::action::{Class, DryRun, Guard, Plan, Progress, Right, Verdict};
use crate::command::paper::{Ink, Tone, WIDTH, fill};

/// The whole plan with its digest.
pub(super) fn plan(plan: &Plan, ink: Ink) -> String {
    let mut out = String::new();
    let spec = plan.action.spec();
    let _ = writeln!(out, "{}  {} {}", ink.paint(Tone::Strong, &plan.title), spec.id, spec.name);
    let cluster = &plan.cluster;
    section(&mut out, "Cluster", [format!("{}  {}  UID {}", cluster.context, plan.endpoint, cluster.uid)]);
    section(&mut out, "Objects", plan.objects.iter().map(|object| format!("{object}  UID {}", object.uid)));
    let change = |d: &crate::action::Difference| format!("{}: {} → {}", d.what, or_none(&d.before), or_none(&d.after));
    section(&mut out, "Changes", plan.differences.iter().map(change));
    section(&mut out, "What is lost meanwhile", plan.blast_radius.iter().cloned());
    section(&mut out, "Warnings", plan.warnings.iter().cloned());
    section(&mut out, "Guards", plan.guards.iter().map(guard));
    section(&mut out, "Rights", plan.rights.iter().map(right));
    section(&mut out, "Server's dry run", [dry_run(&plan.dry_run)]);
    let request = |r: &crate::action::Request| format!("{} {}", r.method, r.path);
    section(&mut out, "Requests", plan.requests.iter().map(request));
    section(&mut out, "What a person would type", [plan.command.clone()]);
    section(&mut out, "Proof", [plan.proof.says.clone()]);
    section(&mut out, "Undo", [plan.undo.says.clone()]);
    out.push('\n');
    match plan.refusal() {
        Some(why) => {
            let _ = writeln!(out, "{}", ink.paint(Tone::Bad, &format!("It must not be done: {why}")));
        }
        None => out.push_str(&how_to_confirm(plan)),
    }
    ink.plain(&out)
}

fn how_to_confirm(plan: &Plan) -> String {
    let name = &plan.action.target().key.name;
    let more = if plan.class == Class::R3 { format!(" --name {name}") } else { String::new() };
    format!(
        "Class {:?}. Digest {}\nThe same command with --yes {}{more} instead of --dry-run carries it out, for ten minutes.\n",
        plan.class,
        plan.digest(),
        plan.digest()
    )
}

fn section(out: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    let lines: Vec<String> = lines.into_iter().map(|line| fill(&line, "  ", WIDTH)).collect();
    if !lines.is_empty() {
        let _ = write!(out, "\n{title}\n{}\n", lines.join("\n"));
    }
}

const fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn guard(guard: &Guard) -> String {
    let word = match guard.verdict {
        Verdict::Passed => "passed",
        Verdict::Refused => "REFUSED",
        Verdict::Raised => "raised",
        Verdict::CannotTell => "cannot tell",
    };
    format!("{} {word}: {}", guard.id, guard.says)
}

fn right(right: &Right) -> String {
    let word = match right.allowed {
        Some(true) => "granted",
        Some(false) if right.optional => "not granted, not needed",
        Some(false) => "NOT GRANTED",
        None => "could not be asked",
    };
    format!("{right}: {word}")
}

fn dry_run(answer: &DryRun) -> String {
    match answer {
        DryRun::Accepted => "accepted".into(),
        DryRun::Refused(why) => format!("REFUSED: {why}"),
        DryRun::Unknown(why) => format!("could not be asked: {why}"),
    }
}

/// One message of an execution, on a line.
pub(super) fn progress(progress: &Progress, plan: &Plan) -> String {
    let count = plan.requests.len();
    let request = |number: usize| {
        let words = plan.requests.get(number).map(|r| format!("{} {}", r.method, r.path)).unwrap_or_default();
        format!("request {} of {count}, {words}", number + 1)
    };
    match progress {
        Progress::Rereading => "reading again what the plan rests on".into(),
        Progress::Stale(_) => "what the plan rests on has changed".into(),
        Progress::Refused(refused) => format!("refused: {}", refused.what),
        Progress::Sending(number) => format!("sending {}", request(*number)),
        Progress::Answered(number, _, says) => format!("answered {}: {says}", request(*number)),
        Progress::OutcomeUnknown(number, why) => format!("no answer to {}: {why}", request(*number)),
        Progress::Stopped(number, why) => format!("stopped at {}: {why}", request(*number)),
        Progress::Executed(_) => "carried out; waiting for the proof".into(),
    }
}

/// How an execution ended that carried nothing out, or not all of it.
pub(super) fn end(last: Progress) -> End {
    let end = |result, says: String, remedy: &str| End { result, says, remedy: remedy.to_owned() };
    match last {
        Progress::Stale(_) => {
            let what = "what the plan rests on has changed since it was made; nothing was sent";
            end("refused", what.into(), "run it with --dry-run to see the plan as it is now")
        }
        Progress::Refused(refused) => End { result: "refused", says: refused.what, remedy: refused.remedy },
        Progress::OutcomeUnknown(_, why) => {
            let remedy = "it is not sent again: look at the object before anything else is done to it";
            end("unknown", format!("nobody knows whether it was carried out: {why}"), remedy)
        }
        Progress::Stopped(_, why) => end("failed", why, "look at the object: not everything was carried out"),
        Progress::Executed(_) | Progress::Rereading | Progress::Sending(_) | Progress::Answered(..) => {
            end("unknown", "the execution ended without a word".into(), "look at the object")
        }
    }
}
