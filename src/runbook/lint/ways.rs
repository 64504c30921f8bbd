//! Where steps lead: to steps that there are, in the end to an end.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::config::source::suggest;
use crate::runbook::{Book, Branch, What};

/// Which step leads to which, and what is always behind whom.
pub(super) struct Ways<'b> {
    /// The steps that can be reached, each with those that are on every way to it.
    before: BTreeMap<&'b str, BTreeSet<&'b str>>,
    /// Where each step leads.
    next: BTreeMap<&'b str, Vec<&'b str>>,
}

impl<'b> Ways<'b> {
    pub(super) fn of(book: &'b Book) -> Self {
        let next: BTreeMap<&str, Vec<&str>> = book
            .steps
            .iter()
            .map(|(id, step)| {
                let there = targets(&step.what).into_iter().map(|(_, to)| to).filter(|to| book.steps.contains_key(*to));
                (id.as_str(), there.collect())
            })
            .collect();
        let mut ways = Self { before: BTreeMap::new(), next };
        ways.walk(&book.start);
        ways
    }

    /// Whether every way from the start to `step` goes over `earlier`.
    pub(super) fn always(&self, earlier: &str, step: &str) -> bool {
        earlier != step && self.before.get(step).is_some_and(|all| all.contains(earlier))
    }

    /// Whether a way leads from `earlier` to `step`.
    pub(super) fn sometimes(&self, earlier: &str, step: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = self.next.get(earlier).cloned().unwrap_or_default();
        while let Some(id) = open.pop() {
            if id == step {
                return true;
            }
            if seen.insert(id) {
                open.extend(self.next.get(id).into_iter().flatten());
            }
        }
        false
    }

    /// Whether it leads to a step at all; one that ought to and does not is told of elsewhere.
    fn leads_on(&self, step: &str) -> bool {
        self.next.get(step).is_some_and(|all| !all.is_empty())
    }

    fn reached(&self, step: &str) -> bool {
        self.before.contains_key(step)
    }

    /// What is on every way: of a step, itself and what is on every way to all that lead to it.
    fn walk(&mut self, start: &'b str) {
        let Some((start, _)) = self.next.get_key_value(start) else { return };
        let start = *start;
        self.before.insert(start, BTreeSet::from([start]));
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            let here = self.before.get(id).cloned().unwrap_or_default();
            for to in self.next.get(id).cloned().unwrap_or_default() {
                let mut always = match self.before.get(to) {
                    Some(known) => known.intersection(&here).copied().collect(),
                    None => here.clone(),
                };
                always.insert(to);
                if self.before.get(to) != Some(&always) {
                    self.before.insert(to, always);
                    open.push(to);
                }
            }
        }
    }
}

pub(super) fn check(book: &Book, ways: &Ways<'_>, report: &mut Report<'_>) {
    let there = |id: &str| book.steps.contains_key(id);
    let names = || book.steps.keys().map(String::as_str);
    let mut sound = there(&book.start);
    if book.start.is_empty() {
        report.say(&[], "nothing says where to begin", "write start: STEP");
    } else if !sound {
        report.say(
            &["start"],
            format!("there is no step {:?} to begin with", book.start),
            suggest(&book.start, names()),
        );
    }
    for (id, step) in &book.steps {
        for (path, to) in targets(&step.what) {
            if !there(to) {
                let path = [vec!["steps".to_owned(), id.clone()], path].concat();
                report.at(&path, format!("step {id:?} leads to {to:?}, which is not there"), suggest(to, names()));
                sound = false;
            }
        }
        branches(id, &step.what, report);
    }
    // With a step that is not there, others would be lost only because of it.
    if sound {
        lost(book, ways, report);
    }
}

/// Steps that nobody reaches, and those from which no way ends.
fn lost(book: &Book, ways: &Ways<'_>, report: &mut Report<'_>) {
    let is_end = |id: &str| matches!(book.steps.get(id).map(|s| &s.what), Some(What::End { .. }));
    let ends: Vec<&str> = book.steps.keys().map(String::as_str).filter(|id| is_end(id)).collect();
    for id in book.steps.keys() {
        let path = ["steps", id];
        if !ways.reached(id) {
            report.say(&path, format!("no way leads to step {id:?}"), "let a step lead to it, or remove it");
        } else if ways.leads_on(id) && !ends.iter().any(|end| ways.sometimes(id, end)) {
            report.say(
                &path,
                format!("from step {id:?} no way comes to an end"),
                "let one of its ways lead to an end step",
            );
        }
    }
}

fn branches(id: &str, what: &What, report: &mut Report<'_>) {
    match what {
        What::Check { branches, .. } => forks(id, branches, report),
        What::Ask { answers, .. } => {
            let path = ["steps", id, "answers"];
            if answers.is_empty() {
                report.say(&path, format!("step {id:?} has no answers"), "write a list of { say: TEXT, go: STEP }");
            }
            if answers.iter().filter(|answer| answer.suggested).count() > 1 {
                let message = format!("step {id:?} suggests several answers");
                report.say(&path, message, "leave suggested: true at one, and give the others a condition, when:");
            }
        }
        _ => {}
    }
}

fn forks(id: &str, branches: &[Branch], report: &mut Report<'_>) {
    let last = branches.len().saturating_sub(1);
    let mut seen = BTreeMap::new();
    for (i, branch) in branches.iter().enumerate() {
        let index = i.to_string();
        let path = ["steps", id, "branches", &index];
        match (&branch.when, branch.otherwise) {
            (Some(_), true) => {
                let fix = "remove one of them: otherwise is taken when nothing else holds";
                report.say(&path, format!("a branch of step {id:?} has both when and otherwise"), fix);
            }
            (None, false) => {
                report.say(&path, format!("a branch of step {id:?} has no condition"), "write when: CEL");
            }
            (None, true) if i != last => {
                let message = format!("step {id:?} has branches after otherwise, which are never suggested");
                report.say(&path, message, "put the one otherwise last");
            }
            (Some(when), false) => {
                if let Some(first) = seen.insert(when.text(), report.lines.of(&path)) {
                    let message =
                        format!("step {id:?} has the condition {:?} twice, first on line {first}", when.text());
                    report.say(&path, message, "remove one of them: only the first is ever suggested");
                }
            }
            (None, true) => {}
        }
    }
    if !branches.iter().any(|branch| branch.otherwise) {
        let message = format!("step {id:?} leads nowhere when none of its conditions holds");
        report.say(&["steps", id, "branches"], message, "end with { otherwise: true, say: TEXT, go: STEP }");
    }
}

/// Where a step leads, each with its path in the step.
fn targets(what: &What) -> Vec<(Vec<String>, &str)> {
    let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    match what {
        What::Check { branches, .. } => {
            let all = branches.iter().enumerate();
            all.map(|(i, branch)| (path(&["branches", &i.to_string(), "go"]), branch.go.as_str())).collect()
        }
        What::Ask { answers, .. } => {
            let all = answers.iter().enumerate();
            all.map(|(i, answer)| (path(&["answers", &i.to_string(), "go"]), answer.go.as_str())).collect()
        }
        What::Act { then, .. } | What::Until { then, .. } => {
            let both = [(path(&["then", "worked"]), then.worked.as_str()), (path(&["then", "failed"]), &then.failed)];
            let declined = then.declined.as_deref().map(|to| (path(&["then", "declined"]), to));
            both.into_iter().chain(declined).collect()
        }
        What::Note { go, .. } => vec![(path(&["go"]), go)],
        What::End { .. } => Vec::new(),
    }
}
