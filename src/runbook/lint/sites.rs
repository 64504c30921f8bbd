//! Where expressions stand in a step, and what is wanted of each.

use std::collections::BTreeMap;

use crate::action::{ParamKind as ActionParam, by_name};
use crate::runbook::check::{Check, ParamKind};
use crate::runbook::{Expression, Step, Template, Value, What};
use crate::situation::Kind;

/// What an expression has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Yes or no.
    Condition,
    /// Something to be written in a text.
    Text,
    /// Objects of one of these kinds; of any, if there are none.
    References(&'static [Kind]),
    /// A number.
    Number,
}

/// One expression of a step.
pub(super) struct Site<'b> {
    /// Where in the file.
    pub(super) path: Vec<String>,
    pub(super) want: Want,
    pub(super) expression: &'b Expression,
    /// The check whose result is `result` there.
    pub(super) own: Option<&'b str>,
}

/// A text of a step: where it is, and whose result is `result` there.
pub(super) type Text<'b> = (Vec<String>, &'b Template, Option<&'b str>);

/// Collects what is in one step.
pub(super) struct Sites<'b> {
    root: Vec<String>,
    checks: &'b [Check],
    pub(super) texts: Vec<Text<'b>>,
    pub(super) all: Vec<Site<'b>>,
}

impl<'b> Sites<'b> {
    /// All of a step.
    pub(super) fn of(id: &str, step: &'b Step, checks: &'b [Check]) -> Self {
        let root = vec!["steps".to_owned(), id.to_owned()];
        let mut sites = Self { root, checks, texts: Vec::new(), all: Vec::new() };
        let own = match &step.what {
            What::Check { check, .. } => Some(check.as_str()),
            What::Until { until, .. } => Some(until.as_str()),
            _ => None,
        };
        sites.text(&["title"], &step.title, own);
        sites.text(&["why"], &step.why, own);
        sites.what(&step.what, own);
        for (path, text, own) in sites.texts.clone() {
            let worked = text.expressions();
            sites.all.extend(worked.map(|expression| Site { path: path.clone(), want: Want::Text, expression, own }));
        }
        sites
    }

    fn what(&mut self, what: &'b What, own: Option<&'b str>) {
        match what {
            What::Check { check, with, branches } => {
                self.given(&["with"], check, with);
                for (i, branch) in branches.iter().enumerate() {
                    let i = i.to_string();
                    self.text(&["branches", &i, "say"], &branch.say, own);
                    branch.when.iter().for_each(|when| self.condition(&["branches", &i, "when"], when, own));
                }
            }
            What::Act { act, with, verify, .. } => {
                self.arguments(&["with"], with, |name| {
                    let param = by_name(act)?.params.iter().find(|param| param.name == name)?;
                    Some(match param.kind {
                        ActionParam::Reference(kinds) => Want::References(kinds),
                        ActionParam::Number => Want::Number,
                    })
                });
                self.given(&["verify", "with"], &verify.check, &verify.with);
                self.condition(&["verify", "until"], &verify.until, Some(&verify.check));
            }
            What::Ask { answers, .. } => {
                for (i, answer) in answers.iter().enumerate() {
                    let i = i.to_string();
                    self.text(&["answers", &i, "say"], &answer.say, None);
                    answer.when.iter().for_each(|when| self.condition(&["answers", &i, "when"], when, None));
                }
            }
            What::Until { until, with, holds, .. } => {
                self.given(&["with"], until, with);
                self.condition(&["holds"], holds, own);
            }
            What::Note { note, .. } => self.text(&["note"], note, None),
            What::End { say, attach, .. } => {
                self.text(&["say"], say, None);
                let attach = attach.iter().enumerate();
                attach.for_each(|(i, text)| self.text(&["attach", &i.to_string()], text, None));
            }
        }
    }

    /// The parameters of a check.
    fn given(&mut self, path: &[&str], check: &str, with: &'b BTreeMap<String, Value>) {
        let check = self.checks.iter().find(|known| known.name == check);
        self.arguments(path, with, |name| {
            let param = check?.params.iter().find(|param| param.name == name)?;
            match param.kind {
                ParamKind::Role => None,
                ParamKind::Reference => Some(Want::References(&[])),
                ParamKind::Number => Some(Want::Number),
            }
        });
    }

    fn arguments(&mut self, path: &[&str], with: &'b BTreeMap<String, Value>, want: impl Fn(&str) -> Option<Want>) {
        for (name, value) in with {
            if let (Value::Text(expression), Some(want)) = (value, want(name)) {
                let path = self.path(&[path, &[name.as_str()]].concat());
                self.all.push(Site { path, want, expression, own: None });
            }
        }
    }

    fn condition(&mut self, path: &[&str], expression: &'b Expression, own: Option<&'b str>) {
        self.all.push(Site { path: self.path(path), want: Want::Condition, expression, own });
    }

    fn text(&mut self, path: &[&str], text: &'b Template, own: Option<&'b str>) {
        self.texts.push((self.path(path), text, own));
    }

    fn path(&self, parts: &[&str]) -> Vec<String> {
        self.root.iter().cloned().chain(parts.iter().map(|part| (*part).to_owned())).collect()
    }
}
