//! The present step on what is known now: from a [`Walk`] and a scene to a [`View`].

mod act;
mod subject;
mod ways;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::cel::Scope;
use super::check::{self, Arg, Asked, Found, Logs, ParamKind};
use super::format::{Step, Value, What};
use super::{Expression, View, Walk};
use crate::detect::{Confidence, Finding, Scene};
use crate::situation::{Ref, time};

/// The present step of a walk. Pure.
pub(super) fn view(walk: &Walk, scene: Scene<'_>, findings: &[Finding], logs: &Logs) -> View {
    let mut look = Look::new(walk, scene, findings, logs);
    let mut view = View { step: walk.here().step.clone(), subject: look.subject.clone().ok(), ..View::default() };
    view.spent = time::since(walk.here().entered, look.now);
    view.before = walk.before();
    let Some(step) = walk.book.steps.get(&view.step) else {
        view.unknown = Some(format!("{} has no step {:?}; go back, and mend the file", walk.book.id, view.step));
        return view;
    };
    look.step(step, &mut view);
    view.title = step.title.render(&look.scope);
    view.why = step.why.render(&look.scope);
    view
}

/// What is looked at.
struct Look<'a> {
    walk: &'a Walk,
    scene: Scene<'a>,
    findings: &'a [Finding],
    logs: &'a Logs,
    /// Cluster time.
    now: Timestamp,
    /// What the tree is about; an `Err` says why that is not known.
    subject: Result<Ref, String>,
    /// Why what the tree is about cannot be relied on: it is gone.
    gone: Option<String>,
    scope: Scope,
}

impl<'a> Look<'a> {
    fn new(walk: &'a Walk, scene: Scene<'a>, findings: &'a [Finding], logs: &'a Logs) -> Self {
        let mut scope = Scope::new();
        for (step, result) in &walk.results {
            scope.set(step, result);
        }
        let told: Vec<serde_json::Value> = findings.iter().map(told).collect();
        scope.set("findings", &told.into());
        let subject = subject::now(walk, scene);
        if let Ok(subject) = &subject {
            scope.set("subject", &json!(subject));
        }
        let gone = subject.as_ref().ok().and_then(|s| subject::gone(scene.situation, s));
        Self { walk, scene, findings, logs, now: scene.situation.now, subject, gone, scope }
    }

    fn step(&mut self, step: &Step, view: &mut View) {
        match &step.what {
            What::Check { check, with, branches } => {
                self.check(check, with, view);
                view.ways = self.branches(branches, view.result.is_none().then_some(view.unknown.as_deref()).flatten());
            }
            What::Ask { answers, .. } => view.ways = self.answers(answers),
            What::Act { act, with, verify, then } => self.act(act, with, verify, then, view),
            What::Until { until, with, holds, lasting, within, then } => {
                self.check(until, with, view);
                self.until(holds, (*lasting, *within), then, view);
            }
            What::Note { note, go } => {
                view.note = note.render(&self.scope);
                view.ways = vec![self.tick(go)];
            }
            What::End { end, say, to, attach } => {
                view.note = say.render(&self.scope);
                view.end = Some((*end, to.clone(), attach.iter().map(|a| a.render(&self.scope)).collect()));
            }
        }
    }

    /// Runs a check: its evidence goes into the view, its result also into the scope.
    fn check(&mut self, name: &str, with: &BTreeMap<String, Value>, view: &mut View) {
        let found = self.run(name, with);
        if let Some(result) = &found.result {
            self.scope.set("result", result);
            self.scope.set(&view.step, result);
        }
        let gone = self.gone.clone().into_iter();
        let unknown: Vec<String> = gone.chain(Some(found.unknown).filter(|u| !u.is_empty())).collect();
        view.unknown = Some(unknown.join("; ")).filter(|u| !u.is_empty());
        if view.unknown.is_none() && found.result.is_none() {
            view.unknown = Some("nothing is known of it yet".to_owned());
        }
        view.result = found.result;
        view.rows = found.rows;
        view.command = found.command;
        view.reads = found.reads;
    }

    fn run(&self, name: &str, with: &BTreeMap<String, Value>) -> Found {
        let Some(check) = check::by_name(name) else {
            return Found { unknown: format!("there is no check {name:?}; mend the file"), ..Found::default() };
        };
        let mut args = BTreeMap::new();
        for param in check.params {
            let Some(value) = with.get(param.name) else { continue };
            match self.argument(param.kind, value) {
                Ok(arg) => drop(args.insert(param.name.to_owned(), arg)),
                Err(why) => return Found { unknown: format!("{}: {why}", param.name), ..Found::default() },
            }
        }
        (check.run)(&Asked { scene: self.scene, args: &args, logs: self.logs, findings: self.findings })
    }

    fn argument(&self, kind: ParamKind, value: &Value) -> Result<Arg, String> {
        match (kind, value) {
            (ParamKind::Role, Value::Text(role)) => Ok(Arg::Role(role.text().to_owned())),
            (ParamKind::Number, Value::Number(n)) => Ok(Arg::Number(*n)),
            (ParamKind::Number, Value::Text(text)) => text.number(&self.scope).map(Arg::Number),
            (ParamKind::Reference, Value::Text(text)) => {
                let found = self.references(text)?;
                let first = found.into_iter().next().ok_or_else(|| format!("{text} gives no object"))?;
                Ok(Arg::Reference(first))
            }
            (_, Value::Number(n)) => Err(format!("{n} is not what is wanted here; mend the file")),
        }
    }

    /// The objects that an expression gives, in words why not if that is for want of a subject.
    fn references(&self, text: &Expression) -> Result<Vec<Ref>, String> {
        text.references(&self.scope).map_err(|why| match &self.subject {
            Err(missing) if text.text().contains("subject") => missing.clone(),
            _ => why,
        })
    }

    fn since(&self, at: Timestamp) -> SignedDuration {
        time::since(at, self.now)
    }
}

/// A finding as conditions see it.
fn told(finding: &Finding) -> serde_json::Value {
    let confidence = if finding.confidence == Confidence::Confirmed { "confirmed" } else { "suspect" };
    let severity = check::severity(finding.severity);
    json!({ "id": finding.id, "severity": severity, "confidence": confidence, "title": finding.title })
}
