//! What checks and actions are given.

use std::collections::BTreeMap;

use super::{Report, names};
use crate::action::{ACTIONS, ParamKind as ActionParam};
use crate::config::source::suggest;
use crate::runbook::check::{Check, ParamKind};
use crate::runbook::{Step, Value, What};

pub(super) fn check((id, step): (&str, &Step), checks: &[Check], report: &mut Report<'_>) {
    let path = |parts: &[&str]| ["steps", id].iter().chain(parts).map(|part| (*part).to_owned()).collect::<Vec<_>>();
    match &step.what {
        What::Check { check, with, .. } => look((path(&["check"]), check), (path(&["with"]), with), checks, report),
        What::Until { until, with, .. } => look((path(&["until"]), until), (path(&["with"]), with), checks, report),
        What::Act { act, with, verify, .. } => {
            deed((path(&["act"]), act), (path(&["with"]), with), report);
            let with = (path(&["verify", "with"]), &verify.with);
            look((path(&["verify", "check"]), &verify.check), with, checks, report);
        }
        What::Ask { .. } | What::Note { .. } | What::End { .. } => {}
    }
}

/// Checks that look at everything when they are told nothing.
const LOOK_AT_ALL: &[&str] = &["endpoints"];

type Name<'a> = (Vec<String>, &'a str);
type With<'a> = (Vec<String>, &'a BTreeMap<String, Value>);

/// What a parameter may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Role,
    Reference,
    Number,
}

/// Parameters by name, with what they take and whether they are required.
type Params = Vec<(&'static str, Wanted, bool)>;

fn look((path, name): Name<'_>, with: With<'_>, checks: &[Check], report: &mut Report<'_>) {
    let Some(check) = checks.iter().find(|check| check.name == name) else {
        let fix = suggest(name, checks.iter().map(|check| check.name));
        return report.at(&path, format!("there is no check {name:?}"), fix);
    };
    let kind = |kind| match kind {
        ParamKind::Role => Wanted::Role,
        ParamKind::Reference => Wanted::Reference,
        ParamKind::Number => Wanted::Number,
    };
    let objects = check.params.iter().filter(|p| p.kind != ParamKind::Number).map(|p| p.name);
    let objects: Vec<&str> = objects.collect();
    // Where a role may be given, one workload is meant.
    let wants_one = check.params.iter().any(|p| p.kind == ParamKind::Role) && !LOOK_AT_ALL.contains(&name);
    if wants_one && !objects.iter().any(|name| with.1.contains_key(*name)) {
        let fix = format!("write it in with: {}", objects.join(" or "));
        report.at(&path, format!("check {name} is not told what to look at"), fix);
    }
    let params = check.params.iter().map(|p| (p.name, kind(p.kind), p.required)).collect();
    arguments(&format!("check {name}"), params, (path, with), report);
}

fn deed((path, name): Name<'_>, with: With<'_>, report: &mut Report<'_>) {
    let Some(spec) = ACTIONS.iter().find(|spec| spec.name == name) else {
        let fix = suggest(name, ACTIONS.iter().map(|spec| spec.name));
        return report.at(&path, format!("there is no action {name:?}"), fix);
    };
    let kind = |kind| match kind {
        ActionParam::Reference(_) => Wanted::Reference,
        ActionParam::Number => Wanted::Number,
    };
    let params = spec.params.iter().map(|p| (p.name, kind(p.kind), p.required)).collect();
    arguments(&format!("action {name}"), params, (path, with), report);
}

fn arguments(whose: &str, params: Params, (at, (path, with)): (Vec<String>, With<'_>), report: &mut Report<'_>) {
    for (name, value) in with {
        let path = [path.clone(), vec![name.clone()]].concat();
        let Some((_, wanted, _)) = params.iter().find(|(param, ..)| param == name) else {
            let fix = match params.as_slice() {
                [] => "remove it: there are no parameters".to_owned(),
                some => suggest(name, some.iter().map(|(param, ..)| *param)),
            };
            report.at(&path, format!("{whose} has no parameter {name:?}"), fix);
            continue;
        };
        match (wanted, value) {
            (Wanted::Role, Value::Text(text)) => names::role(&path, text.text(), report),
            (Wanted::Role, Value::Number(number)) => {
                report.at(&path, format!("{number} is not the name of a role"), "write the role as the profile has it");
            }
            (Wanted::Reference, Value::Number(number)) => {
                let fix = "write CEL that gives an object, such as subject or STEP.unready";
                report.at(&path, format!("{number} is no object, which {name} of {whose} wants"), fix);
            }
            (Wanted::Reference | Wanted::Number, Value::Text(_)) | (Wanted::Number, Value::Number(_)) => {}
        }
    }
    for (missing, wanted, _) in params.iter().filter(|(name, _, required)| *required && !with.contains_key(*name)) {
        let example = match wanted {
            Wanted::Role => "ROLE",
            Wanted::Reference => "subject",
            Wanted::Number => "1",
        };
        report.at(&at, format!("{whose} wants {missing:?}"), format!("write with: {{ {missing}: {example} }}"));
    }
}
