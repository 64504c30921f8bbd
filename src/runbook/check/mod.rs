//! The checks: a closed list of diagnostics that change nothing, each with declared parameters and results.

mod changes;
mod crash_log;
mod endpoints;
mod facts;
mod findings;
mod log;
mod logs;
mod node;
mod revisions;
#[cfg(test)]
mod shape;
mod subject;
#[cfg(test)]
mod tests;
mod workload_pods;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Row, Tone};
use crate::detect::{Finding, Scene};
use crate::situation::Ref;
use crate::watch::LogQuery;

pub use logs::{Logs, Read};

/// A check: what it is called, what it wants to know, what it gives.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name in runbooks: `workload-pods`.
    pub name: &'static str,
    /// What it looks at, in a few words.
    pub summary: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// JSON Schema of its result.
    pub schema: fn() -> schemars::Schema,
    /// Example results: full first, then with every optional field absent. Lint evaluates conditions on all of them.
    pub examples: fn() -> Vec<Value>,
    /// Looks. Pure: logs that it needs and that were not read it asks for in [`Found::reads`].
    pub run: fn(&Asked<'_>) -> Found,
}

/// One parameter of a check.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name: `role`, `workload`.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
    /// Whether it must be given.
    pub required: bool,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// The name of a role of the profile.
    Role,
    /// CEL that gives a reference.
    Reference,
    /// A number.
    Number,
}

/// What a check is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What is known.
    pub scene: Scene<'a>,
    /// The parameters.
    pub args: &'a BTreeMap<String, Arg>,
    /// Logs that were read.
    pub logs: &'a Logs,
    /// What the detectors found.
    pub findings: &'a [Finding],
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A role's name.
    Role(String),
    /// A reference.
    Reference(Ref),
    /// A number.
    Number(u64),
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The result, which fits the check's schema; `None`: it cannot tell.
    pub result: Option<Value>,
    /// Why it cannot tell.
    pub unknown: String,
    /// The evidence for people.
    pub rows: Vec<Row>,
    /// What a person would type.
    pub command: String,
    /// Logs that have to be read first.
    pub reads: Vec<LogQuery>,
}

/// Every check there is, by name.
pub const CHECKS: &[Check] = &[
    changes::CHECK,
    crash_log::CHECK,
    endpoints::CHECK,
    findings::CHECK,
    node::CHECK,
    revisions::CHECK,
    workload_pods::CHECK,
];

/// The check of that name.
pub fn by_name(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|c| c.name == name)
}

pub(super) use findings::severity;
pub(super) use subject::workload_playing;

/// The role that a workload is known by.
const ROLE: Param = Param { name: "role", kind: ParamKind::Role, required: false };
/// The workload itself, or a pod of it.
const WORKLOAD: Param = Param { name: "workload", kind: ParamKind::Reference, required: false };

impl<'a> Asked<'a> {
    fn role(&self, name: &str) -> Option<&'a str> {
        match self.args.get(name)? {
            Arg::Role(role) => Some(role),
            _ => None,
        }
    }

    fn reference(&self, name: &str) -> Option<&'a Ref> {
        match self.args.get(name)? {
            Arg::Reference(reference) => Some(reference),
            _ => None,
        }
    }
}

impl Found {
    /// Nothing can be said; why.
    fn cannot_tell(unknown: impl Into<String>) -> Self {
        Self { unknown: unknown.into(), ..Self::default() }
    }

    fn give(&mut self, result: &impl Serialize) {
        self.result = Some(value(result));
    }

    fn row(&mut self, tone: Tone, what: impl Into<String>, says: impl Into<String>) {
        self.rows.push(Row { tone, what: what.into(), says: says.into() });
    }
}

/// A result as conditions see it. The structs of results cannot fail to be written.
fn value(result: &impl Serialize) -> Value {
    serde_json::to_value(result).unwrap_or_default()
}
